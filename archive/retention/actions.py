"""Writes of appraisals: rounds opened, members named, votes cast, rounds closed with their report; marked periods."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.scope import NotPermitted, role_for, units_with
from approvals.actions import new_number
from approvals.notices import tell
from approvals.refusals import OwnFile, RequestRefused, WrongState
from approvals.relation import related_among
from archive.models import (
    AppraisalRound,
    AppraisalVote,
    AppraisedFile,
    Appraiser,
    AppraiserRelief,
    RetentionTerm,
)
from archive.retention import reporting
from archive.retention.obstacles import in_the_way, years_after
from archive.retention.selectors import APPRAISE, MANAGE, appraisers_of, expired, period_of
from files.actions import store_made
from ledger import events
from ledger.context import acting, service_user
from ledger.history import update_rows, write_rows
from records.models import Student
from records.selectors import StudentFile
from school.models import Unit
from school.rules import rule

MOST_FILES = 200
"""In one round, so that it can be appraised at a sitting and destroyed in one transaction; the rest waits."""

FEWEST_APPRAISERS = 3
FEWEST_DEPARTMENTS = 2
"""Besides the archives."""

_FEWEST = gettext_lazy(
    "An appraisal needs at least three members, of at least two departments besides the archives."
)
OPENED = "retention.opened"
Outcome, Verdict = AppraisedFile.Outcome, AppraisalVote.Verdict


def _note(action: str, actor: User, role: str, row: AppraisalRound, **detail: Any) -> None:
    events.record(action, actor=actor, obj=row, unit_id=row.school_id, role=role, detail=detail)


def _locked(row: AppraisalRound) -> AppraisalRound:
    """The round as it stands, locked. Raises WrongState when it is over."""
    rows = AppraisalRound.objects.select_for_update(of=("self",)).select_related("school")
    found: AppraisalRound = rows.get(pk=row.pk)
    if found.closed_at is not None:
        raise WrongState(_("This appraisal is closed."))
    return found


# Opening


@transaction.atomic
def open_round(*, actor: User, school: Unit) -> AppraisalRound:
    """Open a round with the files whose retention has ended. Raises WrongState for none, NotPermitted."""
    return _open(actor, role_for(actor, MANAGE, school.pk), school)


def _open(actor: User, role: str, school: Unit) -> AppraisalRound:
    Unit.objects.select_for_update(no_key=True).get(pk=school.pk)
    if AppraisalRound.objects.filter(school=school, closed_at__isnull=True).exists():
        raise WrongState(_("Another appraisal of this school is open."))
    found: list[Any] = list(expired(school)[:MOST_FILES])
    if not found:
        raise WrongState(_("No file's retention has ended."))
    years = int(rule(school, "retention_years"))
    with acting(actor, role=role):
        made: AppraisalRound = AppraisalRound.objects.create(
            number=new_number("JD"), school=school, opened_by=actor
        )
        rows = [
            AppraisedFile(
                round=made,
                student=one.student,
                archive_no=one.student.archive_no,
                left_on=one.ended_on,
                expired_on=max(filter(None, (years_after(one.ended_on, years), one.until))),
            )
            for one in found
        ]
        write_rows(rows, actor=actor, role=role)
        _note("appraisal.opened", actor, role, made, files=len(rows))
    tell(
        OPENED, school=school, duties=(Unit.Duty.ARCHIVES,), about=made.number,
        url=reporting.round_url(made), count=len(rows),
    )  # fmt: skip
    return made


def open_due(today: date | None = None) -> int:
    """Open this year's round of each school that has files for it and had none this year; how many."""
    year = (today or timezone.localdate()).year
    had = AppraisalRound.objects.filter(opened_at__year=year)
    schools = Unit.objects.filter(kind__in=[Unit.Kind.SCHOOL, Unit.Kind.CENTRAL_SCHOOL])
    return sum(_opened(school) for school in schools.exclude(pk__in=had.values("school")).order_by("pk"))


def _opened(school: Unit) -> bool:
    by: Any = service_user()
    try:
        with transaction.atomic():
            _open(by, "service", school)
    except WrongState:
        return False
    return True


# Members and votes


@transaction.atomic
def name_appraiser(*, actor: User, row: AppraisalRound, user: User) -> Appraiser:
    """Name a member for his department, while the round is open. Raises WrongState, RequestRefused, NotPermitted."""
    role = role_for(actor, MANAGE, row.school_id)
    row = _locked(row)
    with acting(actor, role=role):
        made = _named(actor, row, user)
        _note("appraisal.member_named", actor, role, row)
    return made


