"""Forms of appraisals and of retention periods."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from archive.models import AppraisalRound, AppraisalVote
from archive.retention.selectors import appraisers_of, eligible_appraisers

FOR_EVER = "permanent"


class MemberForm(forms.Form):
    """Who is to vote."""

    use_required_attribute = False

    user = forms.TypedChoiceField(label=_("Member"), coerce=int)

    def __init__(self, row: AppraisalRound, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {one.pk: one for one in eligible_appraisers(row)}
        field: Any = self.fields["user"]
        field.choices = [
            ("", ""),
            *((pk, f"{one.name} · {one.unit.label if one.unit else ''}") for pk, one in self.people.items()),
        ]


class ReliefForm(MemberForm):
    """Who votes no more, who is named instead, and why."""

    prefix = "relief"

    member = forms.TypedChoiceField(label=_("Member to be replaced"), coerce=int)
    reason = forms.CharField(label=_("Reason"), max_length=200)
    field_order = ("member", "user", "reason")

    def __init__(self, row: AppraisalRound, *args: Any, **kwargs: Any) -> None:
        super().__init__(row, *args, **kwargs)
        self.fields["user"].label = _("Named instead")
        field: Any = self.fields["member"]
        voting = [one for one in appraisers_of(row) if not one.relieved]
        field.choices = [("", ""), *((one.pk, f"{one.user.name} · {one.department.label}") for one in voting)]


class VoteForm(forms.Form):
    """One verdict and reason for the ticked files."""

    use_required_attribute = False

    verdict = forms.ChoiceField(
        label=_("Your vote"), choices=AppraisalVote.Verdict.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("It stands in the report. Write no names.")
    )


class CloseForm(forms.Form):
    """For how long files that are kept on are kept."""

    use_required_attribute = False

    kept_years = forms.TypedChoiceField(
        label=_("New period of the files kept on"),
        choices=[
            ("10", _("10 years from today")),
            ("30", _("30 years from today")),
            (FOR_EVER, _("For ever")),
        ],
        coerce=lambda text: None if text == FOR_EVER else int(text),
        empty_value=None,
    )


class WordsForm(forms.Form):
    """Why a round is given up, or why its files are to be destroyed."""

    use_required_attribute = False

    reason = forms.CharField(label=_("Reason"), max_length=200)


class MarkForm(forms.Form):
    """A file's new period."""

    use_required_attribute = False
    prefix = "period"

    permanent = forms.BooleanField(label=_("Keep for ever"), required=False)
    until = forms.DateField(
        label=_("Kept until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def clean(self) -> dict[str, Any]:
        """A day, or for ever."""
        values: dict[str, Any] = super().clean() or {}
        if not self.errors and bool(values.get("until")) == values["permanent"]:
            self.add_error("until", _("Give a day, or keep the file for ever."))
        return values
