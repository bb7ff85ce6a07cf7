"""The catalogue of documents: found by class number, subject term, kind and state of the check."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.chinese import clean_text
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge
from records.models import BOOKED_KINDS, Document, Secrecy

REVIEW_KINDS = {"waiting": "amber", "sound": "green", "unfit": "red"}
REVIEW_ICONS = {"waiting": "clock", "sound": "circle-check", "unfit": "circle-x"}


def review_badge(row: Document) -> str:
    """Whether it was checked, in words on its ground."""
    return badge(REVIEW_KINDS[row.review], row.get_review_display(), REVIEW_ICONS[row.review])


def secrecy_badge(row: Document) -> str:
    """The secrecy from secret on; "" for ordinary documents."""
    return badge("purple", row.get_secrecy_display(), "lock") if row.is_secret else ""


def _title(row: Any) -> object:
    return row.title or None if row.opens else None


def _terms(row: Any) -> object:
    return " ".join(row.subject_terms) or None if row.opens else None


def _by_class(rows: QuerySet[Document], text: str) -> QuerySet[Document]:
    return rows.filter(class_code__startswith=clean_text(text))


def _by_term(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    return rows.filter(opens=True, subject_terms__contains=[clean_text(text)])


class DocumentList(ListPage[Document]):
    """Documents in the reader's scope."""

    name = "records.documents"
    columns = (
        Column("number", _("Number of the document"), lambda row: row.number, sort=("student__archive_no", "item_no"),
               fixed=True, link=True, css="id"),
        Column("student", _("Student"), lambda row: row.student.name, sort=("student__name_sort",), css="name"),
        Column("kind", _("Kind"), lambda row: row.get_kind_display(), sort=("kind",)),
        Column("title", _("Title"), _title),
        Column("class_code", _("Class number of the archives"), lambda row: row.class_code, sort=("class_code",),
               css="id"),
        Column("terms", _("Subject terms"), _terms, phone=False),
        Column("secrecy", _("Secrecy"), secrecy_badge, css="state", value=lambda row: row.get_secrecy_display()),
        Column("review", _("Check"), review_badge, sort=("review",), css="state",
               value=lambda row: row.get_review_display()),
        Column("added_by", _("Added by"), lambda row: row.added_by.name, phone=False),
        Column("added_at", _("Added"), lambda row: row.added_at, sort=("added_at",), css="date", phone=False),
    )  # fmt: skip
    filters = (
        Filter("class", _("Class number of the archives"), "text", _by_class),
        Filter("term", _("Subject term"), "text", _by_term),
        Filter("kind", _("Kind"), "choice", "kind", choices=BOOKED_KINDS),
        Filter("review", _("Check"), "choice", "review", choices=Document.Review.choices),
        Filter("secrecy", _("Secrecy"), "choice", "secrecy", choices=Secrecy.choices, rare=True),
    )
    default_sort = "-added_at"
    empty = Empty(
        _("No document yet"), _("Scans come with the applicant, or are added to a file."), icon="files"
    )

    def row_url(self, row: Document) -> str:
        """The document's page."""
        return reverse("records:document", args=[row.student.public_id, row.public_id])
