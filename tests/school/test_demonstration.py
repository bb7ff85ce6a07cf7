"""The demonstration school: loaded once, passable by the sample file, invented throughout."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Appointment, User
from accounts.roles import NOT_APPOINTED, Role
from accounts.scope import holds
from audit.letters.selectors import to_sign
from audit.models import LetterVersion
from config import demonstration
from config.demonstration import people
from core.idnumber import parse_id_number
from enrollment.models import Applicant, IntakeBatch
from ledger.models import Event
from records.entry_models import Conduct, Internship, LearningProblem, Reward
from records.models import Enrolment, Student
from records.penalty_models import Penalty
from records.self_service.selectors import own_file
from school.models import SchoolClass, Unit
from school.rules import rule
from tests.factories import make_unit


def _load() -> str:
    out = StringIO()
    call_command("load_demonstration", stdout=out)
    return out.getvalue()


def _states(code: str) -> dict[str, int]:
    states = Applicant.objects.filter(batch__code=code).values_list("state", flat=True)
    return {state: list(states).count(state) for state in set(states)}


def _the_school_of_the_sample_file_is_there(told: str) -> None:
    school = Unit.objects.get(code="2142001616")
    assert (school.name, rule(school, "class_number_rule")) == ("红花小学", "W")
    numbers = set(SchoolClass.objects.filter(school=school).values_list("class_no", flat=True))
    assert len(numbers) == 48
    assert {"2026101", "2026108", "2021601", "2021608"} <= numbers
    batch = IntakeBatch.objects.get(code="DEMO-2026")
    assert batch.is_open
    assert batch.required_documents == []
    duties = set(school.children.values_list("duty", flat=True))
    assert duties == {"admissions", "teaching", "student_affairs", "archives", "finance"}


def _a_small_school_under_a_central_school_has_the_small_scheme(told: str) -> None:
    small = Unit.objects.select_related("parent").get(name="松林小学")
    assert small.parent is not None
    assert small.parent.kind == Unit.Kind.CENTRAL_SCHOOL
    assert rule(small, "duty_scheme") == "small"
    assert rule(small, "class_number_rule") == "W"
    drafts = Applicant.objects.filter(batch__school=small)
    assert set(drafts.values_list("scheme", "state")) == {("small", "draft")}


def _every_role_has_an_account_that_can_sign_in_and_act(told: str) -> None:
    held = set(Appointment.objects.values_list("role", flat=True))
    assert held == {role.value for role in Role if role not in NOT_APPOINTED}
    clerk = User.objects.get(staff_no="clerk1")
    assert clerk.check_password(people.PASSWORD)
    assert not clerk.must_change_password
    assert holds(clerk, "enter_applicant")
    assert "clerk1" in told
    assert people.PASSWORD in told


def _a_pupil_can_sign_in_to_his_own_file(told: str) -> None:
    pupil = User.objects.get(kind="student")
    assert pupil.check_password(people.PASSWORD) and not pupil.must_change_password
    file = own_file(pupil)
    assert file is not None and file.enrolment.student_no == pupil.staff_no == people.PUPIL
    assert people.PUPIL in told


def _applicants_stand_at_every_step(told: str) -> None:
    assert _states("DEMO-2026") == {
        "accepted": 84,
        "head_approved": 12,
        "initial_reviewed": 12,
        "self_checked": 13,
        "returned": 3,
        "draft": 8,
    }
    assert _states("DEMO-2026-ZY")["accepted"] == 40
    assert Student.objects.count() == Enrolment.objects.count() == 124
    assert Event.objects.filter(action="applicant.accepted").count() == 124
    pupils = Enrolment.objects.filter(school_class__class_no="2026101")
    assert pupils.count() == 28
    assert len(set(pupils.values_list("student_no", flat=True))) == 28


def _numbers_are_sound_but_obviously_made_up(told: str) -> None:
    for student in Student.objects.all():
        number = parse_id_number(student.id_number)
        assert number.birth_date == student.birth_date
        assert student.phone.startswith("1390000")


def _departments_have_entered_something(told: str) -> None:
    figures = (Reward.objects.count(), Conduct.objects.count(), Internship.objects.count())
    assert figures == (3, 2, 2)
    assert LearningProblem.objects.get().entered_by.staff_no == "teacher1"
    assert Penalty.objects.get().state == "noticed"


def _a_letter_is_signed_by_some_and_open_for_others(told: str) -> None:
    version = LetterVersion.objects.get()
    assert version.signatures.count() == 8
    people = {
        one.staff_no: one for one in User.objects.filter(staff_no__in=["teacher1", "clerk1", "c-clerk1"])
    }
    assert {name: len(to_sign(one)) for name, one in people.items()} == {
        "teacher1": 1,
        "clerk1": 0,
        "c-clerk1": 0,
    }


def _loading_again_adds_nothing_and_tells_the_accounts(told: str) -> None:
    before = (Unit.objects.count(), User.objects.count(), Applicant.objects.count(), Event.objects.count())
    assert _load() == told
    assert before == (
        Unit.objects.count(),
        User.objects.count(),
        Applicant.objects.count(),
        Event.objects.count(),
    )


CHECKS = (
    _the_school_of_the_sample_file_is_there,
    _a_small_school_under_a_central_school_has_the_small_scheme,
    _every_role_has_an_account_that_can_sign_in_and_act,
    _a_pupil_can_sign_in_to_his_own_file,
    _applicants_stand_at_every_step,
    _numbers_are_sound_but_obviously_made_up,
    _departments_have_entered_something,
    _a_letter_is_signed_by_some_and_open_for_others,
    _loading_again_adds_nothing_and_tells_the_accounts,
)


def test_the_demonstration_is_complete_and_loaded_once(db: None) -> None:
    told = _load()
    for check in CHECKS:
        check(told)


def test_a_database_with_other_schools_is_left_alone(db: None) -> None:
    make_unit("青山小学")
    assert "not loaded" in _load()
    assert Unit.objects.count() == 1


def test_production_refuses(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from config.management.commands import load_demonstration

    monkeypatch.setattr(load_demonstration, "PRODUCTION", True)
    with pytest.raises(CommandError, match="Production"):
        call_command("load_demonstration")
    assert not demonstration.is_loaded()
