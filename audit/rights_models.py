"""Rights: a role asked for by a request (权限申请), and the review of all roles in force (权限年度复核).

`audit.models` takes these in; other modules import them from there.
"""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Appointment, User
from accounts.roles import Role
from approvals.constraints import never_same
from approvals.models import TypedRequest, apart
from ledger.history import History
from ledger.models import RecordedModel
from school.models import Unit

ROLE_APART = (("requester", "head"), ("requester", "granter"), ("head", "granter"))


class RoleRequest(TypedRequest):
    """Somebody asks for a role for himself, on a unit of his school, until a day.

    The head of his department approves, the security administrator grants: then ``appointment`` is what was given.
    """

    APART: ClassVar = ROLE_APART

    role = models.CharField(_("role"), max_length=24, choices=Role.choices)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    head = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    granter = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    appointment = models.OneToOneField(Appointment, null=True, on_delete=models.PROTECT, related_name="+")

    history = History()

    class Meta:
        verbose_name = _("request for a role")
        default_permissions = ()
        constraints = [
            *apart("role_request", ROLE_APART),
            models.CheckConstraint(condition=Q(valid_until__gte=F("valid_from")), name="role_request_dates"),
            models.CheckConstraint(
                condition=Q(appointment__isnull=True) | Q(head__isnull=False, granter__isnull=False),
                name="role_request_granted_whole",
            ),
        ]


class GrantReview(RecordedModel):
    """One review of the roles in force at a school or another employer: opened, answered, finished."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(_("opened"))
    due_on = models.DateField(_("due"))
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("finished"), null=True)

    history = History()

    class Meta:
        verbose_name = _("review of roles")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["school"], condition=Q(closed_at__isnull=True), name="grant_review_one_open"
            ),
            models.CheckConstraint(
                condition=Q(closed_by__isnull=True, closed_at__isnull=True)
                | Q(closed_by__isnull=False, closed_at__isnull=False),
                name="grant_review_closed_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def unit_id(self) -> int:
        """The unit that scope asks for."""
        return int(self.school_id)


class GrantReviewItem(RecordedModel):
    """One role in a review. ``person`` repeats the one who holds it, who neither confirms nor ends it himself."""

    class Outcome(models.TextChoices):
        KEEP = "keep", _("Still needed")
        END = "end", _("To be ended")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(GrantReview, on_delete=models.PROTECT, related_name="items")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=4, choices=Outcome.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    history = History()

    class Meta:
        verbose_name = _("role in a review")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["review", "appointment"], name="grant_review_item_once"),
            never_same("person", "decided_by", "grant_review_not_ones_own"),
            never_same("person", "ended_by", "grant_review_ended_by_another"),
            models.CheckConstraint(
                condition=Q(outcome="", decided_by__isnull=True, decided_at__isnull=True)
                | ~Q(outcome="") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="grant_review_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True) | Q(outcome="end"), name="grant_review_ends_what_is_marked"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="end") | ~Q(reason=""), name="grant_review_end_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review_id} {self.appointment_id}"

    @property
    def unit_id(self) -> int:
        """The unit that scope asks for."""
        return int(self.review.school_id)
