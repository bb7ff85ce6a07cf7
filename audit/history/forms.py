"""What is asked of a history: which part, since when; and the moments at which a file is looked at."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

MOMENTS = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S.%f",
]
DAY = _("Write the day as 2026-11-22.")
MOMENT = _("Write the moment as 2026-11-22 14:05.")


class AskForm(forms.Form):
    """The part of a history that is shown."""

    use_required_attribute = False

    what = forms.CharField(label=_("What"), required=False, max_length=120)
    since = forms.DateField(label=_("From"), required=False, error_messages={"invalid": DAY})
    until = forms.DateField(label=_("Until"), required=False, error_messages={"invalid": DAY})

    def clean(self) -> dict[str, Any]:
        """The first day lies before the last."""
        given = super().clean() or {}
        if given.get("since") and given.get("until") and given["since"] > given["until"]:
            self.add_error("until", _("The last day lies before the first."))
        return given


class MomentForm(forms.Form):
    """One moment, or two to be compared."""

    use_required_attribute = False

    at = forms.DateTimeField(
        label=_("Moment"),
        input_formats=MOMENTS,
        error_messages={"invalid": MOMENT},
        widget=forms.DateTimeInput(attrs={"placeholder": "2026-11-22 14:05"}),
    )
    other = forms.DateTimeField(
        label=_("Compared with"), required=False, input_formats=MOMENTS, error_messages={"invalid": MOMENT},
        widget=forms.DateTimeInput(attrs={"placeholder": "2026-11-22 14:05"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """The first moment lies before the second."""
        given = super().clean() or {}
        if given.get("at") and given.get("other") and given["at"] > given["other"]:
            self.add_error("other", _("The second moment lies before the first."))
        return given
