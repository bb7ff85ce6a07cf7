"""Lists of reviews of roles, and of the roles in one."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.grant_reviews.selectors import outcome_of
from audit.letters.selectors import open_letters
from audit.models import GrantReviewItem
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge

Outcome = GrantReviewItem.Outcome


def review_badge(row: Any) -> str:
    """Open, late or finished."""
    if row.closed_at is not None:
        return badge("green", _("Finished"), "circle-check")
    if row.due_on < timezone.localdate():
        return badge("red", _("Overdue"), "alert-circle")
    return badge("amber", _("Not finished"), "clock")


def _by_state(rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
    return rows.filter(closed_at__isnull=chosen == "open")


class ReviewList(ListPage[Any]):
    """Reviews and how far they are."""

    name = "audit.grant_reviews"
    columns = (
        Column("number", _("Number"), lambda row: row.number, sort=("number",), fixed=True, link=True, css="id"),
        Column("school", _("School"), lambda row: row.school.label),
        Column("opened", _("Opened"), lambda row: timezone.localdate(row.opened_at), sort=("opened_at", "pk"),
               css="date"),
        Column("due", _("Due"), lambda row: row.due_on, sort=("due_on", "pk"), css="date"),
        Column("state", _("State"), review_badge, css="state", value=lambda row: row.closed_at),
        Column("listed", _("Roles"), lambda row: row.listed, css="num"),
        Column("kept", _("Still needed"), lambda row: row.kept, css="num", phone=False),
        Column("marked", _("To be ended"), lambda row: row.marked, css="num", phone=False),
        Column("ended", _("Ended"), lambda row: row.ended if row.closed_at else None, css="num", phone=False),
        Column("unanswered", _("Not answered"), lambda row: row.unanswered, css="num"),
    )  # fmt: skip
    filters = (
        Filter("state", _("State"), "choice", _by_state,
               choices=(("open", _("Not finished")), ("closed", _("Finished")))),
    )  # fmt: skip
    default_sort = "-opened"
    empty = Empty(
        _("No reviews yet"),
        _("Once a year all roles in force are reviewed, in the month of the school's rule."),
        icon="list-check",
    )

    def row_url(self, row: Any) -> str:
        """The review."""
        return reverse("audit:grant_review", args=[row.public_id])


def _outcome(row: GrantReviewItem) -> str:
    outcome = outcome_of(row)
    if outcome == "ended":
        return badge("grey", _("Ended"), "circle-check")
    if outcome == "before":
        return badge("grey", _("Ended before"), "circle-check")
    if outcome == "stays":
        why = _("Nobody else could end it.")
        return badge("orange", _("Stays in force"), "alert-circle", title=why)
    if outcome == Outcome.END:
        return badge("orange", _("To be ended"), "alert-circle")
    if outcome == Outcome.KEEP:
        return badge("green", _("Still needed"), "circle-check")
    return badge("amber", _("Not answered"), "clock")


def _by_outcome(rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
    return rows.filter(outcome="" if chosen == "open" else chosen)


class ItemList(ListPage[Any]):
    """The roles of one review."""

    name = "audit.grant_review_items"
    columns = (
        Column("person", _("Person"), lambda row: row.person.name, sort=("person__name", "pk"), fixed=True,
               css="name"),
        Column("department", _("Department"), lambda row: row.person.unit and row.person.unit.label,
               sort=("person__unit__name", "pk")),
        Column("role", _("Role"), lambda row: row.appointment.get_role_display(), sort=("appointment__role", "pk")),
        Column("unit", _("Held on"), lambda row: row.appointment.unit.label, phone=False),
        Column("since", _("Valid from"), lambda row: row.appointment.valid_from, css="date", phone=False),
        Column("until", _("Valid until"), lambda row: row.appointment.valid_until, css="date", phone=False),
        Column("request", _("Request"), lambda row: row.appointment.request_no, css="id", default=False),
        Column("letters", _("Letters not signed"), lambda row: row.letters or None, css="num", phone=False),
        Column("outcome", _("Outcome"), _outcome, sort=("outcome", "pk"), css="state",
               value=lambda row: row.get_outcome_display()),
        Column("reason", _("Reason"), lambda row: row.reason, phone=False),
        Column("by", _("Answered by"), lambda row: row.decided_by and row.decided_by.name, css="name", phone=False),
    )  # fmt: skip
    filters = (
        Filter("q", _("Name"), "text", lambda rows, text: rows.filter(person__name__icontains=text.strip())),
        Filter("outcome", _("Outcome"), "choice", _by_outcome,
               choices=(("open", _("Not answered")), *Outcome.choices)),
    )  # fmt: skip
    default_sort = "person"
    empty = Empty(_("No roles here to answer for"), icon="circle-check")

    @cached_property
    def objects(self) -> list[Any]:
        """The page's rows, each with how many responsibility letters its person has not signed."""
        rows = super().objects
        left = open_letters({one.person_id for one in rows})
        for one in rows:
            one.letters = left[one.person_id]
        return rows
