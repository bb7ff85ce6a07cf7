"""The form that keeps a question."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SaveForm(forms.Form):
    """What a question is called."""

    use_required_attribute = False

    name = forms.CharField(label=_("Name of the query"), max_length=40)
