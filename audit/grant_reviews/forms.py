"""Forms of reviews of roles."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audit.models import GrantReviewItem
from school.models import Unit


class OpenForm(forms.Form):
    """Whose roles are reviewed out of turn."""

    school = forms.ModelChoiceField(label=_("School"), queryset=Unit.objects.none(), empty_label=None)

    def __init__(self, *args: Any, schools: list[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = Unit.objects.filter(pk__in=[one.pk for one in schools]).select_related("parent")
        self.fields["school"].queryset = chosen  # type: ignore[attr-defined]  # a ModelChoiceField
        self.fields["school"].label_from_instance = lambda one: one.label  # type: ignore[attr-defined]  # likewise


class AnswerForm(forms.Form):
    """What the ticked roles are to be."""

    outcome = forms.ChoiceField(choices=GrantReviewItem.Outcome.choices)
    reason = forms.CharField(max_length=200, required=False)
