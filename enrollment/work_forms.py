"""Forms of batches, scans and printing."""

import hashlib
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.chinese import clean_text
from core.listparts import parse_date
from enrollment.models import IntakeBatch, Layout
from enrollment.printing import FORMS, PUBLIC
from files.forms import ScanField
from records.models import INTAKE_KINDS, DocumentKind
from school.models import Unit

YEARS = (2000, 2100)


class DayField(forms.CharField):
    """A date written as 20261122, 2026-11-22, 2026/11/22 or 2026.11.22."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": "10"})

    def to_python(self, value: Any) -> Any:
        """The day, or None for nothing. Raises ValidationError."""
        if value in (None, "") or not isinstance(value, str):
            return value or None
        found = parse_date(clean_text(value))
        if found is None:
            raise forms.ValidationError(_("Not a date; for example 2026-11-22"))
        return found

    def prepare_value(self, value: Any) -> Any:
        """Dates stand as 2026-11-22."""
        return value.isoformat() if hasattr(value, "isoformat") else value


class BatchForm(forms.Form):
    """An intake batch. ``batch`` is the one that is changed; ``fixed`` fields are shown but stay."""

    use_required_attribute = False

    school = forms.ModelChoiceField(label=_("School"), queryset=Unit.objects.none(), empty_label="—")
    name = forms.CharField(label=pgettext_lazy("of a thing", "Name"), max_length=80)
    code = forms.CharField(
        label=_("Code"),
        max_length=30,
        validators=[
            RegexValidator(
                r"^[0-9A-Za-z][0-9A-Za-z._-]*$", _("Letters, digits, dot, dash and underline only")
            )
        ],
        help_text=_("Stands in file names and on lists; for example HH-2026-1"),
    )
    kind = forms.ChoiceField(
        label=_("Who is entered"),
        choices=IntakeBatch.Kind.choices,
        initial=IntakeBatch.Kind.NEW,
        help_text=_("Present students: for a school that starts; student numbers in the file are kept"),
    )
    layout = forms.ChoiceField(label=_("Layout"), choices=Layout.choices)
    school_year = forms.IntegerField(
        label=_("School year"),
        min_value=YEARS[0],
        max_value=YEARS[1],
        help_text=_("The year in which it begins"),
    )
    quota = forms.IntegerField(
        label=_("Quota"), min_value=1, max_value=100_000, required=False, help_text=_("Empty: no quota")
    )
    opens_on = DayField(label=_("Opens on"))
    entry_deadline = DayField(
        label=_("Entry deadline"), help_text=_("Whoever is entered later is let in and listed as late")
    )
    required_documents = forms.MultipleChoiceField(
        label=_("Required documents"),
        choices=INTAKE_KINDS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        schools: QuerySet[Unit],
        batch: IntakeBatch | None = None,
        fixed: tuple[str, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.batch = batch
        schools_field: Any = self.fields["school"]
        schools_field.queryset = schools
        schools_field.label_from_instance = lambda unit: unit.label
        schools_field.empty_label = None
        if batch:
            del self.fields["school"]
            for name in self.fields:
                self.initial[name] = getattr(batch, name, "")
            self.initial["seen"] = fingerprint(batch)
            for name in fixed:
                self.fields[name].disabled = True
                self.fields[name].help_text = _("Stays as it is once somebody was entered")
        else:
            self.initial.setdefault("school_year", timezone.localdate().year)
            self.initial.setdefault("opens_on", timezone.localdate())

    def clean_code(self) -> str:
        """A code is given once."""
        code: str = self.cleaned_data["code"]
        taken = IntakeBatch.objects.filter(code=code)
        if self.batch:
            taken = taken.exclude(pk=self.batch.pk)
        if taken.exists():
            raise forms.ValidationError(_("Another intake batch has this code."))
        return code

    def clean(self) -> dict[str, Any] | None:
        """The deadline comes after the opening."""
        values = super().clean() or {}
        first, last = values.get("opens_on"), values.get("entry_deadline")
        if first and last and last < first:
            self.add_error("entry_deadline", _("The deadline lies before the opening."))
        return values


def fingerprint(batch: IntakeBatch) -> str:
    """A short digest of a batch as it stands: the form gives it back, so that a newer state is not overwritten."""
    names = (
        "name",
        "code",
        "kind",
        "layout",
        "school_year",
        "quota",
        "opens_on",
        "entry_deadline",
        "required_documents",
    )
    text = "|".join(str(getattr(batch, name)) for name in (*names, "is_open"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class HandOverForm(forms.Form):
    """Whose open work goes to whom, and why."""

    giver = forms.ChoiceField(label=_("From"))
    taker = forms.ChoiceField(label=_("To"))
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, givers: list[User], takers: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {str(one.public_id): one for one in (*givers, *takers)}
        for name, people in (("giver", givers), ("taker", takers)):
            field: Any = self.fields[name]
            field.choices = [
                ("", ""),
                *((str(one.public_id), f"{one.name} {one.staff_no}") for one in people),
            ]

    def clean(self) -> dict[str, Any]:
        """The chosen accounts; the same one twice is refused."""
        values = super().clean() or {}
        for name in ("giver", "taker"):
            values[name] = self._people.get(values.get(name, ""))
        if values["giver"] and values["giver"] == values["taker"]:
            self.add_error("taker", _("Choose somebody else."))
        return values


class StepAsideForm(forms.Form):
    """Why somebody decides nothing on an applicant."""

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("For example: my sister's child"))


class ScanForm(forms.Form):
    """One scan and what it is."""

    kind = forms.ChoiceField(label=_("Kind of document"), choices=INTAKE_KINDS)
    file = ScanField(label=_("Scan"))


class ScansForm(forms.Form):
    """A ZIP of scans; the kind holds for files whose name tells none."""

    kind = forms.ChoiceField(
        label=_("Kind of document"),
        choices=INTAKE_KINDS,
        initial=DocumentKind.COLLECTION_FORM,
        help_text=_("Holds for files whose name does not tell the kind"),
    )
    file = forms.FileField(
        label=_("ZIP of scans"),
        help_text=_("Up to 64 MB and 2,000 files; JPEG, PNG or PDF inside"),
        widget=forms.FileInput(attrs={"accept": ".zip"}),
    )


class PurposeForm(forms.Form):
    """What one person's form is printed for."""

    purpose = forms.CharField(
        label=_("Purpose"),
        max_length=20,
        required=False,
        help_text=_("Printed on each copy: for this purpose only"),
    )


class PrintForm(PurposeForm):
    """Which form of which class is printed."""

    use_required_attribute = False

    form = forms.ChoiceField(label=_("Form"), choices=list(FORMS.items()), widget=forms.RadioSelect)
    class_no = forms.ChoiceField(label=_("Class"), required=False)
    starts = DayField(label=_("Posted from"), required=False)
    ends = DayField(label=_("Posted until"), required=False)
    objections = forms.CharField(
        label=_("Objections go to"), max_length=60, required=False, help_text=_("Office and phone")
    )

    def __init__(self, *args: Any, classes: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["class_no"]
        chosen.choices = [("", _("All classes")), *classes]

    def clean(self) -> dict[str, Any] | None:
        """A posting ends after it begins."""
        values = super().clean() or {}
        first, last = values.get("starts"), values.get("ends")
        if values.get("form") == PUBLIC and first and last and last < first:
            self.add_error("ends", _("The last day lies before the first."))
        return values
