"""Copies of a file: on paper for the office, masked; for the student or his guardian, his own data whole."""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pypdfium2
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals.refusals import OwnFile, RequestRefused
from archive.copies import actions
from archive.copies.actions import Asked, NotEntitled
from archive.eep.actions import package_of
from archive.eep.reading import read
from archive.models import FileCopy
from ledger.models import Event
from records import reading
from records.documents import actions as documents
from records.documents.actions import Description
from records.entry_models import LearningProblem
from records.merits.actions import entries, penalties
from records.merits.actions.penalties import Decision
from records.models import Enrolment, ReadingDay, Student
from records.penalty_models import PenaltyStep
from records.selectors import StudentFile, student_file
from school.models import Stage
from tests.archive.test_deletions import REWARD
from tests.archive.test_four_checks import another_picture, student
from tests.cast import Cast
from tests.enrollment.intake import id_number
from tests.factories import saved
from tests.records.merits.people import case, delivered, heard, lifted, officer, paper, scan

__all__ = ["student"]
pytestmark = pytest.mark.django_db
FATHER = Asked("guardian", "id_card", "json", "王大明", "父亲")


def opened(cast: Cast, student: Student, who: str = "archivist") -> StudentFile:
    return student_file(getattr(cast, who), student.public_id)


def text_of(content: bytes) -> str:
    """The words of a PDF, blanks left out."""
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    words = "".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return "".join(words.split())


@pytest.fixture
def full(cast: Cast, student: Student) -> Student:
    """A file with a reward, one that was void, and a secret document."""
    clerk, enrolment = officer(cast), Enrolment.objects.get(student=student)
    for name in ("三好学生", "录错的奖"):
        row = entries.enter_rewards(
            actor=clerk, enrolments=[enrolment], values={**REWARD, "name": name, "reason": "联系 13912345678"}
        )[0]
    entries.make_void(actor=cast.student_affairs_head, entry=row, reason="录错")
    documents.add(
        actor=cast.archivist, file=opened(cast, student), kind="other", content=another_picture(77), filename="c.jpg",
        told=Description(title="秘密材料", secrecy="secret"),
    )  # fmt: skip
    return student


@pytest.mark.requirement("S1-8-5")
def test_a_print_masks_numbers_and_names_who_prints(cast: Cast, full: Student) -> None:
    content = actions.print_file(actor=cast.archivist, file=opened(cast, full), purpose="班主任核对")
    text = text_of(content)
    assert b"pdfaid" in content
    by = f"{cast.archivist.name}{cast.archivist.staff_no}"
    for shown in ("王小明", full.archive_no, "三好学生", "王大明", "户口性质", by, "班主任核对"):
        assert "".join(shown.split()) in text, shown
    for hidden in (full.id_number, "13800138000", "13912345678", "录错的奖", "中南路"):
        assert hidden not in text, hidden
    event = Event.objects.get(action="student.printed")
    assert (event.subject, event.purpose, event.role) == (full.public_id, "班主任核对", "archivist")


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_the_own_copy_holds_ones_own_data_whole_and_others_masked(
    cast: Cast, full: Student, form: str
) -> None:
    asked = Asked("guardian", "hukou_book", form, "王大明", "父亲")
    content = actions.hand_out(actor=cast.archivist, file=opened(cast, full), asked=asked)
    text = text_of(content) if form == "pdf" else content.decode()
    for shown in (full.id_number, "13800138000", "中南路", "三好学生", "王大明", "赵丽"):
        assert shown in text, shown
    for hidden in ("13800138001", "13800138002", "13912345678", "录错的奖", "秘密材料"):
        assert hidden not in text, hidden
    row = FileCopy.objects.get()
    assert (row.asker_name, row.relation, row.under_14, row.form) == ("王大明", "父亲", True, form)
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    event = Event.objects.get(action="student.copied")
    assert (event.subject, event.detail) == (full.public_id, {"form": form, "asker": "guardian"})
    if form == "json":
        told = json.loads(content)
        fields = {one["field"]: one["value"] for one in told["sections"]["basic"]["data"]}
        assert (fields["id_number"], fields["name"]) == (full.id_number, "王小明")
        assert [one["name"] for one in told["sections"]["merits"]["data"]["rewards"]] == ["三好学生"]


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_the_own_copy_is_whole_whoever_hands_it_out(cast: Cast, student: Student, form: str) -> None:
    enrolment = Enrolment.objects.get(student=student)
    saved(
        Enrolment(
            student=student, school=cast.other_school, unit=cast.other_school, student_no="2019880001", seat_no=37,
            started_on=date(2019, 9, 1), ended_on=date(2026, 8, 31), status=Student.Status.TRANSFERRED_OUT,
        )
    )  # fmt: skip
    student.hukou_address = "武昌区彭刘杨路二号"
    saved(student)
    clerk = officer(cast)
    for number in range(250):
        entries.enter_rewards(
            actor=clerk, enrolments=[enrolment], values={**REWARD, "name": f"奖状{number:03}", "reason": ""}
        )
    file = opened(cast, student)
    content = actions.hand_out(actor=cast.archivist, file=file, asked=replace(FATHER, form=form))
    text = text_of(content) if form == "pdf" else content.decode()
    assert sum(f"奖状{number:03}" in text for number in range(250)) == 250
    elsewhere = (
        "2019880001",
        "37",
        str(cast.other_school.name if form == "json" else cast.other_school.label),
    )
    for shown in (*elsewhere, "彭刘杨路二号"):
        assert shown in text, shown
    printed = text_of(actions.print_file(actor=cast.archivist, file=opened(cast, student), purpose="核对"))
    assert "奖状249" in printed and "奖状000" in printed
    assert "2019880001" not in printed and "彭刘杨路" not in printed


