"""The clerk's draft: begun, saved again and again, never losing what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import demand, role_for
from core.row_locks import locked_rows
from enrollment.actions.lookups import SPENT, look_up
from enrollment.actions.refusals import BatchClosed, NotOwner, StaleVersion, WrongState
from enrollment.cells import (
    IDENTITY_FIELDS,
    NOT_STORED,
    Members,
    apply_values,
    cells_of,
    layout_of,
    place,
    programme_units,
)
from enrollment.duplicates import duplicates
from enrollment.models import Applicant, IntakeBatch, TypedCell
from enrollment.selectors import REASON_LENGTH, book_of, members_of, too_long_reason, typed_cells
from enrollment.steps import OPEN_TO_CLERK
from ledger import events
from ledger.context import acting
from records.cells import CellFault, CodeBook, read_cell
from records.faults import Fault
from records.numbers import take
from school.rules import rule

NOTES = ("age_reason", "checked_with_original", "parents_case", "first_guardian")
"""What the form asks beside the layout's columns: text, "1" or "", a case, the position of the first guardian."""

MOST_FIELDS_TOLD = 40


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a save: the applicant as he stands, the fields that changed, those that could not be stored."""

    applicant: Applicant
    changed: frozenset[str]
    refused: tuple[Fault, ...]


def new_numbers(batch: IntakeBatch, count: int = 1) -> list[str]:
    """Numbers of new applicants' forms; they stand on paper and in the QR code, and hold nothing personal."""
    series = take(f"applicant/{batch.school_year}", count)
    return [f"BM{batch.school_year}{number:07d}" for number in series]


def check_open(batch: IntakeBatch, today: date) -> None:
    """Raise BatchClosed unless the batch takes applicants in today; late ones are let in and noted."""
    if not batch.is_open:
        raise BatchClosed(_("This intake batch is closed."))
    if today < batch.opens_on:
        raise BatchClosed(_("This intake batch is not open yet."))


def new_applicant(batch: IntakeBatch, actor: User, number: str, *, scheme: str, today: date) -> Applicant:
    """An unsaved draft; ``scheme`` is the school's rule ``duty_scheme`` on the day, frozen here."""
    return Applicant(
        batch=batch,
        unit_id=batch.school_id,
        number=number,
        scheme=scheme,
        entered_by=actor,
        entered_late=today > batch.entry_deadline,
    )


@transaction.atomic
def start_applicant(*, actor: User, batch: IntakeBatch) -> Applicant:
    """Begin a draft with the layout's usual values. Raises BatchClosed; NotPermitted without the right to enter."""
    demand(actor, "enter_applicant", batch.school_id)
    today = timezone.localdate()
    check_open(batch, today)
    (number,) = new_numbers(batch)
    applicant = new_applicant(
        batch, actor, number, scheme=str(rule(batch.school, "duty_scheme", on=today)), today=today
    )
    columns = layout_of(batch).columns
    book = book_of(batch)
    usual = {column.field: column.default for column in columns if column.default}
    values = {field: _read(text, field, batch, book) for field, text in usual.items()}
    apply_values(applicant, {}, values, book)
    with acting(actor, role=role_for(actor, "enter_applicant", batch.school_id)):
        applicant.save()
        events.record(
            "applicant.started", actor=actor, obj=applicant, detail={"late": applicant.entered_late}
        )
    return applicant


def _read(text: str, field: str, batch: IntakeBatch, book: CodeBook) -> Any:
    return read_cell(text, layout_of(batch).by_field[field], book, exact=False)


def locked(applicant: Applicant) -> Applicant:
    """The row as it stands, locked until the transaction ends, with what the checks read."""
    row = locked_rows(Applicant.objects.filter(pk=applicant.pk))
    found: Applicant = row.select_related("batch__school", "unit", "programme", "entered_by").get()
    return found


def demand_own_draft(actor: User, applicant: Applicant) -> str:
    """The role in which ``actor`` works on this draft. Raises NotPermitted, WrongState or NotOwner."""
    role = role_for(actor, "enter_applicant", applicant.unit_id)
    if applicant.state not in OPEN_TO_CLERK:
        raise WrongState(
            _("Only drafts and returned applicants can be edited; this one is already submitted.")
        )
    if applicant.entered_by_id != actor.pk:
        raise NotOwner(
            _("Entered by %(name)s: only that person edits it.") % {"name": applicant.entered_by.name}
        )
    return role


def save_draft(
    *, actor: User, applicant: Applicant, cells: Mapping[str, str], version: int | None = None
) -> Saved:
    """Save text by field; fields that are not named stay. What cannot be stored is kept as typed, see ``refused``.

    ``cells`` may hold :data:`NOTES` too. Raises StaleVersion when ``version`` is not the row's, NotOwner, WrongState,
    NotPermitted; KeyError for a field that the layout does not have.
    """
    with transaction.atomic():
        asked = look_up(actor, applicant, cells.get("id_number", ""))
        try:
            saved = _save_draft(actor, applicant, cells, version, ask_number=not asked.is_spent)
        except IntegrityError:
            # Somebody saved the same number between our look and our write; now it is seen.
            saved = _save_draft(actor, applicant, cells, version, ask_number=not asked.is_spent)
        asked.note(saved.refused)
    return saved


