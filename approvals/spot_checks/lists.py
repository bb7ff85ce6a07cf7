"""The list of spot checks."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from approvals.spot_check_models import SpotCheck
from core.formatting import month
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge


def _state(row: SpotCheck) -> str:
    if row.closed_at is None:
        return badge("amber", _("Not finished"), "clock")
    if row.faults_found:
        return badge("orange", _("Fault found"), "alert-circle")
    return badge("green", _("In order"), "circle-check")


def _by_state(rows: QuerySet[SpotCheck], chosen: str) -> QuerySet[SpotCheck]:
    return rows.filter(closed_at__isnull=chosen == "open")


class SpotCheckList(ListPage[Any]):
    """Samples of schools and months."""

    name = "approvals.spot_checks"
    columns = (
        Column("month", _("Month"), lambda row: month(row.month), sort=("month", "pk"), fixed=True, link=True,
               css="date"),
        Column("school", _("School"), lambda row: row.school.label),
        Column("state", _("State"), _state, css="state",
               value=lambda row: row.closed_at is None),
        Column("population", _("Cases of the month"), lambda row: row.population, css="num"),
        Column("drawn", _("Drawn"), lambda row: row.drawn, css="num"),
        Column("judged", _("Judged"), lambda row: row.judged, css="num"),
        Column("faults", _("Faults"), lambda row: row.faults_found, css="num"),
    )  # fmt: skip
    filters = (
        Filter(
            "state",
            _("State"),
            "choice",
            _by_state,
            choices=(("open", _("Not finished")), ("closed", _("Finished"))),
        ),
    )
    default_sort = "-month"
    empty = Empty(
        _("No spot checks yet"),
        _("On the first of each month a sample is drawn from what small schools decided the month before."),
        icon="checklist",
    )

    def row_url(self, row: Any) -> str:
        """The sample."""
        return reverse("approvals:spot_check", args=[row.public_id])
