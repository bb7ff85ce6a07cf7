"""The citizen ID number: shape, check character, birth date and sex.

Only what the number itself proves is judged here. The first six digits name the place and time of registration, so
whether a list knows them is a question for a warning elsewhere.
"""

from datetime import date, datetime
from operator import mul
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from core.chinese import clean_text

FaultCode = Literal["length", "characters", "check_digit", "birth_date"]

LENGTH: Final = 18
FIRST_BIRTH_YEAR: Final = 1900

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_WEIGHT_OF_ZEROS: Final = sum(_WEIGHTS) * ord("0")
_CHECK_CHARACTERS: Final = "10X98765432"
_SCHOOL_TIME: Final = ZoneInfo("Asia/Shanghai")
_STARTED_ON: Final = datetime.now(_SCHOOL_TIME).date()
"""No day up to this one is in the future; asking the clock costs more than the rest of a check."""


class IdNumber(NamedTuple):
    """A number that passed: normalised text, region code, birth date, sex ("1" male, "2" female)."""

    number: str
    region: str
    birth_date: date
    sex: str


class IdNumberFault(ValueError):
    """Why a text is no ID number. `code` is length, characters, check_digit or birth_date.

    The message never holds the number, nor the character that would have been right.
    """

    def __init__(self, code: FaultCode) -> None:
        super().__init__(code)
        self.code: FaultCode = code


def normalise_id_number(text: str) -> str:
    """Upper case, ASCII digits, no surrounding space. Works for any kind of identity document."""
    return clean_text(text).upper()


def check_character(body: str) -> str:
    """The last character that belongs to the first 17 digits.

    For checking and for synthetic data. Nothing may use it to complete a number that somebody typed.
    """
    return _CHECK_CHARACTERS[(sum(map(mul, _WEIGHTS, body.encode("ascii"))) - _WEIGHT_OF_ZEROS) % 11]


def parse_id_number(text: str, *, today: date | None = None) -> IdNumber:
    """Read an 18-character citizen ID number; numbers of 15 digits are refused.

    `today` bounds the birth date (default: the present day in China). Raises IdNumberFault.
    """
    number = normalise_id_number(text)
    if len(number) != LENGTH:
        raise IdNumberFault("length")
    body, last = number[:17], number[17]
    if not (number.isascii() and body.isdigit() and last in _CHECK_CHARACTERS):
        raise IdNumberFault("characters")
    if check_character(body) != last:
        raise IdNumberFault("check_digit")
    return IdNumber(number, number[:6], _birth_date(number[6:14], today), "1" if int(number[16]) % 2 else "2")


def _birth_date(digits: str, today: date | None) -> date:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise IdNumberFault("birth_date") from None
    if born.year < FIRST_BIRTH_YEAR or _is_future(born, today):
        raise IdNumberFault("birth_date")
    return born


def _is_future(day: date, today: date | None) -> bool:
    if today is None:
        return day > _STARTED_ON and day > datetime.now(_SCHOOL_TIME).date()
    return day > today
