"""Seals of the ledger (封存): what was proved when. `ledger.models` takes these in; import them from there."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from ledger.bases import InsertOnlyModel


class Seal(InsertOnlyModel):
    """A signed statement about every ledger row that was committed between the seal before and this one.

    ``header``: the bytes that are signed, as canonical JSON (`ledger.seals.header`); ``number`` and ``at`` repeat them.
    """

    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField(_("sealed"))
    header = models.TextField()
    key_id = models.CharField(max_length=255)
    signature = models.BinaryField(max_length=64)

    class Meta:
        verbose_name = _("seal")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.number)


class SealShape(InsertOnlyModel):
    """The columns of a table, in the order in which they were digested. A table that grows gets another one."""

    table = models.CharField(max_length=63)
    key = models.CharField(max_length=63)
    columns = ArrayField(models.CharField(max_length=63))

    class Meta:
        verbose_name = _("columns of sealed rows")
        default_permissions = ()

    def __str__(self) -> str:
        return self.table


_ids_between = Func(
    RawSQL("ids[1]", ()), RawSQL("ids[array_upper(ids, 1)]", ()), Value("[]"), function="numrange"
)
"""From the first to the last id of a part: they are in order. Of numbers without a largest: the end is within."""


class SealPart(InsertOnlyModel):
    """Rows of one table in a seal: their ids, and the leaf (32 bytes of SHA-256) of each in the same order.

    ``kind``: rows that were new, or rows that a lawful destruction had blanked, as they stand since.
    """

    class Kind(models.TextChoices):
        NEW = "new", _("New rows")
        ERASED = "erased", _("Erased rows")

    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="parts")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=6, choices=Kind.choices)
    shape = models.ForeignKey(SealShape, on_delete=models.PROTECT, related_name="+")
    ids = ArrayField(models.BigIntegerField())
    leaves = models.BinaryField()

    class Meta:
        verbose_name = _("part of a seal")
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=["seal", "position"], name="seal_part_once"),)
        indexes = (GistIndex(_ids_between, name="seal_part_ids"),)

    def __str__(self) -> str:
        return f"{self.seal_id}/{self.position}"


class SealCopy(InsertOnlyModel):
    """That a seal was copied off site, under which name."""

    seal = models.OneToOneField(Seal, on_delete=models.PROTECT, related_name="copy")
    name = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("copy of a seal")
        default_permissions = ()
        constraints = (models.CheckConstraint(condition=~Q(name=""), name="seal_copy_named"),)

    def __str__(self) -> str:
        return self.name


class ArchivedMonth(InsertOnlyModel):
    """A month of events that was written off site so that it may leave the database (`ledger.months`).

    ``sha256`` is of the stored, encrypted file, ``content_sha256`` of what it holds; ``last_xid``: the newest
    transaction in it.
    """

    table = models.CharField(max_length=63, unique=True)
    rows = models.BigIntegerField(_("rows"))
    last_xid = models.BigIntegerField()
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(_("archived"), auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("archived month of events")
        default_permissions = ()

    def __str__(self) -> str:
        return self.table
