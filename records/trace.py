"""Field history (修改痕迹) of a student file: who changed what, from what to what. Personal numbers stay masked."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import Role
from core.crypto import EncryptedTextField
from core.formatting import day, moment
from core.ui import TimelineRow
from records.columns import HIGHER, NATIONAL, VOCATIONAL, Column, Kind
from records.documents.rights import may_open
from records.models import Document, Enrolment, FamilyMember, Student
from records.reading import FAMILY_SECRETS, STUDENT_SECRETS
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

NAMED: dict[type[models.Model], str] = {Unit: "label", SchoolClass: "label", Programme: "label", User: "name"}
"""What a value that points at another row is called by; what points elsewhere is not compared."""

PERSONAL = frozenset({*STUDENT_SECRETS, *FAMILY_SECRETS})
"""Encrypted fields that are shown masked; of any other encrypted one nothing is shown."""

HIDDEN = "***"

UNNAMED: dict[str, Any] = {
    "school": gettext_lazy("School"), "unit": gettext_lazy("Unit"), "school_class": gettext_lazy("Class"),
    "programme": gettext_lazy("Programme"), "department": gettext_lazy("Department"),
    "requester": gettext_lazy("Requester"), "department_head": gettext_lazy("Head of the department"),
    "archive_head": gettext_lazy("Head of archives"), "archive_reviewer": gettext_lazy("Archives reviewer"),
    "executor": gettext_lazy("Carried out by"), "department_verifier": gettext_lazy("Verified by the department"),
    "archive_verifier": gettext_lazy("Verified by the archives"), "approver": gettext_lazy("Approved by"),
    "first_executor": gettext_lazy("First executor"), "second_executor": gettext_lazy("Second executor"),
    "escort": gettext_lazy("Escort"), "closer": gettext_lazy("Closed by"), "releaser": gettext_lazy("Released by"),
    "agreement_by": gettext_lazy("Agreement entered by"), "granted": gettext_lazy("Granted"),
    "outcome": gettext_lazy("Outcome"), "recorded_by": gettext_lazy("Recorded by"),
    "withdrawn_by": gettext_lazy("Withdrawn by"), "placed_by": gettext_lazy("Placed by"),
    "lifted_by": gettext_lazy("Lifted by"), "lent_by": gettext_lazy("Lent by"),
    "taken_back_by": gettext_lazy("Taken back by"), "answered_by": gettext_lazy("Answered by"),
    "confirmed_by": gettext_lazy("Confirmed by"), "entered_by": gettext_lazy("Entered by"),
    "added_by": gettext_lazy("Entered by"), "reviewed_by": gettext_lazy("Checked by"),
    "initial_reviewer": gettext_lazy("Initially reviewed by"), "head_reviewer": gettext_lazy("Approved by"),
    "acceptor": gettext_lazy("Accepted by"), "bureau_officer": gettext_lazy("Bureau officer"),
    "returned_by": gettext_lazy("Returned by"), "judged_by": gettext_lazy("Judged by"),
    "section": gettext_lazy("Section"), "words": gettext_lazy("Words"), "answer": gettext_lazy("Answer"),
}  # fmt: skip
"""Words for fields whose models have none. What has no words anywhere (counters, versions) is not told."""

LEFT_OUT = frozenset({
    "id", "public_id", "student", "blob", "added_at", "fee_status", "is_current", "reviewed_at", "form_key",
})  # fmt: skip
ICONS = {"+": "plus", "~": "pencil", "-": "trash"}
KINDS: dict[str, Any] = {"+": "green", "~": "blue", "-": "grey"}


def _columns() -> dict[str, Column]:
    found: dict[str, Column] = {}
    for layout in (HIGHER, VOCATIONAL, NATIONAL):
        for column in layout.columns:
            found[column.field.rpartition(".")[2]] = column
    return found


@dataclass(frozen=True, slots=True)
class Turn:
    """One history row beside the one before it, with the fields that differ; none where there is nothing to compare."""

    model: type[models.Model]
    row: Any
    before: Any
    fields: list[Any]


class Reader:
    """Writes field values of history rows in words; names of units, classes, programmes and people are read once."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._columns = _columns()
        kept = list(rows)
        self._words = Words(self._columns.values(), kept)
        self._names = {model: self._labels(model, name, kept) for model, name in NAMED.items()}

    @staticmethod
    def _labels(model: type[Any], name: str, rows: list[Any]) -> dict[int, str]:
        wanted = {
            getattr(row, field.attname)
            for row in rows
            for field in row._meta.concrete_fields
            if field.is_relation and field.related_model is model
        }
        return {one.pk: getattr(one, name) for one in model.objects.filter(pk__in=wanted - {None})}

    def text(self, row: Any, field: Any) -> str:
        """The value of a field in a row; personal numbers masked, other encrypted words not at all."""
        value = getattr(row, field.attname)
        if value in (None, "", []):
            return ""
        if isinstance(field, EncryptedTextField):
            return mask(field.name, value) if field.name in PERSONAL else HIDDEN
        if field.is_relation:
            return self._names.get(field.related_model, {}).get(value, str(value))
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        column = self._columns.get(field.name)
        if column is not None:
            return self._words.of(column, value)
        return _plain(value)

    def label(self, field: Any) -> Any:
        """What a field is called on the pages of a file."""
        column = self._columns.get(field.name)
        if column is not None and column.kind is not Kind.TEXT:
            return column.label
        return field.verbose_name if _has_words(field) else UNNAMED[field.name]


