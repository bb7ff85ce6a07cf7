"""The process record in a student file: each reader sees the steps of his own schools, with their persons."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from enrollment import actions
from enrollment.models import IntakeBatch
from ledger.context import acting
from records.models import Enrolment, Student
from tests.cast import Cast
from tests.enrollment.intake import approved
from tests.factories import appoint, make_user, saved

pytestmark = pytest.mark.django_db


def page(client: Client, reader: User, student: Student) -> str:
    client.force_login(reader)
    url = reverse("records:student_section", args=[student.public_id, "process"])
    response = client.get(url, headers={"Accept-Language": "en", "HX-Request": "true"})
    assert response.status_code == 200
    return response.content.decode()


def moved_on(cast: Cast, batch: IntakeBatch) -> Student:
    """A student accepted at the cast's school who is at the other school now."""
    student = actions.accept(actor=cast.archivist, applicant=approved(cast, batch)).student
    assert student is not None
    today = timezone.localdate()
    left = Enrolment.objects.get(student=student)
    left.started_on = today - timedelta(days=30)
    left.ended_on = today - timedelta(days=1)
    left.status = Student.Status.TRANSFERRED_OUT
    with acting(cast.registrar):
        left.save(update_fields=["started_on", "ended_on", "status"])
    other = cast.other_school
    saved(Enrolment(student=student, school=other, unit=other, student_no="20269999", started_on=today))
    return student


@pytest.mark.requirement("S0-5.1-1")
def test_steps_at_another_school_are_one_line_without_persons(
    client: Client, cast: Cast, batch: IntakeBatch
) -> None:
    student = moved_on(cast, batch)
    reader = make_user("郝静", cast.other_school)
    appoint(reader, Role.REGISTRAR, cast.other_school)
    shown = page(client, reader, student)
    for person in (cast.clerk, cast.second_clerk, cast.head, cast.archivist):
        assert person.name not in shown
    assert batch.name not in shown
    assert "4 steps of admissions at other schools are kept there." in shown


def test_steps_at_ones_own_school_name_their_persons(client: Client, cast: Cast, batch: IntakeBatch) -> None:
    student = actions.accept(actor=cast.archivist, applicant=approved(cast, batch)).student
    assert student is not None
    shown = page(client, cast.archivist, student)
    assert all(person.name in shown for person in (cast.clerk, cast.second_clerk, cast.head))
    assert "are kept there" not in shown
