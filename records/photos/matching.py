"""Whose photo a file of a class is: by a number in its name, or by the whole name of one student of the class."""

import re
from collections import defaultdict

from core.chinese import clean_name, clean_text
from core.crypto import blind_index
from core.idnumber import normalise_id_number
from records.models import Enrolment
from school.models import SchoolClass

_NUMBER = re.compile(r"[0-9A-Za-z]{4,}")
_JUNK = re.compile(r"(?:^|/)(?:__MACOSX/|(?:\.[^/]*|Thumbs\.db|desktop\.ini)$)", re.IGNORECASE)
_LATIN = "A-Za-z\u00c0-\u024f"
_HAN = rf"(?:[^\W\d_{_LATIN}]|[\u00b7\ue000-\uf8ff\U000f0000-\U0010fffd])"
"""A letter of no Latin script, mostly a Chinese character of any plane, private ones too; the dot inside a name."""

_HAN_RUN = re.compile(rf"{_HAN}(?:{_HAN}| )*")
_OTHER_RUNS = (re.compile(rf"[{_LATIN}][{_LATIN}·'’. -]*"), re.compile(rf"(?:{_HAN}|[{_LATIN}])+"))
_SIGNS = re.compile(r"[·'’. -]")
ID_LENGTH = 18


def is_junk(name: str) -> bool:
    """Whether an operating system put this entry into the ZIP by itself."""
    return bool(_JUNK.search(name.replace("\\", "/")))


class ClassMatcher:
    """Knows the numbers and names of the students who are in a class now."""

    def __init__(self, school_class: SchoolClass) -> None:
        self._numbers: dict[str, set[int]] = defaultdict(set)
        self._indexes: dict[bytes, set[int]] = defaultdict(set)
        self._names: dict[str, set[int]] = defaultdict(set)
        rows = Enrolment.objects.filter(school_class=school_class, ended_on__isnull=True)
        for student, number, exam_no, index, name in rows.values_list(
            "student_id", "student_no", "exam_no", "student__id_number_index", "student__name"
        ):
            for one in filter(None, (number, exam_no)):
                self._numbers[one.upper()].add(student)
            if index:
                self._indexes[bytes(index)].add(student)
            if name:
                self._names[_key(clean_name(name))].add(student)

    def match(self, name: str) -> tuple[int | None, str]:
        """The student's id and "", or None and why: no_match, several or contradiction."""
        stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
        numbered, named = self._by_number(stem), self._by_name(stem)
        if numbered and named and not numbered & named:
            return None, "contradiction"
        found = numbered if len(numbered) > 1 else numbered & named or numbered or named
        if len(found) == 1:
            return next(iter(found)), ""
        return None, "several" if found else "no_match"

    def _by_number(self, stem: str) -> set[int]:
        found: set[int] = set()
        for token in _NUMBER.findall(clean_text(stem)):
            found |= self._numbers.get(token.upper(), set())
            if len(token) == ID_LENGTH:
                found |= self._indexes.get(blind_index("id_number", normalise_id_number(token)), set())
        return found

    def _by_name(self, stem: str) -> set[int]:
        return {student for run in _runs(stem) for student in self._names.get(run, ())}


def _runs(stem: str) -> set[str]:
    """Whatever in a file's name may be the whole name of somebody: 欧阳王明 and 王明 华 are not 王明."""
    text = " ".join(map(clean_name, clean_text(stem).split()))
    found = {run for pattern in _OTHER_RUNS for run in pattern.findall(text) if not _HAN_RUN.fullmatch(run)}
    for run in _HAN_RUN.findall(text):
        words = run.split()
        found |= {run, *(words if all(len(word) > 1 for word in words) else ())}
    return {_key(run) for run in found}


def _key(name: str) -> str:
    return _SIGNS.sub("", name).casefold()
