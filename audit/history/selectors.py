"""Reads of the history of a student file: who may, every change of it, and what one event changed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import QuerySet, Value
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.scope import NotPermitted, OutOfScope, units_with
from approvals import selectors as requests
from archive.models import DestroyedFile
from audit.history.kinds import REVEALED, Shown, shown, traced
from core.crypto import EncryptedTextField
from core.ui import Kind
from ledger.models import Event
from records.models import Enrolment, Student
from records.sections import sections
from records.selectors import StudentFile, student_file
from records.trace import (
    ICONS,
    KINDS,
    MOST,
    PERSONAL,
    Reader,
    Turn,
    hides,
    history_of,
    opened_documents,
    role_label,
    sentence,
    tracked,
    turns,
)

PERM = "view_events"
PAGE = 50


# Who may


@dataclass(frozen=True, slots=True)
class Reach:
    """A student whose history somebody may read. ``audits``: as an auditor, who sees no file.

    ``file`` is what his rights are asked in; None where the file was destroyed.
    """

    reader: User
    student: Student
    unit_id: int
    file: StudentFile | None
    audits: bool = False
    destroyed: DestroyedFile | None = None

    @property
    def reveals(self) -> bool:
        """Whether earlier numbers may be shown whole."""
        return self.file is not None and self.file.allows("reveal_personal")


def reach(user: User, public_id: UUID) -> Reach:
    """The history of this student, by the file or as an auditor.

    Raises OutOfScope for a student of others, NotPermitted where the file opens but not its history, Http404.
    """
    row = Student.objects.filter(public_id=public_id).first()
    if row is None:
        raise Http404
    if Student.objects.visible_to(user).filter(pk=row.pk).exists():
        file = student_file(user, public_id)
        changes = next(one for one in sections() if one.key == "changes")
        if changes.opens(file):
            return Reach(user, row, file.enrolment.unit_id, file)
        if not units_with(user, PERM):
            raise NotPermitted(*changes.perms, obj=row, unit_id=file.enrolment.unit_id)
    return _audited(user, row)


def _audited(user: User, row: Student) -> Reach:
    """By the unit that keeps the file, or that destroyed it."""
    units = units_with(user, PERM)
    stays: QuerySet[Enrolment] = Enrolment.objects.filter(student=row).current()
    kept = stays.select_related("school_class", "unit", "school", "programme").first()
    if kept is not None and kept.unit_id in units:
        return Reach(user, row, kept.unit_id, StudentFile(user, row, [kept]), audits=True)
    gone = DestroyedFile.objects.filter(subject=row.public_id, school_id__in=units).first()
    if gone is None:
        raise OutOfScope("records.student", obj=row)
    return Reach(user, row, gone.school_id, None, audits=True, destroyed=gone)


# Every change


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a change; ``is_hidden``: that it changed is all that the reader sees.

    ``before_url`` and ``after_url`` show the whole number, for those who may.
    """

    label: Any
    before: str = ""
    after: str = ""
    is_hidden: bool = False
    is_masked: bool = False
    before_url: str = ""
    after_url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A change as it is drawn: when, who, what, by which request, from where, before and after."""

    at: datetime
    sentence: str
    actor: str
    role: Any
    kind: Kind
    icon: str
    request_no: str
    request_url: str
    note: str
    address: str
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Asked:
    """What part of a history is asked for. ``what``: a model's label, or that and a field behind a dot; "" for all."""

    what: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether the first day lies after the last."""
        return self.since is not None and self.until is not None and self.since > self.until

    def fits(self, turn: Turn) -> bool:
        """Whether a change is asked for."""
        label = turn.model._meta.label
        if self.what and self.what != label and not self.what.startswith(f"{label}."):
            return False
        if self.what.startswith(f"{label}.") and self.what[len(label) + 1 :] not in {
            one.name for one in turn.fields
        }:
            return False
        on = timezone.localdate(turn.row.history_date)
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Story:
    """One page of a history. ``choices``: what may be asked for; ``is_cut``: some kind has more rows than are read."""

    lines: list[Line] = field(default_factory=list)
    choices: list[tuple[str, str, list[tuple[str, str]]]] = field(default_factory=list)
    page: int = 1
    has_next: bool = False
    is_cut: bool = False


def story(found: Reach, asked: Asked, page: int = 1) -> Story:
    """A page of the changes, the newest first: one query for each kind that has any, and a constant number besides."""
    kept: list[Turn] = []
    kinds: dict[str, type[Any]] = {}
    is_cut = False
    for label, model in _present(found.student.public_id).items():
        if shown(label, found.file, audits=found.audits) is Shown.NOTHING:
            continue
        rows = history_of(model, found.student.public_id)
        kinds[label], is_cut = model, is_cut or len(rows) == MOST
        kept += [one for one in turns(model, rows) if _tells(one, found)]
    asked_for = [] if asked.is_wrong else [one for one in kept if asked.fits(one)]
    asked_for.sort(key=lambda one: (one.row.history_date, one.row.history_id), reverse=True)
    start = (page - 1) * PAGE
    return Story(
        draw(found, asked_for[start : start + PAGE]), _choices(found, kinds), page,
        len(asked_for) > start + PAGE, is_cut,
    )  # fmt: skip


def _tells(turn: Turn, found: Reach | None) -> bool:
    """Whether a row says anything: a row saved as it was does not, unless its contents were destroyed."""
    is_blank = found is not None and found.destroyed is not None
    return bool(turn.fields) or turn.row.history_type != "~" or turn.before is None or is_blank


def _present(subject: UUID) -> dict[str, type[Any]]:
    """The models that have rows of this subject, by label: one query."""
    asked = [
        model.history.filter(history_subject=subject)
        .order_by()
        .annotate(of=Value(label))
        .values_list("of")[:1]
        for label, model in traced().items()
    ]
    found = {label for (label,) in asked[0].union(*asked[1:], all=True)}
    return {label: model for label, model in traced().items() if label in found}


def _choices(found: Reach, kinds: dict[str, type[Any]]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Label, words and fields of each kind that is there."""
    reader = Reader(())
    chosen = []
    for label, model in kinds.items():
        fields = [(f"{label}.{one.name}", str(reader.label(one))) for one in tracked(model)]
        chosen.append((label, str(model._meta.verbose_name), [] if found.destroyed else fields))
    return chosen


