"""Entries and penalties in words: label and value for pages, and the same for copies and packages."""

import re
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.formatting import day, moment, money, school_year
from core.masking import mask_phone
from core.ui import TimelineRow
from records.entry_models import FileEntry
from records.merits.codes import region_label
from records.merits.kinds import EntryKind
from records.penalty_models import PenaltyStep
from records.sheet import Line

SHOWN: dict[str, tuple[str, ...]] = {
    "reward": (
        "name", "granting_unit", "granted_on", "school_year", "level", "grade", "category", "kind", "way",
        "document_no", "amount", "reason", "exception",
    ),
    "conduct": ("happened_on", "kind", "area", "text"),
    "problem": ("noticed_on", "kind", "text", "state", "due_on", "answer", "answered_by", "answered_at", "closed_at"),
    "internship": (
        "kind", "organisation", "post", "starts_on", "planned_until", "mentor", "contact", "ended_on", "result",
        "assessment",
    ),
    "employment": (
        "destination", "employer", "post", "post_kind", "industry", "region_code", "agreement_no", "signed_on",
        "reports_on", "file_address",
    ),
}  # fmt: skip


def words(row: Any, name: str) -> str:
    """The value of a field in words; "" for none. Codes by their label, when the row was read with labels."""
    label = getattr(row, f"{name}_label", None)
    if label:
        return str(label)
    field = row._meta.get_field(name)
    value = getattr(row, name)
    if value in (None, ""):
        return ""
    if name == "school_year":
        return school_year(value)
    if name == "region_code":
        return region_label(value)
    return _plain(row, field, value)


def _plain(row: Any, field: Any, value: Any) -> str:
    if field.choices:
        return str(getattr(row, f"get_{field.name}_display")())
    kind = field.get_internal_type()
    if kind == "ForeignKey":
        return str(value.name)
    if kind == "BooleanField":
        return _("Yes") if value else _("No")
    if kind == "DateTimeField":
        return moment(value)
    if kind == "DateField":
        return day(value)
    return money(value) if kind == "DecimalField" else str(value)


def entry_lines(
    kind: EntryKind, row: FileEntry, *, hidden: tuple[str, ...] = (), masked: bool = False
) -> list[Line]:
    """The filled fields of an entry with their labels, without the ``hidden`` ones; ``masked``: phones not in full."""
    return lines_of(row, tuple(name for name in SHOWN[kind.key] if name not in hidden), masked=masked)


def with_phones_masked(text: str) -> str:
    """The same text, phones in it not in full: they are other people's."""
    return PHONE.sub(lambda found: mask_phone(found[0]), text)


def lines_of(row: Any, names: tuple[str, ...], *, masked: bool = False) -> list[Line]:
    """Label and words of each field that is filled; ``masked``: phones not in full."""
    found = []
    for name in names:
        text = words(row, name)
        if masked and name not in AS_STORED:
            text = with_phones_masked(text)
        if text:
            found.append(Line(capfirst(str(row._meta.get_field(name).verbose_name)), text))
    return found


def as_data(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The same for a machine: each field with its value, and its label where it is a code."""
    found: dict[str, Any] = {}
    for name in names:
        value = getattr(row, name)
        if value in (None, ""):
            continue
        text = words(row, name)
        plain = value.name if row._meta.get_field(name).is_relation else value
        found[name] = plain if isinstance(plain, bool | int) else str(plain)
        if hasattr(row, f"{name}_label") or row._meta.get_field(name).choices:
            found[f"{name}_label"] = text
    return found


LOOKS: dict[str, tuple[Any, str]] = {
    PenaltyStep.Kind.PREPARED: ("grey", "pencil"),
    PenaltyStep.Kind.MENDED: ("grey", "pencil"),
    PenaltyStep.Kind.NOTICED: ("blue", "bell"),
    PenaltyStep.Kind.HEARD: ("blue", "message-circle"),
    PenaltyStep.Kind.RETURNED: ("orange", "arrow-back-up"),
    PenaltyStep.Kind.DROPPED: ("grey", "x"),
    PenaltyStep.Kind.DECIDED: ("blue", "gavel"),
    PenaltyStep.Kind.DELIVERED: ("blue", "mail"),
    PenaltyStep.Kind.APPEALED: ("amber", "scale"),
    PenaltyStep.Kind.ANSWERED: ("blue", "scale"),
    PenaltyStep.Kind.LIFTING_ASKED: ("amber", "file-text"),
    PenaltyStep.Kind.LIFTED: ("green", "circle-check"),
    PenaltyStep.Kind.KEPT: ("grey", "x"),
    PenaltyStep.Kind.VOIDED: ("grey", "trash"),
}
PHONE = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")
AS_STORED = frozenset(
    {"evidence", "number", "document_no", "lifting_document_no", "student_no", "agreement_no"}
)
"""Fields that are no free text, and may look like a phone."""

LIST_SEPARATOR = " · "
TOLD = gettext_lazy("Told")


def step_row(step: PenaltyStep, role: str, text: str) -> TimelineRow:
    """A step as a line of the timeline, with so much of its words as the reader may see."""
    kind, icon = LOOKS[step.kind]
    told = f"{TOLD}: {step.get_told_display()}" if step.told else ""
    notes = [day(step.on) if step.on else "", step.get_way_display(), told, step.document_no, text]
    return TimelineRow(
        at=step.at, sentence=step.get_kind_display(), actor=step.actor.name, role=role, kind=kind, icon=icon,
        note=LIST_SEPARATOR.join(str(note) for note in notes if note),
    )  # fmt: skip
