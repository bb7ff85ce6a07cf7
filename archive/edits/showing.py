"""An edit request on the screen: values side by side, masked for all but those who compare them with the proof."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User
from approvals import selectors
from approvals.models import Request
from archive.edits import actions
from archive.edits.fields import columns_for, current_text, families_of, is_key, label_of
from archive.edits.selectors import changes_of
from archive.keepers import destroyed_number, files_kept
from archive.models import EditChange, EditEvidence, EditRequest
from core.crypto import EncryptedTextField
from records.columns import Column, Kind
from records.models import Enrolment, FamilyMember, Student
from records.sheet import Words, mask
from records.values import split
from school.models import Unit


def evidence_for(user: User, public_id: UUID) -> EditEvidence:
    """A proof of a request that ``user`` may read. Raises Http404, OutOfScope."""
    rows = EditEvidence.objects.select_related("edit__request", "blob")
    found: EditEvidence = get_object_or_404(rows, public_id=public_id)
    selectors.request_for(user, found.edit.request.public_id)
    return found


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A line: whose field, what it was, what is asked for, and what stands there now if that differs.

    ``old`` and ``new`` are as the reader may see them; ``before`` and ``after`` the same with the differences marked.
    """

    student: Student
    student_no: str
    label: str
    old: str
    new: str
    before: SafeString
    after: SafeString
    now: str
    key: bool


def context(user: User, request: Request, typed: EditRequest) -> dict[str, Any]:
    """What the template shows. Whoever decides now sees the values whole; the requester, while it is his to mend, what
    he typed; everybody else sees them masked."""
    step, _reason = selectors.may_take(user, request, typed)
    mine = request.requester_id == user.pk and request.state in (Request.State.DRAFT, Request.State.RETURNED)
    changes = list(changes_of(typed))
    if step is not None:
        actions.note_viewed(actor=user, typed=typed)
    return {
        "gone": destroyed_number(request.subject),
        "changes": _lines(changes, request.school, whole=step is not None, typed_whole=mine),
        "evidence": [
            {"row": one, "url": reverse("archive:evidence", args=[one.public_id])}
            for one in typed.evidence.select_related("blob")
        ],
        "several": len({one.student_id for one in changes}) > 1,
        "stale": request.state in selectors.WAITING and actions.is_stale(typed),
        "applied": typed.applied_at is not None,
    }


def _lines(changes: list[EditChange], school: Unit, *, whole: bool, typed_whole: bool) -> list[ShownChange]:
    """``now`` is told while the school keeps the file: what another school wrote since is not its business."""
    files = files_kept([one.student for one in changes], school)
    columns = {column.field: column for column in columns_for(school.stage)}
    families = families_of(files)
    numbers = dict(
        Enrolment.objects.filter(school=school, student__in=[one.student_id for one in changes])
        .order_by("pk")
        .values_list("student_id", "student_no")
    )
    now_at = {
        one.pk: current_text(one.field, file.student, file, families[one.student_id]) if file else one.new
        for one in changes
        for file in (files.get(one.student_id),)
    }
    texts = [(one.field, text) for one in changes for text in (one.old, one.new, now_at[one.pk])]
    words = _words_of(columns.values(), texts)
    found = []
    for one in changes:
        column, now = columns.get(one.field), now_at[one.pk]
        secret = is_secret(one.field) and not whole
        old, new = (_words(words, column, text) for text in (one.old, one.new))
        name = split(one.field)[1]
        seen_old = mask(name, old) if secret else old
        seen_new = mask(name, new) if secret and not typed_whole else new
        found.append(
            ShownChange(
                one.student,
                numbers.get(one.student_id, ""),
                label_of(column, one.field),
                seen_old,
                seen_new,
                marked(old, new, seen_old),
                marked(new, old, seen_new, plain=secret),
                ((mask(name, now) if secret else _words(words, column, now)) or _("Empty"))
                if now != one.new
                else "",
                is_key(one.field),
            )
        )
    return found


def is_secret(field: str) -> bool:
    """Whether a field is kept encrypted and shown masked."""
    position, name = split(field)
    model = FamilyMember if position else Student
    if not any(one.name == name for one in model._meta.concrete_fields):
        return False
    return isinstance(model._meta.get_field(name), EncryptedTextField)


CODED = (Kind.CODE, Kind.REGION)


def _words_of(columns: Iterable[Column], texts: Sequence[tuple[str, str]]) -> Words:
    """The words of all codes and regions among these texts with their fields, read once."""
    asked = {field for field, _text in texts}
    rows = [SimpleNamespace(**{split(field)[1]: text}) for field, text in texts]
    return Words([one for one in columns if one.kind in CODED and one.field in asked], rows)


def _words(words: Words, column: Column | None, text: str) -> str:
    if not text or column is None or column.kind not in CODED:
        return text
    return f"{words.of(column, text)} ({text})"


def marked(text: str, other: str, shown: str, *, plain: bool = False) -> SafeString:
    """``shown`` with the places marked where ``text`` and ``other`` differ; ``plain`` or masked ones have no marks,
    which would tell where the hidden value is the same."""
    if not shown:
        return format_html('<span class="xj-soft">{}</span>', _("Empty"))
    if plain or shown != text or not other:
        return format_html("{}", shown)
    pieces = (
        ("<mark>{}</mark>" if place >= len(other) or text[place] != other[place] else "{}", (one,))
        for place, one in enumerate(shown)
    )
    return format_html_join("", "{}", ((format_html(form, *values),) for form, values in pieces))
