"""Acts of reading that the ledger keeps: opening a file, showing a masked number, searching by a personal number."""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scope import NotPermitted, reading_role
from approvals import work_items
from ledger import events
from records.models import FamilyMember, Student
from records.selectors import StudentFile
from school.models import SchoolClass, Unit
from school.rules import LEAST_BULK_VIEW, rule

STUDENT_SECRETS = (
    "id_number", "phone", "national_no", "current_address", "mailing_address", "home_address", "hukou_address", "email",
)  # fmt: skip
FAMILY_SECRETS = ("id_number", "phone", "address")

EVENTS = {
    "student.viewed": _("Student file viewed"),
    "student.revealed": _("Masked value shown"),
    "student.document_viewed": _("Document of a student file viewed"),
    "student.searched": _("Searched by a personal number"),
    "class.roster_viewed": _("Class roster with contacts viewed"),
}


Alarm = Callable[[User, Unit, int, int], None]

_alarms: list[Alarm] = []


def on_much_reading(alarm: Alarm) -> None:
    """Call ``alarm(reader, school, files, limit)`` in the reader's transaction when a day holds more than it may."""
    _alarms.append(alarm)


class UnknownField(LookupError):
    """There is no masked field of this name in the file."""


_COUNT = """
    INSERT INTO records_readingday AS known (reader_id, day, students) VALUES (%s, %s, ARRAY[%s]::bigint[])
    ON CONFLICT (reader_id, day) DO UPDATE SET students = CASE
        WHEN excluded.students <@ known.students THEN known.students ELSE known.students || excluded.students END
    RETURNING cardinality(students)
"""


@transaction.atomic
def open_file(*, actor: User, file: StudentFile, purpose: str = "") -> None:
    """Somebody opens a student file: one event, and an alert when it is one more than a day allows.

    ``purpose``: a code of `records.purposes`; "" for a part that shows before one was chosen. Where an item of work
    leads to the file (`approvals.work_items`), the event names it and the opening is not counted.
    """
    role = reading_role(actor, ("view_student", "view_own_class"), file.enrolment.unit_id)
    work = work_items.item_for(actor, file.student.public_id)
    detail = {key: value for key, value in (("purpose", purpose), ("work", work)) if value}
    unit_id = file.enrolment.unit_id
    events.record("student.viewed", actor=actor, obj=file.student, unit_id=unit_id, role=role, detail=detail)
    if not work:
        count(actor=actor, file=file)


def count_view(*, actor: User, file: StudentFile) -> None:
    """Count a file of which a part was looked at, unless an item of work leads to it."""
    if not work_items.item_for(actor, file.student.public_id):
        count(actor=actor, file=file)


def count(*, actor: User, file: StudentFile) -> None:
    """One more file of the day in whatever way it is read: opened, printed, copied, packed, a number shown.

    Inside the caller's transaction; an alert when it is one more than a day allows.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [actor.pk, timezone.localdate(), file.student.pk])
        (files,) = cursor.fetchone()
    if files > LEAST_BULK_VIEW:
        _watch(actor, file.enrolment.school, files)


def _watch(actor: User, school: Unit, count: int) -> None:
    limit = rule(school, "bulk_view_limit")
    if count > limit:
        for alarm in _alarms:
            alarm(actor, school, count, limit)


@transaction.atomic
def open_roster(*, actor: User, school_class: SchoolClass, count: int) -> None:
    """Somebody opens a class with its contacts: one event."""
    events.record("class.roster_viewed", actor=actor, obj=school_class, detail={"count": count})


@transaction.atomic
def note_search(*, actor: User, found: int, kind: str) -> None:
    """Somebody searched by an identity number or a phone; what was typed is not kept."""
    events.record("student.searched", actor=actor, detail={"among": kind, "found": found})


@transaction.atomic
def reveal(*, actor: User, file: StudentFile, field: str) -> str:
    """The full value of one masked field, with an event that names the field.

    ``field``: of the student, or ``member2.phone`` of a member of the family. Raises NotPermitted without the right
    to reveal in a unit of the file, UnknownField for anything that is not masked.
    """
    if not file.allows("reveal_personal"):
        raise NotPermitted("reveal_personal", obj=file.student, unit_id=file.enrolment.unit_id)
    value = _secret(file.student, field)
    role = reading_role(actor, ("reveal_personal",), file.enrolment.unit_id)
    events.record(
        "student.revealed", actor=actor, obj=file.student, unit_id=file.enrolment.unit_id, role=role,
        detail={"field": field},
    )  # fmt: skip
    count_view(actor=actor, file=file)
    return value


def _secret(student: Student, field: str) -> str:
    owner, _sep, name = field.rpartition(".")
    row: Any = student
    known: tuple[str, ...] = STUDENT_SECRETS
    if owner:
        number = owner.removeprefix("member")
        position = int(number) if number.isascii() and number.isdigit() else 0
        row = FamilyMember.objects.filter(student=student, position=position).first()
        known = FAMILY_SECRETS
    if row is None or name not in known:
        raise UnknownField(field)
    return str(getattr(row, name))
