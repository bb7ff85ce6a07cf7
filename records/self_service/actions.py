"""Writes of students' accounts: opened with slips, closed, used to read and check one's own file, taken away."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import actions as accounts
from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted, role_for
from approvals.refusals import AlreadyDecided, OwnFile, RequestRefused
from approvals.relation import is_related, related_among
from core.pdf import render_pdf
from files.models import Blob
from ledger import events
from ledger.context import acting, current_actor
from ledger.history import delete_rows
from records import reading
from records.models import Enrolment, OwnCheck, Student
from records.own_check_models import WORDS_LENGTH
from records.selectors import StudentFile
from records.self_service import selectors
from records.self_service.selectors import ANSWERS, PERM
from records.self_service.showing import Part, parts
from school.models import SchoolClass

MOST_OPEN = 5
"""Corrections of one student that wait for an answer at the same time."""


@dataclass(frozen=True, slots=True)
class ClassSlips:
    """The slips of a class as a PDF; ``left_out``: how many got none, being of the actor's own family."""

    content: bytes
    left_out: int


@transaction.atomic
def open_class(*, actor: User, school_class: SchoolClass, site: str, unused: bool = False) -> ClassSlips:
    """Accounts for everybody in a class who has none, and the slips (登录条) with their first passwords as a PDF.

    The passwords stand in this PDF alone, which is made for the one download and kept nowhere. ``site``: the address
    to sign in at. ``unused``: those who never changed their first password get a new slip as well, should theirs be
    lost. The actor's own family is left out. Whoever holds slips can read the files: the events say whose, but a class
    does not add to the files of the day, or its slips would use up the day's alert of much reading. Raises
    RequestRefused when there is nobody, PdfFailed, NotPermitted; then no account was opened.
    """
    role_for(actor, PERM, school_class.unit_id)
    lacking = selectors.without_account(school_class, unused=unused)
    _lock(lacking.values_list("student_id", flat=True))
    rows = list(lacking.select_related("student", "school", "school_class"))
    if not rows:
        raise RequestRefused(_("Everybody in this class has an account already."))
    related = related_among(actor, [row.student.public_id for row in rows])
    others = [row for row in rows if row.student.public_id not in related]
    if not others:
        raise RequestRefused(
            _("Only students of your own family are left. A colleague opens their accounts.")
        )
    return ClassSlips(_slips(actor, others, site), left_out=len(rows) - len(others))


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
    """Wait for others who open, close, answer or confirm for these students, but let rows be added to their files."""
    locked = Student.objects.select_for_update(no_key=True).filter(pk__in=list(student_ids)).order_by("pk")
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


@transaction.atomic
def confirm(*, actor: User, file: StudentFile) -> None:
    """A student says that his file is right; a second press within a minute is the same word, kept once.

    Raises RequestRefused while corrections are open, or when his account opens the file no more.
    """
    own = _own(actor, file)
    if selectors.open_corrections(own).exists():
        raise RequestRefused(_("A correction that you asked for is not answered yet."))
    if not selectors.just_confirmed(own):
        _keep(own, "student.own_file_confirmed", kind=OwnCheck.Kind.CONFIRMED)


@transaction.atomic
def ask_correction(*, actor: User, file: StudentFile, section: str, words: str) -> None:
    """A student says what is wrong in a section of his file; at most `MOST_OPEN` wait for an answer.

    Raises RequestRefused for more, for no or too long words, for a section that is not shown to him, or when his
    account opens the file no more.
    """
    own, words = _own(actor, file), words.strip()
    if section not in {part.key for part in parts(own, whole=False)}:
        raise RequestRefused(_("Choose what is wrong."))
    if not words or len(words) > WORDS_LENGTH:
        raise RequestRefused(
            _("Say what is wrong, in at most %(count)s characters.") % {"count": WORDS_LENGTH}
        )
    if selectors.open_corrections(own).count() >= MOST_OPEN:
        raise RequestRefused(
            _("%(count)s corrections wait for an answer already. Ask again once one is answered.")
            % {"count": MOST_OPEN}
        )
    _keep(own, "student.correction_asked", kind=OwnCheck.Kind.CORRECTION, section=section, words=words)


def _own(actor: User, file: StudentFile) -> StudentFile:
    _lock([file.student.pk])
    own = selectors.own_file(actor)
    if own is None:
        raise RequestRefused(_("This account opens no file"))
    return own


def _keep(own: StudentFile, action: str, **values: str) -> None:
    role = Role.STUDENT.value
    with acting(own.reader, role=role):
        row = OwnCheck.objects.create(student=own.student, enrolment=own.enrolment, **values)
        events.record(action, actor=own.reader, obj=row, unit_id=own.enrolment.unit_id, role=role)


@transaction.atomic
def answer(*, actor: User, check: OwnCheck, words: str, request_no: str = "") -> None:
    """The office answers a correction, once; ``request_no``: the request by which the file is changed.

    Raises AlreadyDecided, OwnFile, RequestRefused, NotPermitted.
    """
    _lock([check.student_id])
    asked = OwnCheck.objects.filter(pk=check.pk, kind=OwnCheck.Kind.CORRECTION)
    row = asked.select_related("student", "answered_by").first()
    here = selectors.stretch_here(actor, check)
    if row is None or here is None:
        raise NotPermitted(ANSWERS, obj=check)
    role = role_for(actor, ANSWERS, here.unit_id)
    if is_related(actor, [row.student.public_id]):
        raise OwnFile(_("Nobody decides on his own file or on that of his family"))
    if row.answered_by is not None and row.answered_at is not None:
        raise AlreadyDecided(row.answered_by, row.answered_at, _("answered"))
    if not words.strip() or len(words.strip()) > WORDS_LENGTH:
        raise RequestRefused(_("Write the answer."))
    if request_no and not selectors.is_about(row.student, here.school_id, request_no):
        raise RequestRefused(_("No request about this student has this number."))
    row.answer, row.request_no = words.strip(), request_no
    row.answered_by, row.answered_at = actor, timezone.now()
    with acting(actor, role=role):
        row.save(update_fields=["answer", "request_no", "answered_by", "answered_at"])
        events.record("student.correction_answered", actor=actor, obj=row, unit_id=here.unit_id)


def erase(student: Student) -> Collection[Blob]:
    """Take his checks and the account away with the file."""
    delete_rows(
        list(OwnCheck.objects.filter(student=student).select_related("student")), actor=current_actor()
    )
    accounts.forget_student_account(student.public_id)
    return ()
