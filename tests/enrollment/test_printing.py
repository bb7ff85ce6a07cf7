"""Prints read back: what stands on them, whom they name, what they leave in the ledger, who may not."""

from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.actions import end_appointment
from accounts.models import Appointment, User
from accounts.roles import Role
from core.pdf import PdfFailed
from enrollment import actions, printing
from enrollment.card_data import adviser_of
from enrollment.models import Applicant, IntakeBatch, PrintOrder
from enrollment.scan_matching import qr_texts
from files.models import Blob
from files.selectors import open_blob
from jobs import actions as jobs
from jobs.models import Job
from jobs.tasks import run
from ledger.context import acting
from ledger.models import Event
from school.models import ClassStaff, Programme
from tests.cast import Cast, make_cast
from tests.enrollment.intake import approved, draft, id_number, make_batch, submitted
from tests.factories import appoint, give_class, make_class, make_unit, make_user, saved
from tests.records.files import make_student


def text_of(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return pages


def printed(user: Any, name: str, *args: Any, **data: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(reverse(f"enrollment:{name}", args=args), data)


@pytest.mark.requirement("S2-9-1")
def test_a_filled_form_holds_the_data_both_signature_lines_and_its_qr(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    answer = printed(cast.clerk, "applicant_print", row.public_id)
    assert answer["Content-Type"] == "application/pdf"
    assert "王小明" not in answer["Content-Disposition"]
    words = "".join(text_of(answer.content))
    for expected in (
        "王小明",
        id_number(1),
        "家长一（签字）",
        "家长二（签字）",
        "王大明",
        "红花小学",
        row.number,
    ):
        assert expected in words
    assert row.number in qr_texts(answer.content)
    event = Event.objects.get(action="form.printed")
    assert (event.subject, event.actor, event.role) == (row.public_id, cast.clerk, "admissions_clerk")
    assert printed(cast.outsider, "applicant_print", row.public_id).status_code == 404
    assert printed(cast.leader, "applicant_print", row.public_id).status_code == 403


def test_opening_a_page_prints_nothing_and_writes_nothing(cast: Cast, batch: IntakeBatch) -> None:
    row = actions.accept(actor=cast.archivist, applicant=approved(cast, batch))
    student = Applicant.objects.get(pk=row.pk).student
    assert student is not None
    client = Client()
    client.force_login(cast.archivist)
    for name, public_id, kept in (
        ("applicant_print", row.public_id, 200),
        ("student_card", student.public_id, 200),
        ("class_sheets", cast.school_class.public_id, 200),
        ("class_roster", cast.school_class.public_id, 405),
        ("class_cards", cast.school_class.public_id, 405),
        ("batch_printing", batch.public_id, 200),
    ):
        answer = client.get(reverse(f"enrollment:{name}", args=[public_id]))
        assert answer.status_code == kept, name
        assert "pdf" not in answer.headers.get("Content-Type", "")
    assert not Event.objects.filter(action__in=("form.printed", "list.printed")).exists()
    assert not PrintOrder.objects.exists()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.archivist)
    url = reverse("enrollment:student_card", args=[student.public_id])
    assert strict.post(url).status_code == 403
    assert not Event.objects.filter(action="form.printed").exists()


def test_a_single_print_says_what_it_is_for(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    answer = printed(cast.clerk, "applicant_print", row.public_id, purpose="家长核对")
    assert "仅供家长核对使用" in "".join(text_of(answer.content))
    assert Event.objects.get(action="form.printed").purpose == "家长核对"
    row = draft(cast.clerk, batch, 2, native_place="\U0003ffff湖北")
    failed = printed(cast.clerk, "applicant_print", row.public_id)
    assert failed.status_code == 422
    assert "U+3FFFF" in failed.content.decode()


def test_a_blank_form_is_the_layout_of_its_batch_with_the_lists_in_use(cast: Cast) -> None:
    national = make_batch(cast.school)
    higher = make_batch(cast.school, code="HE-2026", layout="higher")
    with translation.override("zh-hans"):
        first = "".join(text_of(printing.blank_form(cast.clerk, national)))
        second = "".join(text_of(printing.blank_form(cast.clerk, higher)))
    assert "是否独生子女" in first
    assert "考生号" in second
    lists = printing.tick_lists(national)
    assert [code for code, _label in lists["sex"]] == ["1", "2"]
    assert Event.objects.filter(action="list.printed").count() == 2
    assert not Event.objects.filter(action="form.printed").exists()


def test_forms_of_a_class_come_in_seat_order_one_event_each(cast: Cast, batch: IntakeBatch) -> None:
    rows = [draft(cast.clerk, batch, serial, name=f"陈明{name}") for serial, name in enumerate("一二三")]
    for row, seat in zip(rows, (3, 1, 2), strict=True):
        row.seat_no = seat
        with acting(cast.clerk):
            row.save(update_fields=["seat_no"])
    client = Client()
    client.force_login(cast.clerk)
    url = reverse("enrollment:batch_printing", args=[batch.public_id])
    answer = client.post(url, {"form": "filled", "class_no": "2026101", "purpose": "家长核对"})
    pages = "\n".join(text_of(answer.content))
    places = [pages.index(name) for name in ("陈明二", "陈明三", "陈明一")]
    assert places == sorted(places)
    assert "仅供家长核对使用" in pages
    assert Event.objects.filter(action="form.printed", purpose="家长核对").count() == 3


def test_many_forms_are_made_by_a_job(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for serial in range(3):
        draft(cast.clerk, batch, serial)
    monkeypatch.setattr(printing, "MOST_AT_ONCE", 2)
    client = Client()
    client.force_login(cast.clerk)
    answer = client.post(reverse("enrollment:batch_printing", args=[batch.public_id]), {"form": "filled"})
    order = PrintOrder.objects.get()
    assert answer["Location"] == reverse("jobs:job", args=[order.job.public_id])
    run(order.job_id)
    job = Job.objects.get(pk=order.job_id)
    assert (job.state, job.done) == (Job.State.DONE, 3)
    assert job.result is not None
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)
    run(order.job_id)
    assert Job.objects.get(pk=order.job_id).result == job.result
    assert Blob.objects.count() == 1, "a worker that died after printing has printed"
    assert "".join(text_of(open_blob(job.result))).count("王小明") >= 3
    assert Event.objects.filter(action="form.printed").count() == 3


def test_an_order_is_sent_when_its_row_stands(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = make_cast()
    batch = make_batch(cast.school)
    sent: list[bool] = []
    monkeypatch.setattr(
        jobs, "send", lambda job_id: sent.append(PrintOrder.objects.filter(job=job_id).exists())
    )
    printing.order(actor=cast.clerk, form="filled", school=cast.school, batch=batch)
    assert sent == [True]


def test_a_job_that_is_lost_while_it_prints_has_printed_nobody(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft(cast.clerk, batch)
    order = printing.order(actor=cast.clerk, form="filled", school=cast.school, batch=batch)
    with monkeypatch.context() as broken:
        broken.setattr(printing, "store_made", lambda **_options: 1 / 0)
        run(order.job_id)
    assert Job.objects.get(pk=order.job_id).state == Job.State.FAILED
    assert not Event.objects.filter(action="form.printed").exists()


def test_a_character_that_no_font_has_is_told_with_the_name(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = draft(cast.clerk, batch, native_place="\U0003ffff湖北")
    with pytest.raises(PdfFailed) as failed:
        printing.filled_forms(cast.clerk, batch, [row])
    assert failed.value.person == "王小明"
    client = Client()
    client.force_login(cast.clerk)
    answer = client.post(
        reverse("enrollment:batch_printing", args=[batch.public_id]), {"form": "filled"}, follow=True
    )
    assert "王小明" in answer.content.decode()
    assert not Event.objects.filter(action="form.printed").exists()
    order = printing.order(actor=cast.clerk, form="filled", school=cast.school, batch=batch)
    run(order.job_id)
    job = Job.objects.get(pk=order.job_id)
    assert job.state == Job.State.FAILED
    assert row.number in job.message, "what the job keeps may outlive the file"
    assert not {"王", "小", "\U0003ffff"} & set(job.message)


def test_the_public_list_shows_three_characters_and_only_approved_ones(
    cast: Cast, batch: IntakeBatch
) -> None:
    approved(cast, batch, 1, name="陈明一")
    submitted(cast.clerk, batch, 2, name="陈明二")
    client = Client()
    client.force_login(cast.head)
    data = {"form": "public", "starts": "2026-11-23", "ends": "20261129", "objections": "招生办 027-88880000"}
    answer = client.post(reverse("enrollment:batch_printing", args=[batch.public_id]), data)
    words = "".join(text_of(answer.content))
    assert "陈明一" in words
    assert "陈明二" not in words
    assert "420***" in words
    assert id_number(1)[:8] not in words
    assert "13800138000" not in words
    assert Event.objects.get(action="list.printed").detail["people"] == 1
    bad = client.post(
        reverse("enrollment:batch_printing", args=[batch.public_id]), {**data, "ends": "2026-11-01"}
    )
    assert bad.status_code == 422


def test_cards_and_rosters_of_accepted_students(cast: Cast, batch: IntakeBatch) -> None:
    rows = [
        actions.accept(actor=cast.archivist, applicant=approved(cast, batch, serial, name=f"陈明{name}"))
        for serial, name in enumerate("一二")
    ]
    student = Applicant.objects.get(pk=rows[0].pk).student
    assert student is not None
    card = printed(cast.archivist, "student_card", student.public_id)
    words = "".join(text_of(card.content))
    for expected in ("学籍卡", "陈明一", id_number(0), student.archive_no, "20260001", "王大明"):
        assert expected in words
    assert Event.objects.get(action="form.printed").subject == student.public_id
    cards = printed(cast.registrar, "class_cards", cast.school_class.public_id)
    assert len(text_of(cards.content)) == 2
    assert Event.objects.filter(action="form.printed", actor=cast.registrar).count() == 2
    roster = printed(cast.adviser, "class_roster", cast.school_class.public_id)
    listed = "".join(text_of(roster.content))
    assert "陈明一" in listed
    assert "20260002" in listed
    assert id_number(0) not in listed
    assert printed(cast.adviser, "class_cards", cast.school_class.public_id).status_code == 403
    away = make_user("郑远", cast.other_school)
    appoint(away, Role.ARCHIVIST, cast.other_school)
    assert printed(cast.clerk, "student_card", student.public_id).status_code == 403
    assert printed(away, "student_card", student.public_id).status_code == 404


def test_a_class_number_that_looks_like_a_phone_stops_no_roster(cast: Cast) -> None:
    cast.school_class.class_no = "13800138000"
    saved(cast.school_class)
    assert printed(cast.adviser, "class_roster", cast.school_class.public_id).status_code == 200
    assert Event.objects.get(action="list.printed").detail["class"] == cast.school_class.pk


def college(cast: Cast) -> tuple[Any, Programme]:
    """A university with one college, which runs a programme."""
    school = make_unit("云岭大学", cast.bureau, kind="school", stage="higher")
    unit = make_unit("信息学院", school, kind="college")
    programme = Programme(unit=unit, code="080901", name="计算机科学与技术", study_years="4")
    return unit, saved(programme)


@pytest.mark.requirement("S1-1-2")
def test_forms_cards_and_rosters_of_a_college_hold_the_study(cast: Cast) -> None:
    unit, programme = college(cast)
    school = unit.parent
    for role in (Role.ARCHIVIST, Role.ADMISSIONS_CLERK):
        appoint(cast.archivist if role == Role.ARCHIVIST else cast.clerk, role, school)
    clerk, archivist = (User.objects.get(pk=one.pk) for one in (cast.clerk, cast.archivist))
    batch = make_batch(school, code="HE-2026", layout="higher")
    applicant = actions.start_applicant(actor=clerk, batch=batch)
    cells = {
        "name": "王𠮷䶮", "sex": "1", "exam_no": "26420111150123", "programme_code": "080901", "study_years": "4",
        "learning_form": "1", "level": "1", "enrol_date": "20260901", "phone": "13800138000",
    }  # fmt: skip
    assert not actions.save_draft(actor=clerk, applicant=applicant, cells=cells).refused
    with translation.override("zh-hans"):
        form = "".join(text_of(printing.filled_forms(clerk, batch, [applicant])))
    for words in (
        "王𠮷䶮",
        "26420111150123",
        "计算机科学与技术",
        "080901",
        "✓ 本科",
        "信息学院",
        "新生信息采集表",
    ):
        assert words in form, words
    assert "家长一" not in form

    school_class = make_class(school, unit=unit, programme=programme, class_no="2026080901")
    student = make_student(
        "李明",
        cast,
        school=school,
        school_class=school_class,
        exam_no="26420111150124",
        student_no="2026080901001",
    )
    enrolment = student.enrolments.get()
    enrolment.programme, enrolment.unit, enrolment.study_years = programme, unit, 4
    with acting(cast.registrar):
        enrolment.save(update_fields=["programme", "unit", "study_years"])
    counsellor = make_user("周静", unit)
    give_class(school_class, counsellor, duty="counsellor")
    with translation.override("zh-hans"):
        card = "".join(text_of(printing.student_cards(archivist, school, [enrolment])))
        listed = "".join(text_of(printing.roster(archivist, school_class)))
    for words in ("计算机科学与技术", "080901", "26420111150124", "信息学院", "学制（年） 4"):
        assert words in card, words
    assert "籍贯" not in card
    for words in ("计算机科学与技术 080901", "辅导员：周静", "26420111150124"):
        assert words in listed, words


def test_a_vocational_batch_prints_the_form_with_the_study(cast: Cast) -> None:
    school = make_unit("云岭职业学校", cast.bureau, kind="school", stage="vocational")
    batch = make_batch(school, code="ZZ-2026", layout="vocational")
    with translation.override("zh-hans"):
        words = "".join(text_of(printing.blank_form(cast.clerk, batch)))
    for expected in ("是否独生子女", "考生号", "专业名称", "学制", "学习形式", "学生（签字）", "家长一"):
        assert expected in words, expected


def test_the_roster_names_the_adviser_of_the_day(cast: Cast) -> None:
    today = timezone.localdate()
    held = ClassStaff.objects.get(school_class=cast.school_class, duty="class_adviser")
    successor = make_user("崔莹", cast.teaching)
    held.valid_until = today + timedelta(days=10)
    with acting(cast.registrar):
        held.save(update_fields=["valid_until"])
    later = today + timedelta(days=11)
    saved(ClassStaff(school_class=cast.school_class, user=successor, duty="class_adviser", valid_from=later))
    assert adviser_of(cast.school_class) == cast.adviser.name, "an end that lies ahead has not come yet"
    assert adviser_of(cast.school_class, on=later) == "崔莹"
    with translation.override("zh-hans"):
        assert (
            f"班主任：{cast.adviser.name}" in text_of(printing.roster(cast.registrar, cast.school_class))[0]
        )
    held.valid_until = today - timedelta(days=1)
    with acting(cast.registrar):
        held.save(update_fields=["valid_until"])
    assert adviser_of(cast.school_class) == ""


def test_a_printed_file_is_not_handed_out_after_the_right_to_print_ended(
    cast: Cast, batch: IntakeBatch
) -> None:
    draft(cast.clerk, batch)
    order = printing.order(actor=cast.clerk, form="filled", school=cast.school, batch=batch)
    run(order.job_id)
    client = Client()
    client.force_login(cast.clerk)
    url = reverse("jobs:result", args=[order.job.public_id])
    assert client.get(url).status_code == 200
    held = Appointment.objects.get(user=cast.clerk)
    end_appointment(actor=cast.security_admin, appointment=held, reason="moved")
    assert client.get(url).status_code == 403
    assert Event.objects.filter(action="job.result_downloaded").count() == 1


def test_who_lost_one_of_two_colleges_takes_no_file_with_its_people(cast: Cast) -> None:
    first, _programme = college(cast)
    school = first.parent
    second = make_unit("商学院", school, kind="college")
    saved(Programme(unit=second, code="120201", name="工商管理", study_years="4"))
    clerk, head = make_user("孙敏", school), make_user("何平", school)
    appoint(clerk, Role.ADMISSIONS_CLERK, school)
    appointments = [appoint(head, Role.ADMISSIONS_HEAD, unit) for unit in (first, second)]
    batch = make_batch(school, code="HE-2026", layout="higher")
    for code in ("080901", "120201"):
        row = actions.start_applicant(actor=clerk, batch=batch)
        cells = {"name": "李明", "programme_code": code}
        assert not actions.save_draft(actor=clerk, applicant=row, cells=cells).refused
    order = printing.order(actor=head, form="filled", school=school, batch=batch)
    run(order.job_id)
    client = Client()
    client.force_login(head)
    url = reverse("jobs:result", args=[order.job.public_id])
    assert client.get(url).status_code == 200
    security = make_user("沈岚", school)
    appoint(security, Role.SECURITY_ADMIN, school)
    end_appointment(actor=security, appointment=appointments[0], reason="moved")
    assert client.get(url).status_code == 403
