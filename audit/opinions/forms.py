"""Forms of reports and opinions."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scope import holds
from audit.inspections.forms import UnitField, text_field
from audit.inspections.people import INSPECT
from audit.models import Opinion
from audit.opinions.selectors import units_around
from school.models import Unit


class WriteForm(forms.Form):
    """A report or opinion; who inspects may enter one that came from outside."""

    use_required_attribute = False

    kind = forms.ChoiceField(label=_("Kind"), choices=Opinion.Kind.choices, initial=Opinion.Kind.OPINION)
    unit = UnitField(
        label=_("Department concerned"), queryset=Unit.objects.none(), to_field_name="public_id", required=False,
        empty_label=_("None in particular"),
        help_text=_("Its people see neither this nor who wrote it"),
    )  # fmt: skip
    words = text_field(_("What it is about"), rows=5)
    is_named = forms.BooleanField(label=_("Let those who answer see my name"), required=False)
    is_outside = forms.BooleanField(label=_("It came from outside"), required=False)
    sender = forms.CharField(label=_("Sent by"), max_length=120, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("UnitField", self.fields["unit"]).queryset = units_around(user)
        if not holds(user, INSPECT):
            del self.fields["is_outside"], self.fields["sender"]

    def clean(self) -> None:
        """What came from outside says from whom."""
        super().clean()
        if self.cleaned_data.get("is_outside") and not self.cleaned_data.get("sender"):
            self.add_error("sender", ValidationError(_("Say who sent it.")))


class AnswerForm(forms.Form):
    """The answer, which its writer reads."""

    use_required_attribute = False

    words = text_field(_("Answer"), rows=4, hint=_("Its writer reads it; measures follow from a notice"))
