"""The tabs of a file: rewards and penalties (奖惩), daily conduct (日常表现), practice and employment (就业)."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.formatting import day
from files.actions import discard
from files.models import Blob
from ledger.context import current, current_actor
from ledger.history import delete_rows
from records.entry_models import FileEntry
from records.merits import selectors
from records.merits.codes import PENALTY_CODES, with_labels
from records.merits.kinds import CONDUCT, EMPLOYMENT, INTERNSHIP, KINDS, PROBLEM, REWARD, EntryKind
from records.merits.lists import conduct_badge, penalty_badge, problem_badge
from records.merits.showing import as_data, entry_lines, lines_of, step_row, with_phones_masked
from records.merits.standing import bars
from records.models import Student
from records.penalty_models import Penalty, PenaltyStep
from records.sections import Section
from records.selectors import StudentFile
from records.sheet import Block, Line

MOST_SHOWN = 200
IN_BADGE: dict[str, tuple[str, ...]] = {"conduct": ("kind",), "problem": ("state",)}
OF_PENALTIES = ("exception",)
"""What tells of a penalty in entries that others see."""

BADGES: dict[str, Any] = {"conduct": conduct_badge, "problem": problem_badge}


def _cards(file: StudentFile, kind: EntryKind) -> list[dict[str, Any]]:
    """The entries of a kind as cards: head, badge, lines, scan and page where the reader may open them."""
    opens = file.allows(*selectors.acting_perms(kind))
    scans = opens or file.allows("reveal_personal")
    hidden = IN_BADGE.get(kind.key, ())
    hidden += () if file.allows(*selectors.PENALTY_READERS) else OF_PENALTIES
    rows = selectors.of_student(kind, file.student)[:MOST_SHOWN]
    return [_card(kind, one, opens=opens, scans=scans, hidden=hidden) for one in rows]


def _card(kind: EntryKind, row: Any, *, opens: bool, scans: bool, hidden: tuple[str, ...]) -> dict[str, Any]:
    here = [row.public_id]
    return {
        "row": row,
        "lines": entry_lines(kind, row, hidden=hidden, masked=True),
        "badge": BADGES[kind.key](row) if kind.key in BADGES else "",
        "url": reverse(f"records:{kind.key}", args=here) if opens else "",
        "evidence_url": reverse(f"records:{kind.key}_evidence", args=here)
        if scans and row.evidence_id
        else "",
    }


def _new_url(file: StudentFile, kind: EntryKind) -> str:
    kept = kind.kept_at(file.enrolment.school.stage)
    at_school = file.enrolment.ended_on is None or not kind.open_only
    if kept and at_school and file.allows(kind.perm):
        return reverse(f"records:{kind.key}_new", args=[file.student.public_id])
    return ""


def _merits(user: User, file: StudentFile) -> dict[str, Any]:
    works = file.allows(*selectors.CASE_WORKERS)
    sees = file.allows(*selectors.PENALTY_READERS)
    found = selectors.penalties_of(user, file) if sees else ()
    return {
        "rewards": _cards(file, REWARD),
        "reward_url": _new_url(file, REWARD),
        "sees_penalties": sees,
        "penalties": [
            {"row": one, "state": penalty_badge(one), "url": _case_url(one) if works else ""} for one in found
        ],
        "penalty_url": _penalty_url(file),
        "bars": bars(file.student) if sees else [],
    }


def _case_url(row: Penalty) -> str:
    return reverse("records:penalty", args=[row.public_id])


def _penalty_url(file: StudentFile) -> str:
    if file.enrolment.ended_on is None and file.allows("record_merit"):
        return reverse("records:penalty_new", args=[file.student.public_id])
    return ""


def _conduct(user: User, file: StudentFile) -> dict[str, Any]:
    return {
        "conduct": _cards(file, CONDUCT),
        "conduct_url": _new_url(file, CONDUCT),
        "problems": _cards(file, PROBLEM),
        "problem_url": _new_url(file, PROBLEM),
    }


def _employment(user: User, file: StudentFile) -> dict[str, Any]:
    return {
        "kept": EMPLOYMENT.kept_at(file.enrolment.school.stage),
        "internships": _cards(file, INTERNSHIP),
        "internship_url": _new_url(file, INTERNSHIP),
        "employments": _cards(file, EMPLOYMENT),
        "employment_url": _new_url(file, EMPLOYMENT),
    }


# Paper


INTERNAL = frozenset({PenaltyStep.Kind.PREPARED, PenaltyStep.Kind.MENDED, PenaltyStep.Kind.RETURNED})
"""Steps whose words are for the office."""

_MODELS: tuple[type[Any], ...] = (Penalty, PenaltyStep, *(kind.model for kind in KINDS.values()))
OF_OFFICE = (
    "role",
    *{
        field.name
        for model in _MODELS
        for field in model._meta.concrete_fields
        if field.related_model is User
    },
)
"""What tells who of the office did something."""

OF_PENALTY = ("state", "violation", "document_no", "decided_on", "delivered_on", "ends_on", "lifted_on")
OF_OWN_PENALTY = (
    "state", "violation", "violation_on", "facts", "basis", "notice_on", "statement", "heard_on", "document_no",
    "decided_on", "meeting_on", "legality_review", "months", "delivered_on", "ends_on", "appeal", "appealed_on",
    "lifted_on", "lifting_document_no",
)  # fmt: skip


def _printed(file: StudentFile, *kinds: EntryKind, whole: bool) -> list[Block]:
    """Each entry of these kinds as a block under the kind's name, all of them: paper has no pages to turn."""
    hidden: tuple[str, ...] = () if whole or file.allows(*selectors.PENALTY_READERS) else OF_PENALTIES
    hidden += OF_OFFICE if whole else ()
    return [
        Block(
            f"{kind.model._meta.verbose_name} · {day(row.entered_at)}",
            entry_lines(kind, row, hidden=hidden, masked=True),
        )
        for kind in kinds
        for row in selectors.of_student(kind, file.student)
    ]


