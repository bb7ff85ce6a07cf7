"""A request that was made before the student went on to another school reads and changes nothing there."""

import pytest
from django.test import Client
from django.urls import reverse

from approvals import actions as requests
from approvals.models import Request
from approvals.refusals import WrongState
from archive.deletions import actions as deletions
from archive.inquiries import actions as inquiries
from archive.keepers import UnknownNumbers
from archive.keeping import actions as keeping
from archive.models import InquiryView, Tombstone
from records import selectors
from records.models import Document, Enrolment, Student
from tests.archive.asking import WAY, draft_edit, fresh, moves_on, submitted_edit, walk
from tests.archive.test_deletions import WAY as DELETING
from tests.archive.test_deletions import lent
from tests.archive.test_deletions import submitted as submitted_deletion
from tests.archive.test_inquiries import drafted, opened
from tests.cast import Cast
from tests.factories import saved
from tests.records.files import make_student

pytestmark = pytest.mark.django_db


def test_an_inquiry_does_not_follow_him(client: Client, cast: Cast) -> None:
    student = make_student("王小明", cast)
    number = student.enrolments.get().student_no
    draft = drafted(cast, student)
    running = opened(cast, student)
    moves_on(cast, student)
    with pytest.raises(UnknownNumbers, match=number):
        drafted(cast, numbers=[number])
    with pytest.raises(WrongState):
        requests.submit(actor=draft.requester, request=draft.request)
    with pytest.raises(WrongState):
        inquiries.read_page(actor=cast.registrar, typed=running, student=student, section="basic")
    client.force_login(cast.registrar)
    address = reverse("archive:inquiry_read", args=[running.request.public_id])
    answer = client.get(address, {"student": student.public_id, "section": "basic"}, follow=True)
    assert "湖南长沙" not in answer.content.decode()
    assert not InquiryView.objects.exists()


def test_an_edit_that_was_approved_changes_nothing_at_the_next_school(client: Client, cast: Cast) -> None:
    student = make_student("王小明", cast, native_place="湖北武昌")
    typed = submitted_edit(cast, student, {"native_place": "湖北武汉"})
    typed = walk(cast, typed, *WAY[:2])
    draft = draft_edit(cast, student, {"talent": "围棋"}, proofs=())
    moves_on(cast, student)
    with pytest.raises(WrongState):
        requests.submit(actor=draft.requester, request=draft.request)
    with pytest.raises(WrongState):
        walk(cast, typed, WAY[2])
    assert Student.objects.get().native_place == "湖南长沙"
    client.force_login(getattr(cast, WAY[2]))
    page = client.get(reverse("approvals:request", args=[typed.request.public_id])).content.decode()
    assert "湖北武<mark>汉</mark>" in page
    assert "湖南长沙" not in page, "what the next school wrote is its own"
    requests.send_back(actor=getattr(cast, WAY[2]), request=typed.request, reason="basis_weak")
    assert fresh(typed).request.state == Request.State.RETURNED


def test_a_deletion_that_was_approved_ends_nothing_at_the_next_school(cast: Cast) -> None:
    student, other = make_student("王小明", cast), make_student("李小红", cast)
    typed = submitted_deletion(cast, student)
    for name in DELETING[:2]:
        requests.take_step(actor=getattr(cast, name), request=typed.request)
    there = moves_on(cast, student)
    with pytest.raises(WrongState):
        requests.take_step(actor=cast.archivist, request=typed.request)
    assert Enrolment.objects.get(pk=there.pk).ended_on is None
    assert not Tombstone.objects.exists()
    with pytest.raises(WrongState):
        deletions.draft(
            actor=cast.registrar, school=cast.school, student=student, cause="mistaken", reason="误录"
        )
    submitted_deletion(cast, other)


def test_the_lender_takes_the_paper_file_back_wherever_the_student_is(client: Client, cast: Cast) -> None:
    student = make_student("王小明", cast)
    file = selectors.student_file(cast.archivist, student.public_id)
    loan = lent(cast, student)
    moves_on(cast, student)
    client.force_login(cast.archivist)
    page = reverse("archive:keeping", args=[student.public_id])
    back = reverse("archive:take_back", args=[student.public_id, loan.public_id])
    assert back in client.get(page).content.decode()
    assert client.post(back, {"condition": "完好"}).status_code == 302
    loan.refresh_from_db()
    assert loan.taken_back_by == cast.archivist
    with pytest.raises(WrongState):
        keeping.lend(
            actor=cast.archivist, file=file, copy="original", borrower="李明", borrower_unit="教育局", purpose="核对",
            due_on=loan.due_on,
        )  # fmt: skip


def test_who_came_back_after_his_file_was_shelved_is_edited_as_before(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = submitted_deletion(cast, student)
    for name in DELETING:
        requests.take_step(actor=getattr(cast, name), request=typed.request)
    old = student.enrolments.get()
    with pytest.raises(WrongState):
        draft_edit(cast, student, {"talent": "围棋"})
    saved(
        Enrolment(
            student=student, school=cast.school, unit=cast.school, student_no="2026990001",
            started_on=old.ended_on,
        )
    )  # fmt: skip
    edit = submitted_edit(cast, student, {"talent": "围棋"}, cause="missing", proofs=())
    walk(cast, edit, "archivist")
    assert Student.objects.get().talent == "围棋"


def test_proofs_are_not_filed_where_the_student_is_now(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = walk(cast, submitted_edit(cast, student, {"name": "王晓明"}), *WAY[:3])
    moves_on(cast, student)
    typed = walk(cast, typed, *WAY[3:])
    assert typed.request.state == Request.State.CLOSED
    assert not Document.objects.filter(student=student).exists()
