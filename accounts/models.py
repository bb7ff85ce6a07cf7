"""Users, the roles that they hold on units, their training and their earlier passwords."""

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles import ADMINISTRATORS, STUDENT_ROLES, Role
from core.crypto import BlindIndexField, EncryptedTextField
from ledger.history import History
from ledger.models import InsertOnlyModel, RecordedModel, RecordedQuerySet
from school.models import Unit, validity


class UserManager(BaseUserManager.from_queryset(RecordedQuerySet)):  # type: ignore[misc]  # built at run time
    """Finds a user by staff number, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(staff_no__iexact=username)
        return user


class User(RecordedModel, AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in with a staff number (工号) or a student number, or a named service.

    A student's account has the ``public_id`` of his file, so that its history belongs to the file and goes with it.
    """

    class Kind(models.TextChoices):
        STAFF = "staff", _("Staff")
        STUDENT = "student", _("Student")
        SERVICE = "service", _("Service")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    staff_no = models.CharField(_("staff number"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.STAFF)
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=40)
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="users")
    office_phone = models.CharField(_("office phone"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    qq = models.CharField("QQ", max_length=12, blank=True)
    mobile = EncryptedTextField(_("mobile"), blank=True, default="")
    id_number = EncryptedTextField(_("identity number"), blank=True, default="")
    id_number_index = BlindIndexField()
    is_active = models.BooleanField(_("active"), default=True)
    must_change_password = models.BooleanField(_("must change the password"), default=True)
    password_changed_at = models.DateTimeField(_("password changed"), null=True, blank=True)
    last_seen_on = models.DateField(_("last seen"), null=True, blank=True)
    grants_synced_on = models.DateField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    history = History(excluded_fields=["last_login", "last_seen_on", "grants_synced_on", "password"])

    USERNAME_FIELD = "staff_no"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(is_superuser=False), name="nobody_is_superuser"),
            models.CheckConstraint(condition=Q(kind="service") | Q(unit__isnull=False), name="user_has_unit"),
            models.UniqueConstraint(Lower("staff_no"), name="staff_no_in_any_case"),
            models.UniqueConstraint(
                fields=["id_number_index"], condition=Q(kind="staff"), name="one_account_for_each_person"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def ledger_subject(self) -> uuid.UUID | None:
        """Of a student's account the student; staff are nobody's file."""
        return self.public_id if self.kind == self.Kind.STUDENT else None

    def get_full_name(self) -> str:
        """The name that screens and timelines show."""
        return self.name

    def get_short_name(self) -> str:
        """Same as the full name: Chinese names are not cut."""
        return self.name


def _side() -> Case:
    """1 for an administrator's duty, 2 for a role that sees students, NULL for others: unequal ones do not mix."""
    return Case(
        When(role__in=ADMINISTRATORS, then=Value(1)),
        When(role__in=STUDENT_ROLES, then=Value(2)),
        default=None,
        output_field=models.SmallIntegerField(),
    )


class Appointment(RecordedModel):
    """A role that a user holds on a unit and its subtree, from one day to another (任职).

    Both days count. ``withdrawn_at`` ends it at once, on whatever day that is. ``request_no``: the request by which it
    was asked for; "" when it was given without one.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="appointments")
    role = models.CharField(_("role"), max_length=24, choices=Role.choices)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="appointments")
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    request_no = models.CharField(_("request number"), max_length=20, blank=True)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    history = History()

    class Meta:
        verbose_name = _("appointment")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="appointment_dates",
            ),
            models.CheckConstraint(condition=~Q(user=F("granted_by")), name="nobody_appoints_oneself"),
            ExclusionConstraint(
                name="appointment_once",
                condition=Q(withdrawn_at__isnull=True),
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    (validity(), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="one_administrator_duty",
                condition=Q(role__in=ADMINISTRATORS, withdrawn_at__isnull=True),
                expressions=[("user", RangeOperators.EQUAL), (validity(), RangeOperators.OVERLAPS)],
            ),
            ExclusionConstraint(
                name="administrators_see_no_students",
                condition=Q(withdrawn_at__isnull=True),
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    (_side(), RangeOperators.NOT_EQUAL),
                    (validity(), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class Training(RecordedModel):
    """A training that a user passed; roles that enter student data need a valid one (S0-3.3-1)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="trainings")
    name = models.CharField(_("training"), max_length=80)
    passed_on = models.DateField(_("passed on"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    certificate_no = models.CharField(_("certificate number"), max_length=40, blank=True)

    history = History()

    class Meta:
        verbose_name = _("training")
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class FormerPassword(InsertOnlyModel):
    """The hash of a password that a user had; kept so that the last five are not taken again."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="former_passwords")
    password = models.CharField(max_length=128)
    replaced_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user_id)
