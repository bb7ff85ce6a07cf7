"""The shape of an edit request: why, on what basis, proofs, and for each field what is asked for."""

from collections import Counter
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from archive.edits.fields import columns_for, label_of
from archive.models import EditRequest, EvidenceKind
from files.forms import ScanField
from records.columns import SECTIONS, Column, Kind
from records.labels import code_labels
from school.codes import code_choices

MOST_STUDENTS = 200
YES_NO = (("", ""), ("是", _("Yes")), ("否", _("No")))


class ReasonsForm(forms.Form):
    """Why a change is asked for, and what proves it."""

    use_required_attribute = False

    cause = forms.ChoiceField(label=_("Cause"), choices=[("", ""), *EditRequest.Cause.choices])
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    basis = forms.CharField(
        label=_("Basis"), max_length=500, help_text=_("Which document, of whom, of which day")
    )
    proof_kind = forms.ChoiceField(
        label=_("Kind of evidence"), required=False, choices=[("", ""), *EvidenceKind.choices]
    )
    proof = ScanField(label=_("Scan of the evidence"), required=False)

    def clean(self) -> dict[str, Any]:
        """A scan needs its kind, a kind its scan."""
        found = super().clean() or {}
        if bool(found.get("proof")) != bool(found.get("proof_kind")):
            self.add_error(
                "proof_kind" if found.get("proof") else "proof", _("Choose the kind and the scan together")
            )
        return found


class ManyForm(forms.Form):
    """One field, and a line for each student: his number, and his value unless all get the same one."""

    use_required_attribute = False

    field = forms.ChoiceField(label=_("Field"))
    value = forms.CharField(
        label=_("Value for all"), required=False, max_length=200, help_text=_("A label or its code")
    )
    lines = forms.CharField(
        label=_("Students"),
        help_text=_("One in each line, up to 200: student number, and the value where it differs"),
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    def __init__(self, stage: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, str]]] = {}
        for column in columns_for(stage):
            groups.setdefault(column.section, []).append((column.field, label_of(column, column.field)))
        offered = [("", ""), *((SECTIONS[key], fields) for key, fields in groups.items())]
        cast("forms.ChoiceField", self.fields["field"]).choices = offered

    def clean(self) -> dict[str, Any]:
        """The value of each student by number, as ``values``."""
        found = super().clean() or {}
        if "lines" in found:
            found["values"] = self._values(found["lines"], found.get("value", ""))
        return found

    def _values(self, lines: str, common: str) -> dict[str, str]:
        pairs = [
            (words[0].upper(), " ".join(words[1:])) for line in lines.splitlines() if (words := line.split())
        ]
        values = {number: own or common for number, own in pairs}
        if len(values) > MOST_STUDENTS:
            self.add_error("lines", _("More than 200 students; make several requests."))
        if twice := [
            number for number, times in Counter(number for number, _own in pairs).items() if times > 1
        ]:
            self.add_error("lines", _("Named twice: %(numbers)s") % {"numbers": _(", ").join(twice)})
        if empty := [number for number, value in values.items() if not value]:
            self.add_error(
                "lines", _("No value is given for: %(numbers)s") % {"numbers": _(", ").join(empty)}
            )
        return values


class FieldsForm(forms.Form):
    """One field for each item that may be changed, filled with what stands there; masked ones are blank."""

    use_required_attribute = False

    def __init__(self, stage: str, now: dict[str, str], secret: set[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = columns_for(stage)
        lists = {column.code_list for column in self.columns} - {""}
        standing = {now.get(column.field, "") for column in self.columns if column.code_list} - {""}
        choices, labels = code_choices(lists), code_labels(lists, standing)
        for column in self.columns:
            text = now.get(column.field, "")
            made = _field(column, _with(text, choices, labels, column.code_list))
            self.fields[column.field] = made
            self.initial[column.field] = "" if column.field in secret else text
            if column.field in secret:
                made.help_text = _("Type the whole new value; leave it blank to keep what stands there")

    @property
    def sections(self) -> list[tuple[Any, list[Any]]]:
        """Bound fields under the headings of the file."""
        found: dict[str, list[Any]] = {}
        for column in self.columns:
            found.setdefault(column.section, []).append(self[column.field])
        return [(SECTIONS[key], fields) for key, fields in found.items()]


def _with(
    text: str,
    choices: dict[str, list[tuple[str, str]]],
    labels: dict[str, dict[str, str]],
    code_list: str,
) -> list[tuple[str, str]]:
    """The codes of a list that hold today, and the one that stands there, which may hold no longer."""
    offered = choices.get(code_list, [])
    if not text or any(code == text for code, _label in offered):
        return offered
    return [*offered, (text, labels.get(code_list, {}).get(text, text))]


def _field(column: Column, choices: list[tuple[str, str]]) -> forms.Field:
    common: dict[str, Any] = {"label": column.label, "required": False}
    if column.kind is Kind.CODE:
        return forms.ChoiceField(choices=[("", ""), *choices], **common)
    if column.kind is Kind.BOOLEAN:
        return forms.ChoiceField(choices=YES_NO, **common)
    return forms.CharField(max_length=column.max_length or 200, **common)
