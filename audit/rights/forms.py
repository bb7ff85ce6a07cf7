"""The form that asks for a role."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import UnitChoiceField
from accounts.roles import NOT_APPOINTED, Role
from school.models import Unit


def _day(label: Any, **options: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return forms.DateField(label=label, widget=widget, **options)


class RoleForm(forms.Form):
    """Which role, where, until when, and why."""

    use_required_attribute = False

    role = forms.ChoiceField(
        label=_("Role"), choices=[("", "—"), *(pair for pair in Role.choices if pair[0] not in NOT_APPOINTED)]
    )
    unit = UnitChoiceField(
        label=_("Unit"),
        queryset=Unit.objects.none(),
        help_text=_("The role holds there and in all units below."),
    )
    valid_from = _day(_("Valid from"), initial=timezone.localdate)
    valid_until = _day(_("Valid until"), help_text=_("The last day; then it is asked for again."))
    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For which work you need it"),
    )  # fmt: skip

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # a ModelChoiceField

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])

    def clean_valid_until(self) -> date:
        """Not before it begins."""
        until: date = self.cleaned_data["valid_until"]
        begins = self.cleaned_data.get("valid_from")
        if begins and until < begins:
            raise forms.ValidationError(_("The end lies before the beginning."))
        return until
