"""The applicant form: a field for each column of the batch's layout. ``records.checks`` alone judges what is wrong."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from approvals.reasons import ReturnReason
from enrollment.cells import NOT_STORED, layout_of
from enrollment.models import Applicant, IntakeBatch
from enrollment.selectors import class_choices, code_choices, programme_choices, region_name
from records.cells import CellFault, CodeBook, read_cell
from records.columns import SECTIONS, Column, Kind
from records.faults import Fault, describe
from records.labels import code_labels

WIDTHS = {
    Kind.ID_NUMBER: "id", Kind.REGION: "id", Kind.DATE: "date", Kind.MONTH: "date", Kind.PHONE: "phone",
    Kind.POSTCODE: "postcode", Kind.BOOLEAN: "short", Kind.DIGITS: "short", Kind.NUMBER: "short",
    Kind.NAME: "id", Kind.CLASS_NO: "medium", Kind.PROGRAMME: "medium", Kind.CODE: "medium",
}  # fmt: skip
SHORT_LISTS = {"sex", "hukou_type", "attendance_mode", "blood_type", "left_behind", "fee_status", "health"}
FIRST_FIELDS = ("id_type", "id_number", "name", "birth_date", "sex")
ADDRESSES = {"mailing_address", "home_address", "member1.address", "member2.address"}
YES_NO = (("", ""), ("是", _("Yes")), ("否", _("No")))
NUMERIC = {Kind.DATE, Kind.MONTH, Kind.POSTCODE, Kind.DIGITS}


class ApplicantForm(forms.Form):
    """Text by field: ``cells`` goes to `actions.save_draft`, `show_faults` writes faults beside the fields."""

    use_required_attribute = False

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        batch: IntakeBatch,
        cells: Mapping[str, str],
        book: CodeBook,
        *args: Any,
        parents_case: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.batch, self.book, self.layout = batch, book, layout_of(batch)
        self.warnings: dict[str, str] = {}
        self._choices = code_choices({column.code_list for column in self.layout.columns} - {""})
        self._classes = class_choices(batch)
        self._programmes = programme_choices(batch)
        self.columns = [column for column in _ordered(self.layout.columns) if column.field not in NOT_STORED]
        for column in self.columns:
            text = cells.get(column.field, "")
            self.fields[column.field] = self._field(column, text)
            self.initial[column.field] = _shown(column, text, book)
        self._add_notes(cells, parents_case)

    def _field(self, column: Column, text: str) -> forms.Field:
        field = forms.CharField(
            required=False, label=column.label, strip=False, widget=self._widget(column, text), max_length=500
        )
        field.required = column.required
        field.widget.is_required = False
        return field

    def _widget(self, column: Column, text: str) -> forms.Widget:
        choices = self._choices_of(column)
        if choices is not None:
            known = {value for value, _label in choices}
            typed = [] if not text or text in known else [(text, self._words(column, text))]
            return forms.Select(choices=[*choices, *typed], attrs={"data-check": "change"})
        attrs: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false", "data-check": "change"}
        if column.max_length and column.kind not in {Kind.DATE, Kind.MONTH}:
            attrs["maxlength"] = str(column.max_length)
        if column.kind in NUMERIC:
            attrs["inputmode"] = "numeric"
        if column.kind is Kind.REGION:
            attrs |= {"data-region": "", "list": f"regions-{column.field}", "placeholder": _("Name or code")}
        return forms.TextInput(attrs=attrs)

    @staticmethod
    def _words(column: Column, text: str) -> str:
        """A value that is not offered (any more) in words, else as it was typed."""
        return code_labels({column.code_list})[column.code_list].get(text, text) if column.code_list else text

    def _choices_of(self, column: Column) -> list[tuple[str, Any]] | None:
        if column.kind is Kind.CODE:
            return [("", ""), *self._choices[column.code_list]]
        if column.kind is Kind.BOOLEAN:
            return list(YES_NO)
        if column.kind is Kind.CLASS_NO and self._classes:
            return [("", ""), *self._classes]
        if column.kind is Kind.PROGRAMME:
            return [("", ""), *self._programmes]
        return None

    def _add_notes(self, cells: Mapping[str, str], parents_case: bool) -> None:
        self.fields["age_reason"] = forms.CharField(
            required=False,
            label=_("Reason for the unusual age"),
            max_length=200,
            help_text=_("Needed when the age is unusual for this stage"),
        )
        self.fields["checked_with_original"] = forms.BooleanField(
            required=False, label=_("I have compared every item with the original documents")
        )
        self.initial["age_reason"] = cells.get("age_reason", "")
        self.initial["checked_with_original"] = bool(cells.get("checked_with_original"))
        if parents_case and "member1.name" in self.layout.by_field:
            self.fields["parents_case"] = forms.ChoiceField(
                required=False, label=_("Parents"), choices=Applicant.ParentsCase.choices
            )
            self.fields["first_guardian"] = forms.ChoiceField(
                required=False,
                label=_("First guardian"),
                choices=[("", ""), ("1", _("Family member 1")), ("2", _("Family member 2"))],
            )
            self.initial["parents_case"] = cells.get("parents_case", "both")
            self.initial["first_guardian"] = cells.get("first_guardian", "")

    @property
    def cells(self) -> dict[str, str]:
        """Text by field as it was typed; fields that the request did not bring are left out."""
        names = [*(column.field for column in self.columns), "age_reason", "parents_case", "first_guardian"]
        found = {name: self.data[name][:500] for name in names if name in self.data}
        if "checked_with_original_shown" in self.data:
            found["checked_with_original"] = "1" if self.data.get("checked_with_original") else ""
        return found

    @property
    def region_fields(self) -> list[str]:
        """Fields that hold a region's code."""
        return [column.field for column in self.columns if column.kind is Kind.REGION]

    @property
    def seen_version(self) -> int | None:
        """The version that the form was made from; None when the request names none."""
        text = self.data.get("version", "")
        return int(text) if text.isascii() and text.isdigit() else None

    def full_clean(self) -> None:
        """Nothing is judged here; faults come from the checks."""
        self._errors = forms.utils.ErrorDict()
        self.cleaned_data = {}

    @property
    def listed_faults(self) -> list[dict[str, str]]:
        """Every fault with the full label of its field, in the form's order, for the list above the form."""
        labels = {column.field: column_label(column) for column in self.columns}
        lines = [line["field"] for section in self.sections for line in section["lines"]]
        place = {name: at for at, name in enumerate(lines)}
        return [
            {"id": f"id_{name}", "label": labels.get(name) or str(self.fields[name].label), "text": str(text)}
            for name, texts in sorted(self.errors.items(), key=lambda one: place.get(one[0], len(place)))
            for text in texts
        ]

    def show_faults(self, faults: list[Fault]) -> None:
        """Write errors beside their fields."""
        for fault in faults:
            if fault.level == "error" and fault.field in self.fields:
                self.add_error(fault.field, fault_text(fault))

    @property
    def sections(self) -> list[dict[str, Any]]:
        """The form's sections in order, each with its fields ready for the ``field`` tag."""
        found: dict[str, list[dict[str, Any]]] = {}
        for column in self.columns:
            found.setdefault(column.section, []).append(self._line(column))
        return [
            {"key": key, "label": SECTIONS[key], "lines": found[key], "done": _is_done(found[key])}
            for key in SECTIONS
            if key in found
        ]

    def _line(self, column: Column) -> dict[str, Any]:
        bound = self[column.field]
        text = str(bound.value() or "")
        return {
            "bound": bound,
            "field": column.field,
            "width": "short" if column.field in SHORT_LISTS else WIDTHS.get(column.kind, ""),
            "required": column.required,
            "region": column.kind is Kind.REGION,
            "hint": region_name(text) if column.kind is Kind.REGION else "",
            "same": column.field in ADDRESSES and "current_address" in self.layout.by_field,
            "filled": bool(text),
            "warning": self.warnings.get(column.field, ""),
        }


