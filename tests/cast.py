"""The named people of the tests, on a small tree: a bureau, its primary school with departments, and another school.

Roles are held on the school; a user's own unit is the department. ``outsider`` is a clerk of the other school.
"""

from dataclasses import dataclass, fields

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from guardian.models import UserObjectPermission

from accounts.models import Appointment, User
from accounts.roles import ENTRY_ROLES, ROLE_PERMISSIONS, Role
from ledger.context import service_user
from ledger.history import write_rows
from school.models import ClassStaff, SchoolClass, Unit
from tests.factories import (
    give_class,
    make_class,
    make_unit,
    new_appointment,
    new_training,
    new_user,
    set_rule,
)

SCHOOL_CODE = "2142001616"


@dataclass(frozen=True, slots=True)
class Cast:
    """Units, one class, and people by what they are."""

    bureau: Unit
    school: Unit
    admissions: Unit
    teaching: Unit
    student_affairs: Unit
    archives: Unit
    finance_office: Unit
    other_school: Unit
    school_class: SchoolClass
    clerk: User
    second_clerk: User
    head: User
    archivist: User
    archive_head: User
    registrar: User
    second_registrar: User
    academic_head: User
    student_affairs_head: User
    second_archivist: User
    teacher: User
    adviser: User
    leader: User
    finance: User
    system_admin: User
    security_admin: User
    auditor: User
    bureau_officer: User
    outsider: User

    @property
    def people(self) -> dict[str, User]:
        """Every named user by the name that tests use."""
        named = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in named.items() if isinstance(value, User)}


PEOPLE: dict[str, tuple[str, str, Role]] = {
    "clerk": ("王芳", "admissions", Role.ADMISSIONS_CLERK),
    "second_clerk": ("李娜", "admissions", Role.ADMISSIONS_CLERK),
    "head": ("张伟", "admissions", Role.ADMISSIONS_HEAD),
    "archivist": ("刘敏", "archives", Role.ARCHIVIST),
    "archive_head": ("陈静", "archives", Role.ARCHIVE_HEAD),
    "registrar": ("杨丽", "teaching", Role.REGISTRAR),
    "second_registrar": ("宋洁", "teaching", Role.REGISTRAR),
    "academic_head": ("韩雪", "teaching", Role.ACADEMIC_HEAD),
    "second_archivist": ("冯兰", "archives", Role.ARCHIVIST),
    "student_affairs_head": ("孙强", "student_affairs", Role.STUDENT_AFFAIRS_HEAD),
    "teacher": ("赵磊", "teaching", Role.TEACHER),
    "adviser": ("黄艳", "teaching", Role.CLASS_ADVISER),
    "leader": ("周军", "school", Role.LEADER),
    "finance": ("何平", "finance_office", Role.FINANCE),
    "system_admin": ("吴勇", "school", Role.SYSTEM_ADMIN),
    "security_admin": ("徐涛", "school", Role.SECURITY_ADMIN),
    "auditor": ("马超", "school", Role.AUDITOR),
    "bureau_officer": ("朱琳", "bureau", Role.BUREAU_OFFICER),
    "outsider": ("胡斌", "other_school", Role.ADMISSIONS_CLERK),
}
"""Name in the tests: name on the screen, own unit, role. Roles stand on the school, or where the person belongs."""


def _units() -> dict[str, Unit]:
    bureau = make_unit("东湖区教育局", kind=Unit.Kind.BUREAU, label_en="Donghu Education Bureau")
    school = make_unit("红花小学", bureau, code=SCHOOL_CODE, label_en="Honghua Primary School")
    departments = {
        "admissions": ("招生办", Unit.Duty.ADMISSIONS),
        "teaching": ("教务处", Unit.Duty.TEACHING),
        "student_affairs": ("学生处", Unit.Duty.STUDENT_AFFAIRS),
        "archives": ("档案室", Unit.Duty.ARCHIVES),
        "finance_office": ("财务室", Unit.Duty.FINANCE),
    }
    made = {
        key: make_unit(name, school, kind=Unit.Kind.DEPARTMENT, duty=duty)
        for key, (name, duty) in departments.items()
    }
    other = make_unit("青山小学", bureau, code="2142001617", label_en="Qingshan Primary School")
    return {"bureau": bureau, "school": school, **made, "other_school": other}


def _people(units: dict[str, Unit]) -> dict[str, User]:
    """All of them at once: tests make a cast often, so it must be quick."""
    by = service_user()
    users = [
        new_user(name, units[home], staff_no=f"C{number:03}")
        for number, (name, home, _role) in enumerate(PEOPLE.values(), start=1)
    ]
    write_rows(users, actor=by)
    roles = [
        new_appointment(user, role, units[home] if home in {"bureau", "other_school"} else units["school"])
        for user, (_name, home, role) in zip(users, PEOPLE.values(), strict=True)
    ]
    write_rows(roles, actor=by)
    write_rows([new_training(row.user) for row in roles if row.role in ENTRY_ROLES], actor=by)
    _give_grants(roles)
    return dict(zip(PEOPLE, users, strict=True))


def _give_grants(roles: list[Appointment]) -> None:
    """What `sync_grants` would write; a test holds the two equal."""
    unit_type = ContentType.objects.get_for_model(Unit)
    ids = dict(Permission.objects.filter(content_type=unit_type).values_list("codename", "pk"))
    UserObjectPermission.objects.bulk_create(
        UserObjectPermission(
            user=row.user, permission_id=ids[perm], content_type=unit_type, object_pk=str(row.unit_id)
        )
        for row in roles
        for perm in ROLE_PERMISSIONS[row.role]
    )


def make_cast() -> Cast:
    """Write the units and the people; about forty rows."""
    units = _units()
    set_rule(units["school"], "class_number_rule", "W")
    school_class = make_class(units["school"])
    people = _people(units)
    give_class(school_class, people["adviser"], ClassStaff.Duty.CLASS_ADVISER)
    give_class(school_class, people["teacher"], ClassStaff.Duty.TEACHER)
    return Cast(**units, school_class=school_class, **people)


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast in this test's transaction."""
    return make_cast()
