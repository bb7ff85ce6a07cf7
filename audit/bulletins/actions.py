"""Writes of bulletins: published with the figures of the moment, never changed afterwards."""

from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import reading_role, role_for
from approvals import notices
from approvals.actions import new_number
from approvals.refusals import RequestRefused
from audit.bulletins.printing import bulletin_pdf
from audit.bulletins.selectors import ALL_READERS, Quarter, lines, subjects
from audit.inspections.people import PLAN
from audit.inspections.words import demand_impersonal
from audit.models import Bulletin
from ledger import events
from ledger.context import acting
from school.models import Unit

PREFIX = "TB"
PUBLISHED = "bulletin.published"


@transaction.atomic
def publish(*, actor: User, key: UUID, school: Unit, quarter: Quarter, words: str) -> Bulletin:
    """Publish a bulletin and tell the departments. ``key`` is the form's own: sent twice, it publishes once.

    Raises NotPermitted, RequestRefused for a quarter to come, an empty bulletin, or words that name somebody.
    """
    role = role_for(actor, PLAN, school.pk)
    Unit.objects.select_for_update(no_key=True).get(pk=school.pk)
    before: Bulletin | None = Bulletin.objects.filter(public_id=key, published_by=actor).first()
    if before is not None:
        return before
    if quarter.first > timezone.localdate():
        raise RequestRefused(_("This quarter has not begun."))
    demand_impersonal([words], subjects(school, quarter))
    found = lines(school, quarter)
    if not words.strip() and not any(found.values()):
        raise RequestRefused(_("There is nothing to publish for this quarter."))
    with acting(actor, role=role):
        made: Bulletin = Bulletin.objects.create(
            public_id=key, number=new_number(PREFIX), school=school, year=quarter.year, quarter=quarter.number,
            words=words.strip(), lines=found, published_by=actor,
        )  # fmt: skip
        detail = {name: len(rows) for name, rows in found.items()}
        events.record(PUBLISHED, actor=actor, obj=made, unit_id=school.pk, role=role, detail=detail)
    url = reverse("audit:bulletin", args=[made.public_id])
    notices.tell(PUBLISHED, school=school, duties=Unit.Duty.values, about=made.number, url=url)
    return made


@transaction.atomic
def print_bulletin(*, actor: User, row: Bulletin) -> bytes:
    """The bulletin as PDF/A. Raises PdfFailed."""
    content = bulletin_pdf(row, actor)
    role = reading_role(actor, ALL_READERS, row.school_id)
    with acting(actor, role=role):
        events.record("bulletin.printed", actor=actor, obj=row, unit_id=row.school_id, role=role)
    return content
