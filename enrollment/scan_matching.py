"""Whom a scan belongs to: by a number in its name, else by the QR code of the printed form on it."""

import io
import re
from collections import defaultdict
from dataclasses import dataclass

import zxingcpp
from django.utils.translation import gettext_lazy as _
from PIL import Image

from enrollment.models import Applicant, IntakeBatch
from files.inspection import SCANS, must_open, type_of
from files.refusals import MESSAGES as FILE_MESSAGES
from files.refusals import FileRefused
from files.rendering import page_png
from records.models import DocumentKind, Enrolment

QR = zxingcpp.barcode_formats_from_str("QRCode")
QR_PAGES = 2
REASONS = {
    "no_match": _("No number in the name and no QR code fits an applicant of this intake batch"),
    "several": _("The name holds numbers of several applicants"),
    "unsafe_name": _("The name leads out of the ZIP"),
    "not_own": _("Entered by somebody else: only that person adds scans"),
    "submitted": _("Submitted already: recall it, or have it returned"),
    "gone": _("Given up"),
    "accepted": _("Accepted already: the archives add it to the file"),
    "left": _("Has left for another school, which keeps the file now"),
    "on_file": _("The file has a document of this kind already"),
    "repeated": _("The same scan is there already"),
    "too_many": _("The applicant has the most scans that one may have"),
    **FILE_MESSAGES,
}
"""Why a file of a ZIP was given to nobody."""

WORDS = (
    ("无身份证", DocumentKind.NO_ID_PROOF),
    ("身份证", DocumentKind.ID_CARD),
    ("户口", DocumentKind.HUKOU_BOOK),
    ("采集表", DocumentKind.COLLECTION_FORM),
    ("登记表", DocumentKind.REGISTRATION_FORM),
    ("报名表", DocumentKind.REGISTRATION_FORM),
    ("毕业证", DocumentKind.PRIOR_EDUCATION),
    ("学历", DocumentKind.PRIOR_EDUCATION),
    ("残疾", DocumentKind.DISABILITY),
    ("孤儿", DocumentKind.ORPHAN),
    ("烈士", DocumentKind.BENEFIT),
    ("优抚", DocumentKind.BENEFIT),
    ("独生", DocumentKind.ONLY_CHILD),
    ("资助", DocumentKind.AID_FORM),
    ("照片", DocumentKind.PHOTO),
)
"""Words in a file's name that tell the kind of document; the first that fits counts."""

_PARAMS: dict[str, dict[str, object]] = {
    "too_large": {"limit": 30},
    "too_many_pixels": {"limit": 50},
    "type_not_allowed": {"types": "jpg, png, pdf"},
}
_NUMBER = re.compile(r"[0-9A-Za-z]{4,}")


def reason_text(code: str) -> str:
    """Why a file was given to nobody, in words; "" for one that was."""
    return str(REASONS[code]) % _PARAMS.get(code, {}) if code else ""


@dataclass(frozen=True, slots=True)
class Match:
    """What was found out about one file: the applicant, or why none; its kind."""

    applicant_id: int | None
    kind: str
    by_qr: bool = False
    reason: str = ""


class Matcher:
    """Knows the numbers of one batch: of forms, exams, and student numbers of those who are accepted."""

    def __init__(self, batch: IntakeBatch) -> None:
        self.known: dict[str, set[int]] = defaultdict(set)
        rows = Applicant.objects.filter(batch=batch)
        for pk, number, exam_no in rows.values_list("pk", "number", "exam_no"):
            self.known[number.upper()].add(pk)
            if exam_no:
                self.known[exam_no.upper()].add(pk)
        enrolled = Enrolment.objects.filter(student__applications__batch=batch, school=batch.school_id)
        for pk, student_no in enrolled.values_list("student__applications", "student_no"):
            self.known[student_no.upper()].add(pk)

    def match(self, name: str, content: bytes, usual_kind: str) -> Match:
        """Whom the file belongs to; ``usual_kind`` holds where neither its name nor a QR code tells the kind.

        Raises FileRefused when its name does not tell and it cannot be read.
        """
        kind = kind_in(name)
        found: set[int] = set()
        for number in _NUMBER.findall(name):
            found |= self.known.get(number.upper(), set())
        if len(found) > 1:
            return Match(None, kind or usual_kind, reason="several")
        if found:
            return Match(found.pop(), kind or usual_kind)
        must_open(content, SCANS)
        for text in qr_texts(content):
            found |= self.known.get(text.strip().upper(), set())
        if len(found) == 1:
            return Match(found.pop(), kind or DocumentKind.COLLECTION_FORM, by_qr=True)
        return Match(None, kind or usual_kind, reason="several" if found else "no_match")


def kind_in(name: str) -> str:
    """The kind of document that a file's own name tells; "" for none."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return next((str(kind) for word, kind in WORDS if word in last), "")


def is_unsafe(name: str) -> bool:
    """Whether a member's name would lead out of the place where it is unpacked (nothing is ever unpacked to disk)."""
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]


def qr_texts(content: bytes) -> list[str]:
    """Texts of the QR codes on a picture or on the first pages of a PDF; none when it cannot be read."""
    if type_of(content) != "pdf":
        return _read(content)
    found: list[str] = []
    for page in range(1, QR_PAGES + 1):
        try:
            found += _read(page_png(content, page))
        except (FileRefused, IndexError):
            break
    return found


def _read(picture: bytes) -> list[str]:
    with Image.open(io.BytesIO(picture), formats=["JPEG", "PNG"]) as opened:
        grey = opened.convert("L")
    return [code.text for code in zxingcpp.read_barcodes(grey, formats=QR)]
