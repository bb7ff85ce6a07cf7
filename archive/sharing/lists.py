"""The register of sharings (对外提供登记)."""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archive.models import SharingRequest
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge


def _state(row: SharingRequest) -> str:
    if row.ended_on is not None:
        return badge("grey", row.get_ending_display(), "x")
    if row.released_at is None:
        return badge("blue", _("Not released"), "progress-check")
    return badge("green", _("In force"), "circle-check")


def _by_state(rows: QuerySet[SharingRequest], chosen: str) -> QuerySet[SharingRequest]:
    wanted = {
        "waiting": Q(released_at__isnull=True),
        "in_force": Q(released_at__isnull=False, ended_on__isnull=True),
        "ended": Q(ended_on__isnull=False),
    }
    return rows.filter(wanted[chosen])


class SharingList(ListPage[Any]):
    """What was given to whom, until when, and whether it was received."""

    name = "archive.sharings"
    columns = (
        Column("number", _("Request number"), lambda row: row.request.number, sort=("request__number",),
               fixed=True, link=True, css="id"),
        Column("receiver", _("Receiver"), lambda row: row.receiver, sort=("receiver", "pk")),
        Column("state", _("State"), _state, css="state", value=lambda row: row.ending),
        Column("asked", _("Students asked for"), lambda row: row.asked, css="num", phone=False),
        Column("given", pgettext_lazy("students", "Given"), lambda row: row.given, css="num"),
        Column("released", _("Handed out on"),
               lambda row: row.released_at and timezone.localdate(row.released_at),
               sort=("released_at", "pk"), css="date"),
        Column("until", _("Kept until"), lambda row: row.valid_until, sort=("valid_until", "pk"), css="date"),
        Column("received", _("Received"), lambda row: row.received_on, css="date", phone=False),
        Column("ended", _("Ended"), lambda row: row.ended_on, css="date", phone=False),
        Column("releaser", _("Released by"), lambda row: row.releaser and row.releaser.name, css="name",
               phone=False),
    )  # fmt: skip
    filters = (
        Filter("receiver", _("Receiver"), "text",
               lambda rows, text: rows.filter(receiver__icontains=text.strip())),
        Filter("state", _("State"), "choice", _by_state,
               choices=(("waiting", _("Not released")), ("in_force", _("In force")), ("ended", _("Ended")))),
    )  # fmt: skip
    default_sort = "-number"
    empty = Empty(_("Nothing was given to anybody outside"), icon="inbox")

    def row_url(self, row: Any) -> str:
        """The request."""
        return reverse("approvals:request", args=[row.request.public_id])
