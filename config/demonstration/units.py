"""Units, rules, programmes, classes, terms and calendar of the demonstration."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from ledger.history import write_rows
from school.models import CalendarPeriod, Programme, Rule, SchoolClass, Stage, Term, Unit

SCHOOL_YEAR = 2026
SCHOOL_CODE = "2142001616"
CLASSES_PER_GRADE = 8
NUMERALS = "一二三四五六七八九"
K, D = Unit.Kind, Unit.Duty

DEPARTMENTS = {
    "admissions": ("招生办", "Admissions office", D.ADMISSIONS),
    "teaching": ("教务处", "Academic office", D.TEACHING),
    "affairs": ("学生处", "Student affairs office", D.STUDENT_AFFAIRS),
    "archives": ("档案室", "Archives", D.ARCHIVES),
    "finance": ("财务室", "Finance office", D.FINANCE),
}
SMALL_DEPARTMENTS = ("admissions", "archives")

TREE: dict[str, tuple[str, dict[str, Any]]] = {
    "city": ("", {"kind": K.BUREAU, "name": "云岭市教育局", "label_en": "Yunling Education Bureau"}),
    "bureau": (
        "city",
        {"kind": K.BUREAU, "name": "临湖区教育局", "label_en": "Linhu District Education Bureau"},
    ),
    "primary": (
        "bureau",
        {
            "kind": K.SCHOOL,
            "stage": Stage.PRIMARY,
            "code": SCHOOL_CODE,
            "name": "红花小学",
            "label_en": "Honghua Primary School",
        },
    ),
    "central": (
        "bureau",
        {
            "kind": K.CENTRAL_SCHOOL,
            "stage": Stage.PRIMARY,
            "code": "2142001701",
            "name": "青石中心校",
            "label_en": "Qingshi Central School",
        },
    ),
    "small": (
        "central",
        {
            "kind": K.SCHOOL,
            "stage": Stage.PRIMARY,
            "code": "2142001702",
            "name": "松林小学",
            "label_en": "Songlin Primary School",
        },
    ),
    "site": (
        "small",
        {"kind": K.SITE, "name": "竹溪教学点", "label_en": "Zhuxi teaching site"},
    ),
    "college": (
        "city",
        {
            "kind": K.SCHOOL,
            "stage": Stage.HIGHER,
            "code": "4142099901",
            "name": "云岭职业大学",
            "label_en": "Yunling Vocational University",
        },
    ),
    "computing": (
        "college",
        {"kind": K.COLLEGE, "code": "01", "name": "信息工程学院", "label_en": "College of Computing"},
    ),
    "nursing": (
        "college",
        {"kind": K.COLLEGE, "code": "02", "name": "护理学院", "label_en": "College of Nursing"},
    ),
}
"""Key: key of the unit above, values. Departments are added to the schools."""

PROGRAMMES = (
    ("computing", "510203", "软件技术", "Software technology"),
    ("computing", "510205", "大数据技术", "Big data technology"),
    ("nursing", "520201", "护理", "Nursing"),
)

RULES = (
    ("primary", "class_number_rule", "W", "S2-5 第16项", "本校班号每年随年级变化"),
    ("central", "class_number_rule", "W", "S2-5 第16项", "本校班号每年随年级变化"),
    ("small", "duty_scheme", "small", "", "全校教职工不足十人，初审与部门负责人审核合并"),
    ("college", "class_number_rule", "free", "", "本校班号由各学院编定"),
)

TERMS = ((1, date(2026, 9, 1), date(2027, 1, 29)), (2, date(2027, 2, 22), date(2027, 7, 9)))
C = CalendarPeriod.Kind
CALENDAR = (
    (C.WORKING, date(2026, 9, 20), date(2026, 9, 20), "国庆节调休上班"),
    (C.HOLIDAY, date(2026, 10, 1), date(2026, 10, 7), "国庆节"),
    (C.WORKING, date(2026, 10, 10), date(2026, 10, 10), "国庆节调休上班"),
    (C.VACATION, date(2027, 1, 30), date(2027, 2, 21), "寒假"),
    (C.VACATION, date(2027, 7, 10), date(2027, 8, 31), "暑假"),
)

Units = dict[str, Unit]


def make_units(actor: Any) -> Units:
    """Write the tree, level by level; departments are called ``primary.admissions``."""
    units: Units = {}
    waiting = dict(_tree())
    while waiting:
        ready = {key: row for key, row in waiting.items() if not row[0] or row[0] in units}
        made = []
        for order, (key, (above, values)) in enumerate(ready.items()):
            parent = units.get(above)
            unit = Unit(parent=parent, order=order, **values)
            unit.ancestors = [*parent.ancestors, parent.pk] if parent else []
            made.append((key, unit))
        write_rows([unit for _key, unit in made], actor=actor)
        units.update(made)
        waiting = {key: row for key, row in waiting.items() if key not in ready}
    return units


def _tree() -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    yield from TREE.items()
    for school in ("primary", "small", "college"):
        for key in SMALL_DEPARTMENTS if school == "small" else DEPARTMENTS:
            name, label_en, duty = DEPARTMENTS[key]
            values = {"kind": K.DEPARTMENT, "name": name, "label_en": label_en, "duty": duty}
            yield f"{school}.{key}", (school, values)


def make_rules(units: Units, actor: Any) -> None:
    """Write the schools' rules, in force since the school year was prepared."""
    rows = [
        Rule(
            unit=units[key], key=rule, value=value, valid_from=date(2026, 3, 1), source=source, reason=reason
        )
        for key, rule, value, source, reason in RULES
    ]
    write_rows(rows, actor=actor)


