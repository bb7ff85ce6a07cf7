"""The columns of the collection layouts: one list serves form, import, export and print.

Sources: the national template for primary and middle schools, the in-school record of higher education.
A field of a family member is written ``member1.name``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _


class Kind(Enum):
    """How a cell is read."""

    TEXT = "text"
    NAME = "name"
    CODE = "code"
    DATE = "date"
    MONTH = "month"
    REGION = "region"
    BOOLEAN = "boolean"
    ID_NUMBER = "id_number"
    SERIAL = "serial"
    PHONE = "phone"
    POSTCODE = "postcode"
    CLASS_NO = "class_no"
    SCHOOL_CODE = "school_code"
    DIGITS = "digits"
    NUMBER = "number"
    PROGRAMME = "programme"


@dataclass(frozen=True)
class Column:
    """One column: its exact header, the field that it fills, how its cell is read, what it may hold."""

    header: str
    field: str
    kind: Kind
    label: Any
    code_list: str = ""
    required: bool = False
    max_length: int = 0
    aliases: tuple[str, ...] = ()
    section: str = "identity"
    default: str = ""


@dataclass(frozen=True)
class LayoutColumns:
    """The columns of one layout, in the order of its template."""

    key: str
    columns: tuple[Column, ...]

    @cached_property
    def by_field(self) -> dict[str, Column]:
        """Column of each field."""
        return {column.field: column for column in self.columns}

    @cached_property
    def by_header(self) -> dict[str, Column]:
        """Column of each header and alias, spaces and stars left out."""
        found: dict[str, Column] = {}
        for column in self.columns:
            for header in (column.header, *column.aliases):
                found[bare_header(header)] = column
        return found

    @cached_property
    def assumed(self) -> dict[str, str]:
        """What an empty cell means in a column that may be left out: whoever names no document has an identity card."""
        column = self.by_field.get("id_type")
        return {} if column is None or column.required else {column.field: column.default}

    @cached_property
    def required_fields(self) -> tuple[str, ...]:
        """Fields that may not be empty."""
        return tuple(column.field for column in self.columns if column.required)

    def header(self, field: str) -> str:
        """The header of a field; the field's own name where the layout has no such column."""
        column = self.by_field.get(field)
        return column.header if column else field


def bare_header(text: str) -> str:
    """A header without spaces, line breaks and the marks that templates put behind mandatory columns."""
    return "".join(text.split()).rstrip("*＊★:：")


T, N, C, D, M = Kind.TEXT, Kind.NAME, Kind.CODE, Kind.DATE, Kind.MONTH
R, B, ID, P = Kind.REGION, Kind.BOOLEAN, Kind.ID_NUMBER, Kind.PHONE


def _member(number: int) -> Iterable[Column]:
    who = f"成员{number}"
    at = f"member{number}."
    kept: dict[str, Any] = {"section": f"member{number}"}
    yield Column(f"{who}姓名", f"{at}name", N, _("Name"), required=True, max_length=36, **kept)
    yield Column(f"{who}关系", f"{at}relation", C, _("Relation"), "family_relation", required=True, **kept)
    yield Column(f"{who}关系说明", f"{at}relation_note", T, _("Note on the relation"), max_length=40, **kept)
    yield Column(
        f"{who}现住址", f"{at}address", T, _("Current address"), required=True, max_length=80, **kept
    )
    yield Column(
        f"{who}户口所在地行政区划",
        f"{at}hukou_code",
        R,
        _("Household registration region"),
        required=True,
        **kept,
    )
    yield Column(f"{who}联系电话", f"{at}phone", P, _("Phone"), required=True, **kept)
    yield Column(f"{who}是否监护人", f"{at}is_guardian", B, _("Guardian"), required=True, **kept)
    yield Column(f"{who}身份证件类型", f"{at}id_type", C, _("Type of identity document"), "id_type", **kept)
    yield Column(f"{who}身份证件号", f"{at}id_number", ID, _("Identity number"), max_length=20, **kept)
    yield Column(f"{who}民族", f"{at}ethnicity", C, _("Ethnic group"), "ethnicity", **kept)
    yield Column(f"{who}工作单位", f"{at}workplace", T, _("Workplace"), max_length=60, **kept)
    yield Column(f"{who}职务", f"{at}job", T, _("Post"), max_length=40, **kept)


def _at(section: str, columns: Iterable[Column]) -> list[Column]:
    return [replace(column, section=section) for column in columns]


