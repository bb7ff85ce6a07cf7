"""What somebody may no longer see, or not see by another way: left schools, scans, fee status."""

import io

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.actions import end_appointment
from accounts.models import Appointment
from accounts.roles import Role
from files.actions import store
from ledger.context import acting
from ledger.models import Event
from records.documents.filing import place
from records.models import Document, DocumentKind, Enrolment, Student
from records.selectors import own_classes, student_file
from records.trace import trace
from tests.cast import Cast
from tests.factories import appoint, give_class, make_class, make_user
from tests.records.files import make_student


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(buffer, "PNG")
    return buffer.getvalue()


def read(user: object, name: str, *args: object) -> int:
    client = Client()
    client.force_login(user)
    return client.get(reverse(f"records:{name}", args=args)).status_code


def test_a_teacher_who_moved_to_another_school_sees_nobody_of_the_class_that_was_left(cast: Cast) -> None:
    pupil = make_student("王小明", cast, school_class=cast.school_class)
    assert read(cast.adviser, "student", pupil.public_id) == 200
    held = Appointment.objects.get(user=cast.adviser)
    end_appointment(actor=cast.security_admin, appointment=held, reason="moved")
    appoint(cast.adviser, Role.CLASS_ADVISER, cast.other_school)
    moved = type(cast.adviser).objects.get(pk=cast.adviser.pk)
    assert read(moved, "student", pupil.public_id) == 404
    assert read(moved, "my_class", cast.school_class.public_id) == 404
    assert not Student.objects.visible_to(moved).exists()
    assert not own_classes(moved).exists()


def test_a_duty_at_another_school_opens_nothing_without_a_role_there(cast: Cast) -> None:
    away = make_class(cast.other_school)
    pupil = make_student("周小雨", cast, school=cast.other_school, school_class=away)
    give_class(away, cast.teacher, "teacher")
    assert read(cast.teacher, "student", pupil.public_id) == 404
    assert read(cast.teacher, "my_class", away.public_id) == 404


@pytest.fixture
def card_clerk(cast: Cast) -> object:
    """Somebody who sees files but may not have numbers revealed."""
    user = make_user("蔡卡", cast.student_affairs)
    appoint(user, Role.CARD_CENTRE, cast.school)
    return user


def _document(cast: Cast, student: Student, kind: str) -> Document:
    blob = store(actor=cast.archivist, content=picture(), filename="a.png", allowed=("png",))
    with acting(cast.archivist):
        return place(student, kind, blob, actor=cast.archivist)


def test_who_may_not_have_numbers_revealed_gets_no_scan_that_shows_them(
    cast: Cast, card_clerk: object
) -> None:
    pupil = make_student("王小明", cast, school_class=cast.school_class)
    card = _document(cast, pupil, DocumentKind.ID_CARD)
    _document(cast, pupil, DocumentKind.PHOTO)
    assert read(card_clerk, "student", pupil.public_id) == 200
    assert read(card_clerk, "photo", pupil.public_id) == 200
    assert read(card_clerk, "document", pupil.public_id, card.public_id) == 403
    assert not Event.objects.filter(action="student.document_viewed").exists()
    assert read(cast.archivist, "document", pupil.public_id, card.public_id) == 200


def test_the_field_history_keeps_the_fee_status_from_those_who_see_files(cast: Cast) -> None:
    pupil = make_student("王小明", cast, school_class=cast.school_class)
    enrolment = Enrolment.objects.get(student=pupil)
    with acting(cast.finance):
        enrolment.fee_status, enrolment.class_no = "1", "2026109"
        enrolment.save(update_fields=["fee_status", "class_no"])
    told = [change for row in trace(student_file(cast.archivist, pupil.public_id)) for change in row.changes]
    assert [new for _label, _old, new in told] == ["2026109"]
