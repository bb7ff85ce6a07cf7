"""The register of certificates (证明登记簿)."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archive.models import Certificate
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge


def _state(row: Certificate) -> str:
    if row.voided is not None:
        return badge("red", _("Voided"), "x")
    return badge("green", _("In force"), "circle-check")


def _by_state(rows: QuerySet[Certificate], chosen: str) -> QuerySet[Certificate]:
    return rows.filter(void__isnull=chosen == "in_force")


class CertificateList(ListPage[Any]):
    """What was issued to whom, by whom and when."""

    name = "archive.certificates"
    columns = (
        Column("number", _("Number"), lambda row: row.number, sort=("year", "serial", "pk"), fixed=True,
               link=True, css="id"),
        Column("name", _("Name"), lambda row: row.student.name, css="name"),
        Column("student_no", _("Student number"), lambda row: row.student_no, css="id", phone=False),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("state", _("State"), _state, css="state", value=lambda row: bool(row.voided)),
        Column("issued", _("Issued"), lambda row: timezone.localdate(row.issued_at), sort=("issued_at", "pk"),
               css="date"),
        Column("by", _("Issued by"), lambda row: row.issued_by.name, css="name", phone=False),
    )  # fmt: skip
    filters = (
        Filter("q", _("Name"), "text", lambda rows, text: rows.filter(student__name__icontains=text.strip())),
        Filter("kind", _("Kind"), "choice", lambda rows, chosen: rows.filter(kind=chosen),
               choices=tuple(Certificate.Kind.choices)),
        Filter("state", _("State"), "choice", _by_state,
               choices=(("in_force", _("In force")), ("voided", _("Voided")))),
    )  # fmt: skip
    default_sort = "-number"
    empty = Empty(_("No certificate was issued yet"), _("Issue one from a student file."), icon="inbox")

    def row_url(self, row: Any) -> str:
        """The certificate."""
        return reverse("archive:certificate", args=[row.public_id])
