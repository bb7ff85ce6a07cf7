"""A student file as label and value: codes and regions in words, personal numbers masked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from core.formatting import day
from core.masking import mask_address, mask_email, mask_id_number, mask_phone
from records.columns import SECTIONS, Column, Kind
from records.completeness import layout_for
from records.labels import code_labels, region_names
from records.models import FamilyMember
from records.reading import STUDENT_SECRETS
from records.selectors import StudentFile

MASKS = {
    "id_number": mask_id_number,
    "national_no": mask_id_number,
    "phone": mask_phone,
    "email": mask_email,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One item: its label and value in words. ``masked`` ones get ``url`` to be shown in full, if the reader may."""

    label: Any
    value: str
    code: str = ""
    missing: bool = False
    masked: bool = False
    url: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines under a heading."""

    title: Any
    lines: list[Line] = field(default_factory=list)
    note: str = ""


class Words:
    """Values of a file in words; code lists and regions are read once."""

    def __init__(self, columns: Iterable[Column], rows: Iterable[Any]) -> None:
        shown, held = list(columns), list(rows)
        codes = {column.code_list for column in shown} - {""}
        self._codes = code_labels(codes, _values(shown, held, Kind.CODE))
        self._regions = region_names(_values(shown, held, Kind.REGION))

    def of(self, column: Column, value: Any) -> str:
        """A value as a reader understands it; "" for none."""
        if value in (None, ""):
            return ""
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(value, date):
            return day(value)
        text = str(value)
        if column.kind is Kind.CODE:
            return self._codes.get(column.code_list, {}).get(text, text)
        if column.kind is Kind.REGION:
            return self._regions.get(text, text)
        if column.kind is Kind.MONTH and len(text) == 6:
            return f"{text[:4]}-{text[4:]}"
        return text


def _values(columns: list[Column], rows: list[Any], kind: Kind) -> set[str]:
    """What the rows hold in columns of this kind."""
    names = [column.field.rpartition(".")[2] for column in columns if column.kind is kind]
    found = {getattr(row, name, "") for row in rows for name in names}
    return {str(value) for value in found if value not in ("", None)}


def mask(name: str, value: str) -> str:
    """A personal value as everybody sees it; "" for none."""
    if not value:
        return ""
    return MASKS.get(name, mask_address)(value)


class Sheet:
    """The lines of one file for one reader. ``whole``: the student's own numbers stand unmasked, for his own copy."""

    def __init__(self, user: User, file: StudentFile, *, whole: bool = False) -> None:
        self.file = file
        self._whole = whole
        self.layout = layout_for(file.enrolment.school.stage)
        self._reveals = file.allows("reveal_personal")
        self._user = user

    def masked(self, label: Any, name: str, value: str, *, owner: str = "", missing: bool = False) -> Line:
        """A line whose value is masked; the button stands there only for those who may press it."""
        if self._whole and not owner:
            return Line(label, value)
        url = ""
        if value and self._reveals:
            args = [self.file.student.public_id, f"{owner}{name}"]
            url = reverse("records:reveal", args=args)
        return Line(label, mask(name, value), masked=bool(value), url=url, missing=missing and not value)

    def person(self, sections: Iterable[str]) -> list[Block]:
        """The student's own items by section."""
        chosen = list(sections)
        student = self.file.student
        columns = [
            column for column in self.layout.columns
            if column.section in chosen and "." not in column.field and hasattr(student, column.field)
        ]  # fmt: skip
        words = Words(columns, [student])
        blocks = {key: Block(SECTIONS[key]) for key in chosen}
        for column in columns:
            value = getattr(student, column.field)
            lacking = column.required and not (column.field == "id_number" and student.no_hukou)
            if column.field in STUDENT_SECRETS:
                line = self.masked(column.label, column.field, value, missing=lacking)
            else:
                shown = words.of(column, value)
                code = str(value) if column.kind in (Kind.CODE, Kind.REGION) and shown != value else ""
                css = "person-name" if column.kind is Kind.NAME else ""
                line = Line(column.label, shown, code, lacking and not shown, css=css)
            blocks[column.section].lines.append(line)
        return [block for block in blocks.values() if block.lines]

    def family(self) -> list[Block]:
        """Each member of the family."""
        members = list(FamilyMember.objects.filter(student=self.file.student).order_by("position"))
        columns = {
            column.field.rpartition(".")[2]: column
            for column in layout_for("primary").columns
            if column.section == "member1"
        }
        words = Words(columns.values(), members)
        return [self._member(member, columns, words) for member in members]

    def _member(self, member: FamilyMember, columns: dict[str, Column], words: Words) -> Block:
        owner = f"member{member.position}."
        relation = words.of(columns["relation"], member.relation)
        lines = []
        for name, column in columns.items():
            value = getattr(member, name)
            if name in {"name", "relation"}:
                continue
            if name in {"id_number", "phone", "address"}:
                lines.append(self.masked(column.label, name, value, owner=owner, missing=column.required))
            else:
                shown = words.of(column, value)
                lines.append(Line(column.label, shown, missing=column.required and not shown))
        return Block(member.name, lines, note=relation)
