"""Reads of students' accounts: whose file an account opens, which students of a class have one."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.scope import units_with, visible_or_404
from records.models import Enrolment, Student
from records.selectors import StudentFile
from school.models import SchoolClass

PERM = "open_student_accounts"
UNUSED = {"must_change_password": True, "is_active": True}


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
    wanted = ~_held("student", "school_id")
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