def make_calendar(units: Units, actor: Any) -> None:
    """Terms of each school; the calendar stands once, at the bureau above all."""
    write_rows(
        [
            Term(
                school=units[key],
                school_year=SCHOOL_YEAR,
                number=number,
                valid_from=first,
                valid_until=last,
            )
            for key in ("primary", "small", "college")
            for number, first, last in TERMS
        ],
        actor=actor,
    )
    write_rows(
        [
            CalendarPeriod(unit=units["city"], kind=kind, valid_from=first, valid_until=last, note=note)
            for kind, first, last, note in CALENDAR
        ],
        actor=actor,
    )


def make_programmes(units: Units, actor: Any) -> dict[str, Programme]:
    """The college's programmes by code."""
    rows = [
        Programme(
            unit=units[unit],
            code=code,
            name=name,
            label_en=label_en,
            level="2",
            learning_form="1",
            study_years=Decimal(3),
        )
        for unit, code, name, label_en in PROGRAMMES
    ]
    return {row.code: row for row in write_rows(rows, actor=actor)}


def make_classes(units: Units, programmes: dict[str, Programme], actor: Any) -> dict[str, SchoolClass]:
    """Classes by class number; those of the small school with its key before: ``small/2026101``."""
    rows = {
        row.class_no: row
        for grade in range(1, 7)
        for number in range(1, CLASSES_PER_GRADE + 1)
        for row in [_pupils_class(units["primary"], grade, number)]
    }
    small = [_pupils_class(units["small"], grade, 1) for grade in range(1, 4)]
    rows |= {f"small/{row.class_no}": row for row in small}
    college = [
        _students_class(units["college"], programme, n) for programme in programmes.values() for n in (1, 2)
    ]
    rows |= {row.class_no: row for row in college}
    write_rows(list(rows.values()), actor=actor)
    return rows


def _pupils_class(school: Unit, grade: int, number: int) -> SchoolClass:
    entry_year = SCHOOL_YEAR - grade + 1
    return SchoolClass(
        school=school,
        unit=school,
        entry_year=entry_year,
        grade_level=grade,
        number=number,
        class_no=f"{entry_year}{grade}{number:02}",
        name=f"{NUMERALS[grade - 1]}年级（{number}）班",
        label_en=f"Grade {grade}, class {number}",
        school_year=SCHOOL_YEAR,
        seats=45,
    )


def _students_class(school: Unit, programme: Programme, number: int) -> SchoolClass:
    return SchoolClass(
        school=school,
        unit=programme.unit,
        programme=programme,
        entry_year=SCHOOL_YEAR,
        grade_level=1,
        number=number,
        class_no=f"26{programme.code}{number:02}",
        name=f"{programme.name}26{number:02}班",
        label_en=f"{programme.label_en} 26-{number:02}",
        school_year=SCHOOL_YEAR,
        seats=40,
    )


def label(key: str) -> str:
    """A unit's English name by its key."""
    return str(TREE[key][1]["label_en"])
