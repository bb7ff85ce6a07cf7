"""A ZIP of one-pupil workbooks."""

import io
import stat
import zipfile

import pytest

from core.workbook import Table, WorkbookRefused, kind_of, open_collection
from tests.core.workbook_files import HEADERS, OPTIONS, PUPIL, xlsx, zipped, zipped_gb18030

GOOD = xlsx([HEADERS, PUPIL])


def test_each_member_gives_its_table_or_its_refusal() -> None:
    data = zipped({
        "一班/王小明.xlsx": GOOD,
        "一班/坏.xlsx": GOOD[:900],
        "pupil.csv": f"{','.join(HEADERS)}\n{','.join(PUPIL)}\n".encode(),
        "inner.zip": zipped({"a.xlsx": GOOD}),
        "__MACOSX/._王小明.xlsx": b"x",
        "~$王小明.xlsx": b"x",
    })  # fmt: skip
    found = dict(open_collection(data, **OPTIONS))
    assert list(found) == ["一班/王小明.xlsx", "一班/坏.xlsx", "pupil.csv", "inner.zip"]
    for name in ("一班/王小明.xlsx", "pupil.csv"):
        table = found[name]
        assert isinstance(table, Table)
        assert [row.values for row in table.rows()] == [PUPIL]
    codes = {name: value.code for name, value in found.items() if isinstance(value, WorkbookRefused)}
    assert codes == {"一班/坏.xlsx": "damaged", "inner.zip": "nested"}


def test_names_in_gb18030_are_read() -> None:
    assert [name for name, _table in open_collection(zipped_gb18030({"张䶮.xlsx": GOOD}), **OPTIONS)] == [
        "张䶮.xlsx"
    ]


@pytest.mark.parametrize(
    "name", ["../a.xlsx", "/etc/a.xlsx", "x/../../a.xlsx", "C:\\a.xlsx", "..\\a.xlsx", "a\n.xlsx"]
)
def test_unsafe_names_refuse_the_whole_file(name: str) -> None:
    with pytest.raises(WorkbookRefused) as caught:
        open_collection(zipped({"good.xlsx": GOOD, name: GOOD}), **OPTIONS)
    assert caught.value.code == "unsafe_names"


def test_links_are_unsafe() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        info = zipfile.ZipInfo("link.xlsx")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(info, "/etc/passwd")
    with pytest.raises(WorkbookRefused) as caught:
        open_collection(buffer.getvalue())
    assert caught.value.code == "unsafe_names"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (zipped({f"{number}.xlsx": b"x" for number in range(6)}), "too_many_files"),
        (zipped({}), "no_files"),
        (zipped({"a.xlsx": GOOD})[:-20], "damaged"),
        (zipped({f"{number}.bin": b"\0" * (30 << 20) for number in range(3)}), "bomb"),
        (b"PDF", "not_a_workbook"),
    ],
)
def test_unfit_collections_are_refused_at_once(data: bytes, code: str) -> None:
    with pytest.raises(WorkbookRefused) as caught:
        open_collection(data, max_members=5)
    assert caught.value.code == code


def test_the_kind_is_judged_by_content() -> None:
    assert [kind_of(GOOD), kind_of(zipped({"a.xlsx": GOOD})), kind_of(b"a,b")] == [
        "xlsx",
        "collection",
        "csv",
    ]