_IDENTITY = [
    Column("学校标识码", "school_code", Kind.SCHOOL_CODE, _("School code"), required=True),
    Column("姓名", "name", N, _("Name"), required=True, max_length=36, aliases=("学生姓名",)),
    Column("性别", "sex", C, _("Sex"), "sex", required=True),
    Column("出生日期", "birth_date", D, _("Birth date"), required=True, aliases=("出生年月日",)),
    Column(
        "出生地行政区划代码", "birthplace_code", R, _("Birthplace region"), required=True, aliases=("出生地",)
    ),
    Column("籍贯", "native_place", T, _("Native place"), required=True, max_length=60),
    Column("民族", "ethnicity", C, _("Ethnic group"), "ethnicity", required=True),
    Column(
        "国籍/地区",
        "nationality",
        C,
        _("Nationality or region"),
        "nationality",
        True,
        aliases=("国籍",),
        default="CHN",
    ),
    Column(
        "身份证件类型", "id_type", C, _("Type of identity document"), "id_type", required=True, default="1"
    ),
    Column("港澳台侨外", "overseas_status", C, _("Overseas status"), "overseas_status", True, default="00"),
    Column("健康状况", "health", C, _("Health"), "health", required=True),
    Column("政治面貌", "political_status", C, _("Political status"), "political_status", True, default="13"),
    Column(
        "身份证件号", "id_number", ID, _("Identity number"), max_length=20, aliases=("身份证号", "身份证号码")
    ),
]
_HUKOU = [
    Column("户口性质", "hukou_type", C, _("Type of household registration"), "hukou_type", required=True),
    Column("户口所在地行政区划", "hukou_region_code", R, _("Household registration region"), required=True),
]
_ENTRY = [
    Column("班号", "class_no", Kind.CLASS_NO, _("Class number"), required=True, aliases=("班级编号",)),
    Column("入学年月", "enrol_month", M, _("Month of entry"), required=True),
    Column(
        "入学方式", "admission_way", C, _("Way of admission"), "admission_way", required=True, default="11"
    ),
    Column(
        "就读方式", "attendance_mode", C, _("Day or boarding"), "attendance_mode", required=True, default="1"
    ),
]
_CONTACT = [
    Column("现住址", "current_address", T, _("Current address"), required=True, max_length=80),
    Column("通信地址", "mailing_address", T, _("Mailing address"), required=True, max_length=80),
    Column(
        "家庭地址", "home_address", T, _("Home address"), required=True, max_length=80, aliases=("家庭住址",)
    ),
    Column("联系电话", "phone", P, _("Phone"), required=True, aliases=("联系方式",)),
    Column("邮政编码", "postcode", Kind.POSTCODE, _("Postcode"), required=True),
]
_CARE = [
    Column("是否独生子女", "is_only_child", B, _("Only child"), required=True),
    Column("是否受过学前教育", "had_preschool", B, _("Had preschool education"), required=True),
    Column(
        "是否留守儿童", "left_behind", C, _("Left-behind child"), "left_behind", required=True, default="0"
    ),
    Column("是否需要申请资助", "needs_aid", B, _("Applies for aid"), required=True, default="0"),
    Column("是否享受一补", "boarding_subsidy", B, _("Boarding subsidy"), required=True, default="0"),
    Column("是否孤儿", "is_orphan", B, _("Orphan"), required=True, default="0"),
    Column(
        "是否烈士或优抚子女",
        "martyr_or_benefit_child",
        B,
        _("Child of a martyr or of entitled persons"),
        "",
        True,
        default="0",
    ),
]
_MORE = [
    Column("曾用名", "former_name", N, _("Former name"), max_length=36),
    Column("身份证件有效期", "id_valid_range", T, _("Validity of the identity document"), max_length=20),
    Column("血型", "blood_type", C, _("Blood type"), "blood_type"),
    Column("特长", "talent", T, _("Talent"), max_length=60),
    Column("学籍辅号", "aux_no", T, _("Auxiliary number"), max_length=30),
    Column("班内学号", "seat_no", Kind.DIGITS, _("Seat number"), max_length=3),
    Column("学生来源", "student_source", C, _("Source of the student"), "student_source"),
    Column("电子信箱", "email", T, _("E-mail"), max_length=80),
    Column("主页地址", "homepage", T, _("Home page"), max_length=120),
    Column("残疾人类型", "disability_type", C, _("Type of disability"), "disability_type"),
    Column("是否由政府购买学位", "gov_purchased_place", B, _("Place bought by the government")),
    Column("随班就读", "inclusive_education", C, _("Inclusive education"), "inclusive_education"),
    Column("上下学距离", "commute_km", Kind.NUMBER, _("Way to school (km)")),
    Column("上下学交通方式", "commute_mode", C, _("Means of travel to school"), "commute_mode"),
    Column("是否需要乘坐校车", "needs_school_bus", B, _("Needs the school bus")),
]
_LAST = [
    Column(
        "是否进城务工人员随迁子女",
        "migrant_worker_child",
        B,
        _("Child of migrant workers"),
        required=True,
        default="0",
    )
]
_SIGN_UP = [
    Column("报名时间", "signed_up_on", D, _("Signed up on")),
    Column("缴费情况", "fee_status", C, _("Fee status"), "fee_status"),
]

NATIONAL = LayoutColumns(
    "national",
    (
        *_IDENTITY,
        *_at("hukou", _HUKOU),
        *_at("entry", _ENTRY),
        *_at("contact", _CONTACT),
        *_at("care", _CARE),
        *_at("more", _MORE),
        *_member(1),
        *_member(2),
        *_at("care", _LAST),
    ),
)