def _printed_merits(file: StudentFile, *, whole: bool) -> list[Block]:
    found = _printed(file, REWARD, whole=whole)
    if whole or file.allows(*selectors.PENALTY_READERS):
        for row in selectors.held_penalties(file.student):
            title = getattr(row, "kind_label", "") or row._meta.verbose_name
            lines = lines_of(row, OF_OWN_PENALTY if whole else OF_PENALTY, masked=True)
            found.append(Block(title, [*lines, *(_steps(row) if whole else ())]))
    return found


def _steps(row: Penalty) -> list[Line]:
    """The steps of a case for the student himself, without who took them and what they wrote to each other."""
    steps = row.steps.select_related("actor").order_by("pk")
    rows = (step_row(one, "", "" if one.kind in INTERNAL else with_phones_masked(one.text)) for one in steps)
    return [Line(one.sentence, str(one.note)) for one in rows]


def _printed_conduct(file: StudentFile, *, whole: bool) -> list[Block]:
    return _printed(file, CONDUCT, PROBLEM, whole=whole)


def _online_conduct(file: StudentFile) -> list[Block]:
    """Without learning problems, which teachers tell the office in confidence: who hands out a copy explains them."""
    return _printed(file, CONDUCT, whole=True)


def _printed_employment(file: StudentFile, *, whole: bool) -> list[Block]:
    return _printed(file, INTERNSHIP, EMPLOYMENT, whole=whole)


# Snapshots: all that is stored; what is handed to others leaves out what was void or did not hold


def holding(value: Any) -> Any:
    """Exported data without entries that were made void and penalties that are open or did not hold."""
    if isinstance(value, dict):
        return {name: holding(held) for name, held in value.items()}
    return [holding(one) for one in value if _holds(one)] if isinstance(value, list) else value


