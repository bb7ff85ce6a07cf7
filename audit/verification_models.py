"""Verifications of the ledger that were made. `audit.models` takes these in; import them from there."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from ledger.models import InsertOnlyModel
from ledger.seals.findings import Finding, Kind


class Verification(InsertOnlyModel):
    """One verification: how much was looked at, and how many faults that showed.

    ``since``: rows of seals from then on alone were compared; without it all of them.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("begun"))
    ended_at = models.DateTimeField(_("ended"))
    since = models.DateTimeField(_("from"), null=True)
    seals = models.BigIntegerField(_("seals"))
    rows = models.BigIntegerField(_("rows"))
    count = models.BigIntegerField(_("faults"))

    class Meta:
        verbose_name = _("verification")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.public_id)


class VerificationFinding(InsertOnlyModel):
    """One fault that a verification showed; of each kind and table the first hundred are kept."""

    verification = models.ForeignKey(Verification, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    table = models.CharField(max_length=63, blank=True)
    row = models.BigIntegerField(null=True)
    seal = models.BigIntegerField(null=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("fault of the ledger")
        default_permissions = ()

    def __str__(self) -> str:
        return Finding(self.kind, self.table, self.row, self.seal, self.note).line()