_STUDY = [
    Column(
        "专业代码", "programme_code", Kind.PROGRAMME, _("Programme code"), required=True, aliases=("ZYDM",)
    ),
    Column("专业名称", "programme_name", T, _("Programme"), max_length=50, aliases=("录取专业", "ZYMC")),
    Column("学制", "study_years", Kind.NUMBER, _("Length of schooling"), required=True, aliases=("XZ",)),
    Column(
        "学习形式", "learning_form", C, _("Learning form"), "learning_form", required=True, aliases=("XXXS",)
    ),
    *_SIGN_UP,
]

VOCATIONAL = LayoutColumns(
    "vocational",
    (
        *_IDENTITY,
        *_at("hukou", _HUKOU),
        *_at(
            "entry",
            [*_ENTRY[:2], replace(_ENTRY[2], code_list="admission_way_tertiary", default=""), _ENTRY[3]],
        ),
        *_at(
            "entry",
            [Column("考生号", "exam_no", Kind.DIGITS, _("Exam number"), max_length=18, aliases=("KSH",))],
        ),
        *_at("entry", _STUDY),
        *_at("contact", _CONTACT),
        *_at("care", [replace(column, required=False) for column in _CARE]),
        *_at("more", _MORE),
        *_member(1),
        *[replace(column, required=False) for column in _member(2)],
    ),
)

HIGHER = LayoutColumns(
    "higher",
    (
        Column(
            "考生号", "exam_no", Kind.DIGITS, _("Exam number"), required=True, max_length=18, aliases=("KSH",)
        ),
        Column("姓名", "name", N, _("Name"), required=True, max_length=40, aliases=("XM",)),
        Column("性别", "sex", C, _("Sex"), "sex", required=True, aliases=("XB",)),
        Column("出生日期", "birth_date", D, _("Birth date"), required=True, aliases=("CSRQ",)),
        Column("身份证件类型", "id_type", C, _("Type of identity document"), "id_type", default="1"),
        Column(
            "身份证号",
            "id_number",
            ID,
            _("Identity number"),
            max_length=20,
            aliases=("SFZH", "身份证件号", "身份证号码"),
        ),
        Column(
            "政治面貌",
            "political_status",
            C,
            _("Political status"),
            "political_status",
            True,
            aliases=("ZZMM",),
        ),
        Column("民族", "ethnicity", C, _("Ethnic group"), "ethnicity", required=True, aliases=("MZ",)),
        *_at("entry", _STUDY[:2]),
        *_at(
            "entry",
            [Column("层次", "level", C, _("Level"), "education_level", required=True, aliases=("CC",))],
        ),
        *_at("entry", _STUDY[2:]),
        *_at(
            "entry",
            [Column("入学日期", "enrol_date", D, _("Date of entry"), required=True, aliases=("RXRQ",))],
        ),
        *_at("entry", [Column("班号", "class_no", Kind.CLASS_NO, _("Class number"), aliases=("BH",))]),
        *_at(
            "entry",
            [Column("预计毕业日期", "expected_end_on", D, _("Expected graduation"), aliases=("YJBYRQ",))],
        ),
        *_at(
            "contact",
            [
                Column("联系电话", "phone", P, _("Phone"), required=True, aliases=("联系方式",)),
                Column(
                    "家庭住址",
                    "home_address",
                    T,
                    _("Home address"),
                    required=True,
                    max_length=80,
                    aliases=("家庭地址",),
                ),
                Column("通信地址", "mailing_address", T, _("Mailing address"), max_length=80),
                Column("邮政编码", "postcode", Kind.POSTCODE, _("Postcode")),
                Column("电子信箱", "email", T, _("E-mail"), max_length=80),
            ],
        ),
    ),
)

LAYOUTS = {layout.key: layout for layout in (NATIONAL, VOCATIONAL, HIGHER)}

_KEPT = (
    Column(
        "学籍号",
        "national_no",
        ID,
        _("National student number"),
        max_length=19,
        section="entry",
        aliases=("全国学籍号",),
    ),
    Column(
        "学号",
        "student_no",
        Kind.SERIAL,
        _("Student number"),
        max_length=15,
        section="entry",
        aliases=("XH",),
    ),
)


def _with_kept_numbers(layout: LayoutColumns) -> LayoutColumns:
    after = next(place for place, column in enumerate(layout.columns) if column.field == "id_number") + 1
    return LayoutColumns(layout.key, (*layout.columns[:after], *_KEPT, *layout.columns[after:]))


PRESENT_LAYOUTS = {key: _with_kept_numbers(layout) for key, layout in LAYOUTS.items()}
"""The layouts of students who have numbers already: 学籍号 and 学号 beside the rest. An empty one is given anew."""

SECTIONS = {
    "identity": _("Identity"),
    "hukou": _("Household registration"),
    "entry": _("Admission and class"),
    "contact": _("Contact"),
    "care": _("Circumstances"),
    "member1": _("Family member 1"),
    "member2": _("Family member 2"),
    "more": _("Further items"),
}
