"""Lists of responsibility letters: the letters, and the people of one."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.letters.printing import how, role_names
from audit.letters.selectors import in_unit, units_read, unsigned
from audit.models import LetterVersion
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge


def version_badge(row: LetterVersion, *, superseded: bool = False) -> str:
    """Whether a version is to be signed today."""
    if row.letter.ended_at is not None:
        return badge("grey", pgettext_lazy("responsibility letter", "Ended"))
    if superseded:
        return badge("grey", pgettext_lazy("responsibility letter", "Superseded"))
    if row.valid_until < timezone.localdate():
        return badge("red", _("Next version due"), "alert-circle")
    return badge("green", _("In force"), "circle-check")


def _by_state(rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
    return rows.filter(letter__ended_at__isnull=chosen == "open")


class LetterList(ListPage[Any]):
    """The newest versions of letters."""

    name = "audit.letters"
    unit_path = "letter__school_id"
    columns = (
        Column("number", pgettext_lazy("document", "Number"), lambda row: row.letter.number, fixed=True, css="id",
               sort=("letter__number",), link=True),
        Column("title", pgettext_lazy("responsibility letter", "Title"), lambda row: row.title, sort=("title", "pk")),
        Column("school", _("School"), lambda row: row.letter.school.label, phone=False),
        Column("version", _("Version"), lambda row: row.version, css="num", phone=False),
        Column("roles", _("To be signed by"), role_names, default=False),
        Column("published", _("Published"), lambda row: timezone.localdate(row.published_at), css="date",
               sort=("published_at", "pk"), phone=False),
        Column("until", _("Valid until"), lambda row: row.valid_until, css="date", sort=("valid_until", "pk")),
        Column("state", _("State"), version_badge, css="state", value=lambda row: row.letter.ended_at),
        Column("signed", pgettext_lazy("responsibility letter", "Signed"), lambda row: row.signed, css="num"),
        Column("open", pgettext_lazy("responsibility letter", "Not signed"), lambda row: row.open, css="num"),
    )  # fmt: skip
    filters = (
        Filter("state", _("State"), "choice", _by_state,
               choices=(("open", _("In force")), ("ended", pgettext_lazy("responsibility letter", "Ended")))),
    )  # fmt: skip
    default_sort = "-number"
    empty = Empty(
        _("No responsibility letters yet"),
        _("The head of archives or the leader publishes them."),
        icon="file-pencil",
    )

    @cached_property
    def objects(self) -> list[Any]:
        """The page's rows, each with how many people have not signed it."""
        rows = super().objects
        left = unsigned(rows)
        for one in rows:
            one.open = len(left[one.pk])
        return rows

    def row_url(self, row: Any) -> str:
        """The letter with its people."""
        return reverse("audit:letter", args=[row.public_id])


def _signed(row: Any) -> str:
    if row.signed_on is None:
        return badge("amber", pgettext_lazy("responsibility letter", "Not signed"), "clock")
    if not row.still_asked:
        return badge("grey", _("Signed, not asked any more"), "circle-check")
    return badge("green", pgettext_lazy("responsibility letter", "Signed"), "circle-check")


def _how(row: Any) -> str | None:
    if row.signed_on is None:
        return None
    if row.paper is None:
        return how(None)
    url = reverse("audit:letter_scan", args=[row.paper])
    return format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', url, how(row.registrar))


def _by_signed(rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
    return rows.filter(signed_on__isnull=chosen == "open")


def _by_unit(rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
    return in_unit(rows, int(chosen))


def _units(user: Any) -> Sequence[tuple[Any, Any]]:
    return [(one.pk, one.full_label) for one in units_read(user)]


def _by_words(rows: QuerySet[Any], words: str) -> QuerySet[Any]:
    return rows.filter(Q(name__icontains=words) | Q(staff_no__icontains=words))


class PeopleList(ListPage[Any]):
    """Who signed a version, when and how, and who did not."""

    name = "audit.letter_people"
    columns = (
        Column("name", _("Name"), lambda row: row.name, sort=("name", "pk"), fixed=True, css="name"),
        Column("staff_no", _("Staff number"), lambda row: row.staff_no, sort=("staff_no",), css="id", phone=False),
        Column("unit", _("Department"), lambda row: row.unit and row.unit.full_label, sort=("unit__name", "pk")),
        Column("state", _("State"), _signed, css="state", value=lambda row: row.signed_on),
        Column("signed_on", _("Signed on"), lambda row: row.signed_on, sort=("signed_on", "pk"), css="date"),
        Column("how", pgettext_lazy("of a signature", "How"), _how, phone=False),
    )  # fmt: skip
    filters = (
        Filter("q", _("Name or staff number"), "text", _by_words),
        Filter("unit", _("Department"), "choice", _by_unit, choices=_units),
        Filter("state", _("State"), "choice", _by_signed,
               choices=(("open", pgettext_lazy("responsibility letter", "Not signed")),
                        ("signed", pgettext_lazy("responsibility letter", "Signed")))),
    )  # fmt: skip
    default_sort = "name"
    empty = Empty(_("Nobody holds one of these roles"), icon="users")
