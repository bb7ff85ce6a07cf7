"""Fills a database for measuring: ``python -m bench.load base FILE ROWS``, then ``... students COUNT``."""

import argparse
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from bench.application import start

start()

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from bench import bare, synthetic
from enrollment.models import IntakeBatch, Layout
from ledger.context import service_user
from ledger.history import write_rows
from school.models import SchoolClass, Stage, Unit
from tests.cast import make_cast
from tests.factories import appoint, make_class, make_user, saved

BATCH = "BENCH-2026"
WIDE_READER = "BENCH01"
STUDENTS_A_SCHOOL = 2_500
CHUNK = 5_000


@transaction.atomic
def base(file: Path, rows: int) -> None:
    """The people of the tests, an open batch with its classes, and the workbook to import."""
    cast = make_cast()
    for number in range(2, 9):
        make_class(cast.school, number=number)
    today = timezone.localdate()
    saved(
        IntakeBatch(
            school=cast.school,
            code=BATCH,
            name="2026 级新生",
            layout=Layout.NATIONAL,
            school_year=2026,
            quota=rows,
            opens_on=date(2026, 6, 1),
            entry_deadline=today + timedelta(days=30),
        )
    )
    reader = make_user("郑华", cast.bureau, staff_no=WIDE_READER)
    appoint(reader, Role.REGISTRAR, cast.bureau)
    file.write_bytes(synthetic.workbook(rows))


def students(count: int) -> None:
    """So many students with enrolment and family, in primary schools of 54 classes under one bureau; then ANALYZE."""
    bureau = User.objects.get(staff_no=WIDE_READER).unit
    actor = service_user()
    schools = _schools(bureau, max(1, count // STUDENTS_A_SCHOOL))
    population = synthetic.Population(_classes(schools))
    for start_at in range(0, count, CHUNK):
        made = population.students(min(CHUNK, count - start_at))
        with transaction.atomic():
            write_rows([student for student, _entry, _family in made], actor=actor)
            for student, entry, family in made:
                entry.student = student
                for member in family:
                    member.student = student
            write_rows([entry for _student, entry, _family in made], actor=actor)
            write_rows([one for _student, _entry, family in made for one in family], actor=actor)
    bare.analyze()


def _schools(bureau: Unit | None, count: int) -> list[Unit]:
    if bureau is None:
        raise ValueError("The reader of the benchmark has no unit")
    units = [
        Unit(
            name=f"第{number}小学",
            label_en=f"Primary school {number}",
            parent=bureau,
            ancestors=[bureau.pk],
            kind=Unit.Kind.SCHOOL,
            stage=Stage.PRIMARY,
            code=f"31420{number:05d}",
        )
        for number in range(1, count + 1)
    ]
    return write_rows(units, actor=service_user())


def _classes(schools: Sequence[Unit]) -> list[SchoolClass]:
    rows = [
        SchoolClass(
            school=school,
            unit=school,
            entry_year=2027 - grade,
            grade_level=grade,
            number=number,
            class_no=f"{2027 - grade}{grade}{number:02d}",
            name=f"{'一二三四五六'[grade - 1]}年级（{number}）班",
            label_en=f"Grade {grade}, class {number}",
            school_year=2026,
        )
        for school in schools
        for grade in range(1, 7)
        for number in range(1, 10)
    ]
    return write_rows(rows, actor=service_user())


def main() -> None:
    parser = argparse.ArgumentParser()
    parts = parser.add_subparsers(dest="part", required=True)
    first = parts.add_parser("base")
    first.add_argument("file", type=Path)
    first.add_argument("rows", type=int)
    parts.add_parser("students").add_argument("count", type=int)
    given = parser.parse_args()
    if given.part == "base":
        base(given.file, given.rows)
    else:
        students(given.count)
    connection.close()


if __name__ == "__main__":
    main()
