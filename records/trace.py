"""Field history (修改痕迹) of a student file: who changed what, from what to what. Personal numbers stay masked."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Role
from core.crypto import EncryptedTextField
from core.formatting import day
from core.ui import TimelineRow
from records.columns import HIGHER, NATIONAL, VOCATIONAL, Column, Kind
from records.documents.rights import may_open
from records.models import Document, Enrolment, FamilyMember, Student
from records.selectors import StudentFile
from records.sheet import Words, mask
from school.models import Programme, SchoolClass, Unit

MOST = 300
"""At most so many newest rows of each kind are compared."""

TRACED: tuple[tuple[type[models.Model], Any], ...] = (
    (Student, gettext_lazy("Student")),
    (Enrolment, gettext_lazy("Enrolment")),
    (FamilyMember, gettext_lazy("Family member")),
    (Document, gettext_lazy("Document")),
)
ABOUT_A_DOCUMENT = frozenset({"title", "subject_terms", "bringer_name", "review_note"})
"""What tells of the contents of a document: shown to those who may open it."""

NAMED: tuple[type[models.Model], ...] = (Unit, SchoolClass, Programme)
ICONS = {"+": "plus", "~": "pencil", "-": "trash"}
KINDS: dict[str, Any] = {"+": "green", "~": "blue", "-": "grey"}


def _columns() -> dict[str, Column]:
    found: dict[str, Column] = {}
    for layout in (HIGHER, VOCATIONAL, NATIONAL):
        for column in layout.columns:
            found[column.field.rpartition(".")[2]] = column
    return found


class _Reader:
    """Writes field values in words; names of units, classes and programmes are read once."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._columns = _columns()
        kept = list(rows)
        self._words = Words(self._columns.values(), kept)
        self._names = {model: self._labels(model, kept) for model in NAMED}

    @staticmethod
    def _labels(model: type[Any], rows: list[Any]) -> dict[int, str]:
        wanted = {
            getattr(row, field.attname)
            for row in rows
            for field in row._meta.concrete_fields
            if field.is_relation and field.related_model is model
        }
        return {one.pk: one.label for one in model.objects.filter(pk__in=wanted - {None})}

    def text(self, row: Any, field: Any) -> str:
        value = getattr(row, field.attname)
        if value in (None, ""):
            return ""
        if isinstance(field, EncryptedTextField):
            return mask(field.name, value)
        if field.is_relation:
            return self._names.get(field.related_model, {}).get(value, str(value))
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        column = self._columns.get(field.name)
        if column is not None:
            return self._words.of(column, value)
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        return day(value) if isinstance(field, models.DateField) else str(value)

    def label(self, field: Any) -> Any:
        column = self._columns.get(field.name)
        return column.label if column is not None and column.kind is not Kind.TEXT else field.verbose_name


def _tracked(model: type[models.Model]) -> list[Any]:
    left_out = {"id", "public_id", "student", "blob", "added_at", "fee_status", "is_current", "reviewed_at"}
    return [
        field for field in model._meta.concrete_fields
        if field.name not in left_out and not field.name.endswith(("_index", "_sort", "_tokens"))
    ]  # fmt: skip


def trace(file: StudentFile) -> list[TimelineRow]:
    """What was changed in a file, the newest first. Two queries for each kind, three for names, one for documents."""
    histories = {model: _history(model, file.student.public_id) for model, _label in TRACED}
    reader = _Reader(row for rows in histories.values() for row in rows)
    opened = _opened_documents(file)
    found: list[TimelineRow] = []
    for model, label in TRACED:
        found += _compare(model, str(label), histories[model], reader, opened if model is Document else None)
    return sorted(found, key=lambda one: one.at, reverse=True)


def _opened_documents(file: StudentFile) -> set[int]:
    """Ids of the documents that the reader may open as they are now."""
    rows = Document.objects.filter(student=file.student).only("kind", "secrecy")
    return {row.pk for row in rows if may_open(file, row)}


def _history(model: type[Any], subject: UUID) -> list[Any]:
    rows = model.history.filter(history_subject=subject).select_related("history_user")
    return list(rows.order_by("-history_id")[:MOST])


def _compare(
    model: type[models.Model], label: str, rows: list[Any], reader: _Reader, opened: Collection[int] | None
) -> Iterable[TimelineRow]:
    before: dict[int, Any] = {}
    fields = _tracked(model)
    for row in reversed(rows):
        old = before.get(row.id)
        before[row.id] = row
        changes = []
        if row.history_type == "~" and old is not None:
            hidden = ABOUT_A_DOCUMENT if opened is not None and row.id not in opened else ()
            changes = [
                (reader.label(one), reader.text(old, one), reader.text(row, one))
                for one in fields
                if one.name not in hidden and getattr(old, one.attname) != getattr(row, one.attname)
            ]
            if not changes:
                continue
        yield TimelineRow(
            at=row.history_date,
            sentence=_sentence(row.history_type, label, row),
            actor=row.history_user.name,
            role=Role(row.history_role).label if row.history_role in Role.values else "",
            kind=KINDS[row.history_type],
            icon=ICONS[row.history_type],
            request_no=row.history_request_no,
            note=row.history_change_reason or "",
            changes=changes,
        )


def _sentence(kind: str, label: str, row: Any) -> str:
    named = {"thing": label}
    if hasattr(row, "relation"):
        named["thing"] = f"{label} {row.position}"
    elif hasattr(row, "version"):
        named["thing"] = f"{label} · {row.get_kind_display()}"
    if kind == "+":
        return _("entered: %(thing)s") % named
    return (_("changed: %(thing)s") if kind == "~" else _("removed: %(thing)s")) % named