def test_the_own_copy_tells_the_whole_of_a_penalty_and_a_print_no_more_than_what_holds(
    cast: Cast, student: Student
) -> None:
    cast.school.stage = Stage.VOCATIONAL
    saved(cast.school)
    stay = Enrolment.objects.get(student=student)
    stay.started_on = timezone.localdate() - timedelta(days=200)
    saved(stay)
    row = delivered(officer(cast), cast.student_affairs_head, stay)
    content = actions.hand_out(
        actor=cast.archivist, file=opened(cast, student), asked=replace(FATHER, form="pdf")
    )
    printed = actions.print_file(actor=cast.archivist, file=opened(cast, student), purpose="核对")
    facts = "".join(row.facts.split())
    assert facts in text_of(content)
    assert facts not in text_of(printed)


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_the_own_copy_names_nobody_of_the_office_and_not_what_its_people_wrote_to_each_other(
    cast: Cast, full: Student, form: str
) -> None:
    stay = Enrolment.objects.get(student=full)
    stay.started_on = timezone.localdate() - timedelta(days=200)
    saved(stay)
    cast.school.stage = Stage.VOCATIONAL
    saved(cast.school)
    clerk, head = officer(cast, "欧阳上报"), cast.student_affairs_head
    clerk.name, head.name, cast.archivist.name = "欧阳上报", "司徒决定", "诸葛归档"
    for person in (clerk, head, cast.archivist):
        saved(person)
    told = {"kind": "family", "text": "家庭变故", "noticed_on": timezone.localdate()}
    problem: Any = saved(
        LearningProblem(student=full, enrolment=stay, unit=stay.unit, entered_by=cast.archivist, **told)
    )
    entries.answer_problem(actor=clerk, problem=problem, answer="已家访")
    row = heard(clerk, stay)
    penalties.send_back(actor=head, penalty=row, reason="内部意见甲")
    penalties.mend(actor=clerk, penalty=row, case=case())
    penalties.give_notice(actor=clerk, penalty=row, paper=paper(20))
    penalties.hear(actor=clerk, penalty=row, statement="given", paper=paper(15, text="本人陈述乙"))
    what = Decision(kind="2", months=6, appeal_told=True, legality_review="合法性审查丙")
    penalties.decide(
        actor=head, penalty=row, decision=what, paper=paper(14, document_no="红花〔2026〕9 号", scan=scan())
    )
    penalties.deliver(actor=clerk, penalty=row, paper=paper(13, scan=scan()))
    content = actions.hand_out(
        actor=cast.archivist, file=opened(cast, full), asked=replace(FATHER, form=form)
    )
    text = text_of(content) if form == "pdf" else content.decode()
    for shown in ("家庭变故", "已家访", "本人陈述乙", "三好学生", "合法性审查丙"):
        assert shown in text, shown
    for hidden in (clerk.name, head.name, "内部意见甲", "student_affairs"):
        assert hidden not in text, hidden
    if form == "json":
        assert cast.archivist.name not in text


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_the_own_copy_shows_numbers_of_documents_as_they_are(cast: Cast, student: Student, form: str) -> None:
    cast.school.stage = Stage.VOCATIONAL
    saved(cast.school)
    stay = Enrolment.objects.get(student=student)
    stay.started_on = timezone.localdate() - timedelta(days=900)
    saved(stay)
    clerk = officer(cast)
    values = {**REWARD, "name": "优秀学生", "document_no": "13912340001", "reason": "联系 13912345678"}
    entries.enter_rewards(actor=clerk, enrolments=[stay], values=values)
    row = lifted(clerk, cast.student_affairs_head, stay)
    row.document_no, row.lifting_document_no, row.facts = "13912340002", "13912340003", "家长 13912345679"
    saved(row)
    step = row.steps.get(kind=PenaltyStep.Kind.LIFTED)
    step.document_no, step.text = "13912340004", "问 13912345670"
    saved(step)
    asked = replace(FATHER, form=form)
    content = actions.hand_out(actor=cast.archivist, file=opened(cast, student), asked=asked)
    text = text_of(content) if form == "pdf" else content.decode()
    for shown in ("13912340001", "13912340002", "13912340003", "13912340004"):
        assert shown in text, shown
    for hidden in ("13912345678", "13912345679", "13912345670"):
        assert hidden not in text, hidden


