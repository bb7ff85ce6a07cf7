"""A school that a student has left keeps the stretch it had; the file goes on elsewhere and is closed to it."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from files.actions import store
from ledger.context import acting
from ledger.models import Event
from records import selectors
from records.documents.filing import place
from records.documents.reading import catalogue
from records.models import DocumentKind, Enrolment, Student
from tests.cast import Cast
from tests.enrollment.intake import id_number
from tests.factories import appoint, make_class, make_user, saved
from tests.records.files import make_student
from tests.support.hostile_files import jpeg

NUMBER = id_number(11)
ADDRESS = "青山路 18 号 3 单元 502"


@pytest.fixture
def next_registrar(cast: Cast) -> User:
    """The registrar of the other school."""
    user = make_user("邓超", cast.other_school)
    appoint(user, Role.REGISTRAR, cast.other_school)
    return user


def end(student: Student, on: date, status: str) -> Enrolment:
    stay: Enrolment = student.enrolments.get(ended_on=None)
    stay.ended_on, stay.status = on, status
    saved(stay)
    return stay


@pytest.fixture
def moved(cast: Cast) -> Student:
    """A student who went from the cast's school to the other one, where a new address was written down."""
    student = make_student(
        "罗小川",
        cast,
        school_class=cast.school_class,
        id_number=NUMBER,
        phone="13700137000",
        current_address=ADDRESS,
    )
    end(student, date(2026, 10, 31), Student.Status.TRANSFERRED_OUT)
    saved(
        Enrolment(
            student=student, school=cast.other_school, unit=cast.other_school, student_no="2026880001",
            school_class=make_class(cast.other_school), started_on=date(2026, 11, 1),
        )
    )  # fmt: skip
    return student


def opened(user: User, route: str, *args: object) -> int:
    client = Client()
    client.force_login(user)
    return client.get(reverse(route, args=args)).status_code


def page(user: User, student: Student) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse("records:student", args=[student.public_id]))
    assert answer.status_code == 200
    return answer.content.decode()


SECTIONS = ("basic", "family", "documents", "changes", "process")


def test_the_former_school_reads_its_own_stretch_and_nothing_of_today(cast: Cast, moved: Student) -> None:
    own = moved.enrolments.get(school=cast.school)
    shown = page(cast.registrar, moved)
    assert own.student_no in shown
    assert moved.name in shown
    for hidden in (ADDRESS[:4], "137****", "赵丽", "2026880001", "xj-missing"):
        assert hidden not in shown
    for key in SECTIONS:
        assert opened(cast.registrar, "records:student_section", moved.public_id, key) == 403
    assert opened(cast.registrar, "records:student_section", moved.public_id, "study") == 200
    assert opened(cast.registrar, "records:photo", moved.public_id) == 403
    assert opened(cast.archivist, "enrollment:student_card", moved.public_id) == 403


def test_the_former_school_has_no_number_shown(cast: Cast, moved: Student) -> None:
    client = Client()
    client.force_login(cast.registrar)
    for field in ("phone", "current_address", "member1.phone", "id_number"):
        url = reverse("records:reveal", args=[moved.public_id, field])
        assert client.post(url).status_code == 403
    assert not Event.objects.filter(action="student.revealed").exists()


def test_the_next_school_reads_the_whole_file(cast: Cast, moved: Student, next_registrar: User) -> None:
    assert "xj-missing" in page(next_registrar, moved)
    for key in SECTIONS:
        assert opened(next_registrar, "records:student_section", moved.public_id, key) == 200
    client = Client()
    client.force_login(next_registrar)
    url = reverse("records:reveal", args=[moved.public_id, "current_address"])
    assert client.post(url).json() == {"value": ADDRESS}


def test_who_sees_both_schools_reads_the_whole_file(cast: Cast, moved: Student) -> None:
    user = make_user("高远", cast.bureau)
    appoint(user, Role.REGISTRAR, cast.bureau)
    shown = page(user, moved)
    assert "2026880001" in shown
    assert "xj-missing" in shown


def test_documents_are_listed_where_the_file_is_kept(
    cast: Cast, moved: Student, next_registrar: User
) -> None:
    shelved = make_student("罗小江", cast, school_class=cast.school_class)
    stay = end(shelved, date(2026, 10, 31), Student.Status.GRADUATED)
    stay.shelved_on = date(2026, 11, 1)
    saved(stay)
    for student in (moved, shelved):
        blob = store(actor=next_registrar, content=jpeg(), filename="a.jpg", allowed=("jpeg",))
        with acting(next_registrar):
            place(student, DocumentKind.HEALTH_FORM, blob, actor=next_registrar)

    def listed(user: User) -> set[str]:
        return set(catalogue(user).values_list("student__name", flat=True))

    assert listed(cast.registrar) == set()
    assert listed(next_registrar) == {moved.name}
    assert listed(cast.archivist) == {shelved.name}


def test_a_phone_of_today_finds_nobody_at_the_former_school(
    cast: Cast, moved: Student, next_registrar: User
) -> None:
    mother = f"{moved.family.get().phone}"
    for phone in ("13700137000", mother):
        assert not selectors.search(cast.registrar, phone).enrolments
        assert [row.student for row in selectors.search(next_registrar, phone).enrolments] == [moved]
    for known in (NUMBER, moved.name):
        found = selectors.search(cast.registrar, known).enrolments
        assert [row.school for row in found] == [cast.school]


def test_the_list_of_the_former_school_does_not_say_how_the_file_stands(cast: Cast, moved: Student) -> None:
    own = selectors.enrolments(cast.registrar)
    rows = {row.student_id: row for row in selectors.facts(own, ["student_id", "has_left"])}
    stayed = make_student("罗小山", cast, school_class=cast.school_class)
    assert rows[moved.pk].has_left
    client = Client()
    client.force_login(cast.registrar)
    shown = client.get(reverse("records:students")).content.decode()
    assert moved.name in shown
    assert stayed.name in shown
    assert shown.count('data-label="完整度">—') + shown.count('data-label="Completeness">—') == 1


def test_the_last_school_keeps_the_file_of_who_went_nowhere_else(cast: Cast) -> None:
    student = make_student("罗小海", cast, school_class=cast.school_class, current_address=ADDRESS)
    end(student, date(2026, 10, 31), Student.Status.GRADUATED)
    assert "xj-missing" in page(cast.registrar, student)
    for key in SECTIONS:
        assert opened(cast.registrar, "records:student_section", student.public_id, key) == 200


def test_the_newest_stretch_is_the_open_one_else_what_ended_last(cast: Cast, moved: Student) -> None:
    current = Enrolment.objects.filter(student=moved).current()
    assert current.get().school == cast.other_school
    away = moved.enrolments.get(school=cast.other_school)
    away.ended_on = date(2026, 11, 15)
    saved(away)
    assert current.get().school == cast.other_school
    back = Enrolment(
        student=moved, school=cast.school, unit=cast.school, student_no="2026770001", started_on=date(2026, 11, 15),
        ended_on=date(2026, 11, 15),
    )  # fmt: skip
    saved(back)
    assert current.get() == back
