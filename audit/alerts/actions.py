"""Answering an alert: who looked into it, and what was found."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for
from approvals.refusals import AlreadyDecided, SamePerson
from audit.alerts.selectors import PERM
from core.row_locks import locked_rows
from ledger import events
from ledger.context import acting
from records.models import BulkViewAlert


@transaction.atomic
def answer(*, actor: User, alert: BulkViewAlert, finding: str) -> BulkViewAlert:
    """Keep what was found. Raises SamePerson for the reader himself, AlreadyDecided, NotPermitted."""
    role = role_for(actor, PERM, alert.school_id)
    rows = locked_rows(BulkViewAlert.objects.filter(pk=alert.pk))
    row: BulkViewAlert = rows.select_related("answered_by").get()
    if row.reader_id == actor.pk:
        raise SamePerson(_("Nobody answers the alert about himself."))
    if row.answered_by is not None and row.answered_at is not None:
        raise AlreadyDecided(row.answered_by, row.answered_at, _("answered"))
    row.finding, row.answered_by, row.answered_at = finding.strip(), actor, timezone.now()
    with acting(actor, role=role):
        row.save(update_fields=["finding", "answered_by", "answered_at"])
        events.record("reading.answered", actor=actor, obj=row, unit_id=row.school_id, role=role)
    return row
