"""The lists of the accounts room."""

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.frame import unit_name
from accounts.grants import in_force
from accounts.models import Appointment, User
from accounts.roles import Role
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge


def _state(user: User) -> SafeString:
    if not user.is_active:
        return badge("grey", _("Locked"), "lock")
    if user.must_change_password:
        return badge("amber", _("First password"), "key")
    return badge("green", _("Active"))


def _roles(user: User) -> str:
    current: list[Appointment] = user.current  # type: ignore[attr-defined]  # set by the selector's prefetch
    names = dict.fromkeys(str(Role(row.role).label) for row in current)
    return format_html_join(" · ", "{}", ((name,) for name in names))


def _by_role(rows: QuerySet[User], role: str) -> QuerySet[User]:
    held = Appointment.objects.filter(in_force(), role=role)
    return rows.filter(pk__in=held.values("user"))


def _by_words(rows: QuerySet[User], words: str) -> QuerySet[User]:
    return rows.filter(Q(name__icontains=words) | Q(staff_no__icontains=words))


def _by_state(rows: QuerySet[User], state: str) -> QuerySet[User]:
    return rows.filter(is_active=state == "open")


class UserList(ListPage[User]):
    """Accounts of the units that one looks after."""

    name = "accounts.users"
    unit_path = "unit_id"
    columns = (
        Column("name", _("Name"), lambda user: user.name, ("name",), fixed=True, css="name", link=True),
        Column("staff_no", _("Staff number"), lambda user: user.staff_no, ("staff_no",), css="id"),
        Column("unit", _("Unit"), lambda user: unit_name(user.unit), ("unit__name",)),
        Column("roles", _("Roles"), _roles),
        Column(
            "seen", _("Last seen"), lambda user: user.last_seen_on, ("last_seen_on",), css="date", phone=False
        ),
        Column("state", _("State"), _state, ("is_active",)),
    )
    filters = (
        Filter("q", _("Name or staff number"), "text", _by_words),
        Filter("role", _("Role"), "choice", _by_role, choices=Role.choices),
        Filter(
            "state", _("State"), "choice", _by_state, choices=(("open", _("Active")), ("locked", _("Locked")))
        ),
    )
    default_sort = "staff_no"
    empty = Empty(_("No accounts yet"), _("Open the first account."))

    def row_url(self, row: User) -> str:
        return reverse("accounts:user", args=[row.public_id])


def _name(row: Appointment) -> str:
    return row.user.name


def _request(row: Appointment) -> str:
    return row.request_no or badge("grey", _("Without a request"))


def _by_request(rows: QuerySet[Appointment], chosen: str) -> QuerySet[Appointment]:
    return rows.filter(request_no="") if chosen == "without" else rows.exclude(request_no="")


class GrantList(ListPage[Appointment]):
    """Everybody whose role reaches into one unit, and why."""

    name = "accounts.grants"
    columns = (
        Column("person", _("Name"), _name, ("user__name",), fixed=True, css="name", link=True),
        Column(
            "staff_no",
            _("Staff number"),
            lambda row: row.user.staff_no,
            ("user__staff_no",),
            css="id",
            phone=False,
        ),
        Column("role", _("Role"), lambda row: str(Role(row.role).label), ("role",)),
        Column("unit", _("Held on"), lambda row: row.unit.full_label, ("unit__name",)),
        Column("valid_from", _("Valid from"), lambda row: row.valid_from, ("valid_from",), css="date"),
        Column("valid_until", _("Valid until"), lambda row: row.valid_until, ("valid_until",), css="date"),
        Column(
            "granted_by",
            _("Given by"),
            lambda row: row.granted_by.name,
            ("granted_by__name",),
            css="person-name",
        ),
        Column(
            "request_no", _("Request"), _request, ("request_no",), css="id", value=lambda row: row.request_no
        ),
        Column("reason", _("Reason"), lambda row: row.reason, default=False),
    )
    filters = (
        Filter("role", _("Role"), "choice", "role", choices=Role.choices),
        Filter(
            "request",
            _("Request"),
            "choice",
            _by_request,
            choices=(("with", _("By a request")), ("without", _("Without a request"))),
        ),
    )
    default_sort = "role"
    empty = Empty(_("Nobody has this permission here"))

    def row_url(self, row: Appointment) -> str:
        return reverse("accounts:user", args=[row.user.public_id])
