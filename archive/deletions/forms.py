"""The shape of a deletion request."""

from django import forms
from django.utils.translation import gettext_lazy as _

from archive.models import DeletionRequest


class DeletionForm(forms.Form):
    """Why a file is to leave the daily lists."""

    use_required_attribute = False

    cause = forms.ChoiceField(
        label=_("Cause of the deletion"), choices=[("", ""), *DeletionRequest.Cause.choices]
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
