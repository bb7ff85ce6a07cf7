"""Search among all students by a user with a real scope, beside the bare SQL of the same question. Prints JSON."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from bench.application import start

start()

from django.db import connection
from django.db.models.functions import Length

from accounts.models import User
from accounts.scope import units_with
from bench.load import WIDE_READER
from bench.measure import Line, in_turns
from core.crypto import blind_index
from records import selectors
from records.models import Student

REPEAT = 31
BOUND = selectors.HITS + 1
SHOWN = selectors.SHOWN + 1

_SHOWN = """
    SELECT student.public_id, student.name, student.name_pinyin, student.sex, entry.student_no, entry.status,
           class.class_no, class.name, unit.name
    FROM ({hits} LIMIT %(bound)s) AS hit
    JOIN records_enrolment entry ON entry.id = hit.id
    JOIN records_student student ON student.id = entry.student_id
    JOIN school_unit unit ON unit.id = entry.unit_id
    LEFT JOIN school_schoolclass class ON class.id = entry.school_class_id
    ORDER BY student.name_sort, entry.id LIMIT %(shown)s
"""
_BY_STUDENT = """
    SELECT entry.id FROM records_enrolment entry JOIN records_student student ON student.id = entry.student_id
    WHERE {condition} AND entry.unit_id = ANY(%(units)s)
"""
_BY_NUMBER = """
    SELECT entry.id FROM records_enrolment entry
    WHERE entry.student_no = %(value)s AND entry.unit_id = ANY(%(units)s)
"""
BY_NAME = _SHOWN.format(hits=_BY_STUDENT.format(condition="student.name_tokens @@ %(value)s::tsquery"))
BY_NUMBER = _SHOWN.format(hits=_BY_NUMBER)
BY_ID_NUMBER = _SHOWN.format(hits=_BY_STUDENT.format(condition="student.id_number_index = %(value)s"))


def bare(statement: str, value: Any, units: Sequence[int]) -> list[Any]:
    """Ask the database directly."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"value": value, "units": list(units), "bound": BOUND, "shown": SHOWN})
        return list(cursor.fetchall())


def questions() -> list[tuple[str, str, str, Any]]:
    """What is asked: a label, the words typed, the bare statement and its value."""
    somebody = Student.objects.annotate(length=Length("name")).filter(length=3).order_by("pk")[0]
    name, number = somebody.name, somebody.enrolments.get().student_no
    spelled = somebody.name_pinyin.replace(" ", "").replace("ü", "v")[:6]
    initials = max((one for one in somebody.name_tokens if one.startswith("i")), key=len)[1:]
    return [
        ("search: one character", name[1], BY_NAME, f"'{name[1]}'"),
        ("search: two characters", name[1:], BY_NAME, f"'{name[1:]}'"),
        ("search: whole name", name, BY_NAME, f"'{name[:2]}' & '{name[1:]}'"),
        ("search: pinyin", spelled, BY_NAME, f"('p{spelled}':* | 'i{spelled}':*)"),
        ("search: initials", initials, BY_NAME, f"('p{initials}':* | 'i{initials}':*)"),
        ("search: student number", number, BY_NUMBER, number),
        (
            "search: identity number",
            somebody.id_number,
            BY_ID_NUMBER,
            blind_index("id_number", somebody.id_number),
        ),
    ]


def measure() -> list[Line]:
    """One line for each question; floor and search must find as many."""
    reader = User.objects.get(staff_no=WIDE_READER)
    units = units_with(reader, "view_student")
    lines = []
    for label, words, statement, value in questions():
        expected = min(len(bare(statement, value, units)), selectors.SHOWN)
        found = len(selectors.search(reader, words).enrolments)
        if found != expected or not found:
            raise RuntimeError(f"{label}: found {found}, the bare statement {expected}")
        floor, subject = in_turns(
            partial(bare, statement, value, units),
            partial(selectors.search, reader, words),
            repeat=REPEAT,
        )
        lines.append(Line(label, floor, subject, note=f"{found} shown"))
    return lines


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(line) for line in measure()]))
