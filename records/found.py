"""Students as hits of the search box, and hits as lines of a table."""

from collections.abc import Callable, Sequence
from html import escape
from uuid import UUID

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User
from core.addresses import addresses
from core.listparts import cell_text
from records import selectors
from records.finders import Hit, Hits
from records.lists import sex_label, status_badge
from records.models import Enrolment


def students(user: User, text: str, secrets: bool, limit: int) -> Hits:
    """The students whom ``text`` names, at most ``limit``."""
    found = selectors.search(user, text, secrets=secrets, limit=limit)
    url = addresses("records:student")
    return Hits([_hit(row, url) for row in found.enrolments], found.more, found.by_number)


def _hit(row: Enrolment, url: Callable[[UUID], str]) -> Hit:
    place = row.school_class.label if row.school_class else row.unit.label
    facts = (place, row.school.label, str(sex_label(row.student.sex)))
    return Hit(
        name=row.student.name,
        note=row.student.name_pinyin,
        url=url(row.student.public_id),
        number=row.student_no,
        facts=facts,
        state=status_badge(row),
    )


def lines(hits: Sequence[Hit]) -> SafeString:
    """The hits as rows of the table on the search page, written at once: there may be many."""
    labels = [escape(one) for one in (_("Name"), _("Number"), _("Class"), _("School"), _("State"))]
    return SafeString("".join(_line(hit, *labels) for hit in hits))


def _line(hit: Hit, name: str, number: str, place: str, school: str, state: str) -> str:
    where, at = (*hit.facts, "", "")[:2]
    return (
        f'<tr><td class="name" data-label="{name}"><a href="{escape(hit.url)}">{escape(hit.name)}</a> '
        f'<span class="xj-pinyin">{escape(hit.note)}</span></td>'
        f'<td class="id" data-label="{number}">{cell_text(hit.number)}</td>'
        f'<td data-label="{place}">{cell_text(where)}</td><td data-label="{school}">{cell_text(at)}</td>'
        f'<td class="state" data-label="{state}">{cell_text(hit.state)}</td></tr>'
    )
