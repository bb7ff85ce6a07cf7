"""The list of files that fail the four checks."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archive.four_checks.items import CHECKS
from archive.models import FourCheckItem, FourCheckRun
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge


def _checks(row: FourCheckRun) -> SafeString:
    failed = sorted({item.number[0] for item in row.items.all()})
    return format_html_join(" ", "{}", ((badge("red", CHECKS[one][1], "x"),) for one in failed))


def _codes(row: FourCheckRun) -> str:
    return " ".join(item.code for item in row.items.all())


def _of_check(rows: QuerySet[FourCheckRun], chosen: str) -> QuerySet[FourCheckRun]:
    failed = FourCheckItem.objects.filter(
        run=OuterRef("pk"), outcome=FourCheckItem.Outcome.FAILED, code__contains=f"-{chosen}-"
    )
    return rows.filter(Exists(failed))


class FailingList(ListPage[Any]):
    """Each file whose last run failed."""

    name = "archive.four_checks"
    columns = (
        Column("archive_no", _("Archive number"), lambda row: row.archive_no, sort=("archive_no",), fixed=True,
               link=True, css="id"),
        Column("checks", _("Checks failed"), _checks, css="state", value=_codes),
        Column("items", _("Items"), _codes, css="id", phone=False),
        Column("occasion", _("Occasion"), lambda row: row.get_occasion_display(), sort=("occasion", "pk"),
               phone=False),
        Column("at", pgettext_lazy("four checks", "Checked at"), lambda row: row.at, sort=("at", "pk"), css="date"),
        Column("made_by", pgettext_lazy("four checks", "Checked by"), lambda row: row.made_by.name, css="name",
               phone=False),
    )  # fmt: skip
    filters = (
        Filter("archive_no", _("Archive number"), "text",
               lambda rows, text: rows.filter(archive_no__istartswith=text.strip())),
        Filter("check", pgettext_lazy("four checks", "Check"), "choice", _of_check,
               choices=tuple((key, title) for key, (_name, title) in CHECKS.items())),
    )  # fmt: skip
    default_sort = "-at"
    empty = Empty(
        _("No file fails the four checks"),
        _("Files are checked at acceptance, before they go out, and again and again on schedule."),
        icon="shield-check",
    )

    def row_url(self, row: Any) -> str:
        """The runs of that file."""
        return reverse("archive:file_checks", args=[row.subject])
