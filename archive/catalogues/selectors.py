"""Reads for the catalogues: the files that a school keeps, counted and listed in constant statements."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    Count,
    Exists,
    F,
    Func,
    Max,
    Min,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import User
from accounts.scope import units_with
from archive.models import PaperLoan, RetentionTerm
from archive.retention.obstacles import years_after
from core.lookups import AnyOf
from records.documents.rights import may_open
from records.models import Document, Enrolment, Secrecy
from records.numbers import ARCHIVE_CATEGORY
from records.selectors import StudentFile
from school.models import Unit
from school.rules import PERMANENT, rule

PERM = "manage_retention"
VOLUME = 2000
"""So many files go into one volume of a catalogue."""

FONDS = rf"^(.+)-{ARCHIVE_CATEGORY}-\d{{4}}-\d+$"
YEAR = rf"-{ARCHIVE_CATEGORY}-(\d{{4}})-\d+$"


def kept(user: User, school: Unit) -> QuerySet[Enrolment]:
    """The newest stretch of each file that ``school`` keeps and ``user`` looks after, inactive archive included."""
    rows = Enrolment.objects.visible_to(user).current().filter(school=school)
    return rows.filter(AnyOf(F("unit_id"), units_with(user, PERM)))


def _part(pattern: str, path: str) -> Func:
    """What a pattern picks out of the archive number."""
    told = Cast(Value(pattern), TextField())
    return Func(F(path), told, function="substring", output_field=CharField())


def _grouped(rows: QuerySet[Any], **figures: Any) -> list[dict[str, Any]]:
    number = "student__archive_no"
    parted = rows.order_by().annotate(fonds=_part(FONDS, number), year=_part(YEAR, number))
    return list(parted.values("fonds", "year").annotate(**figures).order_by("fonds", "year"))


def fonds(user: User, school: Unit) -> list[dict[str, Any]]:
    """The fonds of a school by fonds code and year: numbers from and to, files, documents, pages. Two statements."""
    rows, number = kept(user, school), "student__archive_no"
    lines = _grouped(rows, files=Count("pk"), first=Min(number), last=Max(number))
    held = Document.objects.filter(is_current=True, student__in=rows.values("student"))
    counted = {
        (one["fonds"], one["year"]): one
        for one in _grouped(held, documents=Count("pk"), pages=Sum("blob__pages", default=0))
    }
    nothing = {"documents": 0, "pages": 0}
    return [{**line, **_figures(counted.get((line["fonds"], line["year"]), nothing))} for line in lines]


def _figures(found: dict[str, Any]) -> dict[str, int]:
    return {name: found[name] for name in ("documents", "pages")}


def volumes(lines: Iterable[dict[str, Any]]) -> list[tuple[str, int]]:
    """The volumes of the catalogue of files as year and place within it, of lines of `fonds`; newest years first."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts[line["year"] or ""] += line["files"]
    return [
        (year, place)
        for year in sorted(counts, reverse=True)
        if year
        for place in range(-(-counts[year] // VOLUME))
    ]


def files(user: User, school: Unit, year: str, volume: int = 0) -> list[dict[str, Any]]:
    """The files numbered in a year by archive number, of one volume of `VOLUME`, each with the key of its stretch.

    Two statements.
    """
    mine = Document.objects.filter(student=OuterRef("student"), is_current=True).order_by().values("student")
    terms = RetentionTerm.objects.filter(student=OuterRef("student"))
    out = PaperLoan.objects.filter(copy=PaperLoan.Copy.ORIGINAL, returned_on__isnull=True)
    rows = kept(user, school).annotate(
        year=_part(YEAR, "student__archive_no"),
        documents=Subquery(mine.annotate(count=Count("pk")).values("count")),
        pages=Subquery(mine.annotate(count=Sum("blob__pages")).values("count")),
        secrecies=ArraySubquery(mine.values("secrecy").distinct()),
        for_ever=Exists(terms.filter(until__isnull=True)),
        marked=Subquery(terms.order_by().values("student").annotate(last=Max("until")).values("last")),
        lent=Exists(out.filter(student=OuterRef("student"))),
    )
    shown = rows.filter(year=year).values_list(
        "pk", "student__archive_no", "student__name", "student_no", "student__has_paper", "student__paper_place",
        "student__paper_package_no", "ended_on", "documents", "pages", "secrecies", "for_ever", "marked", "lent",
        named=True,
    ).order_by("student__archive_no")  # fmt: skip
    told = rule(school, "retention_years")
    return [_file(row, told) for row in shown[volume * VOLUME : (volume + 1) * VOLUME]]


def named(keys: Sequence[int]) -> list[Enrolment]:
    """These stretches with no more of their students than an event needs. One statement."""
    rows = Enrolment.objects.filter(pk__in=keys).select_related("student").order_by("pk")
    return list(rows.only("public_id", "unit", "student__public_id"))


def _file(row: Any, told: int | str) -> dict[str, Any]:
    return {
        "enrolment": row.pk,
        "archive_no": row.student__archive_no,
        "name": row.student__name,
        "student_no": row.student_no,
        "documents": row.documents or 0,
        "pages": row.pages or 0,
        "secrecy": highest(row.secrecies),
        "paper": row.student__has_paper,
        "place": row.student__paper_place,
        "package_no": row.student__paper_package_no,
        "lent": row.lent,
        **retention(row.ended_on, told, for_ever=row.for_ever, marked=row.marked),
    }


def highest(secrecies: list[str]) -> str:
    """The strictest secrecy among documents; ordinary for none."""
    order: list[str] = list(Secrecy.values)
    return max(secrecies, key=order.index, default=Secrecy.ORDINARY.value)


def retention(
    ended_on: date | None, told: int | str, *, for_ever: bool, marked: date | None
) -> dict[str, Any]:
    """How long a file is kept: ``years`` after leaving while enrolled, ``until`` a day afterwards, else for ever."""
    if told == PERMANENT or for_ever:
        return {"years": None, "until": None}
    if ended_on is None:
        return {"years": int(told), "until": None}
    ends = years_after(ended_on, int(told))
    return {"years": None, "until": max(ends, marked) if marked else ends}


def documents(file: StudentFile) -> list[dict[str, Any]]:
    """The documents of a file in their order, newest versions; titles of those alone that the reader may open."""
    rows = Document.objects.filter(student=file.student, is_current=True).select_related("blob")
    return [
        {
            "number": row.item_no,
            "kind": row.get_kind_display(),
            "title": row.title if may_open(file, row) else "",
            "added": timezone.localdate(row.added_at),
            "pages": row.blob.pages,
            "version": row.version,
            "secrecy": row.secrecy,
            "review": row.review,
            "paper": row.paper_original,
        }
        for row in rows.order_by("item_no")
    ]
