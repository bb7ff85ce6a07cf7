"""Writes of exports: asked for with a second person, made by a job, lapsed after a day.

An export is no reading of every file in it: it does not count for `records.reading`, whose alerts watch what one person
opens alone. It leaves ``student.exported`` in the trace of each student instead, and needs two or three persons.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import NotPermitted, role_for
from approvals import actions as requests
from approvals.kinds import Doing, kind
from approvals.models import Request
from approvals.refusals import RequestRefused, SamePerson, WrongState
from archive.assessments.actions import demand_valid
from archive.models import ImpactAssessment
from audit.exports import content, selectors
from audit.exports.columns import chosen, is_secret
from audit.exports.fetching import bars
from audit.models import ExportRequest
from core.lookups import AnyOf
from files.actions import discard, store_made
from files.models import Blob
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import JobRefused, Running
from ledger import events
from ledger.context import acting
from records.models import Enrolment, Student
from school.models import Unit
from school.rules import rule

KIND, SECOND, APPROVAL = "export", "second", "approval"
JOB = "audit.export"
MOST = 20_000
LASTS = timedelta(hours=24)


@transaction.atomic
def ask(
    *,
    actor: User,
    school: Unit,
    people: Sequence[int],
    columns: Collection[str],
    named: User,
    stands_by: bool = False,
    whole: bool = False,
    assessment: ImpactAssessment | None = None,
    instead_of: ExportRequest | None = None,
    is_cut: bool = False,
    **values: Any,
) -> ExportRequest:
    """Ask for an export of these students (ids), in their order, confirmed by ``named``.

    ``stands_by``: the second person was identified at this very moment and confirms at once; otherwise it waits in the
    own inbox. ``assessment``: the impact assessment on which it rests, needed for whole numbers. ``is_cut``: they are
    not all whom the list held. ``values``: purpose, use and format. Two at once of one person wait for each other, so
    that the second counts the students of the first. Raises NotPermitted and RequestRefused.
    """
    role_for(actor, selectors.PERM, school.pk)
    if whole:
        role_for(actor, selectors.REVEAL, school.pk)
    if is_cut:
        raise WrongState(_("The list is cut. Narrow it down by class or grade level, then export again."))
    _demand_second(actor, school, named)
    shown = chosen(school, columns)
    hides = any(is_secret(column) for column in shown)
    found = set(_ids(selectors.among(selectors.within(actor, school, whole=whole and hides), people)))
    asked = [one for one in dict.fromkeys(people) if one in found]
    if not asked or not shown:
        raise WrongState(_("Choose at least one column, and students whom you may export."))
    if len(asked) > MOST:
        raise WrongState(_("At most %(most)s students go into one export.") % {"most": f"{MOST:,}"})
    if assessment is not None or (whole and hides):
        demand_valid(assessment, school)
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    together = selectors.together(actor, school, asked, instead_of)
    typed: Any = requests.open_request(
        actor=actor, kind=kind(KIND), school=school, instead_of=instead_of, named=named, people=asked,
        assessment=assessment,
        asked=len(asked), together=together, columns=[column.field for column in shown], whole=whole and hides,
        needs_approval=(whole and hides) or together > int(rule(school, "export_limit")), **values,
    )  # fmt: skip
    requests.submit(actor=actor, request=typed.request)
    if stands_by:
        words = _("At the screen of the one who exports")
        requests.take_step(actor=named, request=typed.request, step=SECOND, comment=words)
        events.record("export.stood_by", actor=named, obj=typed)
    typed.refresh_from_db()
    made: ExportRequest = typed
    return made


def _ids(rows: Any) -> list[int]:
    return list(rows.values_list("student_id", flat=True))


def _demand_second(actor: User, school: Unit, named: User) -> None:
    if named.pk == actor.pk:
        raise SamePerson(_("The second person is somebody else than you."))
    if not selectors.seconds_for(actor, school).filter(pk=named.pk).exists():
        words = _(
            "%(name)s cannot be the second person: it takes a colleague of this school who may see its files."
        )
        raise RequestRefused(words % {"name": named.name})


def still_fit(doing: Doing) -> None:
    """Nobody confirms or approves what may not be exported any more. Raises WrongState."""
    typed: ExportRequest = doing.typed
    try:
        _rights(typed.requester, typed)
    except NotPermitted:
        raise WrongState(_("%(name)s may not export any more.") % {"name": typed.requester.name}) from None
    if typed.assessment is not None:
        demand_valid(typed.assessment, doing.request.school)


def _rights(user: User, typed: ExportRequest) -> str:
    """The role under which ``user`` exports. Raises NotPermitted."""
    school_id = typed.request.school_id
    if typed.whole:
        role_for(user, selectors.REVEAL, school_id)
    return role_for(user, selectors.PERM, school_id)


def start(request: Request, typed: ExportRequest) -> None:
    """Let the file be made once everybody has agreed; nothing for a request that ended otherwise."""
    if request.state == Request.State.CLOSED:
        typed.job = jobs.start(actor=typed.requester, kind=JOB, unit=request.school)
        typed.save(update_fields=["job"])


def work(running: Running) -> None:
    """The job; nothing when a worker that died later made the file already. Raises JobRefused."""
    if running.result:
        return
    typed = ExportRequest.objects.select_related("request__school", "requester").get(job=running.job)
    try:
        role = _rights(running.actor, typed)
    except NotPermitted:
        raise JobRefused(_("You may not export any more.")) from None
    _make(running, typed.pk, typed.people, role)


@transaction.atomic
def _make(running: Running, key: int, people: Sequence[int], role: str) -> None:
    """Students are chosen anew and kept from being destroyed meanwhile; file, register and events stand together."""
    list(
        Student.objects.select_for_update(no_key=True)
        .filter(AnyOf(F("pk"), people))
        .order_by("pk")
        .values_list("pk")
    )
    typed = ExportRequest.objects.select_for_update(of=("self",)).get(pk=key)
    school = typed.request.school
    columns = chosen(school, typed.columns)
    place = {one: at for at, one in enumerate(people)}
    here = selectors.among(selectors.within(running.actor, school, whole=typed.whole), people)
    rows = sorted(content.readable(here, columns), key=lambda row: place[row.student_id])
    if not rows:
        raise JobRefused(_("None of these students is yours to export any more."))
    running.progress(0, len(rows))
    made = content.made(typed, columns, rows)
    running.progress(len(rows), len(rows))
    with acting(running.actor, role=role, request_no=typed.request.number):
        _keep(running, typed, made, rows)
        _note(running.actor, role, typed, rows)


def _keep(running: Running, typed: ExportRequest, made: content.Made, rows: Sequence[Enrolment]) -> None:
    typed.file = store_made(
        actor=running.actor, content=made.content, kind=typed.file_format,
        filename=f"{typed.request.number}.{typed.file_format}",
    )  # fmt: skip
    typed.people = [row.student_id for row in rows]
    typed.rows, typed.sha256, typed.content_digest = len(rows), made.sha256, made.content_digest
    typed.made_at = timezone.now()
    typed.lapses_at = typed.made_at + LASTS
    typed.save(
        update_fields=["file", "people", "rows", "sha256", "content_digest", "made_at", "lapses_at"]
    )  # fmt: skip
    running.keep(typed.file)


def _note(actor: User, role: str, typed: ExportRequest, rows: Sequence[Enrolment]) -> None:
    purpose = str(typed.purpose)
    told = {"number": typed.request.number, "whole": typed.whole}
    events.record_many("student.exported", rows, actor=actor, role=role, purpose=purpose, detail=told)
    detail = told | {
        "students": len(rows),
        "left_out": typed.asked - len(rows),
        "columns": len(typed.columns),
    }
    events.record("export.made", actor=actor, obj=typed, role=role, purpose=purpose, detail=detail)


def may_take(user: User, job: Job) -> bool:
    """Whether ``user`` may fetch the file now: he asked, it has not lapsed, all in it are his to export still."""
    typed = ExportRequest.objects.select_related("request__school").get(job=job)
    made = typed.made_at is not None
    return made and typed.requester_id == user.pk and not bars(user, [typed])


@transaction.atomic
def discard_lapsed(*, actor: User, now: datetime | None = None) -> int:
    """Delete the files whose day is over; how many. The rows stay as the register."""
    now = now or timezone.now()
    rows = ExportRequest.objects.select_for_update(of=("self",)).select_related("file")
    lapsed = list(rows.filter(lapses_at__lte=now, discarded_at__isnull=True).order_by("pk"))
    with acting(actor):
        for row in lapsed:
            if row.file is not None:
                discard(row.file)
            _end(row, now)
            events.record("export.lapsed", actor=actor, obj=row)
    return len(lapsed)


def _end(row: ExportRequest, now: datetime) -> None:
    row.discarded_at = now
    row.save(update_fields=["discarded_at"])


def erase(student: Student) -> list[Blob]:
    """Delete the files that wait and hold a student whose file is destroyed; the register stays, it names nobody."""
    rows = list(selectors.waiting_files([student.pk]))
    for row in rows:
        _end(row, timezone.now())
    return [row.file for row in rows if row.file is not None]
