"""The code lists and regions that the product ships."""

import csv
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from django.utils import translation

from school.models import note_in_language

DATA = Path(__file__).resolve().parents[2] / "school" / "data"
NOT_LISTS = {"lists", "regions"}
STAGES = {"primary", "junior", "senior", "vocational", "adult", "higher", "training"}
CODE_HEADER = ["code", "label_zh", "label_en", "valid_from", "valid_to", "aliases"]
REGION_HEADER = ["code", "name_zh", "name_en", "parent", "level", "valid_from", "valid_to", "source"]

Row = dict[str, str]


@cache
def _read(name: str) -> tuple[list[str], list[Row]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or ()), list(reader)


def _rows(name: str) -> list[Row]:
    return _read(name)[1]


KEYS = sorted(path.stem for path in DATA.glob("*.csv") if path.stem not in NOT_LISTS)


def _spellings(row: Row) -> set[str]:
    return {row["code"], row["label_zh"], row["label_en"], *filter(None, row["aliases"].split("|"))}


def _resolve(key: str, cell: str) -> str | None:
    return next((row["code"] for row in _rows(key) if cell in _spellings(row)), None)


def _regions() -> dict[str, Row]:
    return {row["code"]: row for row in _rows("regions")}


def ambiguous_spellings(rows: list[Row]) -> set[str]:
    """Spellings by which a cell would mean two codes."""
    counts = Counter(spelling for row in rows for spelling in _spellings(row))
    return {spelling for spelling, times in counts.items() if times > 1}


def uncovered(rows: list[Row]) -> set[str]:
    """Codes of regions in force whose parent is not in force, or whose level does not fit the code."""
    in_force = {row["code"]: row for row in rows if not row["valid_to"]}
    return {
        code
        for code, row in in_force.items()
        if (row["level"] == "1") != (row["parent"] == "") or (row["parent"] and row["parent"] not in in_force)
    }


def test_the_register_and_the_files_name_the_same_lists() -> None:
    header, lists = _read("lists")
    assert header == ["key", "label_zh", "label_en", "standard", "source", "licence", "stages"]
    assert sorted(row["key"] for row in lists) == KEYS
    for row in lists:
        assert all(row[column] for column in ("label_zh", "label_en", "source", "licence")), row
        assert set(filter(None, row["stages"].split("|"))) <= STAGES
        assert len(row["standard"]) <= 80
        assert len(row["licence"]) <= 80


@pytest.mark.parametrize("key", KEYS)
def test_each_list_is_whole_and_means_one_thing(key: str) -> None:
    header, rows = _read(key)
    assert header == CODE_HEADER
    assert rows
    assert len({row["code"] for row in rows}) == len(rows)
    assert ambiguous_spellings(rows) == set()
    for row in rows:
        assert row["code"]
        assert row["label_zh"]
        assert row["label_en"]
        assert len(row["code"]) <= 8
        assert all(cell == cell.strip() for cell in row.values())
        assert all(len(spelling) <= 80 for spelling in _spellings(row) - {row["label_en"]})


def test_the_check_of_spellings_fires() -> None:
    rows = [dict.fromkeys(CODE_HEADER, "") | {"code": code, "aliases": "汉"} for code in ("01", "02")]
    assert "汉" in ambiguous_spellings(rows)


@pytest.mark.parametrize(
    ("key", "count"),
    [
        ("ethnicity", 58),
        ("nationality", 249),
        ("id_type", 12),
        ("political_status", 13),
        ("overseas_status", 16),
        ("sex", 4),
    ],
)
def test_the_long_lists_are_complete(key: str, count: int) -> None:
    assert len(_rows(key)) == count


@pytest.mark.requirement(
    "S2-5-F03", "S2-5-F07", "S2-5-F08", "S2-5-F09", "S2-5-F10", "S2-5-F14", "S2-5-F18", "S2-5-F19"
)
@pytest.mark.parametrize(
    ("key", "cells"),
    [
        ("sex", "男=1 女=2"),
        ("ethnicity", "汉族=01 汉=01 土家族=15 满族=11 壮族=08 苗族=06 黎族=19 回族=03 维吾尔族=05 藏族=04"),
        ("nationality", "中国=CHN 中国香港=HKG 香港=HKG 中国澳门=MAC 中国台湾=TWN CHN=CHN 美国=USA"),
        ("id_type", "居民身份证=1 其他=Z 护照=A"),
        ("overseas_status", "否=00 外国人=51"),
        ("health", "健康或良好=1 一般或较弱=2 有慢性病=3"),
        ("political_status", "群众=13 共青团员=03"),
        ("hukou_type", "农业户口=1 非农业户口=2"),
        ("admission_way", "就近入学=11 义务教育阶段其他=12"),
        ("attendance_mode", "走读=1 住校=2"),
        ("yes_no", "是=1 否=0"),
        ("left_behind", "非留守儿童=0 单亲留守儿童=1 双亲留守儿童=2"),
        ("student_source", "正常入学=1 借读=2"),
        ("disability_type", "无残疾=0"),
        ("inclusive_education", "非随班就读=0"),
        ("family_relation", "父亲=51 母亲=52 祖父=61"),
        ("learning_form", "函授=3 业余=2"),
        ("education_level", "专升本=3 本科=1"),
    ],
)
def test_cells_of_the_national_template_are_understood(key: str, cells: str) -> None:
    for pair in cells.split():
        cell, code = pair.split("=")
        assert _resolve(key, cell) == code


