"""Applicants as hits of the one search box; those whose file the reader may see are found as students alone."""

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from core.chinese import clean_text, name_query
from core.crypto import blind_index
from core.idnumber import normalise_id_number
from enrollment.lists import state_badge
from enrollment.models import Applicant, ApplicantMember
from enrollment.selectors import ENCRYPTED
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
        hits = list(named.values_list("pk", flat=True)[: HITS + 1])
    return _ordered(user, visible, hits, limit, by_number=by_number)


def _by_number(visible: QuerySet[Applicant], number: str) -> list[int]:
    fits = Q(exam_no=number) | Q(number=number)
    return list(visible.filter(fits).exclude(number="").values_list("pk", flat=True)[:HITS])


def _by_secret(visible: QuerySet[Applicant], text: str) -> list[int]:
    compact = text.replace(" ", "")
    phone = blind_index("phone", compact)
    hits: list[int] = []
    for condition in (
        Q(id_number_index=blind_index("id_number", normalise_id_number(compact))),
        Q(phone_index=phone),
        Q(pk__in=ApplicantMember.objects.filter(phone_index=phone).values("applicant_id")),
    ):
        hits += visible.filter(condition).values_list("pk", flat=True)[:HITS]
    return hits


def _ordered(
    user: User, visible: QuerySet[Applicant], hits: list[int], limit: int, *, by_number: bool
) -> Hits:
    if not hits:
        return Hits((), by_number=by_number)
    rows = visible.filter(pk__in=hits[:HITS]).select_related("batch__school").defer(*ENCRYPTED, "name_tokens")
    files = Enrolment.objects.visible_to(user).values("student_id")
    rows = rows.exclude(student_id__in=files)
    shown = list(rows.order_by("name_sort", "pk")[: limit + 1])
    more = len(shown) > limit or len(hits) > HITS
    return Hits([_hit(row) for row in shown[:limit]], more, by_number)


def _hit(row: Applicant) -> Hit:
    return Hit(
        name=row.name or _("(no name yet)"),
        note=row.name_pinyin,
        url=reverse("enrollment:review", args=[row.public_id]),
        number=row.number,
        facts=(row.class_no or row.batch.name, row.batch.school.label),
        state=state_badge(row),
    )
