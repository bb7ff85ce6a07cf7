"""Reads of entries and penalties: what a file shows, what a list shows, one of them, a class to enter something for."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from accounts.scope import NotPermitted, OutOfScope, holds, units_with, visible_or_404
from records.merits.codes import PENALTY_CODES, with_labels
from records.merits.kinds import PROBLEM, EntryKind
from records.models import Enrolment, Student, own_class_ids
from records.penalty_models import Penalty, PenaltyStep
from records.selectors import HEAVY, StudentFile, files_in_use, student_file
from school.models import SchoolClass

State = Penalty.State
SHOWN_IN_FILE = (State.IN_FORCE, State.LIFTED)
OPEN_STATES = (State.PREPARING, State.NOTICED, State.HEARD, State.RETURNED, State.DECIDED)
CASE_WORKERS = ("record_merit", "decide_penalty")
PENALTY_READERS = (*CASE_WORKERS, "reveal_personal")
"""Who sees penalties in a file: student affairs, and whoever works with files closely enough to see whole numbers."""

CONDUCT_READERS = ("record_conduct", "reveal_personal")
EMPLOYMENT_READERS = ("record_employment", "reveal_personal")
PEOPLE = ("student", "enrolment__school_class", "entered_by", "voided_by")
STUDENT_HEAVY = tuple(f"student__{name}" for name in HEAVY)


def acting_perms(kind: EntryKind) -> tuple[str, ...]:
    """The permissions of those who act on entries of a kind: who enters them, for problems also who answers."""
    return (kind.perm, "record_merit") if kind is PROBLEM else (kind.perm,)


# A student's file


def of_student(kind: EntryKind, student: Student) -> QuerySet[Any]:
    """The entries of a kind that stand in a file, the newest first, with labels of their codes."""
    rows = kind.model._default_manager.standing().filter(student=student)
    rows = rows.select_related("enrolment__school_class", "unit", "entered_by", "evidence")
    ordered: QuerySet[Any] = with_labels(rows, kind.codes).order_by(*_newest(kind))
    return ordered


def _newest(kind: EntryKind) -> tuple[str, ...]:
    dates = {
        "reward": "-granted_on",
        "conduct": "-happened_on",
        "problem": "-noticed_on",
        "internship": "-starts_on",
    }
    return (dates.get(kind.key, "-entered_at"), "-pk")


def held_penalties(student: Student) -> QuerySet[Penalty]:
    """The penalties of a student that hold or held, the newest first."""
    return _labelled(Penalty.objects.filter(student=student, state__in=SHOWN_IN_FILE)).order_by(
        "-decided_on", "-pk"
    )


def penalties_of(user: User, file: StudentFile) -> QuerySet[Penalty]:
    """The penalties of a file that its reader may see: those that held, and for case workers the open ones."""
    rows = Penalty.objects.filter(student=file.student)
    if not file.allows(*PENALTY_READERS):
        return _labelled(rows.none())
    shown = Q(state__in=SHOWN_IN_FILE)
    if file.allows(*CASE_WORKERS):
        units = {unit for perm in CASE_WORKERS for unit in units_with(user, perm)}
        shown |= Q(state__in=OPEN_STATES, unit_id__in=list(units))
    return _labelled(rows.filter(shown)).order_by(F("decided_on").desc(nulls_first=True), "-pk")


def _labelled(rows: QuerySet[Penalty]) -> QuerySet[Penalty]:
    return with_labels(rows, PENALTY_CODES)


# Lists


def _held(user: User, perms: Sequence[str]) -> list[int]:
    return sorted({unit for perm in perms for unit in units_with(user, perm)})


def entries(user: User, kind: EntryKind) -> QuerySet[Any]:
    """Entries of a kind on which ``user`` acts: in his units, of his own classes where he sees no more.

    Once a student has left, what was entered for him goes with the file.
    """
    rows = kind.model._default_manager.visible_to(user).filter(unit_id__in=_held(user, acting_perms(kind)))
    rows = rows.filter(student_id__in=files_in_use(user).values("student_id"))
    rows = rows.select_related(*PEOPLE).defer(*STUDENT_HEAVY)
    listed: QuerySet[Any] = with_labels(rows, kind.codes)
    return listed


def penalties(user: User) -> QuerySet[Penalty]:
    """The cases in the units of ``user``."""
    rows = Penalty.objects.visible_to(user).filter(unit_id__in=_held(user, CASE_WORKERS))
    rows = rows.select_related("student", "enrolment__school_class", "prepared_by", "decided_by")
    return _labelled(rows.defer(*STUDENT_HEAVY))


# One of them


def entry_for(user: User, kind: EntryKind, public_id: UUID, *perms: str) -> tuple[StudentFile, Any]:
    """An entry with the file it is in, where ``user`` holds one of ``perms`` in that file.

    Raises OutOfScope, Http404, NotPermitted.
    """
    rows = with_labels(kind.model._default_manager.all(), kind.codes)
    row = (
        rows.select_related(*PEOPLE, "enrolment__school", "unit", "evidence")
        .filter(public_id=public_id)
        .first()
    )
    if row is None:
        raise Http404
    file = student_file(user, row.student.public_id)
    if not file.allows(*perms):
        raise NotPermitted(*perms, obj=row, unit_id=file.enrolment.unit_id)
    return file, row


def penalty_for(user: User, public_id: UUID) -> tuple[StudentFile, Penalty]:
    """A case with the file it is in: one of the reader's own units, or one that holds in a file that is his to read.

    Raises OutOfScope, Http404, NotPermitted.
    """
    row: Penalty | None = _labelled(Penalty.objects.select_related(
        "student", "unit", "enrolment__school_class", "enrolment__school", "prepared_by", "heard_by", "decided_by",
        "lifting_asked_by", "appeal_answered_by",
    )).filter(public_id=public_id).first()  # fmt: skip
    if row is None:
        raise Http404
    file = student_file(user, row.student.public_id)
    made_here = any(one.pk == row.enrolment_id for one in file.enrolments)
    runs_it = made_here and row.unit_id in _held(user, CASE_WORKERS)
    if runs_it or (row.state in SHOWN_IN_FILE and file.allows(*CASE_WORKERS)):
        return file, row
    if made_here or not file.has_left:
        raise NotPermitted("penalty", obj=row)
    raise OutOfScope("penalty", obj=row)


def steps_of(penalty: Penalty) -> list[PenaltyStep]:
    """The steps of a case, the newest first."""
    return list(penalty.steps.select_related("actor", "evidence").order_by("-pk"))


def step_evidence(penalty: Penalty, public_id: UUID) -> PenaltyStep | None:
    """A step of this case with its scan."""
    found: PenaltyStep | None = penalty.steps.select_related("evidence").filter(public_id=public_id).first()
    return found


# For whom something is entered


def enrolment_for(user: User, public_id: UUID, perm: str) -> Enrolment:
    """The enrolment under which something is entered for a student: where his file is kept.

    Raises OutOfScope, Http404, NotPermitted.
    """
    file = student_file(user, public_id)
    row: Enrolment | None = files_in_use(user).select_related("school_class", "unit", "school").filter(
        student=file.student, unit_id__in=list(units_with(user, perm))
    ).first()  # fmt: skip
    if row is None:
        raise NotPermitted(perm, obj=file.student, unit_id=file.enrolment.unit_id)
    row.student = file.student
    return row


def classes_for(user: User, perm: str) -> QuerySet[SchoolClass]:
    """Classes for which ``user`` may enter something: of his units where he sees files, else his own."""
    units = set(units_with(user, perm))
    scope = Q(unit_id__in=sorted(units & set(units_with(user, "view_student"))))
    if holds(user, "view_own_class"):
        scope |= Q(pk__in=own_class_ids(user), unit_id__in=sorted(units))
    rows: QuerySet[SchoolClass] = SchoolClass.objects.filter(scope, is_active=True)
    return rows.select_related("school").order_by("school", "class_no")


def class_for(user: User, public_id: UUID, perm: str) -> SchoolClass:
    """One of them. Raises OutOfScope, Http404."""
    row: SchoolClass = visible_or_404(SchoolClass.objects.all(), classes_for(user, perm), public_id=public_id)
    return row


def pupils(user: User, school_class: SchoolClass) -> list[Enrolment]:
    """The class's open enrolments in seat order."""
    rows = Enrolment.objects.visible_to(user).filter(school_class=school_class, ended_on__isnull=True)
    rows = rows.select_related("student", "unit", "school").defer(*STUDENT_HEAVY)
    return list(rows.order_by(F("seat_no").asc(nulls_last=True), "student__name_sort", "pk"))


# What waits


def open_cases(user: User, perm: str) -> QuerySet[Penalty]:
    """Penalties in the units where ``user`` holds ``perm``."""
    rows: QuerySet[Penalty] = Penalty.objects.visible_to(user).filter(
        unit_id__in=list(units_with(user, perm))
    )
    return rows


def ending(days: int) -> Q:
    """Penalties whose term ends within ``days`` days and for which nobody has asked to lift it."""
    last = timezone.localdate() + timedelta(days=days)
    return Q(state=State.IN_FORCE, ends_on__lte=last, lifting_asked_on__isnull=True)
