"""The sections of a student file that the records room keeps itself."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.formatting import span
from records import copying, erasing
from records.columns import SECTIONS
from records.models import Enrolment, Student
from records.sections import Section, register
from records.selectors import StudentFile
from records.sheet import Block, Line, Sheet, Words
from records.trace import trace

IN_NUMBERS = frozenset({"national_no", "archive_no", "has_paper", "paper_place"})
PERSONAL = ("identity", "contact", "hukou", "care", "more")


def _basic(user: User, file: StudentFile) -> dict[str, Any]:
    return {"blocks": _basic_blocks(file, whole=False)}


def _basic_blocks(file: StudentFile, *, whole: bool) -> list[Block]:
    sheet = Sheet(file.reader, file, whole=whole)
    blocks = sheet.person(PERSONAL)
    student = file.student
    national = sheet.masked(_("National student number"), "national_no", student.national_no)
    numbers = [
        Line(_("Student number"), file.enrolment.student_no, css="xj-code"),
        national,
        Line(_("Archive number"), student.archive_no, css="xj-code"),
        Line(_("Paper file"), student.paper_place if student.has_paper else str(_("None kept"))),
    ]
    found = [*blocks[:1], Block(_("Numbers"), numbers), *blocks[1:]]
    if whole and (more := _besides(sheet, student)):
        found.append(Block(_("Also kept"), more))
    return found


def _besides(sheet: Sheet, student: Student) -> list[Line]:
    """What is stored of the student though the layout of the school does not name it."""
    shown = {column.field for column in sheet.layout.columns if column.section in PERSONAL} | IN_NUMBERS
    return _filled(one for one in copying.basic(student) if one["field"] not in shown)


def _filled(cells: Iterable[dict[str, str]]) -> list[Line]:
    return [Line(one["label"], one["words"]) for one in cells if one["value"] and one["field"] != "public_id"]


def _family(user: User, file: StudentFile) -> dict[str, Any]:
    return {"members": Sheet(user, file).family()}


def _printed_family(file: StudentFile, *, whole: bool) -> list[Block]:
    return Sheet(file.reader, file).family()


def _printed_study(file: StudentFile, *, whole: bool) -> list[Block]:
    """The stretches that the reader sees; for the student's own copy every one, with all that it holds."""
    if whole:
        return [_whole_stretch(one) for one in copying.stretches(file.student)]
    return [
        Block(
            f"{one['enrolment'].school.label} · {span(one['enrolment'].started_on, one['enrolment'].ended_on)}",
            [Line(_("Student number"), one["enrolment"].student_no), *one["lines"]],
            note=one["enrolment"].get_status_display(),
        )
        for one in _study(file.reader, file)["enrolments"]
    ]


def _whole_stretch(row: Enrolment) -> Block:
    lines = [Line(_("Student number"), row.student_no)]
    if row.school_class is not None:
        lines.append(Line(_("Class"), row.school_class.label))
    if row.programme is not None:
        lines.append(Line(_("Programme"), row.programme.label))
    title = f"{row.school.label} · {span(row.started_on, row.ended_on)}"
    return Block(title, [*lines, *_filled(copying.entry(row))], note=row.get_status_display())


def _study(user: User, file: StudentFile) -> dict[str, Any]:
    sheet = Sheet(user, file)
    columns = [
        column for column in sheet.layout.columns
        if column.section == "entry" and hasattr(file.enrolment, column.field) and column.field != "fee_status"
    ]  # fmt: skip
    words = Words(columns, file.enrolments)
    shown = []
    for one in file.enrolments:
        lines = [Line(column.label, words.of(column, getattr(one, column.field))) for column in columns]
        if one.programme is not None:
            lines.append(Line(_("Programme"), one.programme.label, one.programme.code))
        shown.append({"enrolment": one, "lines": lines})
    return {"enrolments": shown, "title": SECTIONS["entry"]}


def _changes(user: User, file: StudentFile) -> dict[str, Any]:
    return {"rows": trace(file)}


def register_all() -> None:
    """Called once when the room starts."""
    only_files = ("view_student",)
    for section in (
        Section(
            "basic", _("Basic data"), 10, "records/sections/basic.html", _basic, export=copying.basic,
            erase=erasing.erase_basic, printed=_basic_blocks,
        ),
        Section(
            "family", _("Family"), 20, "records/sections/family.html", _family, export=copying.family,
            erase=erasing.erase_family, printed=_printed_family,
        ),
        Section(
            "study", _("Study"), 30, "records/sections/study.html", _study, export=copying.study,
            erase=erasing.erase_study, past=True, printed=_printed_study,
        ),
        Section("changes", _("Field history"), 90, "records/sections/changes.html", _changes, only_files),
    ):  # fmt: skip
        register(section)