def _named(actor: User, row: AppraisalRound, user: User) -> Appraiser:
    if row.school_id not in units_with(user, APPRAISE) or user.unit is None or not user.is_active:
        raise RequestRefused(_("%(name)s may not vote in appraisals.") % {"name": user.name})
    if Appraiser.objects.filter(round=row, user=user).exists():
        raise WrongState(_("%(name)s is a member already.") % {"name": user.name})
    made: Appraiser = Appraiser.objects.create(round=row, user=user, department=user.unit, named_by=actor)
    return made


@transaction.atomic
def relieve_appraiser(
    *, actor: User, row: AppraisalRound, member: int, user: User, reason: str
) -> AppraiserRelief:
    """Name somebody instead of a member who can no longer vote, by his key (更换鉴定人).

    The votes that he gave stay and count; the other one votes on every file himself. Who was relieved comes back no
    more. Raises WrongState, RequestRefused, NotPermitted.
    """
    role = role_for(actor, MANAGE, row.school_id)
    row = _locked(row)
    voting = list(_voting(row))
    relieved = next((one for one in voting if one.pk == member), None)
    if relieved is None:
        raise WrongState(_("Choose a member who votes in this appraisal."))
    if not reason.strip():
        raise RequestRefused(_("A member is replaced with a reason."))
    with acting(actor, role=role):
        successor = _named(actor, row, user)
        if _are_enough(voting) and not _are_enough([*(one for one in voting if one != relieved), successor]):
            raise WrongState(str(_FEWEST))
        made: AppraiserRelief = AppraiserRelief.objects.create(
            relieved=relieved, successor=successor, reason=reason.strip()[:200], by=actor
        )
        _note("appraisal.member_relieved", actor, role, row)
    return made


def _voting(row: AppraisalRound) -> QuerySet[Appraiser]:
    rows: QuerySet[Appraiser] = row.appraisers.filter(relief__isnull=True)
    return rows.select_related("user", "department").order_by("pk")


@transaction.atomic
def vote(
    *, actor: User, row: AppraisalRound, files: Collection[int], verdict: str, reason: str
) -> list[AppraisalVote]:
    """Vote alike on these files of a round. Raises NotPermitted, WrongState, OwnFile, RequestRefused.

    One vote on each file, with its reason; it stays as it is.
    """
    role = role_for(actor, APPRAISE, row.school_id)
    row = _locked(row)
    member = _voting(row).filter(user=actor).first()
    if member is None:
        raise NotPermitted(APPRAISE, unit_id=row.school_id, obj=row)
    if verdict not in Verdict.values or not reason.strip():
        raise RequestRefused(_("A vote needs a verdict and a reason."))
    chosen = list(row.files.filter(pk__in=files, outcome="").select_related("student").order_by("pk"))
    if not chosen or len(chosen) < len(set(files)):
        raise WrongState(_("Choose files of this appraisal."))
    if related_among(actor, [one.student.public_id for one in chosen]):
        raise OwnFile(_("Nobody votes on his own file or on that of his family"))
    cast = [
        AppraisalVote(file=one, appraiser=member, verdict=verdict, reason=reason.strip()[:200])
        for one in chosen
    ]
    try:
        with transaction.atomic():
            made = write_rows(cast, actor=actor, role=role)
    except IntegrityError as error:
        raise WrongState(_("You voted on some of these files already.")) from error
    _note("appraisal.voted", actor, role, row, files=len(made), verdict=verdict)
    return made


# The end of a round


