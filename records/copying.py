"""The sections that the records room keeps itself as plain values: for snapshots, packages and copies.

Each value stands as ``{"field", "label", "value", "words"}``: as it is stored, and in words where it is a code.
"""

from collections.abc import Iterable
from typing import Any

from records.columns import Column
from records.completeness import layout_for
from records.models import Enrolment, FamilyMember, Student
from records.sheet import Words
from records.values import as_text, split

ENROLMENT_FIELDS = (
    "school",
    "unit",
    "school_class",
    "programme",
    "student_no",
    "status",
    "started_on",
    "ended_on",
)


def _stage(student: Student) -> str:
    newest = Enrolment.objects.filter(student=student).select_related("school").order_by("-pk").first()
    return newest.school.stage if newest else ""


def _plain(columns: Iterable[Column], row: Any, position: int = 0) -> list[dict[str, str]]:
    mine = [
        column
        for column in columns
        if split(column.field)[0] == position and hasattr(row, split(column.field)[1])
    ]
    words = Words(mine, [row])
    found = []
    for column in mine:
        value = getattr(row, split(column.field)[1])
        found.append(
            {
                "field": column.field,
                "label": str(column.label),
                "value": as_text(value),
                "words": words.of(column, value),
            }
        )
    return found


def basic(student: Student) -> list[dict[str, str]]:
    """Who the student is."""
    numbers = [
        {"field": name, "label": label, "value": value, "words": value}
        for name, label, value in (
            ("national_no", "学籍号", student.national_no),
            ("archive_no", "档号", student.archive_no),
            ("paper_place", "纸质档案位置", student.paper_place),
            ("paper_package_no", "密封档案袋编号", student.paper_package_no),
        )
    ]
    return [*_plain(layout_for(_stage(student)).columns, student), *numbers]


def family(student: Student) -> list[list[dict[str, str]]]:
    """Each member of the family."""
    columns = layout_for(_stage(student)).columns
    rows = FamilyMember.objects.filter(student=student).order_by("position")
    return [_plain(columns, row, row.position) for row in rows]


def study(student: Student) -> list[dict[str, Any]]:
    """Each stretch at a school."""
    rows = Enrolment.objects.filter(student=student).select_related(
        "school", "unit", "school_class", "programme"
    )
    found = []
    for row in rows.order_by("started_on", "pk"):
        plain: dict[str, Any] = {name: str(getattr(row, name) or "") for name in ENROLMENT_FIELDS}
        plain["entry"] = _plain(layout_for(row.school.stage).columns, row)
        found.append(plain)
    return found
