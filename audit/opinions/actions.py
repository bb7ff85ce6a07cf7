"""Writes of reports and opinions: written, or entered as received from outside; answered by those who supervise."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import NotPermitted, role_for
from approvals.actions import new_number
from approvals.deadlines import due_after
from approvals.refusals import AlreadyDecided, RequestRefused, SamePerson
from audit.inspections.people import INSPECT, demand_supervisor
from audit.models import Opinion
from audit.opinions.selectors import units_around
from core.row_locks import locked_rows
from ledger import events
from ledger.context import acting
from school.models import Unit
from school.rules import rule

PREFIX = "YJ"


@transaction.atomic
def write(
    *, actor: User, kind: str, words: str, unit: Unit | None = None, is_named: bool = False, sender: str = "",
    is_outside: bool = False,
) -> Opinion:  # fmt: skip
    """Write a report or opinion at one's own school, or enter one that came from outside (who inspects does).

    Raises NotPermitted, RequestRefused.
    """
    if actor.unit is None:
        raise NotPermitted(INSPECT)
    school = actor.unit.employer
    role = role_for(actor, INSPECT, school.pk) if is_outside else ""
    if not words.strip() or (is_outside and not sender.strip()):
        raise RequestRefused(_("Say what it is about, and from whom it came if from outside."))
    if unit is not None and not units_around(actor).filter(pk=unit.pk).exists():
        raise RequestRefused(_("Choose a department of your school."))
    due = due_after(school, int(rule(school, "opinion_days"))).date
    with acting(actor, role=role):
        made: Opinion = Opinion.objects.create(
            number=new_number(PREFIX), school=school, unit=unit, kind=kind, words=words.strip(), due_on=due,
            is_outside=is_outside, is_named=is_named, sender=sender.strip() if is_outside else "", written_by=actor,
        )  # fmt: skip
        events.record(
            "opinion.written", actor=actor, obj=made, unit_id=school.pk, role=role, detail={"kind": kind}
        )
    return made


@transaction.atomic
def answer(*, actor: User, opinion: Opinion, words: str) -> Opinion:
    """Answer once. Raises NotPermitted, SamePerson for its writer or the department, AlreadyDecided, RequestRefused."""
    role = demand_supervisor(actor, INSPECT, opinion.school, opinion.unit)
    rows = locked_rows(Opinion.objects.filter(pk=opinion.pk))
    row: Opinion = rows.select_related("answered_by").get()
    if row.answered_by is not None and row.answered_at is not None:
        raise AlreadyDecided(row.answered_by, row.answered_at, _("answered"))
    if not row.is_outside and row.written_by_id == actor.pk:
        raise SamePerson(_("Nobody answers his own opinion."))
    if not words.strip():
        raise RequestRefused(_("Write an answer."))
    row.answer, row.answered_by, row.answered_at = words.strip(), actor, timezone.now()
    with acting(actor, role=role, request_no=row.number):
        row.save(update_fields=["answer", "answered_by", "answered_at"])
        events.record("opinion.answered", actor=actor, obj=row, unit_id=row.school_id, role=role)
    return row
