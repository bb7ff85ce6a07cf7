"""What a student card (学籍卡) shows, as data for its template."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from enrollment.selectors import code_labels, region_full_names
from files.selectors import BlobDamaged, open_blob
from records.models import Enrolment

CARD_LISTS = {
    "sex": "sex",
    "ethnicity": "ethnicity",
    "nationality": "nationality",
    "id_type": "id_type",
    "overseas_status": "overseas_status",
    "political_status": "political_status",
    "health": "health",
    "hukou_type": "hukou_type",
    "admission_way": "admission_way",
    "attendance_mode": "attendance_mode",
}


def photo_of(documents: Sequence[Any]) -> bytes:
    """The newest photo's content, nothing when there is none or it is damaged."""
    with suppress(BlobDamaged):
        return open_blob(documents[-1].blob) if documents else b""
    return b""


class Words:
    """Codes and places of many students in words, read once."""

    def __init__(self, rows: Sequence[Enrolment]) -> None:
        keys = {*CARD_LISTS.values(), "admission_way_tertiary", "family_relation"}
        self.lists = code_labels(keys)
        people = [row.student for row in rows]
        self.regions = region_full_names(
            {code for one in people for code in (one.birthplace_code, one.hukou_region_code)}
        )

    def of(self, field: str, code: str) -> str:
        """The label of a code, itself when unknown."""
        key = CARD_LISTS.get(field, field)
        label = self.lists[key].get(code)
        if label is None and key == "admission_way":
            label = self.lists["admission_way_tertiary"].get(code)
        return str(label if label is not None else code)


PLAIN = (
    "name", "name_pinyin", "former_name", "birth_date", "native_place", "id_number", "current_address",
    "home_address", "phone", "postcode", "national_no", "aux_no", "archive_no",
)  # fmt: skip
ENTRY = ("admission_way", "attendance_mode")


def card_of(row: Enrolment, words: Words) -> dict[str, Any]:
    """What the template of the card wants of one enrolment; the student's ``photos`` are prefetched."""
    student = row.student
    card: dict[str, Any] = {name: getattr(student, name) for name in PLAIN}
    for field in CARD_LISTS:
        card[field] = words.of(field, getattr(row if field in ENTRY else student, field))
    card |= {
        "number": f"XJK-{student.archive_no}",
        "photo": photo_of(getattr(student, "photos", [])),
        "birthplace": words.regions.get(student.birthplace_code, ""),
        "hukou_region": words.regions.get(student.hukou_region_code, ""),
        "student_no": row.student_no,
        "class_name": row.school_class.label if row.school_class else row.class_no,
        "enrol_month": row.enrol_month or f"{row.started_on:%Y%m}",
        "family": [_relative(member, words) for member in student.family.all()],
        "enrolments": [
            _stay(stay) for stay in sorted(student.enrolments.all(), key=lambda one: one.started_on)
        ],
    }
    return card


def _relative(member: Any, words: Words) -> dict[str, Any]:
    return {
        "name": member.name,
        "relation": words.of("family_relation", member.relation),
        "is_guardian": member.is_guardian,
        "workplace": member.workplace,
        "phone": member.phone,
        "address": member.address,
    }


def _stay(stay: Enrolment) -> dict[str, Any]:
    return {
        "start": stay.started_on,
        "end": stay.ended_on,
        "school": stay.school.label,
        "class_name": stay.class_no,
        "status": str(stay.get_status_display()),
    }
