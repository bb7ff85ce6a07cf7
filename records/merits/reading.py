"""Acts of reading entries and penalties that the ledger keeps."""

from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.scope import roles_with
from ledger import events
from records.entry_models import FileEntry
from records.merits.kinds import EntryKind
from records.penalty_models import Penalty, PenaltyStep


def _role(user: User, unit_id: int, *perms: str) -> str:
    return next((role.value for perm in perms for role in roles_with(user, perm, unit_id)), "")


@transaction.atomic
def open_entry(*, actor: User, kind: EntryKind, entry: FileEntry) -> None:
    """Somebody opens the page of an entry."""
    role = _role(actor, entry.unit_id, kind.perm, "record_merit")
    events.record("entry.viewed", actor=actor, obj=entry, role=role, detail={"kind": kind.key})


@transaction.atomic
def open_evidence(*, actor: User, kind: EntryKind, entry: FileEntry) -> None:
    """Somebody looks at the scan of an entry."""
    role = _role(actor, entry.unit_id, kind.perm, "record_merit", "reveal_personal")
    events.record("entry.evidence_viewed", actor=actor, obj=entry, role=role, detail={"kind": kind.key})


@transaction.atomic
def open_penalty(*, actor: User, penalty: Penalty) -> None:
    """Somebody opens a case."""
    role = _role(actor, penalty.unit_id, "record_merit", "decide_penalty")
    events.record("penalty.viewed", actor=actor, obj=penalty, role=role)


@transaction.atomic
def open_step(*, actor: User, penalty: Penalty, step: PenaltyStep) -> None:
    """Somebody looks at a paper of a case."""
    role = _role(actor, penalty.unit_id, "record_merit", "decide_penalty")
    what: dict[str, Any] = {"step": step.kind}
    events.record("penalty.evidence_viewed", actor=actor, obj=penalty, role=role, detail=what)
