"""Applicants as hits of the one search box; those whose file the reader may see are found as students alone."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from core.addresses import addresses
from core.chinese import clean_text, name_query
from core.crypto import blind_index
from core.idnumber import normalise_id_number
from core.lookups import AnyOf
from enrollment.lists import state_badge
from enrollment.models import Applicant, ApplicantMember
from records.finders import Hit, Hits
from records.models import Enrolment
from records.selectors import HITS, holds_digits, looks_secret


def applicants(user: User, text: str, secrets: bool, limit: int) -> Hits:
    """The applicants whom ``text`` names, at most ``limit``; numbers as for students."""
    visible: QuerySet[Applicant] = Applicant.objects.visible_to(user).order_by()
    text = clean_text(text)
    by_number = False
    if holds_digits(text):
        hits = _by_number(visible, text.replace(" ", "").upper())
        if not hits and secrets and looks_secret(text):
            hits, by_number = _by_secret(visible, text), True
    else:
        query = name_query(text)
        named = visible.filter(name_tokens__matches=query) if query else visible.none()
        hits = _hits(named)
    return _ordered(user, hits, limit, by_number=by_number)


class _Hit(NamedTuple):
    """An applicant that was found, with what the hits are put into order by."""

    name: str
    pk: int
    student: int | None


def _hits(rows: QuerySet[Applicant]) -> list[_Hit]:
    found = rows.order_by().values_list("name_sort", "pk", "student_id")
    return [_Hit(*one) for one in found[: HITS + 1]]


def _by_number(visible: QuerySet[Applicant], number: str) -> list[_Hit]:
    fits = Q(exam_no=number) | Q(number=number)
    return _hits(visible.filter(fits).exclude(number=""))


def _by_secret(visible: QuerySet[Applicant], text: str) -> list[_Hit]:
    compact = text.replace(" ", "")
    phone = blind_index("phone", compact)
    hits: list[_Hit] = []
    for condition in (
        Q(id_number_index=blind_index("id_number", normalise_id_number(compact))),
        Q(phone_index=phone),
        Q(pk__in=ApplicantMember.objects.filter(phone_index=phone).values("applicant_id")),
    ):
        hits += _hits(visible.filter(condition))
    return hits


def _ordered(user: User, hits: list[_Hit], limit: int, *, by_number: bool) -> Hits:
    """The first of the hits by name; only these are read in full."""
    students = {hit.student for hit in hits if hit.student is not None}
    filed = _with_visible_file(user, students) if students else set()
    ordered = sorted({(hit.name, hit.pk) for hit in hits[:HITS] if hit.student not in filed})
    shown = [pk for _name, pk in ordered[:limit]]
    rows = (
        Applicant.objects.filter(pk__in=shown).select_related("batch__school").only(*SHOWN) if shown else ()
    )
    found = {row.pk: row for row in rows}
    more = len(ordered) > limit or len(hits) > HITS
    url = addresses("enrollment:review")
    return Hits([_hit(found[pk], url) for pk in shown if pk in found], more, by_number)


def _with_visible_file(user: User, students: set[int]) -> set[int]:
    files = Enrolment.objects.visible_to(user).filter(AnyOf(F("student_id"), students))
    return set(files.values_list("student_id", flat=True))


SHOWN = (
    "public_id", "name", "name_pinyin", "number", "class_no", "state", "bureau_state", "batch__name",
    "batch__school__name", "batch__school__label_en",
)  # fmt: skip


def _hit(row: Applicant, url: Callable[[UUID], str]) -> Hit:
    return Hit(
        name=row.name or _("(no name yet)"),
        note=row.name_pinyin,
        url=url(row.public_id),
        number=row.number,
        facts=(row.class_no or row.batch.name, row.batch.school.label),
        state=state_badge(row),
    )
