"""Stored files: checked by content, digested, encrypted, never served from a public path."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.crypto import EncryptedTextField
from ledger.models import InsertOnlyModel


class Blob(InsertOnlyModel):
    """One stored file. Written once and never changed; the row names who brought it.

    ``sha256``, ``sm3`` (where the deployment asks for it) and ``size`` are of the plain content; the content lies
    encrypted under a random ``storage_key``. ``pages``: of a picture 1, of a PDF all, else none.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    filename = EncryptedTextField(_("file name"))
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64, db_index=True)
    sm3 = models.CharField(max_length=64, blank=True)
    pages = models.PositiveSmallIntegerField(_("pages"), null=True)
    storage_key = models.CharField(max_length=80, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("stored file")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.public_id)


class Discarded(InsertOnlyModel):
    """The content of a stored file is given up; who did that, and why, is recorded with the act that let it go."""

    blob = models.OneToOneField(Blob, on_delete=models.PROTECT, related_name="discarded")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("discarded file")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.blob_id)
