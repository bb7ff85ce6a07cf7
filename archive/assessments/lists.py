"""The register of impact assessments (个人信息保护影响评估)."""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from archive.models import ImpactAssessment
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge


def state_badge(row: ImpactAssessment) -> str:
    """Whether something may rest on it, as a badge."""
    if row.was_refused:
        return badge("red", pgettext("assessment", "Refused"), "x")
    if row.ended_at is not None:
        return badge("red", pgettext("assessment", "Withdrawn"), "x")
    if row.valid_until < timezone.localdate():
        return badge("grey", pgettext("assessment", "Over"), "clock")
    if row.confirmed_at is None:
        return badge("orange", _("To be confirmed"), "clock")
    if row.conclusion == ImpactAssessment.Conclusion.NOT:
        return badge("red", _("Not acceptable"), "x")
    return badge("green", _("Stands"), "circle-check")


def _by_state(rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
    ended = Q(ended_at__isnull=False)
    over = Q(valid_until__lt=timezone.localdate())
    unconfirmed = Q(confirmed_at__isnull=True)
    refused = Q(conclusion=ImpactAssessment.Conclusion.NOT)
    wanted = {
        "ended": ended, "over": ~ended & over, "waiting": ~ended & ~over & unconfirmed,
        "stands": ~ended & ~over & ~unconfirmed & ~refused,
    }  # fmt: skip
    return rows.filter(wanted[chosen])


class AssessmentList(ListPage[Any]):
    """What was assessed, by whom, and how long it stands."""

    name = "archive.assessments"
    columns = (
        Column("number", pgettext_lazy("document", "Number"), lambda row: row.number, sort=("number",), fixed=True,
               link=True, css="id"),
        Column("title", _("What is assessed"), lambda row: row.title, sort=("title", "pk")),
        Column("state", _("State"), state_badge, css="state", value=lambda row: row.confirmed_at),
        Column("conclusion", _("Conclusion"), lambda row: row.get_conclusion_display(), phone=False),
        Column("valid_until", _("Valid until"), lambda row: row.valid_until, sort=("valid_until", "pk"), css="date"),
        Column("made_by", _("Assessed by"), lambda row: row.made_by.name, css="name", phone=False),
        Column("confirmed_by", _("Confirmed by"), lambda row: row.confirmed_by and row.confirmed_by.name, css="name",
               phone=False),
        Column("school", _("School"), lambda row: row.school.label, default=False),
    )  # fmt: skip
    filters = (
        Filter("state", _("State"), "choice", _by_state,
               choices=(("stands", _("Stands")), ("waiting", _("To be confirmed")),
                        ("over", pgettext_lazy("assessment", "Over")), ("ended", _("Refused or withdrawn")))),
    )  # fmt: skip
    default_sort = "-number"
    empty = Empty(
        _("No impact assessment yet"),
        _("Sharings, and exports with whole numbers, rest on one."),
        icon="shield-check",
    )

    def row_url(self, row: Any) -> str:
        """The assessment."""
        return reverse("archive:assessment", args=[row.public_id])
