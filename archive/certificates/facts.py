"""What a certificate prints: frozen when it is issued, so that a copy says the very same."""

import json
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone, translation

from archive.models import Certificate
from core.crypto import blind_index
from core.masking import STAR, mask_id_number
from records.labels import code_labels
from records.models import Enrolment, FamilyMember

_LANGUAGES = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}


def languages(language: str) -> tuple[str, ...]:
    """The languages of the pages of one copy."""
    return _LANGUAGES[language]


def facts_of(enrolment: Enrolment, kind: str, *, whole_number: bool) -> dict[str, Any]:
    """Names in both languages, dates as ISO text; the identity number whole only when asked for."""
    student, school = enrolment.student, enrolment.school
    number = student.id_number
    found: dict[str, Any] = {
        "school": {"zh": school.name, "en": school.label_en},
        "name": student.name,
        "name_en": student.name_pinyin,
        "sex": student.sex,
        "birth_date": student.birth_date and student.birth_date.isoformat(),
        "student_no": enrolment.student_no,
        "id_number": number if whole_number else mask_id_number(number) if number else "",
        "class": _both(enrolment.school_class),
        "programme": _both(enrolment.programme),
        "since": enrolment.started_on.isoformat(),
        "until": enrolment.ended_on and enrolment.ended_on.isoformat(),
        "issued_on": timezone.localdate().isoformat(),
    }
    if kind == Certificate.Kind.HISTORY:
        found["stretches"] = [_stretch(one) for one in _stretches(enrolment)]
    if kind == Certificate.Kind.NO_ID:
        found["family"] = _family(enrolment)
    return found


def _both(row: Any) -> dict[str, str]:
    return {"zh": row.name, "en": row.label_en or row.name} if row else {"zh": "", "en": ""}


def _stretches(enrolment: Enrolment) -> QuerySet[Enrolment]:
    """The stretches at the school that issues: what was elsewhere, that school certifies."""
    rows: QuerySet[Enrolment] = Enrolment.objects.filter(student=enrolment.student, school=enrolment.school)
    return rows.select_related("school", "school_class").order_by("started_on", "pk")


def _stretch(row: Enrolment) -> dict[str, Any]:
    status = {}
    for key, language in (("zh", "zh-hans"), ("en", "en")):
        with translation.override(language):
            status[key] = str(row.get_status_display())
    return {
        "from": row.started_on.isoformat(),
        "to": row.ended_on and row.ended_on.isoformat(),
        "class": _both(row.school_class),
        "student_no": row.student_no,
        "status": status,
    }


def _family(enrolment: Enrolment) -> list[dict[str, Any]]:
    with translation.override("zh-hans"):
        labels = code_labels({"family_relation"})["family_relation"]
        relations = {code: str(label) for code, label in labels.items()}
    members = FamilyMember.objects.filter(student=enrolment.student).exclude(name="").order_by("position")
    return [
        {
            "name": one.name,
            "relation": relations.get(one.relation, one.relation),
            "id_number": one.id_number,
            "phone": one.phone,
        }
        for one in members
    ]


def packed(facts: dict[str, Any]) -> str:
    """The facts as they are stored and digested."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def shows_whole_number(row: Certificate) -> bool:
    """Whether the identity number stands on the certificate in full."""
    number = json.loads(row.facts)["id_number"] if row.facts else ""
    return bool(number) and STAR not in number


def digest_of(number: str, text: str) -> bytes:
    """The keyed digest of a certificate: nobody outside can make one that fits."""
    return blind_index("certificate", f"{number}\n{text}")


def printed(row: Certificate, *, copy: bool) -> list[dict[str, Any]]:
    """The pages of a certificate for the template: each copy in each of its languages."""
    facts = json.loads(row.facts)
    pages = [
        {
            **facts,
            "number": row.number,
            "kind": row.kind,
            "purpose": row.purpose,
            "check": row.check_code,
            "copy": copy,
            "language": language,
        }
        for language in languages(row.language)
    ]
    return pages if copy else pages * row.copies
