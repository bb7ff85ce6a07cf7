"""The file of an export: a table that says on its face who took it, and the digest of its cells."""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from audit.exports.columns import every_header, is_secret, unread, value_of
from audit.models import ExportRequest
from core.formatting import moment
from core.workbook import Mark, Table, open_table, safe_cell, write_table
from core.workbook.package import Limits
from records.columns import Column
from records.models import Enrolment, FamilyMember
from records.sheet import Words, mask
from records.values import split

LARGEST = 10 << 20
"""Bytes of a file that is recognised."""


@dataclass(frozen=True, slots=True)
class Made:
    """A file as bytes, with the digests by which it is known again."""

    content: bytes
    sha256: str
    content_digest: str


def made(typed: ExportRequest, columns: Sequence[Column], rows: Sequence[Enrolment]) -> Made:
    """The file of these stretches, in Chinese, by as many statements for one row as for a thousand.

    ``rows`` were read by `readable`.
    """
    with translation.override("zh-hans"):
        mark = Mark(typed.request.number, _line(typed))
        headers = [column.header for column in columns]
        cells = list(_cells(columns, rows, whole=typed.whole))
        if typed.file_format == ExportRequest.Format.CSV:
            content = _csv(mark, headers, cells)
        else:
            content = write_table(
                headers, cells, text_columns=range(len(headers)), sheet_name=mark.serial, mark=mark
            )
    digest = digest_of(opened(content, limits=Limits()))
    return Made(content, hashlib.sha256(content).hexdigest(), digest)


def readable(rows: QuerySet[Enrolment], columns: Sequence[Column]) -> list[Enrolment]:
    """The stretches with all that these columns read of them, and nothing costly beside."""
    joined = rows.select_related("student", "school", "school_class", "programme")
    return list(joined.defer(*unread(columns)))


def _line(typed: ExportRequest) -> str:
    words = _("%(serial)s · exported %(time)s by %(name)s with %(second)s · %(purpose)s · internal use only")
    return words % {
        "serial": typed.request.number,
        "time": moment(timezone.now()),
        "name": f"{typed.requester.name} {typed.requester.staff_no}",
        "second": f"{typed.second.name} {typed.second.staff_no}" if typed.second else "",
        "purpose": typed.get_purpose_display(),
    }


def _cells(columns: Sequence[Column], rows: Sequence[Enrolment], *, whole: bool) -> Iterator[list[str]]:
    family: dict[tuple[int, int], FamilyMember] = {}
    people = defaultdict(list)
    if any(split(column.field)[0] for column in columns):
        for member in FamilyMember.objects.filter(student__in=[row.student_id for row in rows]):
            family[member.student_id, member.position] = member
            people[member.position].append(member)
    words = Words(columns, [*rows, *(row.student for row in rows), *family.values()])
    hidden = {column.field: split(column.field)[1] for column in columns if is_secret(column) and not whole}
    for row in rows:
        shown = [words.of(column, value_of(row, column, family)) for column in columns]
        yield [
            mask(hidden[column.field], text) if column.field in hidden else text
            for column, text in zip(columns, shown, strict=True)
        ]


def _csv(mark: Mark, headers: Sequence[str], cells: Sequence[Sequence[str]]) -> bytes:
    """With a byte order mark, by which Excel knows that it is UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([mark.line])
    writer.writerow(headers)
    writer.writerows([safe_cell(text) for text in row] for row in cells)
    return out.getvalue().encode("utf-8-sig")


def opened(content: bytes, *, limits: Limits) -> Table:
    """A table whose header is the first row with a header of ours. Raises WorkbookRefused."""
    return open_table(content, known_headers=every_header(), min_headers=1, limits=limits)


def digest_of(table: Table) -> str:
    """A digest of header and cells in their order; spaces, empty rows and what stands above the header do not count."""
    found = hashlib.sha256()
    for row in (table.headers, *(one.values for one in table.rows())):
        plain = [" ".join(text.split()) for text in row]
        while plain and not plain[-1]:
            plain.pop()
        found.update(("\x1f".join(plain) + "\x1e").encode())
    return found.hexdigest()