def _has_words(field: Any) -> bool:
    return isinstance(field.verbose_name, Promise)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def tracked(model: type[Any]) -> list[Any]:
    """The fields of a model that its history keeps and whose changes are told."""
    kept = {field.name for field in model.history.model._meta.concrete_fields}
    return [
        field for field in model._meta.concrete_fields
        if field.name in kept - LEFT_OUT
        and not field.name.endswith(("_index", "_sort", "_tokens"))
        and not isinstance(field, models.BinaryField)
        and (not field.is_relation or field.related_model in NAMED)
        and (_has_words(field) or field.name in UNNAMED)
    ]  # fmt: skip


def turns(model: type[models.Model], rows: Iterable[Any]) -> Iterator[Turn]:
    """History rows, given from the newest on, each beside the one before it of the same object; the oldest first."""
    fields = tracked(model)
    before: dict[int, Any] = {}
    for row in reversed(list(rows)):
        old = before.get(row.id)
        before[row.id] = row
        known = row.history_type == "~" and old is not None
        yield Turn(
            model, row, old,
            [one for one in fields if getattr(old, one.attname) != getattr(row, one.attname)] if known else [],
        )  # fmt: skip


def trace(file: StudentFile) -> list[TimelineRow]:
    """What was changed in a file, the newest first. Two queries for each kind, four for names, one for documents."""
    histories = {model: history_of(model, file.student.public_id) for model, _label in TRACED}
    reader = Reader(row for rows in histories.values() for row in rows)
    opened = opened_documents(file)
    found: list[TimelineRow] = []
    for model, label in TRACED:
        for turn in turns(model, histories[model]):
            changes = [
                (reader.label(one), reader.text(turn.before, one), reader.text(turn.row, one))
                for one in turn.fields
                if not hides(turn, one, opened)
            ]
            if changes or not turn.before or turn.row.history_type != "~":
                found.append(_line(turn, str(label), changes))
    return sorted(found, key=lambda one: one.at, reverse=True)


def opened_documents(file: StudentFile) -> set[int]:
    """Ids of the documents that the reader may open as they are now."""
    rows = Document.objects.filter(student=file.student).only("kind", "secrecy")
    return {row.pk for row in rows if may_open(file, row)}


def hides(turn: Turn, field: Any, opened: Collection[int]) -> bool:
    """Whether a field tells of the contents of a document that is not among the ``opened``."""
    return turn.model is Document and field.name in ABOUT_A_DOCUMENT and turn.row.id not in opened


def history_of(model: type[Any], subject: UUID) -> list[Any]:
    """The newest history rows of a model in a file, the newest first, at most `MOST`."""
    rows = model.history.filter(history_subject=subject).select_related("history_user")
    return list(rows.order_by("-history_id")[:MOST])


def _line(turn: Turn, label: str, changes: list[tuple[Any, str, str]]) -> TimelineRow:
    row = turn.row
    return TimelineRow(
        at=row.history_date,
        sentence=sentence(row.history_type, label, row),
        actor=row.history_user.name,
        role=role_label(row.history_role),
        kind=KINDS[row.history_type],
        icon=ICONS[row.history_type],
        request_no=row.history_request_no,
        note=row.history_change_reason or "",
        changes=changes,
    )


def role_label(role: str) -> Any:
    """A role in words; "" for none and for one that there is no more."""
    return Role(role).label if role in Role.values else ""


def sentence(kind: str, label: str, row: Any) -> str:
    """What was done to the object of a history row, in words."""
    named = {"thing": label}
    if hasattr(row, "relation"):
        named["thing"] = f"{label} {row.position}"
    elif hasattr(row, "version") and hasattr(row, "get_kind_display"):
        named["thing"] = f"{label} · {row.get_kind_display()}"
    if kind == "+":
        return _("entered: %(thing)s") % named
    return (_("changed: %(thing)s") if kind == "~" else _("removed: %(thing)s")) % named
