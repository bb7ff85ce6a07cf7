"""What a student card (学籍卡) and a class roster (花名册) show, as data for their templates."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from files.selectors import BlobDamaged, open_blob
from records.completeness import layout_for
from records.labels import code_labels, region_names
from records.models import Enrolment
from school.models import TERTIARY_STAGES, ClassStaff, SchoolClass, in_language

FORM_LAYOUTS = {"national": "k12", "vocational": "vocational", "higher": "he"}
"""The printed forms' word for each layout of columns."""

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
        keys = {
            *CARD_LISTS.values(),
            "admission_way_tertiary",
            "family_relation",
            "education_level",
            "learning_form",
        }
        self.lists = code_labels(keys)
        people = [row.student for row in rows]
        self.regions = region_names(
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
    "home_address", "mailing_address", "phone", "postcode", "email", "national_no", "aux_no", "archive_no",
)  # fmt: skip
ENTRY = ("admission_way", "attendance_mode")


def card_of(row: Enrolment, words: Words) -> dict[str, Any]:
    """What the template of the card wants of one enrolment; the student's ``photos`` are prefetched."""
    student = row.student
    card: dict[str, Any] = {name: getattr(student, name) for name in PLAIN}
    for field in CARD_LISTS:
        card[field] = words.of(field, getattr(row if field in ENTRY else student, field))
    card |= _study(row, words)
    card |= {
        "layout": FORM_LAYOUTS[layout_for(row.school.stage).key],
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


def _study(row: Enrolment, words: Words) -> dict[str, Any]:
    programme = row.programme
    return {
        "exam_no": row.exam_no,
        "programme_code": programme.code if programme else "",
        "programme_name": programme.label if programme else "",
        "level": words.of("education_level", row.level),
        "years": years_of(row.study_years),
        "study_form": words.of("learning_form", row.learning_form),
        "enrol_date": row.enrol_date or row.started_on,
        "expected_graduation": row.expected_end_on,
        "college": row.unit.label if row.unit_id != row.school_id else "",
    }


def years_of(years: Decimal | None) -> str:
    """A length of schooling as it is written: 3, 2.5."""
    return "" if years is None else f"{years.normalize():f}"


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


def class_of(school_class: SchoolClass, rows: Iterable[Enrolment]) -> dict[str, Any]:
    """What the template of the roster wants of one class and its enrolments, in their order; no personal numbers."""
    programme = school_class.programme
    facts = {
        "number": f"HM-{school_class.class_no}",
        "class_name": school_class.label,
        "class_no": school_class.class_no,
        "school_year": _("School year %(year)s–%(next)s")
        % {"year": school_class.school_year, "next": school_class.school_year + 1},
        "adviser": adviser_of(school_class),
        "programme": f"{programme.label} {programme.code}" if programme else "",
        "pupils": [
            {
                "seat_no": row.seat_no,
                "student_no": row.student_no,
                "exam_no": row.exam_no,
                "name": row.student.name,
                "sex": row.student.sex,
                "birth_date": row.student.birth_date,
            }
            for row in rows
        ],
    }
    if _duty(school_class) == ClassStaff.Duty.COUNSELLOR:
        facts["adviser_word"] = str(ClassStaff.Duty.COUNSELLOR.label)
    return facts


def _duty(school_class: SchoolClass) -> str:
    """Who leads a class: the counsellor at colleges, the class adviser elsewhere."""
    tertiary = school_class.school.stage in TERTIARY_STAGES
    return ClassStaff.Duty.COUNSELLOR if tertiary else ClassStaff.Duty.CLASS_ADVISER


def adviser_of(school_class: SchoolClass, *, on: date | None = None) -> str:
    """Who leads the class on that day (today by default), by the dates of the duty; "" when nobody does."""
    day = on or timezone.localdate()
    lasting = Q(valid_until__isnull=True) | Q(valid_until__gte=day)
    duties = ClassStaff.objects.filter(lasting, school_class=school_class, valid_from__lte=day)
    found = duties.filter(duty=_duty(school_class)).select_related("user").order_by("valid_from", "pk")
    return in_language("、", ", ").join(one.user.name for one in found)
