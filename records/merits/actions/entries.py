"""Entering rewards, conduct, problems, practice and employment; making a wrong entry void; answering a problem."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import OutOfScope, demand, role_for
from approvals.deadlines import due_after
from files.actions import Scan, copied, keep_scan
from files.models import Blob
from ledger import events
from ledger.context import acting
from ledger.history import write_rows
from records.entry_models import FileEntry, Internship, LearningProblem, Reward
from records.merits.codes import demand_codes
from records.merits.kinds import CONDUCT, EMPLOYMENT, INTERNSHIP, PROBLEM, REWARD, EntryKind, kind_of
from records.merits.refusals import (
    AlreadyEntered,
    Barred,
    EntryRefused,
    NotAllowedHere,
    SamePerson,
    WrongState,
)
from records.merits.standing import Hindered, bars_of
from records.models import Enrolment, Student
from records.selectors import files_in_use
from school.rules import rule

E = TypeVar("E", bound=FileEntry)
ANSWERS = "record_merit"
"""Who answers learning problems: student affairs."""

MOST_AT_ONCE = 100
_MUST_NOT_LIE_AHEAD = ("granted_on", "happened_on", "noticed_on", "signed_on")


def _copies(actor: User, scan: Scan | None, count: int) -> list[Blob | None]:
    """The evidence for each of so many entries: a copy each, so that one student's file can be destroyed alone.

    It is checked once; the copies are of the content as it was kept.
    """
    first = keep_scan(actor, scan)
    if first is None:
        return [None] * count
    return [first, *(copied(actor, first) for _copy in range(1, count))]


@transaction.atomic
def enter_rewards(
    *,
    actor: User,
    enrolments: Sequence[Enrolment],
    values: Mapping[str, Any],
    scan: Scan | None = None,
    exception: str = "",
    form_key: UUID | None = None,
) -> list[Reward]:
    """One reward for one or more students; all or nobody.

    Raises Barred when a penalty bars an award on that day, unless whoever decides on penalties gives an ``exception``;
    AlreadyEntered, NotAllowedHere, UnknownCode, FileRefused, NotPermitted, OutOfScope.
    """
    rows = _admitted(actor, REWARD, enrolments, values, form_key)
    found = bars_of([one.student_id for one in rows], values["granted_on"], act=Hindered.AWARD)
    if found:
        if not exception:
            raise Barred([one.student for one in rows], found)
        for one in rows:
            demand(actor, "decide_penalty", one.unit_id)
    same = {name: values[name] for name in ("name", "granting_unit", "granted_on")}
    having = Reward.objects.standing().filter(student__in=[one.student_id for one in rows], **same)
    _demand_new(list(having.values_list("student__name", flat=True)))
    reasons = {one.student_id: exception for one in rows if one.student_id in found}
    return _write(
        actor,
        REWARD,
        rows,
        values,
        scan,
        form_key,
        {"exception": lambda one: reasons.get(one.student_id, "")},
    )


@transaction.atomic
def record_conduct(
    *,
    actor: User,
    enrolments: Sequence[Enrolment],
    values: Mapping[str, Any],
    scan: Scan | None = None,
    form_key: UUID | None = None,
) -> list[FileEntry]:
    """One observation of one day for one or more students. Raises as `enter_rewards`, but for Barred."""
    rows = _admitted(actor, CONDUCT, enrolments, values, form_key)
    return _write(actor, CONDUCT, rows, values, scan, form_key)


@transaction.atomic
def report_problem(
    *,
    actor: User,
    enrolments: Sequence[Enrolment],
    values: Mapping[str, Any],
    scan: Scan | None = None,
    form_key: UUID | None = None,
) -> list[FileEntry]:
    """Feed a learning problem back to student affairs, who answer by the rule's working days."""
    rows = _admitted(actor, PROBLEM, enrolments, values, form_key)
    due = {one.unit_id: _answer_due(one) for one in rows}
    return _write(actor, PROBLEM, rows, values, scan, form_key, {"due_on": lambda one: due[one.unit_id]})


@transaction.atomic
def enter_internships(
    *,
    actor: User,
    enrolments: Sequence[Enrolment],
    values: Mapping[str, Any],
    scan: Scan | None = None,
    form_key: UUID | None = None,
) -> list[FileEntry]:
    """One practice for one or more students. Raises as `record_conduct`."""
    rows = _admitted(actor, INTERNSHIP, enrolments, values, form_key)
    return _write(actor, INTERNSHIP, rows, values, scan, form_key)


