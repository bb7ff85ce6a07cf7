"""What goes into a copy: the sections of the register as lines for paper, or as data for another system."""

import json
from typing import Any

from django.utils import timezone, translation

from accounts.models import User
from archive.eep.building import plain
from core.formatting import moment
from core.pdf import render_pdf
from records.merits.sections import holding, own
from records.merits.showing import AS_STORED, with_phones_masked
from records.models import Secrecy
from records.reading import FAMILY_SECRETS
from records.sections import sections
from records.selectors import StudentFile
from records.sheet import mask

FORMAT = "xueji-copy/1"
OF_DOCUMENTS = frozenset({"bringer_name", "added_by", "checked_by", "check_note", "fault"})
"""Who of the office, and who else, had to do with a document, and what the one who checked it wrote to them."""


def as_pdf(file: StudentFile, *, purpose: str = "", whole: bool = False) -> bytes:
    """The file as PDF/A: masked and marked with who prints it, or ``whole`` as the student's own copy.

    Raises PdfFailed.
    """
    english = (translation.get_language() or "").startswith("en")
    reader = file.reader
    data = {
        "lang": "en" if english else "zh",
        "school": file.enrolment.school.label,
        "purpose": purpose,
        "printed_by": reader.name,
        "printed_at": f"{timezone.localtime():%Y-%m-%d %H:%M}",
        "copy": whole,
        "mark": "" if whole else watermark(reader),
        "files": [_file(file, whole=whole)],
    }
    return render_pdf("student_file", data)


def watermark(user: User) -> str:
    """Who prints, and when."""
    return f"{user.name} {user.staff_no} {moment(timezone.now())}"


def _file(file: StudentFile, *, whole: bool) -> dict[str, Any]:
    return {
        "number": file.student.archive_no,
        "name": file.student.name,
        "student_no": file.enrolment.student_no,
        "archive_no": file.student.archive_no,
        "sections": [
            {"title": str(one.title), "blocks": [_block(block) for block in one.printed(file, whole=whole)]}
            for one in sections()
            if one.printed and (whole or one.opens(file))
        ],
    }


def _block(block: Any) -> dict[str, Any]:
    return {
        "title": str(block.title),
        "note": str(block.note),
        "rows": [[str(line.label), str(line.value)] for line in block.lines],
    }


def as_json(file: StudentFile) -> bytes:
    """The student's own copy as data. His own values stand whole; other persons' numbers and addresses are masked, and
    what was void, did not hold or is secret is left out, and so is who of the office did what."""
    found = {one.key: (str(one.title), one.export(file.student)) for one in sections() if one.export}
    whole = {
        "format": FORMAT,
        "archive_no": file.student.archive_no,
        "student_no": file.enrolment.student_no,
        "school": file.enrolment.school.name,
        "made_at": timezone.localtime().isoformat(timespec="seconds"),
        "sections": {
            key: {"title": title, "data": _own(key, plain(value))} for key, (title, value) in found.items()
        },
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def _own(key: str, value: Any) -> Any:
    if key == "family":
        return [[_masked(cell) for cell in member] for member in value]
    if key == "documents":
        ordinary = [one for one in value if one["secrecy"] == Secrecy.ORDINARY]
        return [{name: held for name, held in one.items() if name not in OF_DOCUMENTS} for one in ordinary]
    if key in {"basic", "study"}:
        return value
    return _of_entries(own(holding(value)))


def _masked(cell: dict[str, str]) -> dict[str, str]:
    name = cell["field"].rpartition(".")[2]
    if name not in FAMILY_SECRETS:
        return cell
    return {**cell, "value": mask(name, cell["value"]), "words": mask(name, cell["words"])}


def _of_entries(value: Any) -> Any:
    """Entries with the phones in their texts masked: they are other people's."""
    if isinstance(value, dict):
        return {name: held if name in AS_STORED else _of_entries(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_of_entries(one) for one in value]
    return with_phones_masked(value) if isinstance(value, str) else value
