"""Student files for tests, written as acceptance leaves them."""

import itertools
from datetime import date
from typing import Any

from django.utils import timezone

from accounts.models import User
from records.models import Enrolment, FamilyMember, Student
from records.search import fill
from tests.factories import make_user, saved

_serial = itertools.count(1)


def make_student(
    name: str, cast: Any, *, school: Any = None, school_class: Any = None, **values: Any
) -> Student:
    """A student with an open enrolment at the cast's school (or ``school``) and a mother to ring."""
    number = next(_serial)
    entry = {key: values.pop(key) for key in ("student_no", "exam_no", "status") if key in values}
    usual = {"sex": "1", "birth_date": date(2019, 6, 3), "archive_no": f"T-XS-2026-{number:06d}"}
    student = Student(name=name, **{**usual, **values})
    fill(student)
    saved(student)
    unit = school or cast.school
    entry.setdefault("student_no", f"2025{number:06d}")
    saved(
        Enrolment(
            student=student,
            school=unit,
            unit=unit,
            school_class=school_class,
            started_on=date(2026, 9, 1),
            enrol_month="202609",
            **entry,
        )
    )
    mother = FamilyMember(
        student=student, position=1, name="赵丽", relation="52", phone=f"139{number:08d}", is_guardian=True
    )
    fill(mother)
    saved(mother)
    return student


def make_account(student: Student) -> User:
    """The student's own account, the first password changed."""
    stay = student.enrolments.get(ended_on=None)
    today = timezone.localdate()
    return make_user(
        student.name,
        stay.school,
        staff_no=stay.student_no,
        public_id=student.public_id,
        kind="student",
        last_seen_on=today,
    )