@pytest.mark.parametrize("cell", ["火星族", "毛", "", "族"])
def test_an_unknown_ethnic_group_is_not_understood(cell: str) -> None:
    assert _resolve("ethnicity", cell) is None


def test_regions_are_whole() -> None:
    header, rows = _read("regions")
    assert header == REGION_HEADER
    codes = [row["code"] for row in rows]
    assert len(set(codes)) == len(codes)
    assert codes == sorted(codes)
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in codes)
    assert all(row["name_zh"] and row["name_en"] and row["source"] for row in rows)
    assert uncovered(rows) == set()
    levels = Counter(row["level"] for row in rows if not row["valid_to"])
    assert levels == {"1": 34, "2": 333, "3": 2845}


def test_the_check_of_parents_fires() -> None:
    lone = dict.fromkeys(REGION_HEADER, "") | {"code": "420106", "parent": "420100", "level": "3"}
    assert uncovered([lone]) == {"420106"}


@pytest.mark.requirement("S2-5-F05", "S2-5-F15")
@pytest.mark.parametrize(
    "code",
    # the region columns of a real-sized import, then those that lists found elsewhere lack
    [
        "110101",
        "320102",
        "420102",
        "420103",
        "420104",
        "420105",
        "420106",
        "420107",
        "420111",
        "420112",
        "440103",
        "460105",
        "460106",
        "510107",
        "520302",
        "610113",
        "441900",
        "442000",
        "460400",
        "620200",
        "710000",
        "810000",
        "820000",
        "330113",
        "330114",
        "540481",
        "540581",
        "653228",
        "653229",
        "659012",
        "460302",
    ],
)
def test_a_region_in_force_is_known(code: str) -> None:
    assert _regions()[code]["valid_to"] == ""


@pytest.mark.parametrize(
    ("code", "name", "last_day_from"),
    [
        ("110103", "崇文区", date(2009, 1, 1)),
        ("330103", "下城区", date(2020, 1, 1)),
        ("540422", "米林县", date(2022, 1, 1)),
        ("500112", "渝北区", date(2024, 1, 1)),
        ("420121", "汉阳县", date(1991, 1, 1)),
    ],
)
def test_an_abolished_region_is_kept_with_its_end(code: str, name: str, last_day_from: date) -> None:
    region = _regions()[code]
    assert region["name_zh"] == name
    assert last_day_from <= date.fromisoformat(region["valid_to"]) < date(2026, 1, 1)


@pytest.mark.parametrize("code", ["999999", "000000", "130171", "42010", "420106000000"])
def test_what_is_no_region_is_unknown(code: str) -> None:
    assert code not in _regions()


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("420106", "Wuchang District"),
        ("610000", "Shaanxi Province"),
        ("341500", "Lu'an City"),
        ("422800", "Enshi Tujia and Miao Autonomous Prefecture"),
        ("340100", "Hefei City"),
        ("500000", "Chongqing"),
        ("310112", "Minhang District"),
        ("210224", "Changhai County"),
    ],
)
def test_regions_have_english_names(code: str, label: str) -> None:
    assert _regions()[code]["name_en"] == label


@pytest.mark.parametrize("check", [str.isprintable, str.strip])
def test_no_cell_hides_anything(check: Callable[[str], object]) -> None:
    for name in (*KEYS, *sorted(NOT_LISTS)):
        assert all(check(cell) or cell == "" for row in _rows(name) for cell in row.values())


@pytest.mark.parametrize(
    ("note", "chinese", "english"),
    [
        (
            "全国学籍表 (national form)；JY/T 1001-2012",
            "全国学籍表；JY/T 1001-2012",
            "national form; JY/T 1001-2012",
        ),
        ("GB/T 2659.1-2022 (ISO 3166-1 alpha-3)",) * 3,
        ("只有中文", "只有中文", "只有中文"),
        ("", "", ""),
    ],
)
def test_a_note_in_both_languages_is_read_in_one(note: str, chinese: str, english: str) -> None:
    with translation.override("zh-hans"):
        assert note_in_language(note) == chinese
    with translation.override("en"):
        assert note_in_language(note) == english
