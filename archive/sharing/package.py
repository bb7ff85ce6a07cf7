"""What a receiver gets: a workbook with the named columns of the named students, behind a password.

The workbook is encrypted as Office does it (ECMA-376 agile encryption, AES-256): Excel and WPS ask for the password. It
is never stored here, so a lost one means a new release.
"""

import io
from collections import defaultdict
from collections.abc import Sequence

from django.utils import translation
from msoffcrypto.format.ooxml import OOXMLFile

from archive.sharing.selectors import columns_of
from core.workbook.writing import write_table
from records.columns import Column
from records.models import FamilyMember, Student
from records.sheet import Words
from records.values import split
from school.models import Unit


def packed(
    school: Unit, fields: Sequence[str], students: Sequence[tuple[str, Student]], password: str
) -> bytes:
    """The encrypted workbook. ``students``: each with the number that he has at this school."""
    columns = [column for column in columns_of(school) if column.field in fields]
    with translation.override("zh-hans"):
        book = write_table(
            ["学号", *(column.header for column in columns)],
            _rows(columns, students),
            text_columns=range(len(columns) + 1),
            sheet_name="对外提供",
        )
    sealed = io.BytesIO()
    OOXMLFile(io.BytesIO(book)).encrypt(password, sealed)
    return sealed.getvalue()


def _rows(columns: list[Column], students: Sequence[tuple[str, Student]]) -> list[list[str]]:
    family: dict[tuple[int, int], FamilyMember] = {}
    people = defaultdict(list)
    for member in FamilyMember.objects.filter(student__in=[student for _number, student in students]):
        family[member.student_id, member.position] = member
        people[member.position].append(member)
    held = [*(student for _number, student in students), *family.values()]
    words = Words(columns, held)
    return [
        [number, *(_cell(words, column, student, family) for column in columns)]
        for number, student in students
    ]


def _cell(words: Words, column: Column, student: Student, family: dict[tuple[int, int], FamilyMember]) -> str:
    position, name = split(column.field)
    holder = family.get((student.pk, position)) if position else student
    return words.of(column, getattr(holder, name, None)) if holder else ""
