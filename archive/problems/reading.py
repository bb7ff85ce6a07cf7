"""A list as a table: its rows, and which student of the school each of them names."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from archive.keepers import kept_at
from archive.models import ProblemList, ProblemRow
from core.chinese import clean_name, clean_text
from core.crypto import blind_index
from core.idnumber import normalise_id_number
from core.workbook import WorkbookRefused, open_table
from core.workbook.package import Limits
from records.models import Enrolment, Student
from school.models import Unit

MOST_ROWS = 2000
NAME, NATIONAL, NUMBER, IDENTITY, KIND, TEXT = (
    "姓名",
    "国网学籍号",
    "学号",
    "身份证件号",
    "问题类型",
    "问题说明",
)
NUMBERS = (NATIONAL, NUMBER, IDENTITY)
SPELLINGS = {
    NAME: ("学生姓名",),
    NATIONAL: ("学籍号", "全国学籍号", "国家学籍号"),
    IDENTITY: ("身份证号", "身份证号码", "身份证件号码", "公民身份号码", "证件号码"),
    KIND: ("类型", "问题类别"),
    TEXT: ("问题", "问题描述", "错误信息", "说明", "备注", "反馈结果"),
}
ALIASES = {other: name for name, others in SPELLINGS.items() for other in others}
Kind, Match, Source = ProblemRow.Kind, ProblemRow.Match, ProblemList.Source
WORDS = (
    ("重", Kind.DUPLICATE), ("公安", Kind.POLICE), ("不规范", Kind.DEVIATING), ("偏差", Kind.DEVIATING),
    ("错", Kind.ERROR), ("不一致", Kind.ERROR),
)  # fmt: skip
USUAL = {Source.PROVINCE: Kind.ERROR, Source.POLICE: Kind.POLICE, Source.OWN: Kind.DEVIATING}


@dataclass(frozen=True, slots=True)
class Listed:
    """A row as the file has it. ``numbers`` by the name of their column, without those that the file spoiled."""

    row_no: int
    name: str
    numbers: dict[str, str]
    kind: str
    text: str


def listed_rows(content: bytes, source: str) -> list[Listed]:
    """The rows of a list. Raises WorkbookRefused when the file as a whole cannot be used."""
    table = open_table(
        content,
        known_headers=(NAME, *NUMBERS, KIND, TEXT),
        required_headers=(NAME,),
        aliases=ALIASES,
        min_headers=2,
        limits=Limits(max_rows=MOST_ROWS),
    )
    if not any(name in table.columns for name in NUMBERS):
        raise WorkbookRefused("missing_headers", names="、".join(NUMBERS))
    return [_listed(row, table.columns, source) for row in table.rows()]


def _listed(row: Any, columns: dict[str, int], source: str) -> Listed:
    cells = {name: clean_text(row.values[place]) for name, place in columns.items()}
    sound = [name for name in NUMBERS if cells.get(name) and columns[name] not in row.faults]
    return Listed(
        row.number,
        clean_name(cells[NAME]),
        {name: normalise_id_number(cells[name]) for name in sound},
        _kind(cells.get(KIND, ""), source),
        cells.get(TEXT, ""),
    )


def _kind(text: str, source: str) -> str:
    if not text:
        return USUAL[Source(source)]
    return next((kind for words, kind in WORDS if words in text), Kind.OTHER)


class Matcher:
    """Knows whose the numbers of a list are, among the files that a school keeps; three queries for any list."""

    def __init__(self, school: Unit, rows: Sequence[Listed]) -> None:
        kept = kept_at(school).values("student")
        self._owners: dict[tuple[str, object], set[int]] = defaultdict(set)
        self._students: dict[int, Student] = {}
        people = Student.objects.filter(pk__in=kept).only("public_id", "name")
        for name, kind in ((NATIONAL, "national_no"), (IDENTITY, "id_number")):
            column = f"{kind}_index"
            wanted = [blind_index(kind, one) for one in _given(rows, name)]
            for student in people.filter(**{f"{column}__in": wanted}).only("public_id", "name", column):
                self._own(name, bytes(getattr(student, column)), student)
        stretches = Enrolment.objects.filter(
            school=school, student__in=kept, student_no__in=_given(rows, NUMBER)
        )
        names = ("student_no", "student__public_id", "student__name")
        for stretch in stretches.select_related("student").only(*names):
            self._own(NUMBER, stretch.student_no, stretch.student)

    def _own(self, name: str, key: object, student: Student) -> None:
        self._owners[name, key].add(student.pk)
        self._students[student.pk] = student

    def match(self, row: Listed) -> tuple[Student | None, str]:
        """The student whom a row names, and how sure that is (`ProblemRow.Match`)."""
        if not row.numbers:
            return None, Match.NO_NUMBER
        found = {
            pk for name, number in row.numbers.items() for pk in self._owners.get(_key(name, number), ())
        }
        if len(found) != 1:
            return None, Match.SEVERAL if found else Match.NOBODY
        student = self._students[found.pop()]
        same = row.name.casefold() == clean_name(student.name).casefold()
        return student, Match.MATCHED if same else Match.NAME


def _given(rows: Iterable[Listed], name: str) -> set[str]:
    return {row.numbers[name] for row in rows if name in row.numbers}


def _key(name: str, number: str) -> tuple[str, object]:
    kinds = {NATIONAL: "national_no", IDENTITY: "id_number"}
    return (name, blind_index(kinds[name], number)) if name in kinds else (name, number)
