"""Reads of student files: who may see which, finding somebody in a second, what a list shows.

Every list leaves the encrypted columns where they are (`LIGHT`): decrypting what nobody looks at is slow and unneeded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.scope import visible_or_404
from core.chinese import clean_text, name_query
from core.crypto import EncryptedTextField, blind_index
from core.idnumber import normalise_id_number
from records.models import Enrolment, Student

HITS = 1000
"""A search fetches at most this many hits and orders them; ordering first would walk the whole sort index."""

SHOWN = 50

HEAVY = [field.name for field in Student._meta.concrete_fields if isinstance(field, EncryptedTextField)] + [
    "name_tokens"
]


@dataclass(frozen=True)
class Found:
    """What a search found: at most ``SHOWN`` enrolments in order, and whether there were more."""

    enrolments: Sequence[Enrolment]
    more: bool
    by_number: bool


def enrolments(user: User) -> QuerySet[Enrolment]:
    """The enrolments that ``user`` may see, ready for a list: student, class and unit joined, nothing decrypted."""
    rows: QuerySet[Enrolment] = Enrolment.objects.visible_to(user)
    return rows.select_related("student", "school_class", "unit", "programme").defer(
        *(f"student__{name}" for name in HEAVY)
    )


def student(user: User, public_id: UUID) -> Student:
    """The student with this id. Raises OutOfScope when he belongs to others, Http404 when there is none."""
    return visible_or_404(Student.objects.all(), Student.objects.visible_to(user), public_id=public_id)


def looks_like_number(text: str) -> bool:
    """Whether a search text is an identity number or a phone: it must not be kept or logged."""
    bare = clean_text(text).replace(" ", "").replace("-", "")
    return len(bare) >= 11 and sum(character.isdigit() for character in bare) >= 10


def search(user: User, text: str) -> Found:
    """Students whom ``text`` names: part of the name, pinyin, a number of the school, an identity number or phone.

    Numbers are looked for as a whole; those that are encrypted, through their blind index.
    """
    text = clean_text(text)
    visible = Enrolment.objects.visible_to(user)
    if not text:
        return Found((), False, False)
    if any(character.isdigit() for character in text):
        return _by_number(user, visible, text)
    query = name_query(text)
    if query is None:
        return Found((), False, False)
    hits = list(visible.filter(student__name_tokens__matches=query).values_list("pk", flat=True)[: HITS + 1])
    return _ordered(user, hits, by_number=False)


def _by_number(user: User, visible: Any, text: str) -> Found:
    compact = text.replace(" ", "")
    hits = list(visible.filter(Q(student_no=compact)).values_list("pk", flat=True)[:SHOWN])
    hits += visible.filter(exam_no=compact).exclude(exam_no="").values_list("pk", flat=True)[:SHOWN]
    hits += visible.filter(student__archive_no=compact).values_list("pk", flat=True)[:SHOWN]
    secret = looks_like_number(compact)
    if secret:
        person = Q(student__id_number_index=blind_index("id_number", normalise_id_number(compact)))
        for condition in (
            person,
            Q(student__phone_index=blind_index("phone", compact)),
            Q(student__national_no_index=blind_index("national_no", compact)),
        ):
            hits += visible.filter(condition).values_list("pk", flat=True)[:SHOWN]
    return _ordered(user, hits, by_number=secret)


def _ordered(user: User, hits: list[int], *, by_number: bool) -> Found:
    rows = enrolments(user).filter(pk__in=hits[:HITS]).order_by("student__name_sort", "pk")
    shown = list(rows[: SHOWN + 1])
    return Found(shown[:SHOWN], len(shown) > SHOWN or len(hits) > HITS, by_number)
