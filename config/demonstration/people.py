"""Accounts of the demonstration: every role, invented names, numbers that are quickly typed, one password."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts import actions
from accounts.models import Appointment, User
from accounts.roles import ENTRY_ROLES, Role
from config.demonstration.units import SCHOOL_CODE, Units
from ledger import events
from ledger.context import acting
from ledger.history import write_rows
from records.models import Enrolment
from school.models import ClassStaff, SchoolClass

PASSWORD = "Xueji-demo-2026"  # noqa: S105  # meant to be known; the accounts exist in demonstrations only
"""The password of every demonstration account."""

PUPIL = "20260001"
"""The student number of the pupil who has an account."""

TRAINING = "学籍信息系统操作培训"
REASON = "演示"
R = Role


@dataclass(frozen=True, slots=True)
class Person:
    """An account: staff number, name, home unit, role and the unit that the role is held on."""

    staff_no: str
    name: str
    home: str
    role: Role
    on: str


PEOPLE = (
    Person("admin1", "吴思远", "city", R.SYSTEM_ADMIN, "city"),
    Person("security1", "徐立群", "city", R.SECURITY_ADMIN, "city"),
    Person("auditor1", "马文静", "city", R.AUDITOR, "city"),
    Person("bureau1", "朱雨桐", "bureau", R.BUREAU_OFFICER, "bureau"),
    Person("clerk1", "王芳菲", "primary.admissions", R.ADMISSIONS_CLERK, "primary"),
    Person("clerk2", "李晓楠", "primary.admissions", R.ADMISSIONS_CLERK, "primary"),
    Person("head1", "张伟民", "primary.admissions", R.ADMISSIONS_HEAD, "primary"),
    Person("archivist1", "刘敏之", "primary.archives", R.ARCHIVIST, "primary"),
    Person("archivehead1", "陈静秋", "primary.archives", R.ARCHIVE_HEAD, "primary"),
    Person("registrar1", "杨丽君", "primary.teaching", R.REGISTRAR, "primary"),
    Person("registrar2", "宋洁如", "primary.teaching", R.REGISTRAR, "primary"),
    Person("academichead1", "韩雪梅", "primary.teaching", R.ACADEMIC_HEAD, "primary"),
    Person("archivist2", "冯兰芝", "primary.archives", R.ARCHIVIST, "primary"),
    Person("affairs1", "孙建强", "primary.affairs", R.STUDENT_AFFAIRS, "primary"),
    Person("affairshead1", "高明远", "primary.affairs", R.STUDENT_AFFAIRS_HEAD, "primary"),
    Person("adviser1", "黄艳红", "primary.teaching", R.CLASS_ADVISER, "primary"),
    Person("adviser2", "郭春梅", "primary.teaching", R.CLASS_ADVISER, "primary"),
    Person("adviser3", "罗永安", "primary.teaching", R.CLASS_ADVISER, "primary"),
    Person("teacher1", "赵磊石", "primary.teaching", R.TEACHER, "primary"),
    Person("gradeadmin1", "林秀英", "primary.teaching", R.GRADE_ADMIN, "primary"),
    Person("classadmin1", "郑海波", "primary.teaching", R.CLASS_ADMIN, "primary"),
    Person("card1", "谢桂芳", "primary.affairs", R.CARD_CENTRE, "primary"),
    Person("finance1", "何平安", "primary.finance", R.FINANCE, "primary"),
    Person("leader1", "周军毅", "primary", R.LEADER, "primary"),
    Person("s-clerk1", "韩雪松", "small.admissions", R.ADMISSIONS_CLERK, "small"),
    Person("s-head1", "唐山河", "small", R.ADMISSIONS_HEAD, "small"),
    Person("s-archivist1", "冯玉兰", "central", R.ARCHIVIST, "central"),
    Person("c-clerk1", "董晓峰", "college.admissions", R.ADMISSIONS_CLERK, "college"),
    Person("c-clerk2", "程佳怡", "college.admissions", R.ADMISSIONS_CLERK, "college"),
    Person("c-head1", "曹国栋", "college.admissions", R.ADMISSIONS_HEAD, "college"),
    Person("c-archivist1", "袁淑珍", "college.archives", R.ARCHIVIST, "college"),
    Person("c-archivehead1", "邓立新", "college.archives", R.ARCHIVE_HEAD, "college"),
    Person("c-registrar1", "许文博", "college.teaching", R.REGISTRAR, "college"),
    Person("c-academichead1", "潘志远", "college.teaching", R.ACADEMIC_HEAD, "college"),
    Person("c-affairs1", "傅春生", "college.affairs", R.STUDENT_AFFAIRS, "college"),
    Person("counsellor1", "沈嘉敏", "computing", R.COUNSELLOR, "computing"),
    Person("c-finance1", "曾庆丰", "college.finance", R.FINANCE, "college"),
    Person("c-leader1", "彭志宏", "college", R.LEADER, "college"),
)

DUTY = ClassStaff.Duty
CLASS_STAFF = (
    ("2026101", "adviser1", DUTY.CLASS_ADVISER),
    ("2026102", "adviser2", DUTY.CLASS_ADVISER),
    ("2025201", "adviser3", DUTY.CLASS_ADVISER),
    ("2026101", "teacher1", DUTY.TEACHER),
    ("2026102", "teacher1", DUTY.TEACHER),
    ("2025201", "teacher1", DUTY.TEACHER),
    ("2026101", "gradeadmin1", DUTY.CLASS_ADMIN),
    ("2026102", "gradeadmin1", DUTY.CLASS_ADMIN),
    ("2026101", "classadmin1", DUTY.CLASS_ADMIN),
    ("2651020301", "counsellor1", DUTY.COUNSELLOR),
)


def make_people(units: Units, service: User) -> dict[str, User]:
    """Open the accounts and give the roles: the security administrator by the service account, the others by him."""
    hashed = make_password(PASSWORD)
    now = timezone.now()
    users = [
        User(
            staff_no=one.staff_no,
            name=one.name,
            unit=units[one.home],
            password=hashed,
            password_changed_at=now,
            must_change_password=False,
        )
        for one in PEOPLE
    ]
    write_rows(users, actor=service)
    events.record_many("account.opened", users, actor=service)
    people = {user.staff_no: user for user in users}
    _appoint(people, units, service)
    return people


def make_pupil_account(actor: User) -> User:
    """The account of a pupil, opened by the registrar and with the password changed already."""
    rows = Enrolment.objects.filter(school__code=SCHOOL_CODE).select_related("student", "school")
    stay = rows.get(student_no=PUPIL)
    user = User(
        public_id=stay.student.public_id,
        kind=User.Kind.STUDENT,
        staff_no=stay.student_no,
        name=stay.student.name,
        unit=stay.school,
        password=make_password(PASSWORD),
        password_changed_at=timezone.now(),
        must_change_password=False,
    )
    with acting(actor, role=R.REGISTRAR):
        user.save()
        events.record("account.opened", actor=actor, obj=user)
    return user


def _appoint(people: dict[str, User], units: Units, service: User) -> None:
    today = timezone.localdate()
    security = people["security1"]
    with acting(service, reason=REASON):
        Appointment(
            user=security,
            role=R.SECURITY_ADMIN,
            unit=units["city"],
            valid_from=today,
            reason=REASON,
            granted_by=service,
        ).save()
    for one in PEOPLE:
        user = people[one.staff_no]
        if user == security:
            continue
        if one.role in ENTRY_ROLES:
            actions.record_training(
                actor=security, user=user, name=TRAINING, passed_on=min(today, date(2026, 3, 20))
            )
        actions.appoint(
            actor=security, user=user, role=one.role, unit=units[one.on], valid_from=today, reason=REASON
        )


def make_class_staff(people: dict[str, User], classes: dict[str, SchoolClass], actor: User) -> None:
    """Advisers, teachers and administrators of classes since the school year began."""
    rows = [
        ClassStaff(
            school_class=classes[class_no], user=people[staff_no], duty=duty, valid_from=date(2026, 9, 1)
        )
        for class_no, staff_no, duty in CLASS_STAFF
    ]
    write_rows(rows, actor=actor)
