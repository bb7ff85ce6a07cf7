"""What the rooms have in common when they pass work on: requests with their decisions, delegations, notices."""

import uuid
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from approvals.constraints import SameRequester, never_same
from approvals.reasons import ReturnReason
from core.crypto import EncryptedTextField
from ledger.history import History
from ledger.models import InsertOnlyModel, RecordedModel
from school.models import Unit


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Reads of notices."""

    def visible_to(self, user: User) -> Self:
        """Notices to the duty of the department in which ``user`` works, at his school and the units above it."""
        unit = user.unit
        if unit is None or not unit.duty:
            return self.none()
        return self.filter(duty=unit.duty, unit_id__in=[*unit.ancestors, unit.pk])

    def unread_by(self, user: User) -> Self:
        """Those that have news since ``user`` last marked them as read."""
        read = NoticeRead.objects.filter(
            user=user, notice=models.OuterRef("pk"), at__gte=models.OuterRef("last_at")
        )
        return self.filter(~models.Exists(read))


class Notice(models.Model):
    """News for the people of a department (通知). The same news of one day is counted up, not repeated.

    ``kind`` names the text (``approvals.notices``); ``about`` is what it is about in plain words, never a person.
    """

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    duty = models.CharField(_("duty"), max_length=16, choices=Unit.Duty.choices)
    kind = models.CharField(_("kind"), max_length=40)
    about = models.CharField(max_length=80)
    url = models.CharField(max_length=200)
    day = models.DateField()
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(auto_now_add=True)
    last_at = models.DateTimeField()

    objects = models.Manager.from_queryset(NoticeQuerySet)()

    class Meta:
        verbose_name = _("notice")
        default_permissions = ()
        indexes = [models.Index(fields=["unit", "duty", "-last_at"], name="notice_to")]
        constraints = [
            models.UniqueConstraint(fields=["unit", "duty", "kind", "url", "day"], name="notice_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"


class NoticeRead(models.Model):
    """Somebody has read a notice."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="reads")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["notice", "user"], name="notice_read_once")]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.user_id}"


