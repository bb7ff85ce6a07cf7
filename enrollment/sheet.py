"""An applicant as label and value, the way reviewers and printed forms read him."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.masking import mask_address, mask_email, mask_id_number, mask_phone
from enrollment.cells import NOT_STORED, layout_of
from enrollment.models import Applicant
from enrollment.selectors import shown_cells
from records.columns import SECTIONS, Column, Kind
from records.labels import code_labels, region_names

ADDRESS_FIELDS = frozenset({"current_address", "mailing_address", "home_address", "hukou_address", "address"})
NUMBER_FIELDS = frozenset({"national_no", "aux_no"})
"""Numbers that are made of an identity number."""

YES_NO = {"是": _("Yes"), "否": _("No")}


@dataclass(frozen=True, slots=True)
class Line:
    """One item: field, label, the value in words, the code behind it, whether a mandatory value is missing."""

    field: str
    label: Any
    value: str
    code: str = ""
    missing: bool = False
    css: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the form with its lines."""

    key: str
    label: Any
    lines: list[Line]


def sheet(applicant: Applicant, *, masked: bool) -> list[Section]:
    """Every column of the applicant's layout by section; ``masked`` hides numbers and addresses (C.6)."""
    columns = [column for column in layout_of(applicant.batch).columns if column.field not in NOT_STORED]
    cells = shown_cells(applicant)
    labels = code_labels({column.code_list for column in columns} - {""})
    regions = region_names([cells[column.field] for column in columns if column.kind is Kind.REGION])
    found: dict[str, list[Line]] = {}
    for column in columns:
        text = cells[column.field]
        value = _words(column, text, labels, regions)
        if masked:
            value = mask_of(column)(value)
        coded = text if column.kind is Kind.REGION or (column.kind is Kind.CODE and value != text) else ""
        css = "xj-code" if column.kind in {Kind.ID_NUMBER, Kind.PHONE} else ""
        missing = column.required and not text
        found.setdefault(column.section, []).append(
            Line(column.field, column.label, value, coded, missing, css)
        )
    return [Section(key, SECTIONS[key], found[key]) for key in SECTIONS if key in found]


def _words(column: Column, text: str, labels: dict[str, dict[str, str]], regions: dict[str, str]) -> str:
    if column.kind is Kind.CODE:
        return labels[column.code_list].get(text, text)
    if column.kind is Kind.REGION:
        return regions.get(text, text)
    if column.kind is Kind.BOOLEAN:
        return str(YES_NO.get(text, text))
    if column.kind is Kind.DATE and len(text) == 8:
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if column.kind is Kind.MONTH and len(text) == 6:
        return f"{text[:4]}-{text[4:]}"
    return text


def mask_of(column: Column) -> Callable[[str], str]:
    """What hides a personal value of this column; what is not personal stays as it is (C.6)."""
    if column.kind is Kind.ID_NUMBER or column.field in NUMBER_FIELDS:
        return mask_id_number
    if column.kind is Kind.PHONE:
        return mask_phone
    if column.field == "email":
        return mask_email
    if column.field.rpartition(".")[2] in ADDRESS_FIELDS:
        return mask_address
    return str
