"""Forms of the steps of a penalty. ``paper()`` gives what the action takes."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from files.forms import ScanField
from records.merits.actions.penalties import CASE, Decision, Paper
from records.merits.forms import EVIDENCE, EntryForm, code_field, day_field, words_field
from records.penalty_models import Penalty, PenaltyStep


def _months(*, required: bool = False) -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Term (months)"),
        min_value=1,
        max_value=36,
        required=required,
        help_text=_("Empty for an expulsion"),
    )


class CaseForm(EntryForm):
    """The facts and what is proposed."""

    fields_wide = ("facts", "basis", "evidence")
    widths = {"facts": "", "basis": "", "evidence": "", "violation_on": "date", "proposed_months": "short"}

    violation = code_field(_("Kind of violation"), "violation_category")
    violation_on = day_field(_("Date of the violation"))
    facts = words_field(_("Facts and evidence"))
    basis = forms.CharField(
        label=_("Basis"), max_length=120, help_text=_("The rule that was broken, with its article")
    )
    proposed_kind = code_field(_("Proposed penalty"), "penalty_kind")
    proposed_months = _months()
    evidence = ScanField(label=EVIDENCE, required=False)

    @property
    def case(self) -> dict[str, Any]:
        """The fields of the case."""
        return {name: self.cleaned_data.get(name) for name in CASE}


class StepForm(EntryForm):
    """A step with its day, words and scan."""

    fields_wide = ("text", "evidence", "legality_review")
    widths = {
        "text": "", "evidence": "", "on": "date", "meeting_on": "date", "months": "short", "legality_review": "",
    }  # fmt: skip

    def paper(self) -> Paper:
        """What the step leaves."""
        given = self.cleaned_data
        return Paper(
            on=given.get("on"), way=given.get("way", ""), told=given.get("told", ""),
            document_no=given.get("document_no", ""), text=given.get("text", ""), scan=self.scan,
        )  # fmt: skip


class NoticeForm(StepForm):
    """How the notice reached the student."""

    on = day_field(_("Told on"), initial=timezone.localdate)
    way = forms.ChoiceField(label=_("Way of delivery"), choices=PenaltyStep.Way.choices)
    told = forms.ChoiceField(label=_("Told"), choices=PenaltyStep.Told.choices, initial=PenaltyStep.Told.BOTH)
    text = words_field(_("Note"), rows=2, required=False)
    evidence = ScanField(label=_("Signed notice (scan)"), required=False)


class HearForm(StepForm):
    """What the student said."""

    statement = forms.ChoiceField(label=_("Statement"), choices=Penalty.Statement.choices)
    on = day_field(_("Heard on"), initial=timezone.localdate)
    text = words_field(_("Statement and defence"), required=False)
    evidence = ScanField(label=_("Signed record (scan)"), required=False)


class DecideForm(StepForm):
    """The decision and its document."""

    kind = code_field(_("Penalty"), "penalty_kind")
    months = _months()
    on = day_field(_("Decided on"), initial=timezone.localdate)
    document_no = forms.CharField(label=_("Document number"), max_length=60)
    text = words_field(_("Reasons"), rows=3)
    appeal_told = forms.BooleanField(
        label=_("The document tells the way and the term of an appeal"), required=False, initial=True
    )
    meeting_on = day_field(_("Decision meeting on"), required=False)
    legality_review = forms.CharField(
        label=_("Legality review"), max_length=120, required=False,
        help_text=_("For an expulsion: by whom, with what outcome"),
    )  # fmt: skip
    evidence = ScanField(label=_("Decision (scan)"))

    def __init__(self, *args: Any, penalty: Penalty, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("kind", penalty.proposed_kind)
        self.initial.setdefault("months", penalty.proposed_months)

    @property
    def decision(self) -> Decision:
        """What the document decides."""
        given = self.cleaned_data
        return Decision(
            kind=given["kind"], months=given["months"], appeal_told=given["appeal_told"],
            meeting_on=given["meeting_on"], legality_review=given["legality_review"],
        )  # fmt: skip


class DeliverForm(StepForm):
    """How the decision reached the student."""

    on = day_field(_("Delivered on"), initial=timezone.localdate)
    way = forms.ChoiceField(label=_("Way of delivery"), choices=PenaltyStep.Way.choices)
    told = forms.ChoiceField(label=_("Told"), choices=PenaltyStep.Told.choices, initial=PenaltyStep.Told.BOTH)
    text = words_field(_("Note"), rows=2, required=False)
    evidence = ScanField(label=_("Receipt (scan)"))


class AppealForm(StepForm):
    """An appeal that came in."""

    on = day_field(_("Received on"), initial=timezone.localdate)
    text = words_field(_("What the appeal says"))
    evidence = ScanField(label=_("Appeal (scan)"), required=False)


class AnswerForm(StepForm):
    """What the committee answered."""

    outcome = forms.ChoiceField(
        label=_("Answer"),
        choices=[one for one in Penalty.Appeal.choices if one[0] != Penalty.Appeal.OPEN],
    )
    on = day_field(_("Answered on"), initial=timezone.localdate)
    document_no = forms.CharField(label=_("Document number"), max_length=60)
    text = words_field(_("Reasons"), rows=3, required=False)
    evidence = ScanField(label=_("Answer (scan)"))


class AskLiftingForm(StepForm):
    """An application to have the penalty lifted."""

    asker = forms.ChoiceField(label=_("Asked by"), choices=Penalty.Asker.choices)
    on = day_field(_("Received on"), initial=timezone.localdate)
    text = words_field(_("Reasons and conduct since"))
    evidence = ScanField(label=_("Application (scan)"), required=False)


class LiftForm(StepForm):
    """The lifting and its document."""

    on = day_field(_("Lifted on"), initial=timezone.localdate)
    document_no = forms.CharField(label=_("Document number"), max_length=60)
    text = words_field(_("Reasons"), rows=3, required=False)
    evidence = ScanField(label=_("Decision (scan)"), required=False)


class ReasonForm(StepForm):
    """A reason alone."""

    text = words_field(_("Reason"), rows=3)
