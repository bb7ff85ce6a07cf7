"""The citizen ID number. All numbers here are synthetic, but for the standard's own example."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.idnumber import IdNumberFault, check_character, normalise_id_number, parse_id_number

EXAMPLE = "11010519491231002X"


def _whole(body: str) -> str:
    return body + check_character(body)


def _fault(text: str, **options: Any) -> str:
    with pytest.raises(IdNumberFault) as caught:
        parse_id_number(text, **options)
    return caught.value.code


@given(
    region=st.integers(min_value=110000, max_value=999999),
    born=st.dates(min_value=date(1900, 1, 1), max_value=date(2026, 11, 22)),
    order=st.integers(min_value=0, max_value=999),
)
@pytest.mark.requirement("S1-10-8")
def test_what_went_into_a_number_comes_out(region: int, born: date, order: int) -> None:
    number = _whole(f"{region}{born:%Y%m%d}{order:03}")
    parsed = parse_id_number(number, today=date(2026, 11, 22))
    assert parsed.number == number
    assert parsed.region == str(region)
    assert parsed.birth_date == born
    assert parsed.sex == ("1" if order % 2 else "2")


@given(place=st.integers(min_value=0, max_value=16), step=st.integers(min_value=1, max_value=9))
def test_one_wrong_digit_never_passes(place: int, step: int) -> None:
    wrong = str((int(EXAMPLE[place]) + step) % 10)
    with pytest.raises(IdNumberFault):
        parse_id_number(EXAMPLE[:place] + wrong + EXAMPLE[place + 1 :])


@pytest.mark.parametrize(
    "typed",
    [EXAMPLE, f" {EXAMPLE.lower()} ", "１１０１０５１９４９１２３１００２Ｘ", f"\ufeff{EXAMPLE}\u3000"],
)
def test_spaces_case_and_full_width_digits_do_not_matter(typed: str) -> None:
    assert parse_id_number(typed).number == EXAMPLE
    assert normalise_id_number(typed) == EXAMPLE


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "length"),
        ("110105491231002", "length"),
        (EXAMPLE + "0", "length"),
        ("1101051949123100²X", "characters"),
        ("X1010519491231002X", "characters"),
        ("11010519491231002Y", "characters"),
        ("11010519491231001X", "check_digit"),
        ("110105194912310021", "check_digit"),
        (_whole("11010520230229001"), "birth_date"),
        (_whole("11010518991231001"), "birth_date"),
        (_whole("11010520991231001"), "birth_date"),
    ],
)
def test_each_fault_has_its_code(text: str, code: str) -> None:
    assert _fault(text) == code


def test_a_child_born_today_passes_and_one_born_tomorrow_does_not() -> None:
    number = _whole("42010620261122001")
    assert parse_id_number(number, today=date(2026, 11, 22)).birth_date == date(2026, 11, 22)
    assert _fault(number, today=date(2026, 11, 21)) == "birth_date"


@pytest.mark.requirement("S1-10-8")
def test_a_fault_tells_neither_the_number_nor_the_right_digit() -> None:
    with pytest.raises(IdNumberFault) as caught:
        parse_id_number("110105194912310021")
    assert str(caught.value) == "check_digit"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("region", ["330113", "460321", "632857", "653228", "810000", "830000", "000000"])
def test_an_unlisted_region_is_not_a_fault_of_the_number(region: str) -> None:
    assert parse_id_number(_whole(f"{region}20150101123")).region == region
