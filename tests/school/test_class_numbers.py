"""Class numbers under both rules."""

import pytest
from django.core.exceptions import ValidationError

from school.class_numbers import class_number

FACTS = {"entry_year": 2024, "grade_level": 3, "number": 5, "school_year": 2026}


@pytest.mark.parametrize(
    ("rule", "stage", "facts", "expected"),
    [
        ("W", "primary", {}, "2024305"),
        ("H", "primary", {}, "2024105"),
        ("H", "junior", {}, "2024205"),
        ("H", "senior", {"number": 12}, "2024312"),
        ("W", "primary", {"entry_year": 2026, "grade_level": 1, "number": 1}, "2026101"),
        ("W", "", {}, "2024305"),
    ],
)
@pytest.mark.requirement("S2-5-16", "S2-9-10")
def test_the_number_follows_the_rule(rule: str, stage: str, facts: dict[str, int], expected: str) -> None:
    assert class_number(rule, stage, **FACTS | facts) == expected


@pytest.mark.parametrize(
    ("rule", "stage", "facts", "field"),
    [
        ("W", "primary", {"grade_level": 2}, "grade_level"),
        ("H", "primary", {"grade_level": 4}, "grade_level"),
        ("W", "senior", {"entry_year": 2023, "grade_level": 4}, "grade_level"),
        ("W", "primary", {"entry_year": 2027, "grade_level": 0}, "grade_level"),
        ("W", "primary", {"number": 0}, "number"),
        ("W", "primary", {"number": 100}, "number"),
        ("H", "higher", {}, "class_no"),
    ],
)
def test_facts_that_do_not_fit_are_refused(rule: str, stage: str, facts: dict[str, int], field: str) -> None:
    with pytest.raises(ValidationError) as fault:
        class_number(rule, stage, **FACTS | facts)
    assert list(fault.value.message_dict) == [field]


def test_a_free_number_is_not_made() -> None:
    with pytest.raises(ValueError, match="typed"):
        class_number("free", "primary", **FACTS)