def born(student: Student, day: date) -> None:
    student.birth_date = day
    saved(student)


@pytest.mark.parametrize(
    ("day", "asked", "may"),
    [
        (date(2019, 6, 3), Asked("student", "id_card", "json"), False),
        (date(2010, 6, 3), Asked("student", "id_card", "json"), True),
        (date(2010, 6, 3), FATHER, True),
        (date(2010, 6, 3), Asked("guardian", "id_card", "json", "李四", "父亲"), False),
        (date(2005, 6, 3), FATHER, False),
        (date(2005, 6, 3), Asked("student", "id_card", "json"), True),
    ],
)
def test_who_may_have_a_copy(cast: Cast, student: Student, day: date, asked: Asked, *, may: bool) -> None:
    born(student, day)
    file = opened(cast, student)
    if may:
        assert actions.hand_out(actor=cast.archivist, file=file, asked=asked)
    else:
        with pytest.raises(NotEntitled):
            actions.hand_out(actor=cast.archivist, file=file, asked=asked)
        assert not FileCopy.objects.exists()


def test_a_refusal_has_its_reason(cast: Cast, student: Student) -> None:
    file, asked = opened(cast, student), Asked("guardian", "id_card", "pdf", "李四", "邻居")
    with pytest.raises(RequestRefused):
        actions.refuse(actor=cast.archivist, file=file, asked=asked, reason=" ")
    row = actions.refuse(actor=cast.archivist, file=file, asked=asked, reason="不是监护人")
    assert (FileCopy.objects.get(pk=row.pk).refusal, row.sha256) == ("不是监护人", "")
    assert "不是监护人" not in str(Event.objects.get(action="student.copy_refused").detail)
    child: dict[str, Any] = {
        "subject": student.public_id, "school": cast.school, "archive_no": student.archive_no, "asker_name": "王小明",
        "proof": "id_card", "form": "pdf", "handled_by": cast.archivist,
    }  # fmt: skip
    for wrong in (
        {"asker": "student"},
        {"asker": "student", "sha256": "0" * 64, "refusal": "x"},
        {"asker": "student", "sha256": "0" * 64, "under_14": True},
        {"asker": "guardian", "sha256": "0" * 64, "relation": ""},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            FileCopy(**child, **wrong).save()


def test_nobody_hands_out_the_file_of_his_own_family(cast: Cast, student: Student) -> None:
    clerk = cast.archivist
    clerk.id_number, clerk.id_number_index = student.id_number, student.id_number_index
    saved(clerk)
    with pytest.raises(OwnFile):
        actions.hand_out(actor=clerk, file=opened(cast, student), asked=FATHER)
    assert student.id_number == id_number(1)


def test_the_page_hands_out_once_keeps_the_register_and_refuses_in_words(
    client: Client, cast: Cast, student: Student
) -> None:
    here = [student.public_id]
    client.force_login(cast.archivist)
    assert client.get(reverse("archive:copies", args=here)).status_code == 200
    typed = {"asker": "guardian", "name": "王大明", "relation": "父亲", "proof": "id_card", "form": "json"}
    answer = client.post(reverse("archive:copy_hand_out", args=here), typed)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer["Cache-Control"] == "no-store, private"
    assert "attachment" in answer["Content-Disposition"]
    wrong = client.post(reverse("archive:copy_hand_out", args=here), {**typed, "relation": ""})
    assert wrong.status_code == 422
    bare = client.post(reverse("archive:copy_hand_out", args=here), {**typed, "refuse": "1"})
    assert bare.status_code == 422
    refused = {**typed, "refuse": "1", "reason": "未带证件"}
    assert client.post(reverse("archive:copy_hand_out", args=here), refused).status_code == 302
    page = client.get(reverse("archive:copies", args=here)).content.decode()
    assert "未带证件" in page
    assert FileCopy.objects.count() == 2
    printed = client.post(reverse("archive:copy_print", args=here), {"purpose": "核对"})
    assert (printed.status_code, printed["Content-Type"]) == (200, "application/pdf")
    packed = client.post(reverse("archive:package", args=here))
    assert read(packed.content).archive_no == student.archive_no
    client.force_login(cast.registrar)
    assert client.get(reverse("archive:copies", args=here)).status_code == 200, "the registrar prints"
    assert client.post(reverse("archive:package", args=here)).status_code == 403
    assert client.post(reverse("archive:copy_hand_out", args=here), typed).status_code == 403


def test_prints_copies_packages_and_revealed_numbers_count_as_reading(cast: Cast, full: Student) -> None:
    file = opened(cast, full)
    ways: tuple[Callable[[], object], ...] = (
        lambda: actions.print_file(actor=cast.archivist, file=file, purpose="核对"),
        lambda: package_of(actor=cast.archivist, file=file),
        lambda: reading.reveal(actor=cast.archivist, file=file, field="id_number"),
    )
    for way in ways:
        ReadingDay.objects.all().delete()
        way()
        day = ReadingDay.objects.get()
        assert (day.reader, day.students) == (cast.archivist, [full.pk])
