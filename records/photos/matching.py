"""Whose photo a file of a class is: by a number in its name, else by a name that one student of the class has."""

import re
from collections import defaultdict

from core.chinese import clean_text
from core.crypto import blind_index
from core.idnumber import normalise_id_number
from records.models import Enrolment
from school.models import SchoolClass

_NUMBER = re.compile(r"[0-9A-Za-z]{4,}")
_JUNK = re.compile(r"(?:^|/)(?:__MACOSX/|(?:\.[^/]*|Thumbs\.db|desktop\.ini)$)", re.IGNORECASE)
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
                self._names[_bare(name)].add(student)

    def match(self, name: str) -> tuple[int | None, str]:
        """The student's id and "", or None and why: no_match or several."""
        stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
        found = self._by_number(stem) or self._by_name(stem)
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
        """Whoever has the longest name that stands in the file's name: 王小明 is not 王小."""
        text = _bare(stem)
        fitting = [name for name in self._names if name in text]
        longest = max(map(len, fitting), default=0)
        return {student for name in fitting if len(name) == longest for student in self._names[name]}


def _bare(text: str) -> str:
    return clean_text(text).replace(" ", "").casefold()
