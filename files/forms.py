"""The form field of a scan (扫描件)."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from files.actions import Scan


class ScanField(forms.FileField):
    """One scan; gives a `files.actions.Scan`, or None. Its kind and size are judged by content when it is stored."""

    def __init__(self, **values: Any) -> None:
        values.setdefault("help_text", _("JPEG or PNG up to 20 MB, PDF up to 30 MB"))
        values.setdefault("widget", forms.FileInput(attrs={"accept": ".jpg,.jpeg,.png,.pdf"}))
        super().__init__(**values)

    def clean(self, data: Any, initial: Any = None) -> Scan | None:
        """The scan as it was sent."""
        sent = super().clean(data, initial)
        return Scan(sent.name, sent.read()) if sent else None
