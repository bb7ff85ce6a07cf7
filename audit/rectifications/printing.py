"""The printed rectification notice (整改通知书) with what came of it."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from audit.inspections.printing import supervision_pdf, table
from audit.models import Rectification
from core.formatting import day, moment


def notice_pdf(row: Rectification, actor: User) -> bytes:
    """Problem, basis, measure, deadlines, and each step so far. Raises PdfFailed."""
    source = row.inspection or row.opinion
    facts = [
        (pgettext("document", "Number"), row.number),
        (_("Department"), row.unit.label),
        (_("Source"), source.number if source else ""),
        (_("Signed by"), row.signer.name if row.signer else ""),
        (_("Issued at"), moment(row.issued_at)),
        (_("Acknowledge until"), day(row.acknowledge_by)),
        (_("Deadline"), day(row.due_on)),
        (_("State"), str(row.get_state_display())),
    ]
    words = [
        (_("Problem"), row.problem),
        (_("Basis"), row.basis),
        (_("Measure asked for"), row.measure),
    ]
    steps = [
        (moment(one.at), str(one.get_kind_display()), one.by.name, one.note or "—")
        for one in row.steps.select_related("by")
        if one.kind != one.Kind.DRAFTED
    ]
    heads = [(_("Time"), "34mm"), (_("Step"), "34mm"), (_("Person"), "24mm"), (_("Words"), "1fr")]
    return supervision_pdf(
        actor=actor, school=row.school, number=row.number, name=_("Rectification notice"), facts=facts,
        words=words, tables=[table(_("Course"), heads, steps)],
    )  # fmt: skip