def draw(found: Reach | None, kept: Sequence[Turn]) -> list[Line]:
    """Changes in words. ``found``: by whose rights in which file; None for what is nobody's file."""
    reader = Reader(row for one in kept for row in (one.row, one.before) if row is not None)
    opened: Collection[int] = opened_documents(found.file) if found and found.file else ()
    numbers = {one.row.history_request_no for one in kept} - {""}
    links = _request_links(found.reader, numbers) if found else {}
    return [_line(found, one, reader, opened, links) for one in kept]


def _request_links(user: User, numbers: Collection[str]) -> dict[str, str]:
    """Addresses of those requests that the reader may open, by number."""
    rows = requests.requests(user).filter(number__in=numbers).values_list("number", "public_id")
    return {number: reverse("approvals:request", args=[public_id]) for number, public_id in rows}


def _line(
    found: Reach | None, turn: Turn, reader: Reader, opened: Collection[int], links: dict[str, str]
) -> Line:
    row, label = turn.row, str(turn.model._meta.verbose_name)
    whole = found is None or shown(turn.model._meta.label, found.file, audits=found.audits) is Shown.WHOLE
    blank = found is not None and found.destroyed is not None
    changes = [
        _change(found, turn, one, reader, opened, whole=whole) for one in ([] if blank else turn.fields)
    ]
    return Line(
        at=row.history_date,
        sentence=sentence(row.history_type, label, _Plain() if blank or not whole else row),
        actor=row.history_user.name,
        role=role_label(row.history_role),
        kind=KINDS[row.history_type],
        icon=ICONS[row.history_type],
        request_no=row.history_request_no,
        request_url=links.get(row.history_request_no, ""),
        note=row.history_change_reason or "" if whole else "",
        address=row.history_address or "",
        changes=changes,
    )


class _Plain:
    """Stands for a row of which nothing is told."""


def _change(
    found: Reach | None, turn: Turn, one: Any, reader: Reader, opened: Collection[int], *, whole: bool
) -> Change:
    label = reader.label(one)
    if not whole or hides(turn, one, opened):
        return Change(label, is_hidden=True)
    before, after = reader.text(turn.before, one), reader.text(turn.row, one)
    if not isinstance(one, EncryptedTextField):
        return Change(label, before, after)
    return Change(
        label, before, after, is_masked=True,
        before_url=_reveal_url(found, turn, turn.before, one) if before else "",
        after_url=_reveal_url(found, turn, turn.row, one) if after else "",
    )  # fmt: skip


def _reveal_url(found: Reach | None, turn: Turn, row: Any, one: Any) -> str:
    kind = turn.model._meta.label
    if found is None or not found.reveals or kind not in REVEALED or one.name not in PERSONAL:
        return ""
    return reverse("audit:history_reveal", args=[found.student.public_id, kind, row.history_id, one.name])


def secret_of(found: Reach, kind: str, row_id: int, name: str) -> str:
    """An earlier value of a masked field, whole. Raises Http404 for anything that is not one of this file."""
    model = traced().get(kind)
    if model is None or kind not in REVEALED or name not in PERSONAL:
        raise Http404
    if name not in {one.name for one in tracked(model) if isinstance(one, EncryptedTextField)}:
        raise Http404
    row = model.history.filter(history_subject=found.student.public_id, history_id=row_id).first()
    if row is None:
        raise Http404
    return str(getattr(row, name))


# What one event changed


def changes_of(user: User, event: Event) -> list[Line]:
    """What was changed in the transaction, or the web request, of an event, of its subject or else of its object.

    Nothing where the file is no longer of the reader's units.
    """
    found: Reach | None = None
    kept: list[Turn] = []
    if event.subject is not None:
        try:
            found = reach(user, event.subject)
        except (Http404, NotPermitted):
            return []
        for label, model in _present(event.subject).items():
            if shown(label, found.file, audits=found.audits) is not Shown.NOTHING:
                kept += turns(model, history_of(model, event.subject))
    else:
        kept += _turns_of_object(event)
    same = [one for one in kept if _belongs(one.row, event) and _tells(one, found)]
    return draw(found, same)


def _belongs(row: Any, event: Event) -> bool:
    same_request = event.request_id is not None and row.history_request_id == event.request_id
    return bool(same_request or row.xid == event.xid)


def _turns_of_object(event: Event) -> Iterable[Turn]:
    try:
        model: Any = apps.get_model(event.object_type) if event.object_type else None
    except LookupError:
        model = None
    if model is None or event.object_id is None or not hasattr(model, "history"):
        return []
    rows = model.history.filter(id=event.object_id, history_subject__isnull=True).select_related(
        "history_user"
    )
    return turns(model, list(rows.order_by("-history_id")[:MOST]))
