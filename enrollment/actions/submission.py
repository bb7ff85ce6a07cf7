"""The self-check of many drafts at once, as an import leaves them: class by class, each checked like a single one."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for
from core.row_locks import locked_rows
from enrollment.actions.decisions import Outcome, decision, demand_ready, due_dates, lacking_step, submit
from enrollment.actions.refusals import IntakeRefused, NobodyCan, NotReady
from enrollment.models import Applicant, IntakeBatch, IntakeDecision
from enrollment.selectors import book_of, examine_many, own_drafts
from ledger import events
from ledger.history import update_rows, write_rows
from school.rules import rule

PERM = "enter_applicant"


@dataclass(frozen=True, slots=True)
class Submitted:
    """How many drafts were submitted, how many are not complete, how many wait for the next go."""

    count: int
    open: int
    later: int


@transaction.atomic
def submit_drafts(*, actor: User, batch: IntakeBatch, classes: Sequence[str], compared: bool) -> Submitted:
    """Submit one's own drafts of these classes that have neither errors nor open points; the others stay drafts.

    ``compared``: the clerk says that all were compared with the originals; without it nobody is submitted. At most as
    many as the rule ``bulk_limit`` allows are looked at. Raises IntakeRefused, NotPermitted.
    """
    role = role_for(actor, PERM, batch.school_id)
    if not compared:
        raise IntakeRefused(_("State that you have compared them with the originals."))
    wanted = own_drafts(actor, batch).filter(class_no__in=list(classes))
    total = wanted.count()
    rows = _locked(actor, list(wanted.values_list("pk", flat=True)[: int(rule(batch.school, "bulk_limit"))]))
    ready = _ready(batch, rows)
    if ready:
        _write(actor, role, ready)
    return Submitted(len(ready), len(rows) - len(ready), total - len(rows))


def _locked(actor: User, keys: Sequence[int]) -> list[Applicant]:
    own = Applicant.objects.filter(pk__in=keys, state=Applicant.State.DRAFT, entered_by=actor)
    rows = locked_rows(own).select_related("batch__school", "unit", "programme", "entered_by")
    return list(rows.prefetch_related("members", "typed_cells", "documents").order_by("pk"))


def _ready(batch: IntakeBatch, rows: Sequence[Applicant]) -> list[tuple[Applicant, list[str]]]:
    """Those that may be submitted, put into the next state, with the names of the fields to save."""
    book = book_of(batch)
    due = due_dates()
    for row in rows:
        row.batch = batch
    whole = [row for row in rows if not row.typed_cells.all()]
    lacking = lacking_step(whole)
    if whole and all(lacking.values()):
        raise NobodyCan(lacking[whole[0].pk])
    whole = [row for row in whole if not lacking[row.pk]]
    found = []
    for row, faults in zip(whole, examine_many(whole, book), strict=True):
        row.checked_with_original = True
        try:
            demand_ready(row, faults)
        except NotReady:
            continue
        found.append((row, [*submit(row, faults, due), "checked_with_original"]))
    return found


def _write(actor: User, role: str, ready: Sequence[tuple[Applicant, list[str]]]) -> None:
    rows = [row for row, _names in ready]
    update_rows(rows, ready[0][1], actor=actor, role=role)
    made = [decision(row, IntakeDecision.Step.SELF_CHECK, Outcome.PASSED, actor, role) for row in rows]
    write_rows(made, actor=actor, role=role)
    events.record_many(
        "applicant.self_checked",
        rows,
        actor=actor,
        role=role,
        detail=lambda row: {"to": row.state, "warnings": row.warning_count},
    )
