"""What the pages of imports take in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enrollment.models import IntakeBatch
from files.inspection import FILE_TYPES, MEGABYTE

MOST_BYTES = FILE_TYPES["xlsx"].max_bytes


class UploadForm(forms.Form):
    """A file for one of the batches that the user may fill."""

    batch = forms.ChoiceField(label=_("Intake batch"))
    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv,.zip"}),
        error_messages={"required": _("Choose a file first."), "empty": _("The file is empty.")},
    )

    at_once = forms.BooleanField(
        label=_("Import the good rows right after the check"),
        required=False,
        help_text=_(
            "Rows with errors stay as problem data. Without this you decide when you have seen the result."
        ),
    )

    def __init__(self, *args: Any, batches: list[IntakeBatch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batches = {str(batch.public_id): batch for batch in batches}
        field = self.fields["batch"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells mypy what stands above
        field.choices = [
            (key, f"{batch.school.label} · {batch.name} ({batch.code})")
            for key, batch in self.batches.items()
        ]

    def clean_batch(self) -> IntakeBatch:
        return self.batches[self.cleaned_data["batch"]]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            limit = MOST_BYTES // MEGABYTE
            raise forms.ValidationError(_("The file is larger than %(limit)s MB."), params={"limit": limit})
        return file


class TakeOverForm(forms.Form):
    """Why somebody takes over what is another clerk's."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class DismissForm(forms.Form):
    """Why a problem row is given up."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
