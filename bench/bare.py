"""The floors: what the same work costs without the product, written by hand against the same database.

The tables that take bare rows are made by the owner: ``python -m bench.bare`` with the owner's role.
"""

import io
import os
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql

from bench.application import start

start()

from django.conf import settings
from python_calamine import CalamineWorkbook

from enrollment.cells import split
from enrollment.models import Applicant, ApplicantMember
from records.columns import NATIONAL

TABLES: dict[int, tuple[str, Any]] = {0: ("bench_applicant", Applicant), 1: ("bench_member", ApplicantMember)}
NOT_STORED = {"school_code"}
ANALYZED = (
    "records_student",
    "records_enrolment",
    "records_familymember",
    "school_unit",
    "school_schoolclass",
)


def _columns(position: int) -> list[tuple[str, str]]:
    """Header and column of what the file brings for the person (0) or a family member (1, 2)."""
    found = [(column.header, *split(column.field)) for column in NATIONAL.columns]
    return [(header, name) for header, at, name in found if at == position and name not in NOT_STORED]


def make_tables() -> None:
    """Plain copies of the two tables that an import fills: the columns of the file as text, no key, no index."""
    app_role = settings.DATABASE_APP_ROLE
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        for position, (name, model) in TABLES.items():
            parts = {
                "table": sql.Identifier(name),
                "live": sql.Identifier(model._meta.db_table),
                "columns": sql.SQL(", ").join(
                    sql.SQL("{0}::text").format(sql.Identifier(column)) for _, column in _columns(position)
                ),
                "role": sql.Identifier(app_role),
            }
            connection.execute(
                sql.SQL("CREATE TABLE {table} AS SELECT {columns} FROM {live} WITH NO DATA").format(**parts)
            )
            connection.execute(sql.SQL("GRANT INSERT, SELECT ON {table} TO {role}").format(**parts))


def analyze() -> None:
    """Let the owner gather the planner's figures and settle the indexes."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        for table in ANALYZED:
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table)))


def read_and_copy(content: bytes) -> int:
    """Parse a workbook and copy its cells as they are: persons into one table, family members into another."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    header, *people = rows
    places: dict[Any, int] = {name: place for place, name in enumerate(header)}
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        _copy(connection, 0, _cells(people, places, 0))
        _copy(connection, 1, (row for position in (1, 2) for row in _cells(people, places, position)))
    return len(people)


def _cells(
    people: Sequence[Sequence[object]], places: dict[Any, int], position: int
) -> Iterator[list[object]]:
    taken = [places[header] for header, _ in _columns(position)]
    return ([row[place] for place in taken] for row in people)


def _copy(
    connection: "psycopg.Connection[tuple[object, ...]]", position: int, rows: Iterator[list[object]]
) -> None:
    columns = sql.SQL(", ").join(sql.Identifier(column) for _, column in _columns(position))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(TABLES[position][0]), columns)
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


if __name__ == "__main__":
    make_tables()
