"""What follows a delivered penalty: the appeal and its answer, the lifting, and making a wrong one void."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import units_with
from core.formatting import day
from records.merits import terms
from records.merits.actions.penalties import (
    DECIDE,
    PREPARE,
    Paper,
    State,
    Step,
    changed,
    changed_in_force,
    demand_another,
    demand_day,
    demand_unrelated,
    demand_words,
    locked,
    take_step,
)
from records.merits.refusals import EntryRefused, NotAllowedHere, WrongState
from records.penalty_models import EXPULSION, Penalty

ENDED = (State.DROPPED, State.REVOKED, State.VOIDED)


@transaction.atomic
def receive_appeal(*, actor: User, penalty: Penalty, paper: Paper) -> Penalty:
    """The student or a guardian appeals in time; once for each decision."""
    row, role = locked(actor, penalty, PREPARE, State.IN_FORCE)
    if row.appeal:
        raise WrongState(_("An appeal was received already."))
    on = demand_day(paper.on, after=row.delivered_on, what=_("Delivered"))
    if row.appeal_until is not None and on > row.appeal_until:
        raise NotAllowedHere(_("The last day for an appeal was %(day)s.") % {"day": day(row.appeal_until)})
    demand_words(paper.text, _("Write down what the appeal says."))
    due = terms.answer_due(row.unit, on)
    names = changed_in_force(row, appeal=Penalty.Appeal.OPEN, appealed_on=on, appeal_answer_due=due)
    return take_step(actor, role, row, Step.APPEALED, paper, names)


@transaction.atomic
def answer_appeal(*, actor: User, penalty: Penalty, outcome: str, paper: Paper) -> Penalty:
    """Enter what the appeal committee answered; a revoked decision never held. Not by who decided the penalty."""
    row, role = locked(actor, penalty, PREPARE, State.IN_FORCE)
    demand_unrelated(actor, row)
    demand_another(actor, row, "decided_by")
    if row.appeal != Penalty.Appeal.OPEN:
        raise WrongState(_("No appeal is open."))
    if outcome not in {Penalty.Appeal.UPHELD, Penalty.Appeal.REVOKED}:
        raise ValueError(f"no answer to an appeal is called {outcome!r}")
    demand_day(paper.on, after=row.appealed_on, what=_("Appealed"))
    demand_words(paper.document_no, _("The answer has a document number."))
    if paper.scan is None:
        raise EntryRefused(_("Add the scan of the answer."))
    names = changed_in_force(row, appeal=outcome, appeal_answered_by=actor)
    if outcome == Penalty.Appeal.REVOKED:
        names += changed(row, state=State.REVOKED, due_on=None)
    return take_step(actor, role, row, Step.ANSWERED, paper, names, outcome=outcome)


@transaction.atomic
def ask_lifting(*, actor: User, penalty: Penalty, asker: str, paper: Paper) -> Penalty:
    """Take in that the student, a guardian or the office asks to have the penalty lifted."""
    row, role = locked(actor, penalty, PREPARE, State.IN_FORCE)
    if row.kind == EXPULSION:
        raise NotAllowedHere(_("An expulsion is not lifted."))
    if row.lifting_asked_on is not None:
        raise WrongState(_("Lifting was asked for already."))
    if asker not in Penalty.Asker.values:
        raise ValueError(f"nobody is called {asker!r}")
    on = demand_day(paper.on, after=row.delivered_on, what=_("Delivered"))
    demand_words(paper.text, _("Write down why it is to be lifted."))
    if asker != Penalty.Asker.OFFICE and paper.scan is None:
        raise EntryRefused(_("Add the scan of the application."))
    names = changed_in_force(row, lifting_asked_on=on, lifting_asker=asker, lifting_asked_by=actor)
    return take_step(actor, role, row, Step.LIFTING_ASKED, paper, names, asker=asker)


@transaction.atomic
def lift(*, actor: User, penalty: Penalty, paper: Paper) -> Penalty:
    """Lift a penalty for which that was asked, once its term is over (earlier where the school's rule says so)."""
    row, role = _asked(actor, penalty)
    on = demand_day(paper.on, after=row.delivered_on, what=_("Delivered"))
    if row.ends_on is not None and on <= row.ends_on and not terms.may_lift_early(row.unit):
        raise NotAllowedHere(_("The term runs until %(day)s.") % {"day": day(row.ends_on)})
    if row.appeal == Penalty.Appeal.OPEN:
        raise WrongState(_("The appeal is answered first."))
    number = demand_words(paper.document_no, _("The lifting has a document number."))
    names = changed(
        row,
        state=State.LIFTED,
        lifted_on=on,
        lifting_document_no=number,
        lifting_decided_by=actor,
        due_on=None,
    )
    return take_step(actor, role, row, Step.LIFTED, paper, names)


@transaction.atomic
def keep(*, actor: User, penalty: Penalty, reason: str) -> Penalty:
    """Do not lift the penalty now; it may be asked for again."""
    row, role = _asked(actor, penalty)
    words = demand_words(reason, _("Say why it is not lifted."))
    names = changed_in_force(row, lifting_asked_on=None, lifting_asker="", lifting_asked_by=None)
    return take_step(actor, role, row, Step.KEPT, Paper(on=timezone.localdate(), text=words), names)


def _asked(actor: User, penalty: Penalty) -> tuple[Penalty, str]:
    row, role = locked(actor, penalty, DECIDE, State.IN_FORCE)
    if row.lifting_asked_on is None:
        raise WrongState(_("Nobody has asked to lift it."))
    demand_another(actor, row, "lifting_asked_by")
    return row, role


@transaction.atomic
def make_void(*, actor: User, penalty: Penalty, reason: str) -> Penalty:
    """Make a case void that should never have been entered (wrong student, twice). Not by who made or decided it."""
    perm = PREPARE if penalty.unit_id in units_with(actor, PREPARE) else DECIDE
    row, role = locked(actor, penalty, perm, *(one for one in State if one not in ENDED))
    demand_unrelated(actor, row)
    demand_another(actor, row, "prepared_by", "decided_by")
    words = demand_words(reason, _("Say why the entry is wrong."))
    names = changed(row, state=State.VOIDED, voided_by=actor, due_on=None)
    return take_step(actor, role, row, Step.VOIDED, Paper(on=timezone.localdate(), text=words), names)