def _holds(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return True
    is_penalty = "steps" in entry
    return not entry.get("voided_at") and (not is_penalty or entry.get("state") in selectors.SHOWN_IN_FILE)


def own(value: Any) -> Any:
    """Exported data as the student himself gets it: without who of the office did what, and without what they wrote to
    each other about a case."""
    if isinstance(value, list):
        return [own(one) for one in value]
    if not isinstance(value, dict):
        return value
    withheld = {*OF_OFFICE, "text"} if value.get("kind") in INTERNAL else OF_OFFICE
    return {name: own(held) for name, held in value.items() if name not in withheld}


TECHNICAL = frozenset({"id", "form_key", "student", "enrolment", "evidence", "penalty"})


def _fields(model: type[Any]) -> tuple[str, ...]:
    return tuple(one.name for one in model._meta.concrete_fields if one.name not in TECHNICAL)


def _exported(kind: EntryKind, student: Student) -> list[dict[str, Any]]:
    """Every entry of a kind, those that were made void too."""
    people = [one.name for one in kind.model._meta.concrete_fields if one.is_relation]
    rows = kind.model._default_manager.filter(student=student).select_related(*people)
    return [
        as_data(row, _fields(kind.model)) | {"student_no": row.enrolment.student_no} | _scan(row.evidence)
        for row in with_labels(rows, kind.codes).order_by("pk")
    ]


def _scan(blob: Blob | None) -> dict[str, Any]:
    return {} if blob is None else {"evidence": _paper(blob)}


def _paper(blob: Blob) -> dict[str, Any]:
    return {
        "id": str(blob.public_id),
        "sha256": blob.sha256,
        "content_type": blob.content_type,
        "size": blob.size,
    }


def export_merits(student: Student) -> dict[str, Any]:
    """Rewards, and penalties in whatever state with each of their steps."""
    people = [one.name for one in Penalty._meta.concrete_fields if one.is_relation]
    rows = with_labels(Penalty.objects.filter(student=student), PENALTY_CODES).select_related(*people)
    penalties = [_exported_penalty(one) for one in rows.order_by("pk")]
    return {"rewards": _exported(REWARD, student), "penalties": penalties}


def _exported_penalty(row: Penalty) -> dict[str, Any]:
    steps = [
        as_data(one, _fields(PenaltyStep)) | _scan(one.evidence)
        for one in row.steps.select_related("actor", "evidence").order_by("pk")
    ]
    return as_data(row, _fields(Penalty)) | {"student_no": row.enrolment.student_no, "steps": steps}


def export_conduct(student: Student) -> dict[str, Any]:
    """Daily conduct and learning problems with their answers."""
    return {"conduct": _exported(CONDUCT, student), "problems": _exported(PROBLEM, student)}


def export_employment(student: Student) -> dict[str, Any]:
    """Practice and employment."""
    return {"internships": _exported(INTERNSHIP, student), "employment": _exported(EMPLOYMENT, student)}


# Destruction


def evidence_of(student: Student) -> QuerySet[Blob]:
    """The stored scans of all entries and penalties of a student, void ones too: a destruction takes them as well."""
    found: QuerySet[Blob] = Blob.objects.filter(pk__in=evidence_ids([student.pk])[student.pk])
    return found


def evidence_ids(student_ids: Collection[int]) -> dict[int, list[int]]:
    """The ids of the same scans by student, in one query for each kind of entry."""
    found: dict[int, list[int]] = {pk: [] for pk in student_ids}
    every = [(kind.model._default_manager.all(), "student_id") for kind in KINDS.values()]
    for rows, owner in [*every, (PenaltyStep.objects.all(), "penalty__student_id")]:
        held = rows.filter(evidence__isnull=False, **{f"{owner}__in": list(student_ids)})
        for pk, evidence in held.order_by("pk").values_list(owner, "evidence_id"):
            found[pk].append(evidence)
    return found


def _erase(rows: Iterable[Any]) -> list[Blob]:
    """Delete the rows; the stored contents of their evidence are given up with them."""
    kept = list(rows)
    if kept:
        context = current()
        delete_rows(kept, actor=current_actor(), reason=context.reason, role=context.role)
    held = [row.evidence for row in kept if getattr(row, "evidence", None)]
    for blob in held:
        discard(blob)
    return held


def _rows(kind: EntryKind, student: Student) -> QuerySet[FileEntry]:
    found: QuerySet[FileEntry] = kind.model._default_manager.filter(student=student)
    return found.select_related("student", "evidence")


def erase_merits(student: Student) -> list[Blob]:
    """Remove rewards and penalties, inside the transaction of a destruction, in the name of who acts there."""
    steps = PenaltyStep.objects.filter(penalty__student=student).select_related(
        "penalty__student", "evidence"
    )
    return [
        *_erase(steps),
        *_erase(Penalty.objects.filter(student=student).select_related("student")),
        *_erase(_rows(REWARD, student)),
    ]


def erase_conduct(student: Student) -> list[Blob]:
    """Remove daily conduct and learning problems, likewise."""
    return [*_erase(_rows(CONDUCT, student)), *_erase(_rows(PROBLEM, student))]


def erase_employment(student: Student) -> list[Blob]:
    """Remove practice and employment, likewise."""
    return [*_erase(_rows(INTERNSHIP, student)), *_erase(_rows(EMPLOYMENT, student))]


SECTIONS = (
    Section(
        "merits", _("Rewards and penalties"), 60, "records/sections/merits.html", _merits,
        export=export_merits, erase=erase_merits, printed=_printed_merits,
    ),
    Section(
        "conduct", _("Conduct"), 62, "records/sections/conduct.html", _conduct,
        perms=selectors.CONDUCT_READERS, export=export_conduct, erase=erase_conduct,
        printed=_printed_conduct, online=_online_conduct,
    ),
    Section(
        "employment", _("Employment"), 64, "records/sections/employment.html", _employment,
        perms=selectors.EMPLOYMENT_READERS, export=export_employment, erase=erase_employment,
        printed=_printed_employment,
    ),
)  # fmt: skip
