"""Cells of one column that need no database."""

from decimal import Decimal

import pytest

from records.cells import CellFault, CodeBook, read_cell
from records.columns import LAYOUTS

BOOK = CodeBook({}, {})


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("study_years", "3", "3"),
        ("study_years", "2.50", "2.5"),
        ("study_years", "９.9", "9.9"),
        ("commute_km", "999.9", "999.9"),
        ("commute_km", "0", "0"),
    ],
)
def test_a_number_that_its_field_holds_is_read(field: str, text: str, value: str) -> None:
    assert read_cell(text, LAYOUTS["vocational"].by_field[field], BOOK) == Decimal(value)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("study_years", "10"),
        ("study_years", "2.25"),
        ("study_years", "9.96"),
        ("commute_km", "999.95"),
        ("commute_km", "1000"),
        ("commute_km", "1_0"),
        ("commute_km", "1e2"),
        ("commute_km", "-1"),
        ("commute_km", "NaN"),
        ("commute_km", "٣"),
    ],
)
def test_a_number_that_its_field_does_not_hold_is_a_fault_of_the_cell(field: str, text: str) -> None:
    column = LAYOUTS["vocational"].by_field[field]
    with pytest.raises(CellFault) as fault:
        read_cell(text, column, BOOK)
    most = {"study_years": "9.9", "commute_km": "999.9"}[field]
    assert (fault.value.code, fault.value.detail) == ("number_form", most)
