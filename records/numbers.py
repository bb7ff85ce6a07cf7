"""Numbers that are given out once: 学号, 档号 and the numbers of forms."""

from django.db import connection

STUDENT_NO_LENGTH = 15
ARCHIVE_CATEGORY = "XS"


_TAKE = """
    INSERT INTO records_numberseries AS series (key, last) VALUES (%s, %s)
    ON CONFLICT (key) DO UPDATE SET last = series.last + excluded.last RETURNING last
"""


class NumbersExhausted(Exception):
    """A series has no number left in the digits that the school's rule allows."""


def take(key: str, count: int = 1) -> range:
    """The next ``count`` numbers under ``key``. Others who take from the same key wait until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [key, count])
        (last,) = cursor.fetchone()
    return range(last - count + 1, last + 1)


def student_numbers(*, school_id: int, entry_year: int, code: str, digits: int, count: int = 1) -> list[str]:
    """New student numbers of a school: entry year, code of site and programme, serial; at most 15 characters.

    The code is cut where year and serial leave it no room. Raises NumbersExhausted.
    """
    prefix = f"{entry_year}{code}"[: STUDENT_NO_LENGTH - digits]
    serials = take(f"student_no/{school_id}/{prefix}", count)
    if serials[-1] >= 10**digits:
        raise NumbersExhausted(prefix)
    return [f"{prefix}{serial:0{digits}d}" for serial in serials]


def archive_numbers(*, fonds: str, year: int, count: int = 1) -> list[str]:
    """New archive numbers: fonds, category of student files, year, item (DA/T 13)."""
    items = take(f"archive_no/{fonds}/{year}", count)
    return [f"{fonds}-{ARCHIVE_CATEGORY}-{year}-{item:06d}" for item in items]
