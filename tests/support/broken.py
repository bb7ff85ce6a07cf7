"""Stored files that can no longer be read."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from files.models import Blob, Discarded

BREAKINGS = ("lost", "damaged", "silent", "discarded")


def breaking(blob: Blob, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the content away, change it, let the store be silent until the patch is undone, or give the content up."""
    if how == "silent":

        def silent(*_args: Any, **_kwargs: Any) -> Any:
            raise ConnectionError

        monkeypatch.setattr(default_storage, "open", silent)
    elif how == "discarded":
        Discarded.objects.create(blob=blob)
    else:
        default_storage.delete(blob.storage_key)
        if how == "damaged":
            default_storage.save(blob.storage_key, ContentFile(b"something else"))
