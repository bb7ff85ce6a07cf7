"""The cross-field checks of a collected person (B.1): one place for the form in the browser and for the import.

``values`` are typed values by field, members as ``member1.name``; a field that could not be read is absent.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from core.idnumber import IdNumber, IdNumberFault, parse_id_number
from records.cells import CodeBook, id_number_fault
from records.columns import LayoutColumns
from records.faults import Fault
from school.class_numbers import STAGE_DIGITS

Values = dict[str, Any]
Check = Callable[[Values, LayoutColumns, CodeBook], Iterator[Fault]]

RESIDENT_CARD = "1"
NO_DOCUMENT = "Z"
RESIDENCE_PERMITS = ("81", "82", "83", "9")
"""Beginnings of eighteen-digit numbers that are not on a Chinese citizen's card."""
_IN_NUMBERS = str.maketrans("", "", "()（）-")
OVERSEAS_DOCUMENTS = {"6", "7", "8", "A"}
NUMBERED_DOCUMENTS = {"6", "7", "8", "9", "A"}
STUDY_YEARS = {
    Decimal(text) for text in ("1.5", "2", "2.5", "3", "3.5", "4", "4.5", "5", "5.5", "6", "7", "8")
}
_NATIONAL_NO = re.compile(r"[GLJ][0-9A-Z]{18}", re.ASCII)
_STUDENT_NO = re.compile(r"[0-9A-Za-z]{1,15}", re.ASCII)
USUAL_AGES = {
    "primary": (6, 7),
    "junior": (11, 14),
    "senior": (14, 17),
    "vocational": (14, 40),
    "adult": (16, 70),
    "higher": (15, 40),
    "training": (3, 80),
}
MEMBERS = ("member1", "member2")
PARENTS = {"51", "52", "57", "58"}
"""Relations (GB/T 4761) of parents, step-parents and adoptive parents."""


def resident_number(values: Values) -> IdNumber | None:
    """The parsed identity number of somebody with a resident's card, when it is sound."""
    if values.get("id_type") != RESIDENT_CARD or not values.get("id_number"):
        return None
    try:
        return parse_id_number(values["id_number"])
    except IdNumberFault:
        return None


def lacks_number(values: Values) -> bool:
    """Whether this is somebody without any identity number (see `lacks_hukou`)."""
    return values.get("id_type") == NO_DOCUMENT and not values.get("id_number")


def lacks_hukou(values: Values) -> bool:
    """Whether this is a pupil without household registration: no number, and not from overseas."""
    return lacks_number(values) and values.get("overseas_status", "") in {"", "00"}


def assume(values: Values, layout: LayoutColumns) -> None:
    """Put into ``values`` what an empty cell means (`LayoutColumns.assumed`)."""
    for field, usual in layout.assumed.items():
        if values.get(field) == "":
            values[field] = usual


def check(
    values: Values, layout: LayoutColumns, book: CodeBook, known: list[Fault] | None = None
) -> list[Fault]:
    """All faults, those of single cells (``known``) first, after `assume`. A field with an error is named once."""
    assume(values, layout)
    faults = list(known or [])
    broken = {fault.field for fault in faults}
    for rule in _CHECKS:
        for fault in rule(values, layout, book):
            if fault.field not in broken or fault.level == "warning":
                faults.append(fault)
                if fault.level == "error":
                    broken.add(fault.field)
    return faults


