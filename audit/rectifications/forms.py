"""Forms of rectification notices."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.inspections.forms import IMPERSONAL, UnitField, text_field
from audit.inspections.people import INSPECT, departments
from audit.models import Opinion
from audit.rectifications.actions import MOST_DAYS
from files.forms import ScanField
from school.models import Unit
from school.rules import rule


class DraftForm(forms.Form):
    """What a notice says. From an opinion that names no department one is chosen."""

    use_required_attribute = False

    unit = UnitField(
        label=_("Department"), queryset=Unit.objects.none(), to_field_name="public_id", empty_label="—"
    )
    problem = text_field(_("Problem"), hint=IMPERSONAL)
    basis = text_field(_("Basis"), hint=_("The rule that asks for it"), rows=2)
    measure = text_field(_("Measure asked for"))
    days = forms.IntegerField(label=_("Working days to rectify"), min_value=1, max_value=MOST_DAYS)

    def __init__(self, *args: Any, user: User, source: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"days": rule(source.school, "rectification_days")})
        super().__init__(*args, **kwargs)
        if isinstance(source, Opinion) and source.unit is None:
            rows = departments(user, INSPECT).filter(parent=source.school)
            cast("UnitField", self.fields["unit"]).queryset = rows
        else:
            del self.fields["unit"]


class VersionForm(forms.Form):
    """Which version of the notice the page showed."""

    use_required_attribute = False

    version = forms.IntegerField(widget=forms.HiddenInput)


class DropForm(VersionForm):
    """Why no notice is issued."""

    prefix = "drop"

    note = text_field(_("Why no notice is issued"), rows=2)


class AnswerForm(VersionForm):
    """What the department did, with its evidence."""

    prefix = "answer"

    words = text_field(_("What was done to rectify"), hint=IMPERSONAL)
    first = ScanField(label=_("Evidence"))
    second = ScanField(label=_("More evidence"), required=False)
    third = ScanField(label=_("More evidence"), required=False)

    def values(self) -> dict[str, Any]:
        """What `actions.answer` takes."""
        given = self.cleaned_data
        scans = [given[one] for one in ("first", "second", "third") if given.get(one)]
        return {"version": given["version"], "words": given["words"], "scans": scans}


class VerifyForm(VersionForm):
    """Whether the answer is enough."""

    prefix = "verify"

    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=(("", "—"), ("enough", _("Rectified: close it")), ("again", _("Not enough: open it again"))),
    )  # fmt: skip
    note = text_field(_("What you looked at and found"), hint=IMPERSONAL)
    days = forms.IntegerField(
        label=_("New deadline in working days"), min_value=1, max_value=MOST_DAYS, required=False,
        help_text=_("Only when it is opened again"),
    )  # fmt: skip

    def clean(self) -> None:
        """What is opened again gets a deadline."""
        super().clean()
        if self.cleaned_data.get("outcome") == "again" and not self.cleaned_data.get("days"):
            self.add_error("days", ValidationError(_("Give a new deadline.")))

    def values(self) -> dict[str, Any]:
        """What `actions.verify` takes."""
        given = dict(self.cleaned_data)
        given["enough"] = given.pop("outcome") == "enough"
        return given
