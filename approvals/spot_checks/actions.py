"""Writes of spot checks: drawn by the scheduler, opened, judged; the last judgement closes the sample."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for, units_with
from approvals import notices
from approvals.refusals import OwnFile, RequestRefused, SamePerson, WrongState
from approvals.relation import is_related
from approvals.spot_check_models import SpotCheck, SpotCheckItem
from approvals.spot_checks.sources import Case, Source, source, sources
from core.formatting import month as month_words
from ledger import events
from ledger.context import acting, acting_for_job, service_user
from school.models import Unit
from school.sampling import draw

PERM = "spot_check"
FOUND = "spot_check.found"
TOLD = (Unit.Duty.ADMISSIONS, Unit.Duty.ARCHIVES)


def draw_all(today: date) -> int:
    """Draw the samples of the month before ``today``; how many were drawn. Safe to run again."""
    until = today.replace(day=1)
    first = (until - timedelta(days=1)).replace(day=1)
    by_school: dict[int, list[tuple[Source, Case]]] = defaultdict(list)
    for one in sources():
        for case in one.cases(first, until):
            by_school[case.school_id].append((one, case))
    drawn = SpotCheck.objects.filter(month=first).values_list("school_id", flat=True)
    schools = Unit.objects.filter(pk__in=by_school.keys() - set(drawn)).order_by("pk")
    return sum(_draw(school, first, by_school[school.pk]) for school in schools)


def _draw(school: Unit, month: date, cases: list[tuple[Source, Case]]) -> bool:
    """Draw one sample; False when another run of the scheduler was first."""
    with transaction.atomic(), acting_for_job():
        try:
            with transaction.atomic():
                made: SpotCheck = SpotCheck.objects.create(school=school, month=month, population=len(cases))
        except IntegrityError:
            return False
        chosen = draw(school, cases)
        for one, case in sorted(chosen, key=lambda pair: (pair[0].key, pair[1].number)):
            SpotCheckItem.objects.create(
                spot_check=made, kind=one.key, case=case.case, number=case.number, subject=case.subject
            )
        events.record(
            "spot_check.drawn",
            actor=service_user(),
            obj=made,
            unit_id=school.pk,
            detail={"population": len(cases), "drawn": len(chosen)},
        )
    return True


def open_case(*, actor: User, item: SpotCheckItem) -> SpotCheckItem:
    """Note that ``actor`` looks at the case: it is his to judge, as long as he may, or until he hands it back.

    Raises NotPermitted; OwnFile, SamePerson when it is not his to judge; WrongState when it is somebody else's.
    """
    with _letting_go(actor, item):
        row = _locked(item)
        role = role_for(actor, PERM, row.unit_id)
        _refuse_own(actor, row)
        if row.outcome and row.judged_by_id != actor.pk:
            raise WrongState(_("This case was judged already."))
        if row.opened_by_id == actor.pk:
            return row
        if row.opened_by is not None and _may_check(row.opened_by, row):
            raise WrongState(_("%(name)s looks at this case and judges it.") % {"name": row.opened_by.name})
        _hold(row, actor, actor, role, "spot_check.opened")
        return row


@transaction.atomic
def hand_back(*, actor: User, item: SpotCheckItem) -> SpotCheckItem:
    """Let another officer look at a case that ``actor`` holds and has not judged. Raises NotPermitted, WrongState."""
    row = _locked(item)
    role = role_for(actor, PERM, row.unit_id)
    if row.outcome:
        raise WrongState(_("This case was judged already."))
    if row.opened_by_id != actor.pk:
        raise WrongState(_("This case is not in your hands."))
    _hold(row, None, actor, role, "spot_check.handed_back")
    return row


def _hold(row: SpotCheckItem, holder: User | None, actor: User, role: str, action: str) -> None:
    row.opened_by = holder
    with acting(actor, role=role):
        row.save(update_fields=["opened_by"])
        _note(action, actor, role, row)


@contextmanager
def _letting_go(actor: User, item: SpotCheckItem) -> Iterator[None]:
    """A transaction; who turns out to be somebody who may not check the case gives it back besides being refused."""
    try:
        with transaction.atomic():
            yield
    except (OwnFile, SamePerson):
        with suppress(WrongState):
            hand_back(actor=actor, item=item)
        raise


def judge(*, actor: User, item: SpotCheckItem, outcome: str, finding: str = "") -> SpotCheckItem:
    """Write what ``actor`` found in a case that he has opened; the last one closes the sample and tells the school.

    Raises NotPermitted, OwnFile, SamePerson, WrongState when it was judged or not opened by him, RequestRefused for a
    fault without words.
    """
    with _letting_go(actor, item):
        row = _locked(item)
        role = role_for(actor, PERM, row.unit_id)
        _refuse_own(actor, row)
        if row.outcome:
            raise WrongState(_("This case was judged already."))
        if row.opened_by_id != actor.pk:
            raise WrongState(_("Look at the case first."))
        if outcome == SpotCheckItem.Outcome.FAULT and not finding.strip():
            raise RequestRefused(_("Say in words what is wrong."))
        row.outcome, row.finding = SpotCheckItem.Outcome(outcome), finding.strip()
        row.judged_by, row.judged_at = actor, timezone.now()
        with acting(actor, role=role):
            row.save(update_fields=["outcome", "finding", "judged_by", "judged_at"])
            _note("spot_check.judged", actor, role, row, outcome=str(row.outcome))
            _close_when_done(actor, role, row.spot_check)
        return row


def _locked(item: SpotCheckItem) -> SpotCheckItem:
    """The sample is locked first, so that of two last judgements one sees the other."""
    SpotCheck.objects.select_for_update().get(pk=item.spot_check_id)
    found: SpotCheckItem = (
        SpotCheckItem.objects.select_for_update(of=("self",))
        .select_related("spot_check__school")
        .get(pk=item.pk)
    )
    return found


def _refuse_own(actor: User, row: SpotCheckItem) -> None:
    if source(row.kind).had_part(actor, row.case):
        raise SamePerson(_("You had a part in this case; another person must look at it."))
    if row.subject and is_related(actor, [row.subject]):
        raise OwnFile(_("Nobody decides on his own file or on that of his family"))


def _may_check(user: User, row: SpotCheckItem) -> bool:
    """Whether who opened the case may judge it still."""
    if row.unit_id not in units_with(user, PERM):
        return False
    try:
        _refuse_own(user, row)
    except (OwnFile, SamePerson):
        return False
    return True


def _close_when_done(actor: User, role: str, row: SpotCheck) -> None:
    if row.items.filter(outcome="").exists():
        return
    row.closed_at = timezone.now()
    row.faults_found = row.items.filter(outcome=SpotCheckItem.Outcome.FAULT).count()
    row.save(update_fields=["closed_at", "faults_found"])
    detail = {"faults": row.faults_found, "judged": row.items.count()}
    events.record("spot_check.closed", actor=actor, obj=row, unit_id=row.school_id, role=role, detail=detail)
    if row.faults_found:
        url = reverse("approvals:spot_check", args=[row.public_id])
        about = f"{row.school.label} {month_words(row.month)}"
        notices.tell(FOUND, school=row.school, duties=TOLD, about=about, url=url, count=row.faults_found)


def _note(action: str, actor: User, role: str, row: SpotCheckItem, **detail: str) -> None:
    events.record(
        action,
        actor=actor,
        obj=row,
        subject=row.subject,
        unit_id=row.unit_id,
        role=role,
        detail={"kind": row.kind, **detail},
    )
