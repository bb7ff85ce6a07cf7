"""Writes of edit requests: drafted with frozen values, carried out exactly as approved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from accounts.models import User
from approvals import actions as requests
from approvals.kinds import Doing, kind
from approvals.models import Request
from approvals.refusals import RequestRefused, WrongState
from archive.edits.checking import Asked, contradictions, read
from archive.edits.fields import (
    book_for,
    columns_for,
    current,
    current_text,
    digest,
    families_of,
    is_key,
    label_of,
    row_of,
)
from archive.edits.selectors import changes_of
from archive.keepers import demand_kept, files_kept
from archive.models import PROOF_OF_KEY_FIELDS, EditChange, EditEvidence, EditRequest, EvidenceKind
from core.crypto import blind_index_or_none
from files.actions import Scan, copied, keep_scan
from ledger import events
from ledger.context import acting, current_actor
from ledger.context import current as circumstances
from ledger.history import write_rows
from records.cells import CodeBook
from records.documents.filing import place
from records.models import Bringer, DocumentKind, Enrolment, FamilyMember, Student
from records.search import fill
from records.values import split, stored
from school.models import Unit
from school.rules import rule

KIND = "edit"
NUMBER_HELD = gettext_noop("Another student file holds this number already.")
Path = EditRequest.Path
AS_DOCUMENTS = {EvidenceKind.HUKOU_BOOK: DocumentKind.HUKOU_BOOK, EvidenceKind.ID_CARD: DocumentKind.ID_CARD}


class StaleValue(RequestRefused):
    """A value has changed since the request was made: it must be made anew."""


class NothingAsked(RequestRefused):
    """The request changes nothing."""


class NotProven(RequestRefused):
    """A document that proves it is missing."""


@dataclass(frozen=True, slots=True)
class Proof:
    """An uploaded document with what it is."""

    kind: str
    scan: Scan


def path_of(asked: Sequence[Asked], cause: str) -> str:
    """The procedure: key fields always go the full one; empty fields are supplemented; typing errors go short."""
    fields = {field for one in asked for field in one.new}
    if any(is_key(field) for field in fields):
        return Path.FULL
    if all(not text for one in asked for text in one.old.values()):
        return Path.SUPPLEMENT
    return Path.QUICK if cause == EditRequest.Cause.TYPING_ERROR else Path.FULL


@transaction.atomic
def draft(
    *,
    actor: User,
    school: Unit,
    asked: Sequence[Asked],
    cause: str,
    reason: str,
    basis: str,
    proofs: Sequence[Proof] = (),
    instead_of: EditRequest | None = None,
) -> EditRequest:
    """Draft a request with its values frozen; the requester submits it.

    ``instead_of``: his own draft or returned request, which is taken back; its proofs are copied when no new ones come
    and the students are the same: what proves the change of others has no place in the file of who is left.
    Raises NothingAsked, WrongState, FileRefused, NotPermitted.
    """
    wanted = [one for one in asked if one.new]
    if not wanted or any(one.faults for one in wanted):
        raise NothingAsked(_("Nothing is changed by this request."))
    only = wanted[0].student.public_id if len(wanted) == 1 else None
    typed: Any = requests.open_request(
        actor=actor,
        kind=kind(KIND),
        school=school,
        subject=only,
        instead_of=instead_of,
        path=path_of(wanted, cause),
        cause=cause,
        reason=reason.strip(),
        basis=basis.strip(),
        small=str(rule(school, "duty_scheme")) == "small",
    )
    demand_kept([one.student for one in wanted], school)
    role = typed.request.requester_role
    changes = [
        EditChange(
            edit=typed,
            student=one.student,
            field=field,
            old=one.old[field],
            new=text,
            old_digest=digest(one.old[field]),
            new_digest=digest(text),
        )
        for one in wanted
        for field, text in one.new.items()
    ]
    write_rows(changes, actor=actor, role=role)
    with acting(actor, role=role):
        for proof in proofs:
            EditEvidence.objects.create(edit=typed, kind=proof.kind, blob=keep_scan(actor, proof.scan))
        if (
            instead_of is not None
            and not proofs
            and _students(instead_of) == {one.student.pk for one in wanted}
        ):
            for known in instead_of.evidence.select_related("blob"):
                EditEvidence.objects.create(edit=typed, kind=known.kind, blob=copied(actor, known.blob))
    made: EditRequest = typed
    return made


def _students(typed: EditRequest) -> set[int]:
    return set(typed.changes.values_list("student", flat=True))


def check_ready(typed: EditRequest) -> None:
    """What is asked when a request is submitted. Raises NothingAsked, NotProven, StaleValue, WrongState."""
    changes = list(changes_of(typed))
    if not changes:
        raise NothingAsked(_("Nothing is changed by this request."))
    kinds_of_proof = set(typed.evidence.values_list("kind", flat=True))
    if typed.path == Path.FULL and not kinds_of_proof:
        raise NotProven(_("At least one document must prove the change."))
    if any(is_key(one.field) for one in changes) and not kinds_of_proof & set(PROOF_OF_KEY_FIELDS):
        raise NotProven(_("Key items change only with the household register or a proof of the police."))
    school = typed.request.school
    files = demand_kept([one.student for one in changes], school)
    todo = [one for one in changes if one.applied_digest is None]
    if stale := _stale(todo, files):
        raise _stale_words(len(stale))
    book = book_for(school)
    for pk, mine in _by_student(todo).items():
        _demand_sound(files[pk], mine, book)
    _demand_alone(typed, changes)


def is_stale(typed: EditRequest) -> bool:
    """Whether a value no longer is what the request froze, or the file is no longer kept here."""
    changes = [one for one in changes_of(typed) if one.applied_digest is None]
    files = files_kept([one.student for one in changes], typed.request.school)
    return any(one.student_id not in files for one in changes) or bool(_stale(changes, files))


def _stale(changes: Sequence[EditChange], files: Mapping[int, Enrolment]) -> list[EditChange]:
    found = []
    families = families_of(files)
    for pk, mine in _by_student(changes).items():
        found += [one for one in mine if not _holds(one, bytes(one.old_digest), files[pk], families[pk])]
    return found


def _by_student(changes: Sequence[EditChange]) -> dict[int, list[EditChange]]:
    found: dict[int, list[EditChange]] = {}
    for one in changes:
        found.setdefault(one.student_id, []).append(one)
    return found


def _holds(one: EditChange, wanted: bytes, enrolment: Enrolment, members: dict[int, FamilyMember]) -> bool:
    """Whether the value of this digest stands in the file."""
    return digest(current_text(one.field, enrolment.student, enrolment, members)) == wanted


def _demand_sound(enrolment: Enrolment, changes: Sequence[EditChange], book: CodeBook) -> dict[str, Any]:
    """What is asked for, read. Raises RequestRefused when the file could not hold it as it stands now."""
    stage, student = enrolment.school.stage, enrolment.student
    columns = {column.field: column for column in columns_for(stage)}
    if any(one.field not in columns for one in changes):
        raise StaleValue(_("The school no longer keeps this field. The request must be made anew."))
    values, faults = read({one.field: one.new for one in changes}, columns, book)
    faults = faults or contradictions(stage, current(student, enrolment, columns), values, book)
    if faults:
        told = (f"{label_of(columns.get(field), field)}: {words}" for field, words in faults.items())
        raise RequestRefused(" ".join(told))
    index = blind_index_or_none("id_number", values.get("id_number", ""))
    if index and Student.objects.filter(id_number_index=index).exclude(pk=student.pk).exists():
        raise RequestRefused(_(NUMBER_HELD))
    return values


def _stale_words(count: int) -> StaleValue:
    text = ngettext(
        "%(count)s value has changed since. This request must be returned and made anew.",
        "%(count)s values have changed since. This request must be returned and made anew.",
        count,
    )
    return StaleValue(text % {"count": count})


def _demand_alone(typed: EditRequest, changes: Sequence[EditChange]) -> None:
    others = EditChange.objects.filter(
        student__in=[one.student for one in changes],
        field__in=[one.field for one in changes],
        edit__request__state__in=[Request.State.UNDER_REVIEW, Request.State.APPROVED],
        applied_digest__isnull=True,
    ).exclude(edit=typed)
    mine = {(one.student_id, one.field) for one in changes}
    for other in others.select_related("edit__request"):
        if (other.student_id, other.field) in mine:
            text = _("Request %(number)s asks to change the same field already.")
            raise WrongState(text % {"number": other.edit.request.number})


def apply(doing: Doing) -> None:
    """Change exactly what was approved. Raises StaleValue when a value is no longer the one that was frozen.

    Doing it again after a reopening changes nothing where the approved value stands.
    """
    typed: EditRequest = doing.typed
    changes = list(changes_of(typed).select_for_update(of=("self",)).order_by("student", "pk"))
    files = demand_kept([one.student for one in changes], typed.request.school)
    book = book_for(typed.request.school)
    for pk, mine in _by_student(changes).items():
        _apply_to(files[pk], mine, doing, book)
    typed.applied_at = timezone.now()
    typed.save(update_fields=["applied_at"])
    if typed.request.subject is None:
        events.record(
            "edit.applied", actor=doing.actor, obj=typed, unit_id=typed.request.school_id, role=doing.role,
            detail={"students": len(files), "fields": sorted({one.field for one in changes})[:50]},
        )  # fmt: skip


def _apply_to(enrolment: Enrolment, changes: list[EditChange], doing: Doing, book: CodeBook) -> None:
    student = enrolment.student
    members = {one.position: one for one in FamilyMember.objects.select_for_update().filter(student=student)}
    todo = [
        one
        for one in changes
        if one.applied_digest is None or not _holds(one, bytes(one.new_digest), enrolment, members)
    ]
    if stale := [one for one in todo if not _holds(one, bytes(one.old_digest), enrolment, members)]:
        raise _stale_words(len(stale))
    values = _demand_sound(enrolment, todo, book)
    touched: dict[int, tuple[Any, set[str]]] = {}
    for one in todo:
        row, name = _row(one.field, student, enrolment, members)
        setattr(row, name, stored(row, name, values[one.field]))
        touched.setdefault(id(row), (row, set()))[1].add(name)
    for row, names in touched.values():
        _save(row, names)
    for one in todo:
        one.found_digest = one.old_digest
        one.applied_digest = digest(current_text(one.field, student, enrolment, members))
        try:
            one.save(update_fields=["found_digest", "applied_digest"])
        except IntegrityError as error:
            raise StaleValue(_("The value that was stored is not the one that was approved.")) from error
    events.record(
        "student.edited", actor=doing.actor, obj=student, subject=student.public_id, unit_id=enrolment.unit_id,
        role=doing.role, detail={"fields": [one.field for one in todo][:50], "number": doing.request.number},
    )  # fmt: skip


def _row(
    field: str, student: Student, enrolment: Enrolment, members: dict[int, FamilyMember]
) -> tuple[Any, str]:
    row, name = row_of(field, student, enrolment, members)
    if row is None:
        position, name = split(field)
        row = members[position] = FamilyMember(student=student, position=position)
    return row, name


def _save(row: Any, names: set[str]) -> None:
    if isinstance(row, Student):
        if "name" in names:
            row.name_pinyin = ""
        if row.id_number and row.no_hukou:
            row.no_hukou = False
            names.add("no_hukou")
    derived = fill(row) if isinstance(row, Student | FamilyMember) else []
    try:
        with transaction.atomic():
            row.save() if row.pk is None else row.save(update_fields=sorted({*names, *derived}))
    except IntegrityError as error:
        raise RequestRefused(_(NUMBER_HELD)) from error


def file_evidence(typed: EditRequest) -> None:
    """Put the proofs of a finished request into the student's documents, while the file is kept here."""
    if typed.request.state != Request.State.CLOSED or typed.request.subject is None:
        return
    student, actor, role = (
        Student.objects.get(public_id=typed.request.subject),
        current_actor(),
        circumstances().role,
    )
    if student.pk not in files_kept([student], typed.request.school):
        return
    for proof in typed.evidence.select_related("blob__created_by"):
        kind = AS_DOCUMENTS.get(EvidenceKind(proof.kind), DocumentKind.OTHER)
        made = place(student, kind, proof.blob, actor=proof.blob.created_by, brought_by=Bringer.OFFICE)
        events.record(
            "document.added", actor=actor, obj=made, unit_id=typed.request.school_id, role=role,
            detail={"kind": made.kind, "item": made.item_no, "number": typed.request.number},
        )  # fmt: skip


@transaction.atomic
def note_printed(*, actor: User, typed: EditRequest) -> None:
    """Write down that somebody printed the form of a request."""
    request = typed.request
    events.record("edit.printed", actor=actor, obj=typed, subject=request.subject, unit_id=request.school_id)


@transaction.atomic
def note_viewed(*, actor: User, typed: EditRequest) -> None:
    """Write down that somebody who decides saw the values whole."""
    request = typed.request
    events.record("edit.viewed", actor=actor, obj=typed, subject=request.subject, unit_id=request.school_id)
