"""Writes of students' accounts: opened with a slip for each, closed, used to read one's own file, taken away."""

from collections.abc import Collection, Iterable, Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import actions as accounts
from accounts.models import User
from accounts.roles import Role
from accounts.scope import role_for
from approvals.refusals import OwnFile, RequestRefused
from approvals.relation import is_related
from core.pdf import render_pdf
from files.models import Blob
from ledger import events
from records import reading
from records.models import Enrolment, Student
from records.selectors import StudentFile
from records.self_service import selectors
from records.self_service.selectors import PERM
from records.self_service.showing import Part, parts
from school.models import SchoolClass


@transaction.atomic
def open_class(*, actor: User, school_class: SchoolClass, site: str, unused: bool = False) -> bytes:
    """Accounts for everybody in a class who has none, and the slips (登录条) with their first passwords as a PDF.

    The passwords stand in this PDF alone, which is made for the one download and kept nowhere. ``site``: the address
    to sign in at. ``unused``: those who never changed their first password get a new slip as well, should theirs be
    lost. Raises RequestRefused when there is nobody, PdfFailed, NotPermitted; then no account was opened.
    """
    role_for(actor, PERM, school_class.unit_id)
    lacking = selectors.without_account(school_class, unused=unused)
    _lock(lacking.values_list("student_id", flat=True))
    rows = list(lacking.select_related("student", "school", "school_class"))
    if not rows:
        raise RequestRefused(_("Everybody in this class has an account already."))
    return _slips(actor, rows, site)


@transaction.atomic
def open_one(*, actor: User, file: StudentFile, site: str) -> bytes:
    """The account of one student, opened or given a new first password, which ends its sessions; its slip as a PDF.

    Whoever holds a slip can read the file, so it counts as read. Raises RequestRefused for somebody who is no longer
    enrolled, OwnFile, PdfFailed, NotPermitted.
    """
    if is_related(actor, [file.student.public_id]):
        raise OwnFile(_("Nobody opens an account for himself or for his family."))
    _lock([file.student.pk])
    rows = Enrolment.objects.filter(student=file.student, ended_on__isnull=True)
    row = rows.select_related("student", "school", "school_class").first()
    if row is None or file.has_left:
        raise RequestRefused(_("Only who is enrolled here gets an account."))
    reading.count(actor=actor, file=file)
    return _slips(actor, [row], site)


def _lock(student_ids: Iterable[int]) -> None:
    locked = Student.objects.select_for_update().filter(pk__in=list(student_ids)).order_by("pk")
    list(locked.values_list("pk", flat=True))


def _slips(actor: User, rows: Sequence[Enrolment], site: str) -> bytes:
    try:
        with transaction.atomic():
            slips = [_opened(actor, row) for row in rows]
    except IntegrityError as error:
        raise RequestRefused(_("Somebody else opens accounts right now. Try again in a moment.")) from error
    english = (translation.get_language() or "").startswith("en")
    data = {
        "lang": "en" if english else "zh",
        "school": rows[0].school.label,
        "site": site,
        "printed_by": actor.name,
        "printed_at": f"{timezone.localtime():%Y-%m-%d %H:%M}",
        "slips": slips,
    }
    return render_pdf("student_slips", data)


def _opened(actor: User, row: Enrolment) -> dict[str, str]:
    number, password = accounts.open_student_account(
        actor=actor,
        role=role_for(actor, PERM, row.unit_id),
        key=row.student.public_id,
        number=row.student_no,
        name=row.student.name,
        unit=row.school,
    )
    placed = row.school_class.label if row.school_class else ""
    return {"name": row.student.name, "class": placed, "account": number, "password": password}


@transaction.atomic
def close(*, actor: User, file: StudentFile) -> None:
    """Close the account of a student; a new slip opens it again. Raises NotPermitted."""
    role = role_for(actor, PERM, file.enrolment.unit_id)
    _lock([file.student.pk])
    accounts.close_student_account(actor=actor, role=role, key=file.student.public_id)


@transaction.atomic
def read(*, actor: User, file: StudentFile, whole: bool) -> list[Part]:
    """A student opens his own file, with numbers and addresses masked or ``whole``: one event."""
    events.record(
        "student.own_numbers_shown" if whole else "student.own_file_read", actor=actor, obj=file.student,
        unit_id=file.enrolment.unit_id, role=Role.STUDENT.value,
    )  # fmt: skip
    return parts(file, whole=whole)


def erase(student: Student) -> Collection[Blob]:
    """Take the account away with the file."""
    accounts.forget_student_account(student.public_id)
    return ()
