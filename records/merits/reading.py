"""Acts of reading entries and penalties that the ledger keeps."""

from typing import Any

from django.db import transaction

from ledger import events
from records.documents.rights import role_in
from records.entry_models import FileEntry
from records.merits.kinds import EntryKind
from records.merits.selectors import CASE_WORKERS
from records.penalty_models import Penalty, PenaltyStep
from records.reading import count
from records.selectors import StudentFile


def _note(action: str, file: StudentFile, obj: Any, *perms: str, **detail: Any) -> None:
    role = next(filter(None, (role_in(file, perm) for perm in perms)), "")
    unit_id = file.enrolment.unit_id
    events.record(action, actor=file.reader, obj=obj, unit_id=unit_id, role=role, detail=detail)


@transaction.atomic
def open_entry(*, file: StudentFile, kind: EntryKind, entry: FileEntry) -> None:
    """Somebody opens the page of an entry."""
    _note("entry.viewed", file, entry, kind.perm, "record_merit", kind=kind.key)


@transaction.atomic
def open_evidence(*, file: StudentFile, kind: EntryKind, entry: FileEntry) -> None:
    """Somebody looks at the scan of an entry."""
    _note("entry.evidence_viewed", file, entry, kind.perm, "record_merit", "reveal_personal", kind=kind.key)


@transaction.atomic
def open_penalty(*, file: StudentFile, penalty: Penalty, purpose: str) -> None:
    """Somebody opens a case: one more file of the day. ``purpose``: a code of `records.purposes`."""
    _note("penalty.viewed", file, penalty, *CASE_WORKERS, purpose=purpose)
    count(actor=file.reader, file=file)


@transaction.atomic
def open_step(*, file: StudentFile, penalty: Penalty, step: PenaltyStep) -> None:
    """Somebody looks at a paper of a case."""
    _note("penalty.evidence_viewed", file, penalty, *CASE_WORKERS, step=step.kind)