def _ordered(columns: tuple[Column, ...]) -> list[Column]:
    first = {field: place for place, field in enumerate(FIRST_FIELDS)}
    return sorted(columns, key=lambda column: first.get(column.field, len(first)))


def _is_done(lines: list[dict[str, Any]]) -> str:
    if any(line["bound"].errors for line in lines):
        return "is-fault"
    asked = [line for line in lines if line["required"]] or [line for line in lines if line["filled"]]
    return "is-done" if asked and all(line["filled"] for line in asked) else ""


def _shown(column: Column, text: str, book: CodeBook) -> str:
    if column.kind not in {Kind.DATE, Kind.MONTH} or not text:
        return text
    try:
        value = read_cell(text, column, book, exact=False)
    except CellFault:
        return text
    return value.isoformat() if isinstance(value, date) else f"{value[:4]}-{value[4:]}"


def fault_text(fault: Fault) -> str:
    """What is wrong and what to do, in one line."""
    what, mend = describe(fault)
    dot, stop = ("，", "。") if (get_language() or "").startswith("zh") else (". ", ".")
    return f"{what}{dot}{mend}{stop}"


class ReturnForm(forms.Form):
    """Why an applicant is sent back, and which fields are meant."""

    reason = forms.ChoiceField(label=_("Reason"), choices=[("", ""), *ReturnReason.choices])
    fields_marked = forms.MultipleChoiceField(
        label=_("Fields concerned"), required=False, widget=forms.CheckboxSelectMultiple
    )
    comment = forms.CharField(
        label=_("Words to the clerk"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed for the reason “Other”"),
    )

    def __init__(self, batch: IntakeBatch, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = [column for column in layout_of(batch).columns if column.field not in NOT_STORED]
        marked: Any = self.fields["fields_marked"]
        marked.choices = [(column.field, column_label(column)) for column in columns]

    def clean(self) -> dict[str, Any] | None:
        """Other needs words."""
        values = super().clean() or {}
        if values.get("reason") == ReturnReason.OTHER and not values.get("comment", "").strip():
            self.add_error("comment", _("Say what is to be mended."))
        return values


def column_label(column: Column) -> str:
    """The label of a column; of a member's with the member before it."""
    if column.field.startswith("member"):
        return format_html("{} · {}", SECTIONS[column.section], column.label)
    return str(column.label)
