"""Forms of exports: what is asked for, with the second person; what is to be recognised."""

import re
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scope import units_with
from archive.assessments.forms import AssessmentField
from audit.exports.columns import USUAL, columns_of, is_secret, label_of
from audit.exports.content import LARGEST
from audit.exports.selectors import REVEAL, seconds_for
from audit.models import ExportRequest
from records.columns import SECTIONS
from school.models import Unit

AS_STORED = ("purpose", "use", "columns", "file_format", "whole", "assessment")
MASKED, WHOLE = "masked", "whole"


class ExportForm(forms.Form):
    """Columns, purpose, and the second person: at this screen by number and password, or chosen by name."""

    use_required_attribute = False

    columns = forms.MultipleChoiceField(label=_("Columns of the export"), widget=forms.CheckboxSelectMultiple)
    numbers = forms.ChoiceField(
        label=_("Identity numbers, phones and addresses"),
        choices=((MASKED, _("Masked")), (WHOLE, _("Whole: the head of archives approves"))),
        widget=forms.RadioSelect,
        initial=MASKED,
    )
    assessment = AssessmentField(
        label=_("Confirmed impact assessment"),
        required=False,
        help_text=_("Needed for whole numbers; of your school, found acceptable and not over"),
    )
    purpose = forms.ChoiceField(label=_("Purpose"), choices=ExportRequest.Purpose.choices)
    use = forms.CharField(
        label=_("Who uses it, and how"),
        help_text=_("No names of students here"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    file_format = forms.ChoiceField(
        label=_("Format"),
        choices=ExportRequest.Format.choices,
        widget=forms.RadioSelect,
        initial="xlsx",
        help_text=_("Excel cuts long numbers of a text file; the workbook keeps them"),
    )
    second_no = forms.CharField(
        label=_("Staff number of the second person"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    second_password = forms.CharField(
        label=_("Password of the second person"),
        required=False,
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    named = forms.ModelChoiceField(
        label=_("Second person"), queryset=User.objects.none(), required=False, empty_label=_("Nobody chosen")
    )

    def __init__(
        self, user: User, school: Unit, old: ExportRequest | None, *args: Any, **kwargs: Any
    ) -> None:
        initial: dict[str, Any] = {"columns": list(USUAL)}
        if old:
            initial = {name: getattr(old, name) for name in AS_STORED}
            initial |= {"numbers": WHOLE if old.whole else MASKED}
        super().__init__(*args, **{"initial": initial, **kwargs})
        self._offered = columns_of(school)
        columns = cast("forms.MultipleChoiceField", self.fields["columns"])
        columns.choices = [(column.field, label_of(column)) for column in self._offered]
        AssessmentField.of(self, "assessment", school)
        people: Any = self.fields["named"]
        people.queryset = seconds_for(user, school)
        people.label_from_instance = lambda one: f"{one.name} · {one.unit.label}"
        if school.pk not in units_with(user, REVEAL):
            cast("forms.ChoiceField", self.fields["numbers"]).choices = [(MASKED, _("Masked"))]

    @property
    def sections(self) -> list[tuple[Any, list[tuple[Any, Any]]]]:
        """The ticks of the columns, each with its label, under the headings of their sections."""
        ticks = {str(tick.data["value"]): tick for tick in self["columns"].subwidgets}
        found: dict[str, list[tuple[Any, Any]]] = {}
        for column in self._offered:
            found.setdefault(column.section, []).append((ticks[column.field], column.label))
        return [(SECTIONS[key], held) for key, held in found.items()]

    def clean(self) -> dict[str, Any]:
        """One second person, in one of the two ways; where numbers are whole, a column of such and an assessment."""
        found = super().clean() or {}
        here = found.get("second_no") or found.get("second_password")
        if bool(here) == bool(found.get("named")):
            self.add_error(
                "second_no", _("Let the second person sign here, or choose one by name: one of the two.")
            )
        elif here and not (found.get("second_no") and found.get("second_password")):
            self.add_error("second_no", _("Number and password are both needed."))
        hides = any(is_secret(one) for one in self._offered if one.field in found.get("columns", ()))
        if found.get("numbers") == WHOLE and "columns" in found and not hides:
            words = _(
                "None of these columns is masked. Choose masked, or a column with numbers or addresses."
            )
            self.add_error("numbers", words)
        elif (
            found.get("numbers") == WHOLE and not found.get("assessment") and "assessment" not in self.errors
        ):
            words = _("Whole numbers rest on a confirmed impact assessment of your school. Choose one.")
            self.add_error("assessment", words)
        return found


class RecogniseForm(forms.Form):
    """A file, or the SHA-256 of one."""

    use_required_attribute = False

    file = forms.FileField(
        label=_("A file"), required=False, help_text=_("Workbook or text, up to 10 MB; it is not stored")
    )
    sha256 = forms.CharField(label=_("Or its SHA-256"), required=False, max_length=80)

    def clean_file(self) -> bytes | None:
        """Its content."""
        file = self.cleaned_data["file"]
        if file is None:
            return None
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than 10 MB."))
        content: bytes = file.read()
        return content

    def clean_sha256(self) -> str:
        """64 hexadecimal characters, in lower case."""
        text = "".join(self.cleaned_data["sha256"].split()).lower()
        if text and not re.fullmatch("[0-9a-f]{64}", text):
            raise forms.ValidationError(_("A SHA-256 has 64 characters of 0 to 9 and a to f."))
        return text

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        found = super().clean() or {}
        if not self.errors and not found.get("file") and not found.get("sha256"):
            self.add_error("file", _("Bring a file, or write its SHA-256."))
        return found