class Request(RecordedModel):
    """A request (申请): what every kind shares. What is asked for stands in the typed row that points at it.

    ``number`` (受理编号) is given at the first submission. ``subject``: the student, if it is about one. ``step`` is
    the key of the step that is waited for. ``version`` rises with each act, so that a page can tell that it is stale.
    ``instead_of``: the draft or returned request of the same person that was taken back for this corrected one.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        UNDER_REVIEW = "under_review", _("Under review")
        RETURNED = "returned", _("Returned")
        APPROVED = "approved", _("Approved, being carried out")
        CLOSED = "closed", pgettext_lazy("request", "Done")
        REFUSED = "refused", _("Refused")
        RECALLED = "recalled", _("Recalled")
        LAPSED = "lapsed", _("Lapsed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20)
    number = models.CharField(_("request number"), max_length=20, blank=True)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    subject = models.UUIDField(_("student"), null=True)
    requester = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requester_role = models.CharField(_("role"), max_length=40, blank=True)
    instead_of = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="+")
    scheme = models.CharField(_("scheme of duties"), max_length=8)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.DRAFT)
    step = models.CharField(_("step"), max_length=24, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    stopped_on = models.DateField(_("clock stopped on"), null=True, blank=True)
    days_left = models.SmallIntegerField(_("working days left when stopped"), null=True, blank=True)
    opened_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    escalated_at = models.DateTimeField(_("escalated"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    history = History(excluded_fields=["opened_by", "version"])

    class Meta:
        verbose_name = _("request")
        default_permissions = ()
        indexes = [
            models.Index(fields=["school", "state", "step"], name="request_waiting"),
            models.Index(fields=["requester", "-created_at"], name="request_own"),
            models.Index(fields=["subject"], name="request_subject", condition=Q(subject__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["id", "requester"], name="request_requester_key"),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="request_number_once"),
            models.CheckConstraint(
                condition=~Q(number="") | Q(state__in=["draft", "recalled"]),
                name="request_has_number",
            ),
            models.CheckConstraint(
                condition=Q(stopped_on__isnull=True, days_left__isnull=True)
                | Q(stopped_on__isnull=False, days_left__isnull=False, due_on__isnull=True),
                name="request_clock",
            ),
        ]

    def __str__(self) -> str:
        return self.number or str(self.public_id)

    @property
    def unit_id(self) -> int:
        """The unit that scope asks for."""
        return int(self.school_id)

    def ledger_subject(self) -> uuid.UUID | None:
        """The student whom it is about."""
        return self.subject


NOT_BEGUN = (Request.State.DRAFT, Request.State.REFUSED, Request.State.RECALLED, Request.State.LAPSED)
"""States of requests that change nothing."""


class Delegation(RecordedModel):
    """A dated, approved appointment to act for somebody (代办授权): on requests alone, never for oneself."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    principal = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        verbose_name = _("delegation")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=~Q(principal=F("deputy")), name="delegation_to_another"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | ~Q(approved_by=F("principal")) & ~Q(approved_by=F("deputy")),
                name="delegation_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="delegation_approval",
            ),
            models.CheckConstraint(condition=Q(valid_until__gte=F("valid_from")), name="delegation_dates"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class Decision(InsertOnlyModel):
    """One act on a request: who, in which role, for whom, with what outcome and words. Written once."""

    class Outcome(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        PASSED = "passed", _("Passed")
        RETURNED = "returned", _("Returned")
        REFUSED = "refused", _("Refused")
        RECALLED = "recalled", _("Recalled")
        REOPENED = "reopened", _("Reopened")
        STOPPED = "stopped", _("Clock stopped")
        RESUMED = "resumed", _("Clock goes on")
        LAPSED = "lapsed", _("Lapsed")

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="decisions")
    step = models.CharField(_("step"), max_length=24, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(_("role"), max_length=40, blank=True)
    delegation = models.ForeignKey(Delegation, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=24, choices=ReturnReason.choices, blank=True)
    fields = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    comment = EncryptedTextField(_("comment"), blank=True, default="")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("decision")
        default_permissions = ()
        indexes = [models.Index(fields=["request", "id"], name="decision_request")]

    def __str__(self) -> str:
        return f"{self.request_id} {self.step} {self.outcome}"


class NumberSeries(models.Model):
    """The last number given out for a kind of request in a year."""

    key = models.CharField(max_length=20, unique=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.key} {self.last}"


class TypedRequest(RecordedModel):
    """Base of what one kind of request holds: one row for each request, with the persons who took its steps.

    ``APART`` names pairs of columns that must hold different persons; the database holds them by `apart`, and the
    engine says it in words before, by `pairs`. ``requester`` repeats the request's own, so that it can stand in these
    constraints; `SameRequester` keeps the two equal.
    """

    APART: ClassVar[tuple[tuple[str, str], ...]] = ()

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="%(class)s")
    requester = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.request)

    def ledger_subject(self) -> uuid.UUID | None:
        """The student whom it is about."""
        subject: uuid.UUID | None = self.request.subject
        return subject

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs of columns that must hold different persons in this very request."""
        return self.APART

    def barred(self) -> set[int]:
        """Keys of persons who take no step, since they had another part in the matter."""
        return set()

    def subjects(self) -> list[uuid.UUID]:
        """The students whom it is about; whoever is one of them, or belongs to the family, decides nothing."""
        return [self.request.subject] if self.request.subject else []


def apart(prefix: str, pairs: tuple[tuple[str, str], ...]) -> list[models.BaseConstraint]:
    """Constraints of a typed request: its requester is the request's, and the persons of each pair differ.

    An empty column is no person yet.
    """
    return [
        SameRequester(name=f"{prefix}_same_requester"),
        *(never_same(one, other, f"{prefix}_{one}_{other}"[:63]) for one, other in pairs),
    ]


from approvals.spot_check_models import SpotCheck, SpotCheckItem  # noqa: E402  # they stand on nothing above

__all__ = ["SpotCheck", "SpotCheckItem"]
