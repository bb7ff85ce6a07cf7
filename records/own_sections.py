"""The sections of a student file that the records room keeps itself."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from records import copying, erasing
from records.columns import SECTIONS
from records.sections import Section, register
from records.selectors import StudentFile
from records.sheet import Block, Line, Sheet, Words
from records.trace import trace

PERSONAL = ("identity", "contact", "hukou", "care", "more")


def _basic(user: User, file: StudentFile) -> dict[str, Any]:
    sheet = Sheet(user, file)
    blocks = sheet.person(PERSONAL)
    student = file.student
    national = sheet.masked(_("National student number"), "national_no", student.national_no)
    numbers = [
        Line(_("Student number"), file.enrolment.student_no, css="xj-code"),
        national,
        Line(_("Archive number"), student.archive_no, css="xj-code"),
        Line(_("Paper file"), student.paper_place if student.has_paper else str(_("None kept"))),
    ]
    return {"blocks": [*blocks[:1], Block(_("Numbers"), numbers), *blocks[1:]]}


def _family(user: User, file: StudentFile) -> dict[str, Any]:
    return {"members": Sheet(user, file).family()}


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
            "basic",
            _("Basic data"),
            10,
            "records/sections/basic.html",
            _basic,
            export=copying.basic,
            erase=erasing.erase_basic,
        ),
        Section(
            "family",
            _("Family"),
            20,
            "records/sections/family.html",
            _family,
            export=copying.family,
            erase=erasing.erase_family,
        ),
        Section(
            "study",
            _("Study"),
            30,
            "records/sections/study.html",
            _study,
            export=copying.study,
            erase=erasing.erase_study,
            past=True,
        ),
        Section("changes", _("Field history"), 90, "records/sections/changes.html", _changes, only_files),
    ):
        register(section)
