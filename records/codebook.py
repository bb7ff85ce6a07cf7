"""What cells may hold at one school on one day, read once and then asked a million times."""

from datetime import date

from records.cells import CodeBook
from school.models import Code, Programme, Region, SchoolClass, Unit
from school.rules import rule


def code_book(school: Unit, *, school_year: int, today: date) -> CodeBook:
    """The code book of ``school``: code lists by code, label and alias; regions; its active classes and programmes."""
    return CodeBook(
        codes=_codes(),
        regions={
            code: until is None or until >= today
            for code, until in Region.objects.values_list("code", "valid_until")
        },
        school_code=school.code,
        class_rule=str(rule(school, "class_number_rule", on=today)),
        class_ids=dict(
            SchoolClass.objects.filter(school=school, is_active=True).values_list("class_no", "pk")
        ),
        programme_ids=_programmes(school),
        stage=school.stage,
        school_year=school_year,
        today=today,
        under_age_allowed=bool(rule(school, "under_age_entry", on=today)),
    )


def _codes() -> dict[str, dict[str, str]]:
    book: dict[str, dict[str, str]] = {}
    rows = Code.objects.values_list("code_list__key", "code", "label_zh", "label_en", "aliases")
    for key, code, label_zh, label_en, aliases in rows:
        spellings = book.setdefault(key, {})
        for spelling in (*aliases, label_en, label_zh):
            if spelling:
                spellings.setdefault(spelling, code)
        spellings[code] = code
    return book


def _programmes(school: Unit) -> dict[str, int]:
    rows = Programme.objects.filter(unit__in=_school_and_below(school), is_active=True)
    return dict(rows.values_list("code", "pk"))


def _school_and_below(school: Unit) -> list[int]:
    below = Unit.objects.filter(ancestors__contains=[school.pk], is_active=True)
    return [school.pk, *below.values_list("pk", flat=True)]
