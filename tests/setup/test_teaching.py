"""Programmes, classes, and the people of a class."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.roles import Role
from accounts.scope import NotPermitted
from enrollment import actions as intake
from ledger.models import Event
from records.models import Student, own_class_ids
from school.models import ClassStaff, Programme, SchoolClass
from setup import actions
from setup.selectors import people_for_classes
from tests.cast import Cast
from tests.enrollment.intake import draft, make_batch
from tests.factories import appoint, give_class, make_class, make_user, saved, set_rule

FACTS = {"entry_year": 2025, "grade_level": 2, "number": 3, "school_year": 2026, "name": "二年级（3）班"}
DUTY = ClassStaff.Duty


def _fault(call: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        call()
    return getattr(caught.value, "message_dict", {"": caught.value.messages})


def _programme(cast: Cast, **values: Any) -> Programme:
    values = {"code": "510203", "name": "软件技术", "study_years": Decimal(3), **values}
    return actions.add_programme(actor=cast.system_admin, unit=cast.school, **values)


def test_programmes_keep_their_code(cast: Cast) -> None:
    programme = _programme(cast)
    actions.change_programme(actor=cast.system_admin, programme=programme, code="999999", name="软件工程技术")
    stored = Programme.objects.get(pk=programme.pk)
    assert (stored.code, stored.name) == ("510203", "软件工程技术")
    assert "code" in _fault(lambda: _programme(cast, name="另一个"))
    assert _fault(
        lambda: actions.add_programme(
            actor=cast.system_admin, unit=cast.teaching, code="1", name="某", study_years=Decimal(3)
        )
    )
    with pytest.raises(NotPermitted):
        actions.add_programme(
            actor=cast.system_admin, unit=cast.other_school, code="1", name="某", study_years=Decimal(3)
        )


def test_a_class_is_numbered_by_the_schools_rule(cast: Cast) -> None:
    row = actions.add_class(actor=cast.registrar, unit=cast.school, **FACTS)
    assert row.class_no == "2025203"
    event = Event.objects.get(action="class.added")
    assert (event.actor, event.role) == (cast.registrar, "registrar")
    assert "class_no" in _fault(lambda: actions.add_class(actor=cast.registrar, unit=cast.school, **FACTS))
    wrong = FACTS | {"number": 4, "class_no": "2025104"}
    assert "class_no" in _fault(lambda: actions.add_class(actor=cast.registrar, unit=cast.school, **wrong))
    set_rule(cast.school, "class_number_rule", "H", valid_from=timezone.localdate())
    row = actions.add_class(
        actor=cast.registrar, unit=cast.school, **FACTS | {"number": 4, "class_no": "2025104"}
    )
    assert row.class_no == "2025104"


def test_a_free_rule_wants_a_typed_number(cast: Cast) -> None:
    set_rule(cast.school, "class_number_rule", "free", valid_from=timezone.localdate())
    assert "class_no" in _fault(lambda: actions.add_class(actor=cast.registrar, unit=cast.school, **FACTS))
    row = actions.add_class(actor=cast.registrar, unit=cast.school, class_no="实验3", **FACTS)
    assert row.class_no == "实验3"


def test_classes_stand_in_schools_and_keep_to_their_programmes(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        actions.add_class(actor=cast.registrar, unit=cast.other_school, **FACTS)
    with pytest.raises(NotPermitted):
        actions.add_class(actor=cast.teacher, unit=cast.school, **FACTS)
    with pytest.raises(ValidationError):
        actions.school_of(cast.bureau)
    other = saved(Programme(unit=cast.other_school, code="1", name="某", study_years=Decimal(3)))
    assert "programme" in _fault(
        lambda: actions.add_class(actor=cast.registrar, unit=cast.school, programme=other, **FACTS)
    )


def test_a_class_with_students_stays_open(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = make_class(cast.school, number=9)
    actions.close_class(actor=cast.registrar, school_class=empty, reason="并班")
    assert not SchoolClass.objects.get(pk=empty.pk).is_active
    assert _fault(lambda: actions.close_class(actor=cast.registrar, school_class=empty, reason="并班"))
    _enrol(cast.school_class)
    with pytest.raises(ValidationError, match="本班仍有学生"):
        actions.close_class(actor=cast.registrar, school_class=cast.school_class, reason="并班")


def _enrol(school_class: SchoolClass) -> None:
    from records.models import Enrolment

    student = saved(Student(name="某某", archive_no="XJ-1", name_tokens=[]))
    saved(
        Enrolment(
            student=student,
            school=school_class.school,
            unit=school_class.unit,
            school_class=school_class,
            student_no="1",
            started_on=date(2026, 9, 1),
        )
    )


def test_changing_a_class_leaves_its_number(cast: Cast) -> None:
    row = actions.change_class(
        actor=cast.registrar, school_class=cast.school_class, name="一年级一班", class_no="1", seats=48
    )
    assert (row.name, row.seats, row.class_no) == ("一年级一班", 48, "2026101")
    seen = actions.version_of(row) - 1
    with pytest.raises(actions.Stale):
        actions.change_class(actor=cast.registrar, school_class=row, seen=seen, seats=40)


@pytest.mark.requirement("S2-11.2-1")
def test_an_adviser_sees_the_class_for_the_days_of_the_duty(cast: Cast) -> None:
    today = timezone.localdate()
    school_class = make_class(cast.school, number=2)
    staff = actions.appoint_class_staff(
        actor=cast.registrar,
        school_class=school_class,
        user=cast.teacher,
        duty=DUTY.CLASS_ADVISER,
        valid_from=today - timedelta(days=3),
    )
    assert school_class.pk in own_class_ids(cast.teacher)
    actions.end_class_staff(
        actor=cast.registrar, staff=staff, last_day=today - timedelta(days=1), reason="调岗"
    )
    assert school_class.pk not in own_class_ids(cast.teacher)
    event = Event.objects.get(action="class_staff.ended")
    assert event.detail == {"duty": "class_adviser", "class": school_class.pk, "staff": cast.teacher.pk}
    assert _fault(
        lambda: actions.end_class_staff(actor=cast.registrar, staff=staff, last_day=today, reason="再来")
    )


def test_ending_a_duty_neither_prolongs_it_nor_rewrites_the_past(cast: Cast) -> None:
    today = timezone.localdate()
    soon = today + timedelta(days=10)
    row = cast.school_class.staff.get(duty=DUTY.CLASS_ADVISER)
    actions.end_class_staff(actor=cast.registrar, staff=row, last_day=soon, reason="调离")
    successor = make_user("接任", cast.teaching)
    appoint(successor, Role.CLASS_ADVISER, cast.school)
    give_class(cast.school_class, successor, DUTY.CLASS_ADVISER, valid_from=soon + timedelta(days=1))
    former = give_class(
        make_class(cast.school, number=8), cast.teacher, DUTY.TEACHER, valid_until=date(2021, 1, 1)
    )
    for staff, last_day in ((row, soon + timedelta(days=5)), (former, date(2020, 12, 1)), (former, today)):
        assert _fault(
            lambda staff=staff, last_day=last_day: actions.end_class_staff(  # type: ignore[misc]  # bound in the loop
                actor=cast.registrar, staff=staff, last_day=last_day, reason="改"
            )
        )
    actions.end_class_staff(actor=cast.registrar, staff=row, last_day=today, reason="提前")
    assert ClassStaff.objects.get(pk=row.pk).valid_until == today
    assert ClassStaff.objects.get(pk=former.pk).valid_until == date(2021, 1, 1)


def test_a_class_with_applicants_on_the_way_stays_open(cast: Cast) -> None:
    row = draft(cast.clerk, make_batch(cast.school))
    with pytest.raises(ValidationError, match="报名学生"):
        actions.close_class(actor=cast.registrar, school_class=cast.school_class, reason="并班")
    intake.withdraw(actor=cast.clerk, applicant=row, reason="不来")
    actions.close_class(actor=cast.registrar, school_class=cast.school_class, reason="并班")


def test_who_may_not_be_appointed(cast: Cast) -> None:
    today = timezone.localdate()

    def appoint_one(actor: Any, user: Any, duty: str = DUTY.CLASS_ADVISER, **values: Any) -> Any:
        values = {"valid_from": today, **values}
        return lambda: actions.appoint_class_staff(
            actor=actor, school_class=cast.school_class, user=user, duty=duty, **values
        )

    assert "user" in _fault(appoint_one(cast.registrar, cast.teacher))
    assert "user" in _fault(appoint_one(cast.registrar, cast.clerk, DUTY.TEACHER))
    assert "user" in _fault(appoint_one(cast.registrar, cast.teacher, DUTY.TEACHER))
    appoint(cast.registrar, Role.TEACHER, cast.school)
    assert "user" in _fault(appoint_one(cast.registrar, cast.registrar, DUTY.TEACHER))
    ends_before = {"valid_until": today - timedelta(days=1)}
    assert "valid_until" in _fault(appoint_one(cast.registrar, cast.teacher, DUTY.CLASS_ADMIN, **ends_before))
    with pytest.raises(NotPermitted):
        appoint_one(cast.system_admin, cast.teacher, DUTY.CLASS_ADMIN)()
    assert cast.school_class.staff.count() == 2


def test_only_who_may_be_appointed_is_offered(cast: Cast) -> None:
    colleague = make_user("外校", cast.other_school)
    appoint(colleague, Role.TEACHER, cast.other_school)
    former = make_user("离任", cast.teaching)
    appoint(former, Role.TEACHER, cast.school, valid_until=date(2021, 1, 1))
    counsellor = make_user("兼职", cast.bureau)
    appoint(counsellor, Role.COUNSELLOR, cast.school)
    offered = set(people_for_classes(cast.school_class))
    assert offered == {cast.teacher, cast.adviser, counsellor}


def test_one_adviser_at_a_time_is_held_by_the_database(cast: Cast) -> None:
    second = make_user("另一位", cast.teaching)
    for user, duty in ((second, DUTY.CLASS_ADVISER), (cast.teacher, DUTY.TEACHER)):
        with pytest.raises(IntegrityError), transaction.atomic():
            give_class(cast.school_class, user, duty)
    with pytest.raises(IntegrityError), transaction.atomic():
        give_class(cast.school_class, second, DUTY.TEACHER, valid_until=date(2019, 1, 1))
