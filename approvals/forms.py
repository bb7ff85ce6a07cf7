"""What a decision and a delegation ask for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.reasons import ReturnReason
from approvals.selectors import deputies


class ReasonForm(forms.Form):
    """Why something is returned or refused: a reason of the list, and words."""

    use_required_attribute = False

    reason = forms.ChoiceField(label=_("Reason"), choices=[("", ""), *ReturnReason.choices])
    comment = forms.CharField(
        label=_("What to do"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        """The reason ``other`` wants words."""
        found = super().clean() or {}
        if found.get("reason") == ReturnReason.OTHER and not found.get("comment", "").strip():
            self.add_error("comment", _("Say in words what the reason is"))
        return found


class DelegationForm(forms.Form):
    """Whom, from when, until when and why."""

    use_required_attribute = False

    deputy = forms.ModelChoiceField(label=_("Deputy"), queryset=User.objects.none())
    valid_from = forms.DateField(label=_("From"))
    valid_until = forms.DateField(label=_("Until"))
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["deputy"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = deputies(user)