@transaction.atomic
def enter_employment(
    *,
    actor: User,
    enrolments: Sequence[Enrolment],
    values: Mapping[str, Any],
    scan: Scan | None = None,
    form_key: UUID | None = None,
) -> list[FileEntry]:
    """Where a graduate goes. Raises as `record_conduct`."""
    rows = _admitted(actor, EMPLOYMENT, enrolments, values, form_key)
    return _write(actor, EMPLOYMENT, rows, values, scan, form_key)


# What all kinds share


def _admitted(
    actor: User,
    kind: EntryKind,
    enrolments: Sequence[Enrolment],
    values: Mapping[str, Any],
    form_key: UUID | None,
) -> list[Enrolment]:
    """The enrolments with their students locked, once all that forbids an entry has been asked."""
    if not 1 <= len(enrolments) <= MOST_AT_ONCE:
        raise EntryRefused(_("Choose from 1 to %(count)s students.") % {"count": MOST_AT_ONCE})
    students = lock_students([one.student_id for one in enrolments])
    asked = Enrolment.objects.visible_to(actor).filter(pk__in=[one.pk for one in enrolments])
    rows = list(asked.select_related("unit", "school").order_by("student_id"))
    if {one.pk for one in rows} != {one.pk for one in enrolments}:
        raise OutOfScope(kind.key, obj=next(one for one in enrolments if one not in rows))
    in_use = set(files_in_use(actor).filter(pk__in=[one.pk for one in rows]).values_list("pk", flat=True))
    for one in rows:
        demand(actor, kind.perm, one.unit_id)
        _demand_fitting(kind, one, in_use=one.pk in in_use)
    demand_codes(values, kind.codes)
    for name in _MUST_NOT_LIE_AHEAD:
        if values.get(name) and values[name] > timezone.localdate():
            raise NotAllowedHere(_("The date lies ahead: what has not happened is not entered."))
    for one in rows:
        one.student = students[one.student_id]
    if form_key is not None:
        sent = kind.model._default_manager.filter(student__in=students, form_key=form_key)
        _demand_new(list(sent.values_list("student__name", flat=True)))
    return rows


def _demand_fitting(kind: EntryKind, enrolment: Enrolment, *, in_use: bool) -> None:
    if not in_use or (kind.open_only and enrolment.ended_on is not None):
        raise NotAllowedHere(_("The student is no longer at this school."))
    if not kind.kept_at(enrolment.school.stage):
        raise NotAllowedHere(_("Schools of compulsory education keep no such entries."))


def lock_students(ids: Sequence[int]) -> dict[int, Student]:
    """The students by id, locked in the order of their ids: entries and penalties of one student come one by one."""
    rows = (
        Student.objects.select_for_update().filter(pk__in=ids).only("pk", "public_id", "name", "birth_date")
    )
    return {one.pk: one for one in rows.order_by("pk")}


def _demand_new(names: Sequence[str]) -> None:
    if names:
        text = _("This is in the file already: %(who)s. Nothing was entered.")
        raise AlreadyEntered(text % {"who": " / ".join(names)})


def _write(
    actor: User,
    kind: EntryKind,
    rows: Sequence[Enrolment],
    values: Mapping[str, Any],
    scan: Scan | None,
    form_key: UUID | None,
    own: Mapping[str, Any] | None = None,
) -> list[Any]:
    role = role_for(actor, kind.perm, rows[0].unit_id)
    key = form_key or uuid4()
    made = [
        kind.model(
            student=one.student, enrolment=one, unit_id=one.unit_id, form_key=key, entered_by=actor,
            evidence=blob, **values, **{name: give(one) for name, give in (own or {}).items()},
        )
        for one, blob in zip(rows, _copies(actor, scan, len(rows)), strict=True)
    ]  # fmt: skip
    write_rows(made, actor=actor, role=role)
    events.record_many(f"{kind.key}.entered", made, actor=actor, role=role)
    return made


def locked(actor: User, entry: E, perm: str) -> tuple[E, Enrolment, str]:
    """The entry as it stands, locked; where the file is kept now; the role in which ``actor`` may act on it there.

    Raises OutOfScope, NotPermitted, and WrongState when it was made void.
    """
    lock_students([entry.student_id])
    here = files_in_use(actor).select_related("unit").filter(student_id=entry.student_id).first()
    if here is None:
        raise OutOfScope(kind_of(entry).key, obj=entry)
    role = role_for(actor, perm, here.unit_id)
    rows = type(entry)._default_manager.select_for_update(of=("self",)).select_related("student")
    row: E = rows.get(pk=entry.pk)
    if row.voided_at is not None:
        who = {"name": row.voided_by.name if row.voided_by else ""}
        raise WrongState(_("%(name)s has made this entry void.") % who)
    return row, here, role


