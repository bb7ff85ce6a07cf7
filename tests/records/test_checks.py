"""Cross-field checks that need no database."""

from datetime import date
from typing import Any

import pytest

from records.cells import CodeBook
from records.checks import check
from records.columns import LAYOUTS
from tests.enrollment.intake import id_number

PUPIL, FATHER, MOTHER = id_number(1), id_number(2, born="19880301"), id_number(3, born="19900501")


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


def of_family(**given: Any) -> list[tuple[str, str, str]]:
    """Faults of a family: father and mother, both guardians with their numbers, unless told otherwise."""
    values: dict[str, Any] = {"id_type": "1", "id_number": PUPIL, "overseas_status": "00"}
    for member, relation, number in (("member1", "51", FATHER), ("member2", "52", MOTHER)):
        parts = {"name": "甲", "relation": relation, "is_guardian": True, "id_type": "1", "id_number": number}
        values |= {f"{member}.{name}": value for name, value in parts.items()}
    values |= {name.replace("__", "."): value for name, value in given.items()}
    faults = check(values, LAYOUTS["national"], CodeBook({}, {}), [])
    return [(fault.field, fault.code, fault.level) for fault in faults if fault.field.startswith("member")]


@pytest.mark.requirement("S2-5-F33")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"member2__id_type": "Z", "member2__id_number": ""}, []),
        ({"member2__id_type": "", "member2__id_number": ""}, []),
        ({"member2__id_number": ""}, [("member2.id_number", "id_required", "warning")]),
        (
            {"id_type": "Z", "id_number": "", "member1__id_number": "", "member2__id_number": ""},
            [("member1.id_number", "parent_id_missing", "error")],
        ),
        (
            {"id_type": "Z", "id_number": "", "member2__id_number": ""},
            [("member2.id_number", "both_parents_ids", "warning")],
        ),
    ],
)
def test_a_guardian_has_no_number_only_as_other_and_only_where_the_pupil_has_one(
    given: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert of_family(**given) == expected


@pytest.mark.requirement("S2-9-12")
@pytest.mark.parametrize(
    ("given", "warned"),
    [
        ({}, ""),
        ({"member1__is_guardian": False}, ""),
        ({"member1__relation": "63"}, "member1.is_guardian"),
        ({"member1__relation": "63", "member1__is_guardian": False}, ""),
        ({"member2__relation": "71", "member1__is_guardian": False}, "member2.is_guardian"),
        ({"member1__relation": "58", "member2__relation": "61"}, ""),
        ({"member1__relation": "63", "member2__relation": "64"}, ""),
    ],
)
def test_a_first_guardian_who_is_no_parent_is_noticed_where_a_parent_is_named(
    given: dict[str, Any], warned: str
) -> None:
    expected = [(warned, "guardian_order", "warning")] if warned else []
    assert of_family(**given) == expected
