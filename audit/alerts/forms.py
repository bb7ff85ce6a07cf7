"""The form that answers an alert."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AnswerForm(forms.Form):
    """What was found."""

    use_required_attribute = False

    finding = forms.CharField(
        label=_("Finding"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Whom you asked, why so many files were read, and whether it was in order"),
    )
