"""The shape of what is asked of the records room."""

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST_SEARCH = 80


class SearchForm(forms.Form):
    """The one search box. Longer text is cut, not refused."""

    q = forms.CharField(label=_("Search students"), required=False, strip=True)

    def words(self) -> str:
        """What was typed; "" for nothing."""
        self.is_valid()
        return str(self.cleaned_data.get("q", ""))[:LONGEST_SEARCH]
