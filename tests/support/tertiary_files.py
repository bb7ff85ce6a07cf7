"""Files of the vocational and higher-education layouts, and the demonstration college that they are for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from config.demonstration import people, units
from config.demonstration.persons import Persons
from core.workbook import write_table
from ledger.context import acting_for_job, service_user
from records.columns import LayoutColumns
from school.models import Unit

SOFTWARE, DATA, NURSING = "510203", "510205", "520201"
CLASSES = {SOFTWARE: "2651020301", DATA: "2651020501", NURSING: "2652020101"}
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class College:
    """The demonstration college with its staff by staff number."""

    school: Unit
    computing: Unit
    nursing: Unit
    staff: dict[str, User]


def make_college() -> College:
    """Write the demonstration's units, rules, programmes, classes and people, without its applicants."""
    service: Any = service_user()
    with acting_for_job(reason=people.REASON):
        tree = units.make_units(service)
        units.make_rules(tree, service)
        units.make_classes(tree, units.make_programmes(tree, service), service)
        staff = people.make_people(tree, service)
    return College(tree["college"], tree["computing"], tree["nursing"], staff)


def higher_rows(programmes: Sequence[str]) -> list[Row]:
    """Sound rows by field, one for each programme code; the classes are those of the programmes."""
    persons = Persons(7)
    names = {code: name for _unit, code, name, _label in units.PROGRAMMES}
    return [
        {
            **persons.student(code, CLASSES[code], f"2642010290{place:04}"),
            "programme_name": names[code],
        }
        for place, code in enumerate(programmes)
    ]


def vocational_rows(programmes: Sequence[str], school_code: str) -> list[Row]:
    """The same in the vocational layout: young people with both parents."""
    persons = Persons(8)
    study = [
        persons.student(code, CLASSES[code], f"2642010280{place:04}") for place, code in enumerate(programmes)
    ]
    kept = ("exam_no", "programme_code", "study_years", "learning_form", "class_no")
    return [
        {
            **persons.pupil("2014101"),
            **{field: row[field] for field in kept},
            "school_code": school_code,
            "enrol_month": "202609",
            "admission_way": "01",
        }
        for row in study
    ]


def layout_workbook(layout: LayoutColumns, rows: Sequence[Row], headers: dict[str, str]) -> bytes:
    """An .xlsx with the columns in reverse order; ``headers`` names some fields otherwise, "" leaves one out."""
    named = {column.field: headers.get(column.field, column.header) for column in reversed(layout.columns)}
    shown = {field: name for field, name in named.items() if name}
    cells = [[row.get(field, "") for field in shown] for row in rows]
    return write_table(list(shown.values()), cells, text_columns=list(shown.values()), sheet_name="名单")