def _required(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    for name in layout.required_fields:
        if values.get(name) == "":
            yield Fault(name, "required")


def _identity(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    kind, number = values.get("id_type"), values.get("id_number")
    if kind is None or number is None:
        return
    if not number:
        if kind != NO_DOCUMENT and kind != "":
            yield Fault("id_number", "id_required")
    elif kind == RESIDENT_CARD:
        yield from _citizen(number, values, book)
    elif _fits_another_type(kind, number):
        yield Fault("id_number", "id_type_mismatch", value=number)


def _citizen(text: str, values: Values, book: CodeBook) -> Iterator[Fault]:
    """A citizen's number by itself, and what it says about birth date and sex."""
    try:
        number = parse_id_number(text)
    except IdNumberFault as fault:
        yield Fault("id_number", f"id_{fault.code}", value=text)
        return
    if number.region not in book.regions and text[:2] not in {"81", "82", "83"}:
        yield Fault("id_number", "id_region", "warning", value=text)
    if values.get("birth_date") and values["birth_date"] != number.birth_date:
        yield Fault("birth_date", "birth_date_mismatch")
    if values.get("sex") and values["sex"] != number.sex:
        yield Fault("sex", "sex_mismatch")


def _fits_another_type(kind: str | None, number: str) -> bool:
    bare = number.translate(_IN_NUMBERS)
    if kind in NUMBERED_DOCUMENTS and not (bare.isascii() and bare.isalnum()):
        return True
    is_citizens = not id_number_fault(number) and not number.startswith(RESIDENCE_PERMITS)
    return kind in {*OVERSEAS_DOCUMENTS, NO_DOCUMENT} and is_citizens


def _overseas(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    kind, status = values.get("id_type"), values.get("overseas_status")
    if status and kind == RESIDENT_CARD and status != "00":
        yield Fault("overseas_status", "overseas_with_id")
    if kind in OVERSEAS_DOCUMENTS and status == "00":
        yield Fault("overseas_status", "overseas_expected", "warning")
    if kind == "A" and values.get("nationality") == "CHN":
        yield Fault("id_type", "passport_of_chinese", "warning")


def _family(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    if "member1.name" not in layout.by_field:
        return
    yield from _family_numbers(values)
    yield from _guardian_order(values)
    guardians = [values.get(f"{member}.is_guardian") for member in MEMBERS]
    if None not in guardians and True not in guardians and any(answer is False for answer in guardians):
        yield Fault("member1.is_guardian", "guardian_missing")
    if "overseas_status" not in values or not lacks_hukou(values):
        return
    numbers = [values.get(f"{member}.id_number") for member in MEMBERS]
    if numbers == ["", ""]:
        yield Fault("member1.id_number", "parent_id_missing")
    elif "" in numbers and values.get("parents_case", "both") == "both":
        yield Fault(f"member{numbers.index('') + 1}.id_number", "both_parents_ids", "warning")
    yield Fault("id_number", "no_id_proof", "warning")


def _family_numbers(values: Values) -> Iterator[Fault]:
    """Numbers of members: without one stands the type 其他. Where the pupil has none, `_family` asks for theirs."""
    for member in MEMBERS:
        kind, number = values.get(f"{member}.id_type"), values.get(f"{member}.id_number")
        if number and kind == RESIDENT_CARD:
            code = id_number_fault(number)
            if code:
                yield Fault(f"{member}.id_number", code, value=number)
        elif number == "" and kind and kind != NO_DOCUMENT and values.get("id_number"):
            yield Fault(f"{member}.id_number", "id_required", "warning")


def _guardian_order(values: Values) -> Iterator[Fault]:
    """Parents are guardians before anybody else (监护人顺序)."""
    is_parent = [values.get(f"{member}.relation") in PARENTS for member in MEMBERS]
    first = next((at for at, one in enumerate(MEMBERS) if values.get(f"{one}.is_guardian")), None)
    if first is not None and any(is_parent) and not is_parent[first]:
        yield Fault(f"{MEMBERS[first]}.is_guardian", "guardian_order", "warning")


def _age(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    born = values.get("birth_date")
    entry = values.get("enrol_date") or _first_day(values.get("enrol_month"))
    if not born:
        return
    if book.today != date.min and born > book.today:
        yield Fault("birth_date", "date_future")
        return
    if not entry or book.stage not in USUAL_AGES:
        return
    age = entry.year - born.year - ((born.month, born.day) > (8, 31))
    youngest, oldest = USUAL_AGES[book.stage]
    if book.stage == "primary" and age < youngest:
        yield Fault("birth_date", "under_age", "warning" if book.under_age_allowed else "error")
    elif not youngest <= age <= oldest:
        yield Fault("birth_date", "age_unusual", "warning")
    if values.get("political_status") == "03" and age < 14:
        yield Fault("political_status", "league_age", "warning")


def _first_day(month: str | None) -> date | None:
    return date(int(month[:4]), int(month[4:]), 1) if month else None


def _class(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    class_no, month = values.get("class_no"), values.get("enrol_month")
    if not class_no or not month or book.class_rule not in {"W", "H"}:
        return
    wrong_year = class_no[:4] != month[:4]
    wrong_grade = book.class_rule == "W" and int(class_no[4]) != book.school_year - int(class_no[:4]) + 1
    if wrong_year or wrong_grade:
        yield Fault("class_no", "class_grade")
    if book.class_rule == "H" and STAGE_DIGITS.get(book.stage) != int(class_no[4]):
        yield Fault("class_no", "class_stage")


def _circumstances(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    if values.get("needs_aid"):
        yield Fault("needs_aid", "aid_at_collection", "warning")
    if values.get("boarding_subsidy"):
        code = "senior_subsidy" if book.stage == "senior" else "aid_at_collection"
        yield Fault("boarding_subsidy", code, "error" if book.stage == "senior" else "warning")
    if values.get("health") == "6":
        yield Fault("health", "disability_proof", "warning")
    if book.stage == "senior" and values.get("aux_no") == "" and "aux_no" in layout.by_field:
        yield Fault("aux_no", "aux_no_required")


def _kept_numbers(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    if "national_no" not in layout.by_field:
        return
    national, kept = values.get("national_no"), values.get("student_no")
    if national and not _NATIONAL_NO.fullmatch(national):
        yield Fault("national_no", "national_no_form", value=national)
    elif (
        national
        and national.startswith("G")
        and resident_number(values)
        and national[1:] != values["id_number"]
    ):
        yield Fault("national_no", "national_no_mismatch", value=national)
    if kept and not _STUDENT_NO.fullmatch(kept):
        yield Fault("student_no", "student_no_form", value=kept)


def _entered_before(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    if "national_no" not in layout.by_field or book.today == date.min:
        return
    for field, entry in (
        ("enrol_date", values.get("enrol_date")),
        ("enrol_month", _first_day(values.get("enrol_month"))),
    ):
        if entry and entry > book.today:
            yield Fault(field, "entry_in_future")


def _study(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    years = values.get("study_years")
    if years and years not in STUDY_YEARS:
        yield Fault("study_years", "study_years_form")


def _regions(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    for field in ("birthplace_code", "hukou_region_code"):
        code = values.get(field)
        if code and not book.regions.get(code[:6], False):
            yield Fault(field, "region_abolished", "warning")


def _programme(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    code = values.get("programme_code")
    facts = book.programmes.get(code) if code else None
    if facts is None:
        return
    name = values.get("programme_name")
    if name and name not in facts.names:
        yield Fault("programme_name", "programme_differs", "warning", value=name)
    for field in ("level", "learning_form", "study_years"):
        value, kept = values.get(field), getattr(facts, field)
        if value and kept and value != kept:
            yield Fault(field, "programme_differs", "warning")
    if book.class_programmes.get(values.get("class_no", ""), code) != code:
        yield Fault("class_no", "class_programme")


def _codes(values: Values, layout: LayoutColumns, book: CodeBook) -> Iterator[Fault]:
    if not book.closed_codes:
        return
    for column in layout.columns:
        closed = book.closed_codes.get(column.code_list)
        if closed and values.get(column.field) in closed:
            yield Fault(column.field, "code_closed", "warning")


_CHECKS: tuple[Check, ...] = (
    _required,
    _identity,
    _overseas,
    _family,
    _age,
    _class,
    _circumstances,
    _study,
    _kept_numbers,
    _entered_before,
    _regions,
    _codes,
    _programme,
)
