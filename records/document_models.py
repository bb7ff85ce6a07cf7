"""Documents of a student file (档案材料): what they are, who brought and checked them, how they hang together.

`records.models` takes these in; other modules import them from there.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.crypto import EncryptedTextField
from files.models import Blob
from ledger.history import History
from ledger.models import RecordedModel

TERM_LENGTH = 20
MOST_TERMS = 8


class DocumentKind(models.TextChoices):
    """What a scanned document is; an intake batch says which of `INTAKE_KINDS` must be there."""

    REGISTRATION_FORM = "registration_form", _("Registration form")
    COLLECTION_FORM = "collection_form", _("Signed collection form")
    ID_CARD = "id_card", _("Copy of the identity card")
    HUKOU_BOOK = "hukou_book", _("Household register")
    PRIOR_EDUCATION = "prior_education", _("Proof of prior education")
    NO_ID_PROOF = "no_id_proof", _("Stamped proof of attendance without identity number")
    DISABILITY = "disability", _("Disability certificate")
    ORPHAN = "orphan", _("Orphan certificate")
    BENEFIT = "benefit", _("Certificate of martyr's or entitled family")
    ONLY_CHILD = "only_child", _("Only-child certificate")
    AID_FORM = "aid_form", _("Aid application form")
    PHOTO = "photo", _("Photo")
    OTHER = "other", _("Other")
    HEALTH_FORM = "health_form", _("Health check form")
    TRANSCRIPT = "transcript", _("Transcript")
    STATUS_PAPER = "status_paper", _("Paper of a change of status")
    TRANSFER_PAPER = "transfer_paper", _("Paper of a transfer between schools")
    REWARD_PAPER = "reward_paper", _("Certificate of a reward")
    PENALTY_PAPER = "penalty_paper", _("Paper of a penalty")
    CONSENT = "consent", _("Consent")
    GRADUATION_FORM = "graduation_form", _("Graduation registration form")


INTAKE_KINDS = [one for one in DocumentKind.choices if one[0] in DocumentKind.values[:13]]
"""Kinds that come with an applicant, as choices."""

BOOKED_KINDS = [one for one in DocumentKind.choices if one[0] != DocumentKind.PHOTO]
"""Kinds that are added to an open file by the page for documents; photos have a page of their own."""


class Secrecy(models.TextChoices):
    """Who may open a document besides those who see the file: from `SECRET` on, who may open secret ones."""

    ORDINARY = "ordinary", _("Ordinary")
    SECRET = "secret", _("Secret")
    CONFIDENTIAL = "confidential", _("Confidential")
    TOP_SECRET = "top_secret", _("Top secret")


class Bringer(models.TextChoices):
    """Where a document comes from."""

    INTAKE = "intake", _("Came with the application")
    STUDENT = "student", _("The student")
    FAMILY = "family", _("Parents or guardian")
    OFFICE = "office", _("An office of the school")
    OTHER_SCHOOL = "other_school", _("Another school")
    AUTHORITY = "authority", _("A public authority")


class Document(RecordedModel):
    """One version of a document. A new version leaves the old one; ``item_no`` (件号) stays the same through all.

    ``added_by`` brought the scan into the system, ``brought_by`` says where the paper came from, ``reviewed_by`` held
    the scan against the original and is somebody else.
    """

    class Review(models.TextChoices):
        WAITING = "waiting", _("To be checked")
        SOUND = "sound", _("Checked")
        UNFIT = "unfit", _("Unfit")

    class Fault(models.TextChoices):
        ILLEGIBLE = "illegible", _("Not legible")
        INCOMPLETE = "incomplete", _("Pages or parts are missing")
        OTHER_PERSON = "other_person", _("Belongs to somebody else")
        WRONG_KIND = "wrong_kind", _("Is another kind of document")
        DOUBTFUL = "doubtful", _("Source or genuineness is doubtful")
        NOT_TO_RULE = "not_to_rule", _("Photo is not to the rule")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey("records.Student", on_delete=models.PROTECT, related_name="documents")
    item_no = models.PositiveSmallIntegerField(_("item number"))
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    is_current = models.BooleanField(_("newest version"), default=True)
    kind = models.CharField(_("kind"), max_length=20, choices=DocumentKind.choices)
    title = EncryptedTextField(_("title"), blank=True, default="")
    class_code = models.CharField(_("class number of the archives"), max_length=20, blank=True)
    subject_terms = ArrayField(
        models.CharField(max_length=TERM_LENGTH), verbose_name=_("subject terms"), default=list, blank=True
    )
    secrecy = models.CharField(_("secrecy"), max_length=12, choices=Secrecy.choices, default=Secrecy.ORDINARY)
    brought_by = models.CharField(
        _("brought by"), max_length=12, choices=Bringer.choices, default=Bringer.INTAKE
    )
    bringer_name = EncryptedTextField(_("name of who brought it"), blank=True, default="")
    paper_original = models.BooleanField(_("paper original kept in the file"), default=False)
    blob = models.OneToOneField(Blob, on_delete=models.PROTECT, related_name="+")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    review = models.CharField(_("check"), max_length=8, choices=Review.choices, default=Review.WAITING)
    fault = models.CharField(_("why unfit"), max_length=12, choices=Fault.choices, blank=True)
    review_note = EncryptedTextField(_("note on the check"), blank=True, default="")
    reviewed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        verbose_name = _("document")
        default_permissions = ()
        indexes = [
            models.Index(fields=["class_code"], condition=~Q(class_code=""), name="document_class_code"),
            GinIndex(fields=["subject_terms"], name="document_subject_terms"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["student", "item_no", "version"], name="document_version"),
            models.UniqueConstraint(
                fields=["student", "item_no"], condition=Q(is_current=True), name="document_one_current"
            ),
            models.UniqueConstraint(
                fields=["student"], condition=Q(is_current=True, kind="photo"), name="document_one_photo"
            ),
            models.CheckConstraint(
                condition=~Q(reviewed_by=F("added_by")), name="document_reviewed_by_another"
            ),
            models.CheckConstraint(
                condition=Q(review="waiting", reviewed_by__isnull=True)
                | (~Q(review="waiting") & Q(reviewed_by__isnull=False)),
                name="document_review_named",
            ),
            models.CheckConstraint(
                condition=(Q(review="unfit") & ~Q(fault="")) | (~Q(review="unfit") & Q(fault="")),
                name="document_unfit_with_fault",
            ),
            models.CheckConstraint(
                condition=~Q(kind="photo") | Q(secrecy="ordinary"), name="document_photo_ordinary"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.item_no}.{self.version}"

    @property
    def is_secret(self) -> bool:
        """Whether seeing the file is not enough to open it."""
        return self.secrecy != Secrecy.ORDINARY

    @property
    def number(self) -> str:
        """The document's own number (文件编号): archive number of the file and item number."""
        return f"{self.student.archive_no}-{self.item_no:03d}"

    def ledger_subject(self) -> uuid.UUID:
        """The student whose document it is."""
        return self.student.public_id


class DocumentLink(RecordedModel):
    """Two documents of a file belong together, whatever their versions; the smaller item number stands first."""

    student = models.ForeignKey("records.Student", on_delete=models.PROTECT, related_name="+")
    first_item = models.PositiveSmallIntegerField(_("item number"))
    second_item = models.PositiveSmallIntegerField(_("item number"))

    history = History()

    class Meta:
        verbose_name = _("related documents")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["student", "first_item", "second_item"], name="document_link_once"
            ),
            models.CheckConstraint(condition=Q(first_item__lt=F("second_item")), name="document_link_order"),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} {self.first_item}-{self.second_item}"

    def ledger_subject(self) -> uuid.UUID:
        """The student whose documents they are."""
        return self.student.public_id
