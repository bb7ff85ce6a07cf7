"""E.5: files of others are read for a purpose, by approval of both heads, narrowed, in a session, page by page."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.scope import NotPermitted
from approvals import actions as requests
from approvals import selectors
from approvals.models import Request
from approvals.refusals import RequestRefused, SamePerson, WrongState
from archive.inquiries import actions
from archive.inquiries.actions import SessionOver
from archive.keepers import UnknownNumbers
from archive.models import InquiryRequest, InquiryView
from files.actions import Scan, store
from ledger.context import acting
from ledger.models import Event
from records.documents.filing import place
from records.merits.actions import entries
from records.models import Enrolment, Student
from school.models import Stage
from tests.cast import Cast
from tests.enrollment.intake import id_number, picture
from tests.factories import saved
from tests.records.files import make_student
from tests.records.merits.people import delivered, enrolment_of, officer

pytestmark = pytest.mark.django_db
ASKED = ("basic", "family", "study")


def drafted(cast: Cast, *students: Student, **values: Any) -> InquiryRequest:
    numbers = list(
        Enrolment.objects.filter(student__in=students).order_by("pk").values_list("student_no", flat=True)
    )
    values = {
        "actor": cast.registrar,
        "school": cast.school,
        "sections": ASKED,
        "purpose": "核对资助",
        **values,
    }
    return actions.draft(numbers=values.pop("numbers", numbers), **values)


def submitted(cast: Cast, *students: Student, **values: Any) -> InquiryRequest:
    typed = drafted(cast, *students, **values)
    requests.submit(actor=typed.requester, request=typed.request)
    return fresh(typed)


def fresh(typed: InquiryRequest) -> InquiryRequest:
    return InquiryRequest.objects.select_related("request").get(pk=typed.pk)


def take(cast: Cast, typed: InquiryRequest, who: str, **data: Any) -> InquiryRequest:
    requests.take_step(actor=getattr(cast, who), request=typed.request, data=data)
    return fresh(typed)


def opened(cast: Cast, *students: Student, **values: Any) -> InquiryRequest:
    typed = take(cast, submitted(cast, *students, **values), "academic_head")
    typed = take(cast, typed, "archive_head", sections=["basic", "family"])
    return take(cast, typed, "archivist", place="档案室")


@pytest.mark.requirement("S0-5.1-3", "S0-5.1-4", "S0-5.1-5", "S3-5.3-1", "S3-5.3-2", "S3-5.3-3")
def test_an_inquiry_is_narrowed_read_in_a_session_and_closed_with_a_report(cast: Cast) -> None:
    one, other = make_student("王小明", cast), make_student("李小红", cast)
    typed = take(cast, submitted(cast, one, other), "academic_head")
    with pytest.raises(SessionOver):
        actions.read_page(actor=cast.registrar, typed=typed, student=one, section="basic")
    kept = str(typed.students.get(student=one).pk)
    typed = take(cast, typed, "archive_head", sections=["basic", "merits"], students=[kept])
    assert typed.granted == ["basic"], "nothing beyond what was asked"
    typed = take(cast, typed, "archivist", place="档案室")
    actions.read_page(actor=cast.registrar, typed=typed, student=one, section="basic")
    for student, section in ((one, "family"), (other, "basic"), (one, "merits")):
        with pytest.raises(NotPermitted):
            actions.read_page(actor=cast.registrar, typed=typed, student=student, section=section)
    for stranger in (cast.archivist, cast.academic_head, cast.archive_head):
        with pytest.raises(NotPermitted):
            actions.read_page(actor=stranger, typed=typed, student=one, section="basic")
    typed = take(cast, typed, "archivist", report="只看了基本信息，未复印")
    assert typed.request.state == Request.State.CLOSED
    with pytest.raises(SessionOver):
        actions.read_page(actor=cast.registrar, typed=typed, student=one, section="basic")
    view = InquiryView.objects.get()
    assert (view.by, view.student, view.section) == (cast.registrar, one, "basic")
    event = Event.objects.get(action="inquiry.read")
    assert (event.subject, event.detail["number"]) == (one.public_id, typed.request.number)


def test_a_session_ends_by_itself(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = opened(cast, student)
    with acting(cast.archivist):
        typed.opened_at, typed.closes_at = (
            timezone.now() - timedelta(hours=1),
            timezone.now() - timedelta(minutes=1),
        )
        typed.save(update_fields=["opened_at", "closes_at"])
    with pytest.raises(SessionOver):
        actions.read_page(actor=cast.registrar, typed=typed, student=student, section="basic")


def test_an_approved_inquiry_that_nobody_opens_lapses(cast: Cast) -> None:
    typed = take(cast, submitted(cast, make_student("王小明", cast)), "academic_head")
    typed = take(cast, typed, "archive_head")
    assert actions.lapse_unopened() == 0
    assert actions.lapse_unopened(timezone.now() + timedelta(days=40)) == 1
    assert fresh(typed).request.state == Request.State.LAPSED
    with pytest.raises(RequestRefused):
        take(cast, typed, "archivist", place="档案室")


@pytest.mark.parametrize(("before", "column"), [(0, "department_head"), (1, "archive_head"), (2, "escort")])
def test_four_different_people_stand_behind_an_inquiry(cast: Cast, before: int, column: str) -> None:
    typed = submitted(cast, make_student("王小明", cast))
    for who in ("academic_head", "archive_head")[:before]:
        typed = take(cast, typed, who)
    setattr(typed, column, cast.registrar)
    with (
        pytest.raises(IntegrityError, match="inquiry_requester"),
        transaction.atomic(),
        acting(cast.registrar),
    ):
        typed.save(update_fields=[column])
    if before == 2:
        with pytest.raises(SamePerson):
            take(cast, typed, "archive_head", place="档案室")


def test_the_database_grants_nothing_beyond_what_was_asked(cast: Cast) -> None:
    typed = take(cast, submitted(cast, make_student("王小明", cast)), "academic_head")
    typed.granted = ["merits"]
    with (
        pytest.raises(IntegrityError, match="inquiry_grants_what_was_asked"),
        transaction.atomic(),
        acting(cast.archive_head),
    ):
        typed.save(update_fields=["granted"])


def test_another_than_the_escort_does_not_close(cast: Cast) -> None:
    typed = opened(cast, make_student("王小明", cast))
    with pytest.raises(SamePerson):
        take(cast, typed, "second_archivist", report="x")
    for who in ("second_archivist", "archivist"):
        waiting = [row.pk for row, _typed, _step in selectors.waiting_for(getattr(cast, who))]
        assert waiting == ([typed.request_id] if who == "archivist" else [])
    assert fresh(typed).request.step == "close"


def test_unknown_numbers_and_numbers_of_another_school_are_told_alike(cast: Cast) -> None:
    make_student("王小明", cast)
    elsewhere = make_student("李小红", cast, school=cast.other_school).enrolments.get().student_no
    told = set()
    for number in ("99999999", elsewhere):
        with pytest.raises(UnknownNumbers) as refused:
            drafted(cast, numbers=[number])
        told.add(str(refused.value).replace(number, "…"))
    assert len(told) == 1


def test_a_session_that_was_opened_at_the_last_moment_does_not_lapse(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = take(cast, submitted(cast, make_student("王小明", cast)), "academic_head")
    typed = take(cast, typed, "archive_head")
    overdue = timezone.localdate() - timedelta(days=1)
    with acting(cast.archivist):
        typed.request.due_on = overdue
        typed.request.save(update_fields=["due_on"])
    lock = requests.locked

    def somebody_is_faster(request: Request) -> Any:
        monkeypatch.setattr(requests, "locked", lock)
        take(cast, typed, "archivist", place="档案室")
        return lock(request)

    monkeypatch.setattr(requests, "locked", somebody_is_faster)
    assert actions.lapse_unopened() == 0
    assert actions.is_open(fresh(typed), fresh(typed).request)


def test_an_inquiry_that_cannot_be_opened_goes_back_and_a_session_does_not(cast: Cast) -> None:
    typed = take(cast, submitted(cast, make_student("王小明", cast)), "academic_head")
    typed = take(cast, typed, "archive_head")
    requests.send_back(actor=cast.archivist, request=typed.request, reason="basis_weak")
    assert fresh(typed).request.state == Request.State.RETURNED
    running = opened(cast, make_student("李小红", cast))
    with pytest.raises(WrongState):
        requests.send_back(actor=cast.archivist, request=running.request, reason="basis_weak")


def read(client: Client, user: Any, typed: InquiryRequest, student: Student, section: str) -> str:
    """The page of a section as this user gets it."""
    client.force_login(user)
    url = reverse("archive:inquiry_read", args=[typed.request.public_id])
    answer = client.get(url, {"student": student.public_id, "section": section})
    assert answer.status_code == 200
    return answer.content.decode()


def test_pages_hide_what_the_file_page_hides_from_who_may_only_look(client: Client, cast: Cast) -> None:
    school = cast.school
    school.stage = Stage.HIGHER
    saved(school)
    student = make_student(
        "王小明",
        cast,
        id_type="1",
        id_number=id_number(1),
        phone="13700137000",
        current_address="青山路 18 号",
    )
    enrolment = enrolment_of(student, since=timezone.localdate() - timedelta(days=200))
    clerk, head = officer(cast), cast.student_affairs_head
    practice = {
        "kind": "post", "organisation": "东湖机械厂", "starts_on": timezone.localdate(),
        "planned_until": timezone.localdate(), "contact": "王师傅 13900139000",
    }  # fmt: skip
    entries.enter_internships(actor=cast.registrar, enrolments=[enrolment], values=practice)
    delivered(clerk, head, enrolment)
    titles = {"ordinary": "体检报告三份", "secret": "心理评估记录"}
    for secrecy, title in titles.items():
        blob = store(actor=clerk, content=picture(), filename="评估-李医生.jpg", allowed=("jpeg",))
        with acting(clerk):
            place(
                student, "health_form" if secrecy == "ordinary" else "other", blob, actor=clerk,
                title=title, secrecy=secrecy, bringer_name="李医生",
            )  # fmt: skip
    asked = ("basic", "family", "study", "merits", "employment", "documents", "conduct")
    typed = take(cast, submitted(cast, student, sections=asked), "academic_head")
    typed = take(cast, typed, "archive_head")
    typed = take(cast, typed, "archivist", place="档案室")
    pages = {section: read(client, cast.registrar, typed, student, section) for section in asked}
    for page in pages.values():
        for secret in (
            student.id_number, "13700137000", "青山路 18", "13900139000", "10 月 8 日课间打人", "李医生",
            *titles.values(), blob.sha256, str(blob.public_id), "/reveal/",
        ):  # fmt: skip
            assert secret not in page
    assert "严重警告" in pages["merits"]
    assert "东湖机械厂" in pages["employment"]
    assert pages["documents"].count("<tr>") == 2, "the heading and the one that is not secret"
    assert enrolment.student_no in pages["study"]


def test_the_letter_of_a_reader_is_seen_with_an_event_and_read_in_the_role_of_the_escort(
    client: Client, cast: Cast
) -> None:
    student = make_student("王小明", cast)
    letter = Scan("letter.png", picture())
    typed = opened(cast, student, reader="赵民警", reader_unit="派出所", letter=letter)
    read(client, cast.archivist, typed, student, "basic")
    assert Event.objects.get(action="inquiry.read").role == "archivist"
    url = reverse("archive:inquiry_letter", args=[typed.request.public_id])
    client.force_login(cast.academic_head)
    assert client.get(url).status_code == 200
    assert Event.objects.get(action="inquiry.letter_viewed").actor == cast.academic_head


def test_a_reader_from_outside_reads_at_the_screen_of_the_escort(client: Client, cast: Cast) -> None:
    student = make_student("王小明", cast, id_number=id_number(1))
    letter = Scan("letter.png", picture())
    with pytest.raises(WrongState):
        submitted(cast, student, reader="赵民警", reader_unit="派出所")
    typed = opened(cast, student, reader="赵民警", reader_unit="派出所", letter=letter)
    with pytest.raises(NotPermitted):
        actions.read_page(actor=cast.registrar, typed=typed, student=student, section="basic")
    client.force_login(cast.archivist)
    url = reverse("archive:inquiry_read", args=[typed.request.public_id])
    page = client.get(url, {"student": student.public_id, "section": "basic"}).content.decode()
    assert "王小明" in page
    assert "赵民警" in page
    assert student.id_number not in page, "numbers stay masked"
    assert InquiryView.objects.get().by == cast.archivist


def test_the_pages_lead_from_the_form_to_the_report(client: Client, cast: Cast) -> None:
    student = make_student("王小明", cast)
    number = Enrolment.objects.get().student_no
    client.force_login(cast.registrar)
    url = reverse("archive:inquiry_new")
    asked = {"numbers": number, "sections": ["basic"], "purpose": "核对资助"}
    assert client.get(url).status_code == 200
    assert client.post(url, {**asked, "numbers": "1"}).status_code == 422
    assert client.post(url, {**asked, "reader": "赵民警"}).status_code == 422
    assert client.post(url, asked).status_code == 302
    row = Request.objects.get()
    own = client.get(reverse("approvals:request", args=[row.public_id])).content.decode()
    assert number in own
    assert "王小明" not in own, "a number opens no name"
    client.post(reverse("approvals:submit", args=[row.public_id]), {"version": row.version})
    typed = InquiryRequest.objects.get()
    kept = str(typed.students.get().pk)
    forms: tuple[tuple[str, dict[str, Any]], ...] = (
        ("academic_head", {}),
        ("archive_head", {"sections": ["basic"], "students": [kept]}),
        ("archivist", {"place": "档案室"}),
    )
    for who, values in forms:
        client.force_login(getattr(cast, who))
        row.refresh_from_db()
        assert client.get(reverse("approvals:request", args=[row.public_id])).status_code == 200
        client.post(
            reverse("approvals:take_step", args=[row.public_id]),
            {"version": row.version, "step": row.step, **values},
        )
    client.force_login(cast.registrar)
    shown = client.get(reverse("approvals:request", args=[row.public_id])).content.decode()
    read = reverse("archive:inquiry_read", args=[row.public_id])
    assert read in shown
    assert client.get(read, {"student": str(student.public_id), "section": "basic"}).status_code == 200
    client.force_login(cast.archivist)
    row.refresh_from_db()
    client.post(
        reverse("approvals:take_step", args=[row.public_id]),
        {"version": row.version, "step": row.step, "report": "未复印"},
    )
    row.refresh_from_db()
    assert row.state == Request.State.CLOSED
    client.force_login(cast.registrar)
    assert client.get(read).status_code == 302
