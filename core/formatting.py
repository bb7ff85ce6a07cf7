"""How dates, times, numbers and missing values are written on screens and printed forms, in both
languages.
"""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

NO_VALUE = "—"


def dash(value: Any) -> Any:
    """The value, or ``—`` when there is none (0 is a value)."""
    return NO_VALUE if value in (None, "") else value


@lru_cache(maxsize=8192)
def _written_day(value: date, language: str) -> str:
    return date_format(value, "DATE_FORMAT", use_l10n=bool(language))


def day(value: date | None) -> str:
    """A date in lists and forms: 2026-11-22, or 22 Nov 2026."""
    if not value:
        return NO_VALUE
    local = _local(value)
    return _written_day(
        local.date() if isinstance(local, datetime) else local, translation.get_language() or ""
    )


def moment(value: datetime | None) -> str:
    """A date and time to the minute: 2026-11-22 14:05, or 22 Nov 2026, 14:05."""
    if not value:
        return NO_VALUE
    local = _local(value)
    return f"{day(local.date())}{' ' if _is_chinese() else ', '}{local.hour:02d}:{local.minute:02d}"


def moment_seconds(value: datetime | None) -> str:
    """A date and time to the second, for audit pages."""
    return f"{moment(value)}:{_local(value):%S}" if value else NO_VALUE


def clock(value: datetime | None) -> str:
    """The time of day alone: 14:05."""
    return f"{_local(value):%H:%M}" if value else NO_VALUE


def clock_seconds(value: datetime | None) -> str:
    """14:05:09."""
    return f"{_local(value):%H:%M:%S}" if value else NO_VALUE


def month(value: date | None) -> str:
    """2026-09, or Sep 2026."""
    return date_format(_local(value), "YEAR_MONTH_FORMAT") if value else NO_VALUE


def span(start: date | None, end: date | None) -> str:
    """Two dates as a span; without an end it is still open."""
    if end is None:
        return _("since %(start)s") % {"start": day(start)}
    return _("%(start)s – %(end)s") % {"start": day(start), "end": day(end)}


def school_year(year: int, term: int = 0) -> str:
    """The school year that begins in ``year``, and its first or second term when ``term`` is 1 or 2."""
    if term:
        text = _("School year %(start)s–%(end)s, term %(term)s")
        chinese_term = {1: "一", 2: "二", 3: "三"}.get(term, str(term))
        return text % {
            "start": year,
            "end": _next_year(year),
            "term": chinese_term if _is_chinese() else term,
        }
    return _("School year %(start)s–%(end)s") % {"start": year, "end": _next_year(year)}


def number(value: float | Decimal | None) -> str:
    """12,345."""
    return NO_VALUE if value is None else f"{value:,}"


def money(value: Decimal | None) -> str:
    """Yuan as ¥20.00."""
    return NO_VALUE if value is None else f"¥{value:,.2f}"


def size(octets: int | None) -> str:
    """A file's size: 512 B, 34.5 KB, 1.2 MB."""
    if octets is None:
        return NO_VALUE
    amount = float(octets)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def _local(value: Any) -> Any:
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def _is_chinese() -> bool:
    return (translation.get_language() or "").startswith("zh")


def _next_year(year: int) -> str:
    return str(year + 1) if _is_chinese() else f"{(year + 1) % 100:02d}"