@transaction.atomic
def make_void(*, actor: User, entry: FileEntry, reason: str) -> FileEntry:
    """Make a wrong entry void; it stays in the file, marked. Only another person than the one who entered it does so.

    Raises SamePerson, WrongState, EntryRefused without a reason, NotPermitted, OutOfScope.
    """
    kind = kind_of(entry)
    row, here, role = locked(actor, entry, kind.perm)
    if row.entered_by_id == actor.pk:
        raise SamePerson(_("Who entered it does not make it void: another person of the department does."))
    if not reason.strip():
        raise EntryRefused(_("Say why the entry is wrong."))
    row.voided_by, row.voided_at, row.void_reason = actor, timezone.now(), reason.strip()
    with acting(actor, role=role):
        row.save(update_fields=["voided_by", "voided_at", "void_reason"])
        events.record(f"{kind.key}.voided", actor=actor, obj=row, unit_id=here.unit_id)
    return row


# Practice that is over


@transaction.atomic
def finish_internship(
    *, actor: User, internship: Internship, ended_on: date, result: str, assessment: str = ""
) -> Internship:
    """Add the last day and the result, once. Raises WrongState, NotAllowedHere, NotPermitted, OutOfScope."""
    row, here, role = locked(actor, internship, INTERNSHIP.perm)
    if row.ended_on is not None:
        raise WrongState(_("The result was entered already."))
    if result not in Internship.Result.values:
        raise ValueError(f"no result of an internship is called {result!r}")
    if not row.starts_on <= ended_on <= timezone.localdate():
        raise NotAllowedHere(_("The last day lies between the first day and today."))
    row.ended_on, row.result, row.assessment, row.finished_by = ended_on, result, assessment, actor
    with acting(actor, role=role):
        row.save(update_fields=["ended_on", "result", "assessment", "finished_by"])
        events.record(
            "internship.finished", actor=actor, obj=row, unit_id=here.unit_id, detail={"result": result}
        )
    return row


# Learning problems


def _answer_due(enrolment: Enrolment) -> date:
    return due_after(enrolment.unit, int(rule(enrolment.unit, "problem_answer_days"))).date


@transaction.atomic
def answer_problem(*, actor: User, problem: LearningProblem, answer: str) -> LearningProblem:
    """Student affairs say what is done about it. Raises SamePerson, WrongState, EntryRefused, NotPermitted."""
    row, here, role = locked(actor, problem, ANSWERS)
    if row.state != LearningProblem.State.OPEN:
        name = row.answered_by.name if row.answered_by else ""
        raise WrongState(_("%(name)s has answered this already.") % {"name": name})
    if row.entered_by_id == actor.pk:
        raise SamePerson(_("Who reported a problem does not answer it."))
    if not answer.strip():
        raise EntryRefused(_("Write the answer."))
    row.state, row.answer, row.due_on = LearningProblem.State.ANSWERED, answer.strip(), None
    row.answered_by, row.answered_at = actor, timezone.now()
    with acting(actor, role=role):
        row.save(update_fields=["state", "answer", "due_on", "answered_by", "answered_at"])
        events.record("problem.answered", actor=actor, obj=row, unit_id=here.unit_id)
    return row


@transaction.atomic
def close_problem(*, actor: User, problem: LearningProblem) -> LearningProblem:
    """Who reported an answered problem settles it. Raises SamePerson for anybody else, WrongState."""
    row, here, role = _own_answered(actor, problem)
    row.state, row.closed_at = LearningProblem.State.CLOSED, timezone.now()
    with acting(actor, role=role):
        row.save(update_fields=["state", "closed_at"])
        events.record("problem.closed", actor=actor, obj=row, unit_id=here.unit_id)
    return row


@transaction.atomic
def ask_again(*, actor: User, problem: LearningProblem, text: str) -> LearningProblem:
    """The answer did not help: the problem is open again, with more words. Earlier answers stay in the history."""
    row, here, role = _own_answered(actor, problem)
    if not text.strip():
        raise EntryRefused(_("Say what still is to be done."))
    row.text = f"{row.text}\n{timezone.localdate():%Y-%m-%d}: {text.strip()}"
    row.state, row.due_on = LearningProblem.State.OPEN, _answer_due(here)
    with acting(actor, role=role):
        row.save(update_fields=["text", "state", "due_on"])
        events.record("problem.asked_again", actor=actor, obj=row, unit_id=here.unit_id)
    return row


def _own_answered(actor: User, problem: LearningProblem) -> tuple[LearningProblem, Enrolment, str]:
    row, here, role = locked(actor, problem, PROBLEM.perm)
    if row.entered_by_id != actor.pk:
        raise SamePerson(_("Only who reported the problem says whether the answer settles it."))
    if row.state != LearningProblem.State.ANSWERED:
        raise WrongState(_("There is no answer to settle."))
    return row, here, role
