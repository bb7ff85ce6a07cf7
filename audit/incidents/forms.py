"""Forms of incidents."""

import re
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archive.certificates.forms import ClassField
from audit.incidents.actions import Notice
from audit.inspections.forms import day_field
from audit.models import DataKind, Incident, Step
from school.models import SchoolClass

MOST_NUMBERS = 500
LAST_YEAR = 2100


def _text(label: Any, *, required: bool = True, hint: Any = "") -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, max_length=2000, required=required, help_text=hint, widget=area)


def _moment(label: Any, **options: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        widget=forms.DateTimeInput(
            attrs={"autocomplete": "off", "placeholder": "2026-11-22 14:05"}, format="%Y-%m-%d %H:%M"
        ),
        **options,
    )


class ReportForm(forms.Form):
    """What anybody reports."""

    use_required_attribute = False

    kind = forms.ChoiceField(label=_("Kind"), choices=Incident.Kind.choices)
    noticed_at = _moment(_("Noticed at"), initial=timezone.localtime)
    what = _text(_("Account of what happened"), hint=_("What, where, whose data; write no identity numbers"))


class StepForm(forms.Form):
    """A step with what was done; the notice to the authority has a receiver, a number and a time."""

    use_required_attribute = False
    prefix = "step"

    step = forms.ChoiceField(label=_("Step"))
    note = _text(_("What was done"))
    authority = forms.CharField(
        label=_("Authority told"), max_length=120, required=False,
        help_text=_("This and the next two only when the authority was told"),
    )  # fmt: skip
    reference = forms.CharField(label=_("Number of the notice"), max_length=60, required=False)
    told_at = _moment(_("Told at"), required=False)

    def __init__(self, *args: Any, steps: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(Step.choices)
        cast("forms.ChoiceField", self.fields["step"]).choices = [(one, labels[one]) for one in steps]
        if Step.AUTHORITY_NOTIFIED not in steps:
            for name in ("authority", "reference", "told_at"):
                del self.fields[name]

    def clean(self) -> None:
        """The notice to the authority says whom and when."""
        super().clean()
        if self.cleaned_data.get("step") == Step.AUTHORITY_NOTIFIED:
            for name in ("authority", "told_at"):
                if not self.cleaned_data.get(name):
                    self.add_error(name, ValidationError(_("Say which authority was told, and when.")))

    def notice(self) -> Notice | None:
        """The notice to the authority, when this step is one."""
        values = self.cleaned_data
        if values["step"] != Step.AUTHORITY_NOTIFIED:
            return None
        return Notice(values["authority"], values["reference"], values["told_at"])


class AccountForm(forms.Form):
    """Somebody whose account is frozen, or who is suspected."""

    use_required_attribute = False
    prefix = "account"

    staff_no = forms.CharField(label=_("Staff number"), max_length=20)
    act = forms.ChoiceField(
        label=_("What is done"),
        choices=(("freeze", _("Freeze the account")), ("suspect", _("Name as suspect"))),
    )


class ExtentForm(forms.Form):
    """Students concerned: a class, numbers, or whose files a person opened."""

    use_required_attribute = False
    prefix = "extent"

    school_class = ClassField(
        label=_("Whole class"),
        queryset=SchoolClass.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label="—",
    )
    numbers = forms.CharField(
        label=_("Student numbers"), required=False, max_length=9000, widget=forms.Textarea(attrs={"rows": 2})
    )
    staff_no = forms.CharField(label=_("Files opened by (staff number)"), required=False, max_length=20)
    since = day_field(_("From"), required=False)
    until = day_field(_("Until"), required=False)

    def __init__(self, *args: Any, classes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("ClassField", self.fields["school_class"]).queryset = classes

    def clean_numbers(self) -> list[str]:
        """The numbers, each once."""
        found = list(dict.fromkeys(re.findall(r"[^\s,，、;；]+", self.cleaned_data["numbers"])))
        if len(found) > MOST_NUMBERS:
            raise ValidationError(_("At most %(count)s numbers at once."), params={"count": MOST_NUMBERS})
        return found

    def clean(self) -> None:
        """One way at least, a person with both days."""
        super().clean()
        values = self.cleaned_data
        if values.get("staff_no") and not (values.get("since") and values.get("until")):
            self.add_error("since", ValidationError(_("Say from which day to which.")))
        since, until = values.get("since"), values.get("until")
        if since and until and since > until:
            self.add_error("until", ValidationError(_("The last day lies before the first.")))
        if until and until.year > LAST_YEAR:
            self.add_error("until", ValidationError(_("Write a year up to %(year)s.") % {"year": LAST_YEAR}))
        if not any(values.get(name) for name in ("school_class", "numbers", "staff_no")):
            raise ValidationError(_("Name a class, student numbers or a person."))


class LetterForm(forms.Form):
    """What the students and the authority are told beside the kind (PIPL art. 57)."""

    use_required_attribute = False
    prefix = "letter"

    data_kinds = forms.MultipleChoiceField(
        label=_("Kinds of data concerned"), choices=DataKind.choices, widget=forms.CheckboxSelectMultiple
    )
    cause = _text(_("Cause of the incident"))
    harm = _text(_("Possible harm"))
    measures = _text(_("Measures taken, and what the students can do"))
    contact = _text(_("Contact"))
