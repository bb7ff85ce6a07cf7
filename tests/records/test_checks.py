"""Cross-field checks that need no database."""

from datetime import date

import pytest

from records.cells import CodeBook
from records.checks import check
from records.columns import LAYOUTS


def codes(class_no: str, *, rule: str, stage: str) -> list[str]:
    """What is wrong with this class number of a first grade of 2026."""
    book = CodeBook({}, {}, class_rule=rule, stage=stage, school_year=2026, today=date(2026, 9, 1))
    faults = check({"class_no": class_no, "enrol_month": "202609"}, LAYOUTS["national"], book, [])
    return [fault.code for fault in faults if fault.field == "class_no"]


@pytest.mark.requirement("S2-9-7")
@pytest.mark.parametrize(
    ("class_no", "stage", "expected"),
    [
        ("2026101", "primary", []),
        ("2026201", "junior", []),
        ("2026301", "senior", []),
        ("2026201", "primary", ["class_stage"]),
        ("2026101", "junior", ["class_stage"]),
        ("2025301", "senior", ["class_grade"]),
    ],
)
def test_under_rule_h_the_fifth_digit_is_the_schools_stage(
    class_no: str, stage: str, expected: list[str]
) -> None:
    assert codes(class_no, rule="H", stage=stage) == expected


def test_under_rule_w_the_fifth_digit_is_the_grade() -> None:
    assert codes("2026101", rule="W", stage="junior") == []
    assert codes("2026201", rule="W", stage="junior") == ["class_grade"]
