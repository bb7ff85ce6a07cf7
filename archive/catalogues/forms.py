"""The form of the catalogue of files: which volume."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


def _label(year: str, place: int, count: int) -> str:
    return _("%(year)s, volume %(place)s") % {"year": year, "place": place + 1} if count > 1 else year


class VolumeForm(forms.Form):
    """A year in which files were numbered, and its volume where there are several."""

    use_required_attribute = False

    volume = forms.ChoiceField(label=gettext_lazy("Year of the archive numbers"))

    def __init__(self, *args: Any, volumes: Sequence[tuple[str, int]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = [year for year, _place in volumes]
        cast("forms.ChoiceField", self.fields["volume"]).choices = [
            (f"{year}-{place}", _label(year, place, years.count(year))) for year, place in volumes
        ]

    def chosen(self) -> tuple[str, int]:
        """Year, and place of the volume within it."""
        year, place = self.cleaned_data["volume"].split("-")
        return year, int(place)
