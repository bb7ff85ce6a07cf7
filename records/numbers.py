"""Numbers that are given out once: 学号, 档号 and the numbers of forms."""

from collections.abc import Collection

from django.db import connection

STUDENT_NO_LENGTH = 15
SERIAL_LENGTHS = range(1, STUDENT_NO_LENGTH)
ARCHIVE_CATEGORY = "XS"


_TAKE = """
    INSERT INTO records_numberseries AS series (key, last) VALUES (%s, %s)
    ON CONFLICT (key) DO UPDATE SET last = series.last + excluded.last RETURNING last
"""

_LAST = "SELECT key, last FROM records_numberseries WHERE key = ANY(%s)"
_SET = """
    INSERT INTO records_numberseries AS series (key, last) VALUES (%s, %s)
    ON CONFLICT (key) DO UPDATE SET last = excluded.last
"""
_FREE = """
    SELECT serial FROM (SELECT generate_series(%(first)s::bigint, %(most)s) AS serial) AS serials
    WHERE NOT EXISTS (
        SELECT 1 FROM records_enrolment
        WHERE school_id = %(school)s AND student_no = %(prefix)s || lpad(serial::text, %(digits)s, '0')
    ) AND %(prefix)s || lpad(serial::text, %(digits)s, '0') <> ALL (%(reserved)s::text[])
    LIMIT %(count)s
"""


class NumbersExhausted(Exception):
    """A series has no number left in the digits that the school's rule allows."""


def take(key: str, count: int = 1) -> range:
    """The next ``count`` numbers under ``key``. Others who take from the same key wait until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [key, count])
        (last,) = cursor.fetchone()
    return range(last - count + 1, last + 1)


def student_numbers(
    *, school_id: int, entry_year: int, code: str, digits: int, count: int = 1, reserved: Collection[str] = ()
) -> list[str]:
    """New student numbers of a school: entry year, code of site and programme, serial; at most 15 characters.

    The code is cut where year and serial leave it no room. Each length of serials counts for itself, going on where
    the others stand if it can, and passes over numbers that somebody has or that are ``reserved``: the rule may change
    at any time. Others who take numbers of the same school wait until this transaction ends. Raises NumbersExhausted.
    """
    prefix = f"{entry_year}{code.upper()}"[: STUDENT_NO_LENGTH - digits]
    series = f"student_no/{school_id}/{prefix}"
    take(f"student_no/{school_id}", 0)
    last = _last_of(series, digits)
    if last + count >= 10**digits:
        last = _last_of(series, digits, own_only=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _FREE,
            {
                "school": school_id,
                "prefix": prefix,
                "digits": digits,
                "first": last + 1,
                "most": 10**digits - 1,
                "count": count,
                "reserved": list(reserved),
            },
        )
        serials = [serial for (serial,) in cursor.fetchall()]
        if len(serials) < count:
            raise NumbersExhausted(prefix)
        cursor.execute(_SET, [f"{series}/{digits}", serials[-1]])
    return [f"{prefix}{serial:0{digits}d}" for serial in serials]


def _last_of(series: str, digits: int, *, own_only: bool = False) -> int:
    """The serial given last in this length; in any length when there is none yet, unless ``own_only``."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [[series, *(f"{series}/{length}" for length in SERIAL_LENGTHS)]])
        found = dict(cursor.fetchall())
    own = found.get(f"{series}/{digits}")
    if own is not None or own_only:
        return int(own or 0)
    return int(max(found.values(), default=0))


def archive_numbers(*, fonds: str, year: int, count: int = 1) -> list[str]:
    """New archive numbers: fonds, category of student files, year, item (DA/T 13)."""
    items = take(f"archive_no/{fonds}/{year}", count)
    return [f"{fonds}-{ARCHIVE_CATEGORY}-{year}-{item:06d}" for item in items]
