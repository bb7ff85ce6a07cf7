"""A student's own file for himself: what his own copy on paper holds, with his numbers and addresses masked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from records import copying
from records.reading import STUDENT_SECRETS
from records.sections import sections
from records.selectors import StudentFile
from records.sheet import Block, Line, mask

LONG = 7
"""Characters from which a number or an address is masked inside other words as well."""


@dataclass(frozen=True, slots=True)
class Part:
    """A section with its lines."""

    key: str
    title: Any
    blocks: list[Block]


def parts(file: StudentFile, *, whole: bool) -> list[Part]:
    """Every section of the own copy, but for what nobody reads without somebody who explains it."""
    found = [
        Part(one.key, one.title, one.online(file) if one.online else one.printed(file, whole=True))
        for one in sections()
        if one.printed
    ]
    return found if whole else [replace(one, blocks=_masked(file, one.blocks)) for one in found]


def _masked(file: StudentFile, blocks: list[Block]) -> list[Block]:
    held = {getattr(file.student, name): name for name in STUDENT_SECRETS}
    numbers = (file.student.aux_no, *copying.stretches(file.student).values_list("exam_no", flat=True))
    held |= dict.fromkeys(numbers, "id_number")
    hidden = {value: mask(name, value) for value, name in held.items() if value}
    return [
        replace(
            block, note=_hide(str(block.note), hidden), lines=[_line(line, hidden) for line in block.lines]
        )
        for block in blocks
    ]


def _line(line: Line, hidden: Mapping[str, str]) -> Line:
    shown = _hide(line.value, hidden)
    return line if shown == line.value else replace(line, value=shown, code="")


def _hide(text: str, hidden: Mapping[str, str]) -> str:
    if text in hidden:
        return hidden[text]
    for value in sorted(hidden, key=len, reverse=True):
        if len(value) >= LONG:
            text = text.replace(value, hidden[value])
    return text
