"""Forms of problem records: a list to be brought in, an answer, a return."""

from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from approvals.models import Request
from archive.models import ProblemList
from files.inspection import MEGABYTE

MOST_BYTES = 8 * MEGABYTE


class ListForm(forms.Form):
    """Whose list it is, by when it is worked off, and the file."""

    use_required_attribute = False

    source = forms.ChoiceField(label=_("Source"), choices=ProblemList.Source.choices)
    title = forms.CharField(
        label=_("Title"), max_length=80, help_text=_("No name and no number of a student")
    )
    due_on = forms.DateField(label=_("Due on"))
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "Excel (.xlsx) or CSV, up to 2,000 rows. Columns: 姓名, one of 国网学籍号, 学号 or 身份证件号, "
            "and where there are such 问题类型 and 问题说明."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": _("Choose a file first."), "empty": _("The file is empty.")},
    )

    def clean_due_on(self) -> Any:
        """Today or a day to come."""
        found = self.cleaned_data["due_on"]
        if found < timezone.localdate():
            raise forms.ValidationError(_("The last day lies in the past."))
        return found

    def clean_file(self) -> Any:
        """Not too large to be read at once."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            words = _("The file is larger than %(limit)s MB.")
            raise forms.ValidationError(words, params={"limit": MOST_BYTES // MEGABYTE})
        return file


class VersionForm(forms.Form):
    """The state of the row that the page showed."""

    use_required_attribute = False

    version = forms.IntegerField(widget=forms.HiddenInput)


class ExplainForm(VersionForm):
    """Why the file stays as it is."""

    reason = forms.CharField(
        label=_("Explanation"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class MendForm(VersionForm):
    """The request that mends the file."""

    request = forms.ChoiceField(label=_("Request"))

    def __init__(self, requests: list[Request], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.requests = {str(one.public_id): one for one in requests}
        choices = [(key, f"{one.number} · {one.get_state_display()}") for key, one in self.requests.items()]
        cast("forms.ChoiceField", self.fields["request"]).choices = choices


class ReturnForm(VersionForm):
    """Why an answer does not do."""

    reason = forms.CharField(
        label=pgettext_lazy("problem record", "What is missing"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
