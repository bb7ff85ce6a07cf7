"""What cells may hold at one school on one day, read once and then asked a million times."""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Max

from records.cells import CodeBook, ProgrammeFacts
from school.models import Code, Programme, Region, SchoolClass, Unit
from school.rules import rule


def code_book(school: Unit, *, school_year: int, today: date) -> CodeBook:
    """The code book of ``school``: code lists by code, label and alias; regions; its active classes and programmes."""
    lists = _lists(_state(), today)
    classes = SchoolClass.objects.filter(school=school, is_active=True)
    programmes = Programme.objects.filter(unit__in=_school_and_below(school), is_active=True)
    return CodeBook(
        codes=lists.codes,
        closed_codes=lists.closed,
        regions=lists.regions,
        school_code=school.code,
        class_rule=str(rule(school, "class_number_rule", on=today)),
        class_ids=dict(classes.values_list("class_no", "pk")),
        programme_ids={row.code: row.pk for row in programmes},
        programmes={row.code: _facts(row) for row in programmes},
        class_programmes=dict(
            classes.filter(programme__isnull=False).values_list("class_no", "programme__code")
        ),
        stage=school.stage,
        school_year=school_year,
        today=today,
        under_age_allowed=bool(rule(school, "under_age_entry", on=today)),
    )


class _Lists(NamedTuple):
    """What is the same for every school."""

    codes: dict[str, dict[str, str]]
    closed: dict[str, frozenset[str]]
    regions: dict[str, bool]


def _state() -> tuple[object, ...]:
    """Another one after each change of a code or region, since each leaves a row of history that nobody removes."""
    ends = {"count": Count("pk"), "last": Max("pk")}
    found = [model.history.aggregate(**ends) for model in (Code, Region)]
    return connection.settings_dict["NAME"], *(one[name] for one in found for name in ends)


@lru_cache(maxsize=2)
def _lists(_state: tuple[object, ...], today: date) -> _Lists:
    entries = _entries(today)
    regions = Region.objects.values_list("code", "valid_until")
    return _Lists(
        _codes(entries),
        _closed(entries, today),
        {code: until is None or until >= today for code, until in regions},
    )


def _entries(today: date) -> list[Code]:
    """All entries of the code lists, those in use before those that are not: a word means the entry in use."""
    rows = Code.objects.select_related("code_list").order_by("pk")
    return sorted(rows, key=lambda row: not row.holds_on(today))


def _codes(entries: list[Code]) -> dict[str, dict[str, str]]:
    book: dict[str, dict[str, str]] = {}
    for row in entries:
        spellings = book.setdefault(row.code_list.key, {})
        for spelling in (*row.aliases, row.label_en, row.label_zh):
            if spelling:
                spellings.setdefault(spelling, row.code)
    for row in entries:
        book[row.code_list.key][row.code] = row.code
    return book


def _closed(entries: list[Code], today: date) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in entries:
        if not row.holds_on(today):
            found.setdefault(row.code_list.key, set()).add(row.code)
    return {key: frozenset(codes) for key, codes in found.items()}


def _facts(row: Programme) -> ProgrammeFacts:
    names = frozenset(name for name in (row.name, row.label_en) if name)
    return ProgrammeFacts(names, row.level, row.learning_form, row.study_years)


def _school_and_below(school: Unit) -> list[int]:
    below = Unit.objects.filter(ancestors__contains=[school.pk], is_active=True)
    return [school.pk, *below.values_list("pk", flat=True)]