@transaction.atomic
def close_round(*, actor: User, row: AppraisalRound, kept_years: int | None) -> AppraisalRound:
    """Close a round by its votes and make the report. Files kept on get a new period from today.

    ``kept_years``: how long; None for ever. A file is destroyed only if every member voted to. Raises WrongState,
    NotPermitted, PdfFailed.
    """
    role = role_for(actor, MANAGE, row.school_id)
    row = _locked(row)
    members = list(_voting(row))
    if not _are_enough(members):
        raise WrongState(str(_FEWEST))
    list(Student.objects.select_for_update().filter(pk__in=row.files.values("student")).order_by("pk"))
    files = list(row.files.select_related("student").prefetch_related("votes").order_by("pk"))
    voting = {one.pk for one in members}
    if missing := sum(len(voting - {vote.appraiser_id for vote in one.votes.all()}) for one in files):
        raise WrongState(_("%(count)s votes are missing.") % {"count": missing})
    blocked = in_the_way([one.student_id for one in files], row.school)
    for one in files:
        one.outcome = _outcome(one, blocked)
    update_rows(files, ["outcome"], actor=actor, role=role)
    today = timezone.localdate()
    until = None if kept_years is None else years_after(today, kept_years)
    kept = [one for one in files if one.outcome == Outcome.KEEP]
    terms = [
        RetentionTerm(
            student=one.student, school=row.school, until=until, reason=row.number, round=row, set_by=actor
        )
        for one in kept
    ]
    write_rows(terms, actor=actor, role=role)
    row.closed_by, row.closed_at = actor, timezone.now()
    content = reporting.report_pdf(row, appraisers_of(row), files, until)
    with acting(actor, role=role):
        row.report = store_made(
            actor=actor, content=content, filename=f"{row.number}.pdf", kind="pdf", pages=None
        )
        row.report_sha256 = row.report.sha256
        row.save(update_fields=["closed_by", "closed_at", "report", "report_sha256"])
        doomed = sum(one.outcome == Outcome.DESTROY for one in files)
        _note("appraisal.closed", actor, role, row, kept=len(kept), destroy=doomed)
    return row


def _are_enough(members: Collection[Appraiser]) -> bool:
    departments = {one.department_id for one in members if one.department.duty != Unit.Duty.ARCHIVES}
    return len(members) >= FEWEST_APPRAISERS and len(departments) >= FEWEST_DEPARTMENTS


def _outcome(one: AppraisedFile, blocked: dict[int, list[str]]) -> str:
    if one.student_id in blocked:
        return Outcome.SPARED
    agreed = all(each.verdict == Verdict.DESTROY for each in one.votes.all())
    return Outcome.DESTROY if agreed else Outcome.KEEP


@transaction.atomic
def drop_round(*, actor: User, row: AppraisalRound, reason: str) -> AppraisalRound:
    """Give an open round up with a reason; its files can be listed again. Raises WrongState, NotPermitted."""
    role = role_for(actor, MANAGE, row.school_id)
    row = _locked(row)
    if not reason.strip():
        raise WrongState(_("An appraisal is given up with a reason."))
    release(row, actor=actor, role=role)
    row.closed_by, row.closed_at, row.dropped_reason = actor, timezone.now(), reason.strip()[:200]
    with acting(actor, role=role):
        row.save(update_fields=["closed_by", "closed_at", "dropped_reason"])
        _note("appraisal.dropped", actor, role, row)
    return row


def release(row: AppraisalRound, *, actor: User, role: str) -> None:
    """Let the files of a round go that were not destroyed, inside the caller's transaction."""
    files = list(row.files.filter(outcome__in=["", Outcome.DESTROY]).select_related("student").order_by("pk"))
    for one in files:
        one.outcome = Outcome.RELEASED
    if files:
        update_rows(files, ["outcome"], actor=actor, role=role)


@transaction.atomic
def note_viewed(*, actor: User, row: AppraisalRound) -> None:
    """Write down that somebody saw the files of a round."""
    events.record("appraisal.viewed", actor=actor, obj=row, unit_id=row.school_id)


@transaction.atomic
def note_report_read(*, actor: User, row: AppraisalRound) -> None:
    """Write down that somebody took the report."""
    events.record("appraisal.report_read", actor=actor, obj=row, unit_id=row.school_id)


# A single file


@transaction.atomic
def mark(*, actor: User, file: StudentFile, until: date | None, reason: str) -> RetentionTerm:
    """Mark a file with a longer period; without ``until`` for ever. Raises RequestRefused, WrongState, NotPermitted."""
    role = role_for(actor, MANAGE, file.enrolment.unit_id)
    student = Student.objects.select_for_update().get(pk=file.student.pk)
    period = period_of(student)
    if period.marked and period.marked.until is None:
        raise WrongState(_("This file is marked to be kept for ever already."))
    if until is not None and (until <= timezone.localdate() or (period.until and until <= period.until)):
        raise RequestRefused(_("A new period ends later than the old one, and not before today."))
    if not reason.strip():
        raise RequestRefused(_("A new period needs a reason."))
    with acting(actor, role=role):
        made: RetentionTerm = RetentionTerm.objects.create(
            student=student,
            school=file.enrolment.school,
            until=until,
            reason=reason.strip()[:200],
            set_by=actor,
        )
        events.record(
            "retention.marked", actor=actor, obj=made, subject=student.public_id,
            unit_id=file.enrolment.unit_id, role=role, detail={"permanent": until is None},
        )  # fmt: skip
    return made
