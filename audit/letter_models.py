"""Responsibility letters (责任书): texts of a school in versions, and who signed which.

`audit.models` takes these in; other modules import them from there.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Role
from approvals.constraints import never_same
from files.models import Blob
from ledger.history import History
from ledger.models import InsertOnlyModel, RecordedModel
from school.models import Unit


class Letter(RecordedModel):
    """A responsibility letter of a school through all its versions; nobody is asked to sign it once it has ended."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)

    history = History()

    class Meta:
        verbose_name = _("responsibility letter")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True)
                | Q(ended_by__isnull=False, ended_at__isnull=False),
                name="letter_ended_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def unit_id(self) -> int:
        """The unit that scope asks for."""
        return int(self.school_id)


class LetterVersion(InsertOnlyModel):
    """A published version: what is signed. The newest one of a letter takes the place of those before it.

    ``roles``: who holds one of them at the school or below signs. ``valid_until``: its last day; then the next version
    is due. ``digest``: SHA-256 of title and text (`audit.letters.selectors.digest`).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=80)
    text = models.TextField(_("text"))
    roles = ArrayField(models.CharField(max_length=24, choices=Role.choices), verbose_name=_("signed by"))
    valid_until = models.DateField(_("valid until"))
    digest = models.CharField(max_length=64)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("version of a responsibility letter")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["letter", "version"], name="letter_version_once"),
            models.CheckConstraint(condition=~Q(roles=[]), name="letter_version_for_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id} {self.version}"


class LetterSignature(InsertOnlyModel):
    """One person signed one version: on the page, or on paper, which the office registered with its scan.

    ``unit``: where the person worked then. ``digest``: of the text that was signed. ``at``: when this was written, by
    whom the ledger's context named and from ``address``. It stays when the person leaves.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(LetterVersion, on_delete=models.PROTECT, related_name="signatures")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="letter_signatures")
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    signed_on = models.DateField(_("signed on"))
    at = models.DateTimeField(auto_now_add=True)
    address = models.GenericIPAddressField(null=True)
    registered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    scan = models.OneToOneField(Blob, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("signature of a responsibility letter")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["version", "person"], name="letter_signed_once"),
            never_same("person", "registered_by", "letter_registered_by_another"),
            models.CheckConstraint(
                condition=Q(registered_by__isnull=True, scan__isnull=True)
                | Q(registered_by__isnull=False, scan__isnull=False),
                name="letter_paper_has_its_scan",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