@transaction.atomic
def _save_draft(
    actor: User, applicant: Applicant, cells: Mapping[str, str], version: int | None, *, ask_number: bool
) -> Saved:
    row = locked(applicant)
    role = demand_own_draft(actor, row)
    members = members_of(row)
    if version is not None and version != row.version:
        raise StaleVersion(row.version, cells_of(row, members) | typed_cells(row) | notes_of(row))
    with acting(actor, role=role):
        saved = _write(row, members, cells, ask_number=ask_number)
        if saved.changed:
            told = {"fields": sorted(saved.changed)[:MOST_FIELDS_TOLD], "count": len(saved.changed)}
            events.record("applicant.saved", actor=actor, obj=row, detail=told)
    return saved


def notes_of(applicant: Applicant) -> dict[str, str]:
    """The form's own questions as text."""
    first = [member.position for member in applicant.members.all() if member.is_first_guardian]
    return {
        "age_reason": typed_cells(applicant).get("age_reason", applicant.age_reason),
        "checked_with_original": "1" if applicant.checked_with_original else "",
        "parents_case": applicant.parents_case,
        "first_guardian": str(first[0]) if first else "",
    }


def _write(row: Applicant, members: Members, cells: Mapping[str, str], *, ask_number: bool) -> Saved:
    book = book_of(row.batch)
    notes = {field: text for field, text in cells.items() if field in NOTES}
    typed = {field: text for field, text in cells.items() if field not in NOTES and field not in NOT_STORED}
    values, refused = _readable(row, typed, book, ask_number=ask_number)
    if "age_reason" in notes:
        typed["age_reason"] = notes["age_reason"].strip()
        if len(typed["age_reason"]) > REASON_LENGTH:
            refused.append(too_long_reason(typed["age_reason"]))
            del notes["age_reason"]
    before = {position: _state(member) for position, member in members.items()} | {0: _state(row)}
    changed = apply_values(row, members, values, book) | _write_notes(row, members, notes)
    place(
        row,
        programme_units(row.batch) if "programme_code" in changed else {row.programme_id or 0: row.unit_id},
    )
    changed |= _keep_typed(row, typed, refused)
    if changed:
        _note_change(row, changed)
    _save_changes(row, before.get(0, {}))
    for position, member in sorted(members.items()):
        _save_changes(member, before.get(position, {}))
    return Saved(row, frozenset(changed), tuple(refused))


def _readable(
    row: Applicant, typed: Mapping[str, str], book: CodeBook, *, ask_number: bool
) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {}
    refused: list[Fault] = []
    for field, text in typed.items():
        try:
            values[field] = _read(text, field, row.batch, book)
        except CellFault as fault:
            refused.append(Fault(field, fault.code, "error", fault.detail, text))
    for field, usual in layout_of(row.batch).assumed.items():
        if values.get(field) == "":
            values[field] = usual
    if not ask_number and values.get("id_number"):
        refused.append(Fault("id_number", SPENT, value=typed["id_number"]))
        del values["id_number"]
    asked = {field: values[field] for field in ("id_number", "exam_no") if values.get(field)}
    for double in duplicates(row, asked):
        refused.append(double)
        del values[double.field]
    return values, refused


def _write_notes(row: Applicant, members: Members, notes: Mapping[str, str]) -> set[str]:
    changed = set()
    wanted: dict[str, Any] = {}
    if "age_reason" in notes:
        wanted["age_reason"] = notes["age_reason"].strip()
    if "checked_with_original" in notes:
        wanted["checked_with_original"] = bool(notes["checked_with_original"])
    if notes.get("parents_case") in Applicant.ParentsCase.values:
        wanted["parents_case"] = notes["parents_case"]
    for name, value in wanted.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed.add(name)
    if "first_guardian" in notes:
        for position, member in members.items():
            first = str(position) == notes["first_guardian"]
            if member.is_first_guardian != first:
                member.is_first_guardian = first
                changed.add("first_guardian")
    return changed


def _keep_typed(row: Applicant, typed: Mapping[str, str], refused: list[Fault]) -> set[str]:
    kept = {cell.field: cell for cell in row.typed_cells.all()}
    wrong = {fault.field for fault in refused}
    changed = set()
    for field in typed:
        cell = kept.get(field)
        if field not in wrong:
            if cell:
                cell.delete()
                changed.add(field)
        elif cell is None or cell.text != typed[field]:
            TypedCell.objects.update_or_create(applicant=row, field=field, defaults={"text": typed[field]})
            changed.add(field)
    return changed


def _note_change(row: Applicant, changed: set[str]) -> None:
    row.version += 1
    if row.state == Applicant.State.RETURNED:
        row.changed_fields = sorted({*row.changed_fields, *changed})
    if changed & IDENTITY_FIELDS:
        row.bureau_state = Applicant.BureauState.NOT_NEEDED
        row.bureau_officer = None


def _state(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def _save_changes(row: Any, before: dict[str, Any]) -> None:
    if row.pk is None:
        row.save()
        return
    now = _state(row)
    changed = [
        field.name for field in row._meta.concrete_fields if now[field.attname] != before.get(field.attname)
    ]
    if changed:
        row.save(update_fields=changed)
