"""Files of applicants as schools send them: sound rows of the national template, as many as wanted."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from core.idnumber import check_character
from core.workbook import write_table
from records.columns import NATIONAL, Column, Kind

SCHOOL_CODE = "2142001616"
REGIONS = ("420103", "420104", "420106", "420112", "110101", "310104", "440106", "330106")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗欧"
GIVEN = "子涵雨欣浩然梓萱思远佳怡俊杰诗琪明轩若曦嘉宁文博可欣宇航静芳伟强敏磊洋艳勇军娟涛超"


def id_number(region: str, born: date, serial: int) -> str:
    """A sound resident identity number; ``serial`` from 0 to 999, odd for boys."""
    body = f"{region}{born:%Y%m%d}{serial:03d}"
    return body + check_character(body)


def people(count: int, *, seed: int = 1) -> Iterator[dict[str, str]]:
    """Cells by header of so many different sound pupils for the classes 2026101 to 2026108."""
    chance = random.Random(seed)  # noqa: S311 - made-up people, no secrets
    for number in range(count):
        yield {column.header: _cell(column, number, chance) for column in NATIONAL.columns} | _person(
            number, chance
        )


def _person(number: int, chance: random.Random) -> dict[str, str]:
    born = date(2019, 9, 2) + timedelta(days=number % 360)
    region = REGIONS[number // 360 % len(REGIONS)]
    serial = number // (360 * len(REGIONS)) * 2 + chance.randrange(2)
    name = chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, 2))
    mother = 100 + number % 800
    return {
        "姓名": name,
        "性别": "男" if serial % 2 else "女",
        "出生日期": f"{born:%Y%m%d}",
        "身份证件号": id_number(region, born, serial),
        "成员1姓名": name[0] + chance.choice(GIVEN),
        "成员1关系": "父亲",
        "成员2姓名": chance.choice(SURNAMES) + chance.choice(GIVEN),
        "成员2关系": "母亲",
        "成员1身份证件类型": "1",
        "成员1身份证件号": id_number(region, date(1988, 3, 1) + timedelta(days=number % 900), mother),
        "成员2身份证件类型": "1",
        "成员2身份证件号": id_number(region, date(1990, 5, 1) + timedelta(days=number % 900), mother),
    }


_BY_FIELD = {
    "school_code": SCHOOL_CODE,
    "native_place": "湖北武汉",
    "class_no": "2026101",
    "enrol_month": "202609",
    "current_address": "湖北省武汉市洪山区珞喻路129号",
    "mailing_address": "湖北省武汉市洪山区珞喻路129号",
    "home_address": "湖北省武汉市洪山区珞喻路129号",
    "address": "湖北省武汉市洪山区珞喻路129号",
    "workplace": "武汉市第三建筑公司",
    "ethnicity": "汉族",
    "nationality": "中国",
    "id_type": "1",
    "overseas_status": "00",
    "health": "1",
    "political_status": "13",
    "hukou_type": "1",
    "admission_way": "11",
    "attendance_mode": "1",
    "left_behind": "0",
}
_BY_KIND = {Kind.REGION: "420112000000", Kind.POSTCODE: "430070", Kind.BOOLEAN: "否"}


def _cell(column: Column, number: int, chance: random.Random) -> str:
    name = column.field.rpartition(".")[2]
    if name == "is_guardian":
        return "是"
    if name == "class_no":
        return f"20261{number % 8 + 1:02d}"
    if column.kind is Kind.PHONE:
        return f"13{chance.randrange(10**9):09d}"
    if name in _BY_FIELD and (column.required or name == "workplace"):
        return _BY_FIELD[name]
    return _BY_KIND.get(column.kind, "") if column.required else ""


def national_workbook(rows: Sequence[dict[str, str]], headers: Sequence[str] = ()) -> bytes:
    """An .xlsx with these rows, all cells as text; the template's headers unless others are given."""
    names = list(headers) or [column.header for column in NATIONAL.columns]
    table: list[list[Any]] = [[row.get(name, "") for name in names] for row in rows]
    return write_table(names, table, text_columns=names, sheet_name="学生信息模板")
