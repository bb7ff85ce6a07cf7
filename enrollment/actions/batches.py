"""Writes of intake batches: opened, changed, closed, opened again."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for
from enrollment.actions.refusals import IntakeRefused
from enrollment.models import Applicant, IntakeBatch
from ledger import events
from ledger.context import acting
from school.models import Unit

PERM = "manage_intake"
FIELDS = (
    "code", "name", "kind", "layout", "school_year", "quota", "opens_on", "entry_deadline", "required_documents",
)  # fmt: skip
FIXED = ("code", "kind", "layout", "school_year")
"""What stays as it is once applicants stand in the batch: their numbers and forms were made for it."""


class BatchChanged(IntakeRefused):
    """Somebody changed the batch meanwhile."""


@transaction.atomic
def open_batch(*, actor: User, school: Unit, values: Mapping[str, Any]) -> IntakeBatch:
    """A new batch of ``school``; ``values`` hold `FIELDS`; without a kind it is for new students.

    Raises NotPermitted; IntegrityError for a taken code.
    """
    role = role_for(actor, PERM, school.pk)
    batch = IntakeBatch(school=school, **{name: values[name] for name in FIELDS if name in values})
    with acting(actor, role=role):
        batch.save()
        events.record("batch.opened", actor=actor, obj=batch, unit_id=school.pk)
    return batch


def _locked(batch: IntakeBatch) -> IntakeBatch:
    found: IntakeBatch = IntakeBatch.objects.select_for_update().get(pk=batch.pk)
    return found


@transaction.atomic
def change_batch(
    *, actor: User, batch: IntakeBatch, values: Mapping[str, Any], seen: Mapping[str, Any], reason: str = ""
) -> IntakeBatch:
    """Change a batch as the reader saw it (``seen`` by field).

    Raises BatchChanged when it stands otherwise now, IntakeRefused for a fixed field, NotPermitted.
    """
    row = _locked(batch)
    role = role_for(actor, PERM, row.school_id)
    if any(getattr(row, name) != value for name, value in seen.items()):
        raise BatchChanged(_("This intake batch was changed meanwhile. Nothing was saved; look at it again."))
    changed = [name for name in FIELDS if name in values and getattr(row, name) != values[name]]
    if set(changed) & set(FIXED) and Applicant.objects.filter(batch=row).exists():
        raise IntakeRefused(
            _("Code, kind, layout and school year stay as they are once somebody was entered.")
        )
    if changed:
        for name in changed:
            setattr(row, name, values[name])
        with acting(actor, role=role, reason=reason):
            row.save(update_fields=changed)
            events.record(
                "batch.changed", actor=actor, obj=row, unit_id=row.school_id, detail={"fields": changed}
            )
    return row


@transaction.atomic
def set_open(*, actor: User, batch: IntakeBatch, is_open: bool, reason: str) -> IntakeBatch:
    """Close a batch, or open it again.

    Raises IntakeRefused when it is so already, NotPermitted; ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("Closing or opening a batch needs a reason")
    row = _locked(batch)
    role = role_for(actor, PERM, row.school_id)
    if row.is_open == is_open:
        raise IntakeRefused(_("Somebody has done this already."))
    row.is_open = is_open
    with acting(actor, role=role, reason=reason.strip()[:200]):
        row.save(update_fields=["is_open"])
        name = "batch.reopened" if is_open else "batch.closed"
        events.record(name, actor=actor, obj=row, unit_id=row.school_id)
    return row
