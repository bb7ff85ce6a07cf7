"""Students as hits of the search box."""

from collections.abc import Callable
from uuid import UUID

from accounts.models import User
from core.addresses import addresses
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
