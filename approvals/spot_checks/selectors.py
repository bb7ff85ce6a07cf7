"""Reads of spot checks: the samples that a user may see, and what of them waits."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.scope import units_with, units_with_any, visible_or_404
from approvals.inbox import MOST_ROWS, InboxRow, Tab
from approvals.spot_check_models import SpotCheck, SpotCheckItem
from core.formatting import month

READERS = ("approve_applicant", "decide_for_archives")
"""At the school: who answers for the cases reads what was found in them once the sample is closed."""


def spot_checks(user: User) -> QuerySet[SpotCheck]:
    """Samples of the units above which ``user`` checks, and the closed ones of his own school."""
    seen = Q(school_id__in=list(units_with(user, "spot_check")))
    seen |= Q(school_id__in=units_with_any(user, READERS), closed_at__isnull=False)
    rows: QuerySet[SpotCheck] = SpotCheck.objects.filter(seen).select_related("school")
    return rows.annotate(drawn=Count("items"), judged=Count("items", filter=~Q(items__outcome="")))


def spot_check_for(user: User, public_id: UUID) -> SpotCheck:
    """One sample. Raises Http404, OutOfScope."""
    found: SpotCheck = visible_or_404(SpotCheck.objects.all(), spot_checks(user), public_id=public_id)
    return found


def item_for(user: User, public_id: UUID) -> SpotCheckItem:
    """One case of a sample. Raises Http404, OutOfScope."""
    every = SpotCheckItem.objects.select_related("spot_check__school")
    mine = every.filter(spot_check__school_id__in=list(units_with(user, "spot_check")))
    found: SpotCheckItem = visible_or_404(every, mine, public_id=public_id)
    return found


def items_of(row: SpotCheck) -> QuerySet[SpotCheckItem]:
    """The cases of a sample."""
    found: QuerySet[SpotCheckItem] = row.items.select_related("opened_by", "judged_by")
    return found.order_by("kind", "number")


def open_cases(user: User, kind: str) -> QuerySet[SpotCheckItem]:
    """Cases of one kind that stand in an open sample of ``user``; as long as it is open he may read them."""
    found: QuerySet[SpotCheckItem] = SpotCheckItem.objects.filter(
        kind=kind,
        spot_check__closed_at__isnull=True,
        spot_check__school_id__in=list(units_with(user, "spot_check")),
    )
    return found


def inbox_rows(user: User, tab: Tab) -> Sequence[InboxRow]:
    """Samples with cases that nobody has judged yet."""
    if tab != "waiting" or not (units := units_with(user, "spot_check")):
        return []
    rows = SpotCheck.objects.filter(school_id__in=list(units), closed_at__isnull=True).select_related(
        "school"
    )
    waiting = rows.annotate(left=Count("items", filter=Q(items__outcome="")))
    return [
        InboxRow(
            kind=_("Spot check"),
            title=f"{row.school.label} · {month(row.month)} · {cases(row.left)}",
            url=reverse("approvals:spot_check", args=[row.public_id]),
            count=row.left,
            unit_id=row.school_id,
        )
        for row in waiting.order_by("month", "pk")[:MOST_ROWS]
    ]


def cases(count: int) -> str:
    """3 件, or 3 cases."""
    return ngettext("%(count)s case", "%(count)s cases", count) % {"count": count}
