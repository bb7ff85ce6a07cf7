"""The acts on a penalty: who may take each when, with which form. The page shows them, one address takes them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scope import units_with
from approvals.relation import is_related
from records.merits import penalty_forms as forms
from records.merits.actions import afterwards, penalties
from records.merits.actions.penalties import DECIDE, PREPARE
from records.penalty_models import EXPULSION, Penalty

State = Penalty.State
Run = Callable[[User, Penalty, Any], Penalty]


DECIDING = ("answer", "void")
"""Acts of those who prepare that nobody takes for himself or his family."""


@dataclass(frozen=True)
class PenaltyAct:
    """An act. ``own``: only by who prepared it; ``not_by``: columns whose persons leave it to another one."""

    key: str
    label: Any
    icon: str
    perm: str
    states: tuple[str, ...]
    form: type[Any]
    run: Run
    not_by: tuple[str, ...] = ()
    own: bool = False
    primary: bool = False
    danger: bool = False
    open_to: Callable[[Penalty], bool] = lambda row: True

    def stands(self, row: Penalty) -> bool:
        """Whether the case is where this act needs it."""
        return row.state in self.states and self.open_to(row)

    def why_not(self, user: User, row: Penalty, *, related: bool) -> Any:
        """Why ``user`` cannot take this act although it is open; "" when he can. ``related``: he or his family."""
        if related and (self.perm == DECIDE or self.key in DECIDING):
            return _("Nobody decides on his own file or on that of his family")
        if self.own and row.prepared_by_id != user.pk:
            return _("Only who prepared the case changes it.")
        if any(getattr(row, f"{one}_id") == user.pk for one in self.not_by):
            return _("You had a part in an earlier step of this case: another person takes this one.")
        return ""


def _prepared(run: Callable[..., Penalty]) -> Run:
    return lambda user, row, form: run(actor=user, penalty=row, paper=form.paper())


def _reasoned(run: Callable[..., Penalty]) -> Run:
    return lambda user, row, form: run(actor=user, penalty=row, reason=form.cleaned_data["text"])


def _mend(user: User, row: Penalty, form: Any) -> Penalty:
    return penalties.mend(actor=user, penalty=row, case=form.case, scan=form.scan)


def _hear(user: User, row: Penalty, form: Any) -> Penalty:
    said = form.cleaned_data["statement"]
    return penalties.hear(actor=user, penalty=row, statement=said, paper=form.paper())


def _decide(user: User, row: Penalty, form: Any) -> Penalty:
    return penalties.decide(actor=user, penalty=row, decision=form.decision, paper=form.paper())


def _answer(user: User, row: Penalty, form: Any) -> Penalty:
    outcome = form.cleaned_data["outcome"]
    return afterwards.answer_appeal(actor=user, penalty=row, outcome=outcome, paper=form.paper())


def _ask(user: User, row: Penalty, form: Any) -> Penalty:
    asker = form.cleaned_data["asker"]
    return afterwards.ask_lifting(actor=user, penalty=row, asker=asker, paper=form.paper())


def _appealable(row: Penalty) -> bool:
    return not row.appeal


def _appealed(row: Penalty) -> bool:
    return row.appeal == Penalty.Appeal.OPEN


def _asked(row: Penalty) -> bool:
    return row.lifting_asked_on is not None


def _liftable(row: Penalty) -> bool:
    return row.lifting_asked_on is None and row.kind != EXPULSION


IN_FORCE = (State.IN_FORCE,)
BEFORE = (State.PREPARING, State.NOTICED, State.HEARD, State.RETURNED)

ACTS = {
    one.key: one
    for one in (
        PenaltyAct("notice", _("Give notice"), "bell", PREPARE, (State.PREPARING,), forms.NoticeForm,
                   _prepared(penalties.give_notice), primary=True),
        PenaltyAct("hear", _("Record the statement"), "message-circle", PREPARE, (State.NOTICED,), forms.HearForm,
                   _hear, primary=True),
        PenaltyAct("decide", _("Decide"), "gavel", DECIDE, (State.HEARD,), forms.DecideForm, _decide,
                   not_by=("prepared_by", "heard_by"), primary=True),
        PenaltyAct("deliver", _("Record the delivery"), "mail", PREPARE, (State.DECIDED,), forms.DeliverForm,
                   _prepared(penalties.deliver), primary=True),
        PenaltyAct("answer", _("Enter the answer to the appeal"), "scale", PREPARE, IN_FORCE, forms.AnswerForm,
                   _answer, not_by=("decided_by",), primary=True, open_to=_appealed),
        PenaltyAct("lift", _("Lift the penalty"), "circle-check", DECIDE, IN_FORCE, forms.LiftForm,
                   _prepared(afterwards.lift), not_by=("lifting_asked_by",), primary=True, open_to=_asked),
        PenaltyAct("mend", _("Change the case"), "pencil", PREPARE, (State.PREPARING, State.RETURNED),
                   forms.CaseForm, _mend, own=True),
        PenaltyAct("return", _("Return"), "arrow-back-up", DECIDE, (State.HEARD,), forms.ReasonForm,
                   _reasoned(penalties.send_back), not_by=("prepared_by",)),
        PenaltyAct("appeal", _("Take in an appeal"), "scale", PREPARE, IN_FORCE, forms.AppealForm,
                   _prepared(afterwards.receive_appeal), open_to=_appealable),
        PenaltyAct("ask", _("Ask for lifting"), "file-text", PREPARE, IN_FORCE, forms.AskLiftingForm, _ask,
                   open_to=_liftable),
        PenaltyAct("keep", _("Do not lift"), "x", DECIDE, IN_FORCE, forms.ReasonForm, _reasoned(afterwards.keep),
                   not_by=("lifting_asked_by",), open_to=_asked),
        PenaltyAct("drop", _("No penalty"), "x", DECIDE, BEFORE, forms.ReasonForm, _reasoned(penalties.drop),
                   not_by=("prepared_by", "heard_by")),
        PenaltyAct("void", _("Make void"), "trash", PREPARE, (*BEFORE, State.DECIDED, *IN_FORCE, State.LIFTED),
                   forms.ReasonForm, _reasoned(afterwards.make_void), not_by=("prepared_by", "decided_by"),
                   danger=True),
    )
}  # fmt: skip


def acts_for(user: User, row: Penalty) -> list[tuple[PenaltyAct, Any]]:
    """The open acts that the user's rights name, each with why he cannot take it ("" when he can)."""
    related = is_related(user, [row.student.public_id])
    return [
        (one, one.why_not(user, row, related=related))
        for one in ACTS.values()
        if one.stands(row) and row.unit_id in units_with(user, one.perm)
    ]
