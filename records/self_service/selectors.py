"""Reads of students' accounts: whose file an account opens, who in a class has one, what students said."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from accounts.scope import NotPermitted, holds, units_with, visible_or_404
from approvals.kinds import kind_of
from approvals.models import NOT_BEGUN, Request
from records.models import Enrolment, OwnCheck, Student
from records.selectors import HEAVY, StudentFile, files_in_use, student_file
from school.models import SchoolClass

PERM = "open_student_accounts"
UNUSED = {"must_change_password": True, "is_active": True}
ONE_WORD = timedelta(minutes=1)
"""A confirmation that is repeated within this time is a second press."""
ANSWERS = "request_change"
"""Who answers corrections: whoever can ask for the change of the file."""


def own_file(user: User) -> StudentFile | None:
    """The file that a student's account opens: his own, as long as he is at the school that opened the account.

    None once he has left it, or when the file lies in the inactive archive or is destroyed.
    """
    if user.kind != User.Kind.STUDENT:
        return None
    rows = Enrolment.objects.filter(student__public_id=user.public_id, student__destroyed_on__isnull=True)
    rows = rows.select_related("student", "school_class", "unit", "school", "programme")
    shown = list(rows.order_by(F("ended_on").desc(nulls_first=True), "-started_on", "-pk"))
    if not shown or shown[0].ended_on is not None or shown[0].school_id != user.unit_id:
        return None
    return StudentFile(user, shown[0].student, shown)


def account_of(student: Student) -> User | None:
    """The account of a student, closed ones too."""
    found: User | None = User.objects.filter(public_id=student.public_id, kind=User.Kind.STUDENT).first()
    return found


def _held(student: str, school: str, **more: bool) -> Exists:
    """Whether a student has an account of that school; both named as the outer query knows them."""
    accounts = User.objects.filter(kind=User.Kind.STUDENT, **more)
    return Exists(accounts.filter(public_id=OuterRef(f"{student}__public_id"), unit_id=OuterRef(school)))


def without_account(school_class: SchoolClass, *, unused: bool = False) -> QuerySet[Enrolment]:
    """The students of a class who have no account, in seat order; ``unused``: those also who never changed their first
    password. An account that was closed is opened again by itself alone.
    """
    rows: QuerySet[Enrolment] = Enrolment.objects.filter(school_class=school_class, ended_on__isnull=True)
    wanted = Q(~_held("student", "school_id"))
    if unused:
        wanted |= Q(_held("student", "school_id", **UNUSED))
    lacking = rows.filter(wanted)
    return lacking.order_by(F("seat_no").asc(nulls_last=True), "student__name_sort", "pk")


def classes(user: User) -> QuerySet[SchoolClass, Any]:
    """Classes in use where ``user`` opens accounts; how many study there, have an account, never used it."""
    rows: QuerySet[SchoolClass] = SchoolClass.objects.filter(
        unit_id__in=units_with(user, PERM), is_active=True
    )
    here = Q(enrolments__ended_on__isnull=True)
    never = _held("enrolments__student", "school_id", **UNUSED)
    counted = rows.annotate(
        students=Count("enrolments", filter=here),
        accounts=Count("enrolments", filter=here & Q(_held("enrolments__student", "school_id"))),
        unused=Count("enrolments", filter=here & Q(never)),
    )
    return counted.filter(students__gt=0).select_related("school").order_by("school_id", "class_no")


def one_class(user: User, class_id: UUID) -> SchoolClass:
    """One class of these units. Raises OutOfScope for another's, Http404 when there is none."""
    every = SchoolClass.objects.select_related("school", "unit")
    mine = every.filter(unit_id__in=units_with(user, PERM))
    found: SchoolClass = visible_or_404(every, mine, public_id=class_id)
    return found


# What students say of their files


def checks(file: StudentFile) -> QuerySet[OwnCheck]:
    """The corrections that a student asked for, the newest first."""
    rows: QuerySet[OwnCheck] = OwnCheck.objects.filter(student=file.student, kind=OwnCheck.Kind.CORRECTION)
    return rows.order_by("-asked_at", "-pk")


def open_corrections(file: StudentFile) -> QuerySet[OwnCheck]:
    """Those that wait for an answer."""
    return checks(file).filter(answered_at=None)


def last_confirmed(file: StudentFile) -> OwnCheck | None:
    """When the student last said that his file is right."""
    rows = OwnCheck.objects.filter(student=file.student, kind=OwnCheck.Kind.CONFIRMED)
    found: OwnCheck | None = rows.order_by("-asked_at", "-pk").first()
    return found


def just_confirmed(file: StudentFile) -> bool:
    """Whether the last thing that the student said is that the file is right, less than a minute ago."""
    last = OwnCheck.objects.filter(student=file.student).order_by("-asked_at", "-pk").first()
    confirmed = last is not None and last.kind == OwnCheck.Kind.CONFIRMED
    return confirmed and timezone.now() - last.asked_at < ONE_WORD


def is_about(student: Student, school_id: int, number: str) -> bool:
    """Whether a request of the school that may change this student's file, or did, has the number."""
    asked = Request.objects.filter(number=number, school_id=school_id).exclude(state__in=NOT_BEGUN).first()
    return asked is not None and student.public_id in kind_of(asked).typed(asked).subjects()


def corrections(user: User) -> QuerySet[OwnCheck, Any]:
    """Corrections of students whose files are kept in the units of ``user``, also those asked for at another school.

    ``here_unit``, ``here_no`` and the ``here_class`` columns are of the stretch under which ``user`` answers.
    """
    mine = _answered_here(user)
    here = {
        "here_unit": "unit_id", "here_no": "student_no", "here_class": "school_class__name",
        "here_class_en": "school_class__label_en", "here_class_no": "school_class__class_no",
    }  # fmt: skip
    stretch = mine.filter(student=OuterRef("student"))
    rows: QuerySet[OwnCheck, Any] = OwnCheck.objects.filter(
        kind=OwnCheck.Kind.CORRECTION, student_id__in=mine.values("student_id")
    ).annotate(**{name: Subquery(stretch.values(path)[:1]) for name, path in here.items()})
    rows = rows.select_related("student", "answered_by")
    return rows.defer(*(f"student__{name}" for name in HEAVY))


def work_item(user: User, subject: UUID) -> str:
    """A correction about the student that waits for ``user``, as the ledger names it (`approvals.work_items`)."""
    if not holds(user, ANSWERS):
        return ""
    rows = corrections(user).filter(student__public_id=subject, answered_at=None).order_by("pk")
    found = rows.values_list("pk", flat=True).first()
    return f"correction-{found}" if found else ""


def _answered_here(user: User) -> QuerySet[Enrolment]:
    return files_in_use(user).filter(unit_id__in=units_with(user, ANSWERS))


def stretch_here(user: User, check: OwnCheck) -> Enrolment | None:
    """The stretch under which ``user`` answers a correction."""
    return _answered_here(user).filter(student=check.student_id).first()


def correction_for(user: User, public_id: UUID) -> tuple[StudentFile, OwnCheck]:
    """One of them with the file it is about. Raises OutOfScope, Http404, NotPermitted."""
    every: QuerySet[OwnCheck] = OwnCheck.objects.filter(kind=OwnCheck.Kind.CORRECTION).select_related(
        "student"
    )
    row = every.filter(public_id=public_id).first()
    if row is None:
        raise Http404
    file = student_file(user, row.student.public_id)
    if not file.allows(ANSWERS):
        raise NotPermitted(ANSWERS, obj=row, unit_id=file.enrolment.unit_id)
    return file, visible_or_404(every, corrections(user), public_id=public_id)
