"""The form that answers an alert."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audit.models import Alert, Incident


class AnswerForm(forms.Form):
    """What was found, and what follows from it."""

    use_required_attribute = False

    conclusion = forms.ChoiceField(label=_("Conclusion"), choices=[("", "—"), *Alert.Conclusion.choices])
    finding = forms.CharField(
        label=_("Finding"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Whom you asked, why it happened, and what follows"),
    )
    incident_kind = forms.ChoiceField(
        label=_("Open an incident"),
        required=False,
        choices=[("", _("No incident")), *Incident.Kind.choices],
        help_text=_(
            "If data leaked, was changed or lost. The person of the alert then has no part in the case."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """What is in order is no incident."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("incident_kind") and values.get("conclusion") == Alert.Conclusion.IN_ORDER:
            self.add_error("incident_kind", _("What is in order is no incident."))
        return values
