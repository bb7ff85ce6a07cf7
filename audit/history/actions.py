"""Acts of reading a history: opening it, and showing an earlier number whole."""

from django.db import transaction

from accounts.models import User
from accounts.scope import NotPermitted, reading_role
from audit.history.selectors import PERM, Reach, secret_of
from ledger import events
from records import reading


@transaction.atomic
def note_viewed(*, actor: User, found: Reach, purpose: str = "", moments: tuple[str, ...] = ()) -> None:
    """Somebody opens the history of a file: one event, and one more file of the day.

    ``moments``: at which the file was looked at, where it was not the list of changes.
    """
    role = reading_role(actor, (PERM,) if found.audits else ("view_student",), found.unit_id)
    detail: dict[str, object] = {"purpose": purpose} if purpose else {}
    if moments:
        detail["moments"] = list(moments)
    events.record(
        "history.viewed", actor=actor, obj=found.student, unit_id=found.unit_id, role=role, detail=detail
    )
    if found.file is not None:
        reading.count(actor=actor, file=found.file)


@transaction.atomic
def reveal(*, actor: User, found: Reach, kind: str, row_id: int, field: str) -> str:
    """An earlier value of a masked field, whole, with one event that names row and field.

    Raises NotPermitted without the right to reveal in the file, Http404 for anything that is not masked.
    """
    if found.file is None or not found.reveals:
        raise NotPermitted("reveal_personal", obj=found.student, unit_id=found.unit_id)
    value = secret_of(found, kind, row_id, field)
    events.record(
        "history.revealed", actor=actor, obj=found.student, unit_id=found.unit_id,
        role=reading_role(actor, ("reveal_personal",), found.unit_id),
        detail={"kind": kind, "row": row_id, "field": field},
    )  # fmt: skip
    reading.count(actor=actor, file=found.file)
    return value
