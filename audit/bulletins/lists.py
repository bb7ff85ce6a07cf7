"""The list of bulletins."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.bulletins.printing import quarter_words
from core.listpage import Column, Empty, ListPage


class BulletinList(ListPage[Any]):
    """Published bulletins."""

    name = "audit.bulletins"
    columns = (
        Column("number", pgettext_lazy("document", "Number"), lambda row: row.number, sort=("number",), fixed=True,
               link=True, css="id"),
        Column("school", _("School"), lambda row: row.school.label),
        Column("quarter", _("Quarter"), lambda row: quarter_words(row.year, row.quarter),
               sort=("year", "quarter", "pk")),
        Column("published", _("Published"), lambda row: timezone.localdate(row.published_at), css="date"),
        Column("by", _("Published by"), lambda row: row.published_by.name, css="name", phone=False),
    )  # fmt: skip
    default_sort = "-number"
    empty = Empty(
        _("No bulletins yet"), _("The head of archives publishes them for a quarter."), icon="inbox"
    )

    def row_url(self, row: Any) -> str:
        """The bulletin."""
        return reverse("audit:bulletin", args=[row.public_id])
