"""What the rooms have in common when they pass work on: notices to a department."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
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
