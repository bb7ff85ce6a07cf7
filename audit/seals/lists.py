"""Lists of seals and of verifications."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.models import Verification, VerificationFinding
from audit.seals.selectors import Standing, table_words
from core.listpage import Column, Empty, ListPage
from core.templatetags.xueji import badge
from ledger.models import Seal
from ledger.seals.header import BadHeader, parse


def _rows(row: Seal) -> int | None:
    try:
        return parse(row.header).rows
    except BadHeader:
        return None


def _copied(row: Seal) -> SafeString:
    if hasattr(row, "copy"):
        return badge("green", _("Copied off site"), "circle-check")
    return badge("amber", _("Not copied yet"), "clock")


def result(row: Verification) -> SafeString:
    """What a verification showed, as a badge."""
    if row.count:
        return badge("red", _("Faults found"), "alert-circle")
    return badge("green", _("Verified"), "circle-check")


LOOKS = {
    Standing.WAITING: ("grey", "clock"),
    Standing.SEALED: ("blue", "certificate"),
    Standing.VERIFIED: ("green", "circle-check"),
    Standing.BROKEN: ("red", "alert-circle"),
}


def standing_badge(standing: Standing) -> SafeString:
    """How far an event is proved, as a badge."""
    kind, icon = LOOKS[standing]
    return badge(kind, standing.label, icon)


def _table(row: VerificationFinding) -> SafeString | str:
    if not row.table:
        return ""
    return format_html("{} <code>{}</code>", table_words(row.table), row.table)


class SealList(ListPage[Any]):
    """Every seal."""

    name = "audit.seals"
    columns = (
        Column("number", pgettext_lazy("seal", "Seal"), lambda row: row.number, sort=("number",), fixed=True,
               link=True, css="num"),
        Column("at", pgettext_lazy("seal", "Sealed at"), lambda row: row.at, sort=("at", "number"), css="date"),
        Column("rows", _("Rows"), _rows, css="num"),
        Column("key", pgettext_lazy("seal", "Key"), lambda row: row.key_id, phone=False, css="id"),
        Column("copy", pgettext_lazy("seal", "Copy"), _copied, css="state", value=lambda row: hasattr(row, "copy")),
    )  # fmt: skip
    default_sort = "-number"
    empty = Empty(_("Nothing was sealed yet"), _("A seal is made every five minutes."), icon="certificate")

    def row_url(self, row: Any) -> str:
        """The seal."""
        return reverse("audit:seal", args=[row.number])


class VerificationList(ListPage[Any]):
    """Every verification."""

    name = "audit.verifications"
    columns = (
        Column("at", pgettext_lazy("verification", "Begun"), lambda row: row.started_at, sort=("pk",), fixed=True,
               link=True, css="date"),
        Column("result", pgettext_lazy("verification", "Result"), result, css="state", value=lambda row: row.count),
        Column("faults", _("Faults"), lambda row: row.count, sort=("count", "pk"), css="num"),
        Column("seals", _("Seals"), lambda row: row.seals, css="num", phone=False),
        Column("rows", _("Rows compared"), lambda row: row.rows, css="num", phone=False),
        Column("by", pgettext_lazy("verification", "By"), lambda row: row.by.name, css="name", phone=False),
    )  # fmt: skip
    default_sort = "-at"
    empty = Empty(
        _("Nothing was verified yet"), _("The ledger is verified every night."), icon="shield-check"
    )

    def row_url(self, row: Any) -> str:
        """The verification."""
        return reverse("audit:verification", args=[row.public_id])


class FindingList(ListPage[Any]):
    """The faults of one verification."""

    name = "audit.findings"
    columns = (
        Column("kind", _("Fault"), VerificationFinding.get_kind_display, sort=("kind", "pk"), fixed=True),
        Column("table", _("Table"), _table, sort=("table", "row"), value=lambda row: row.table),
        Column("row", _("Row"), lambda row: row.row, css="num"),
        Column("seal", pgettext_lazy("seal", "Seal"), lambda row: row.seal, sort=("seal", "pk"), css="num"),
        Column("note", _("Note"), lambda row: row.note, phone=False),
    )  # fmt: skip
    default_sort = "kind"
    empty = Empty(_("No fault was found"), icon="circle-check")
