"""Certificates at the counter: what they say, numbers without gaps, copies, voiding, checking, whole classes."""

import json
import uuid
from datetime import date
from functools import partial
from typing import Any

import pypdfium2
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.roles import Role
from accounts.scope import NotPermitted
from approvals.refusals import AlreadyDecided, WrongState
from archive.certificates import actions, selectors
from archive.certificates.actions import Asked, IssuedAlready, NotFit, OrderedAlready
from archive.models import Certificate, CertificateOrder
from core.pdf import PdfFailed
from jobs.models import Job
from jobs.running import Running
from ledger.models import Event
from records.models import Enrolment, Student
from school.models import Unit
from tests.archive.asking import moves_on
from tests.cast import Cast, make_cast
from tests.enrollment.intake import id_number
from tests.factories import appoint, make_unit, make_user, saved
from tests.records.files import make_student
from tests.support.together import at_once

NUMBER = id_number(9)


@pytest.fixture
def wang(cast: Cast) -> Student:
    return make_student(
        "王小明", cast, school_class=cast.school_class, id_number=NUMBER, name_pinyin="Wang Xiaoming"
    )


def issue(cast: Cast, student: Student, *, actor: Any = None, key: Any = None, **asked: Any) -> bytes:
    """Issue a certificate by the registrar; the PDF."""
    stay = Enrolment.objects.get(student=student, school=cast.school)
    what = Asked(**{"kind": "enrolment", "purpose": "办理居住证", **asked})
    return actions.issue(actor=actor or cast.registrar, enrolment=stay, asked=what, key=key or uuid.uuid4())


def text_of(content: bytes) -> list[str]:
    """The text of each page."""
    document = pypdfium2.PdfDocument(content)
    pages = []
    for page in document:
        text_page = page.get_textpage()
        pages.append(text_page.get_text_range())
        text_page.close()
        page.close()
    document.close()
    return pages


def test_an_enrolment_certificate_says_who_studies_where_and_what_it_is_for(
    cast: Cast, wang: Student
) -> None:
    (page,) = text_of(issue(cast, wang))
    row = Certificate.objects.get()
    for words in (
        "在读证明",
        "红花小学",
        "王小明",
        "一年级（1）班",
        "办理居住证",
        row.number,
        row.check_code,
    ):
        assert words in page
    assert NUMBER not in page
    assert "副本" not in page
    assert (row.student, row.issued_by, row.serial) == (wang, cast.registrar, 1)
    event = Event.objects.get(action="certificate.issued")
    assert (event.subject, event.unit_id) == (wang.public_id, cast.school.pk)
    assert event.detail["whole_number"] is False


def test_english_and_several_copies(cast: Cast, wang: Student) -> None:
    pages = text_of(issue(cast, wang, language="both", copies=2))
    assert len(pages) == 4
    assert sum("Honghua Primary School" in page for page in pages) == 2
    assert "Wang Xiaoming" in pages[1]
    cast.school.label_en = ""
    saved(cast.school)
    with pytest.raises(NotFit, match=r"英文|English"):
        issue(cast, wang, language="en")


def test_the_whole_number_asks_for_another_permission(cast: Cast, wang: Student) -> None:
    (page,) = text_of(issue(cast, wang, whole_number=True))
    assert NUMBER in page
    assert Event.objects.get(action="certificate.issued").detail["whole_number"] is True
    stored = connection.cursor()
    stored.execute("SELECT facts FROM archive_certificate")
    assert NUMBER.encode() not in bytes(stored.fetchone()[0])
    with pytest.raises(NotPermitted):
        issue(cast, wang, actor=cast.clerk, whole_number=True)


@pytest.mark.requirement("S2-9-6")
def test_the_form_for_students_without_a_number_names_the_family(cast: Cast, wang: Student) -> None:
    without = make_student("李明", cast, school_class=cast.school_class, id_type="Z")
    (page,) = text_of(issue(cast, without, kind="no_id"))
    for words in ("无身份证号学生在校就读证明表", "李明", "赵丽", "主管教育行政部门"):
        assert words in page
    with pytest.raises(NotFit):
        issue(cast, wang, kind="no_id")
    with pytest.raises(NotFit):
        issue(cast, without, kind="no_id", language="en")


def test_only_who_studies_here_gets_an_enrolment_certificate(cast: Cast, wang: Student) -> None:
    stay = wang.enrolments.get()
    stay.status = Student.Status.SUSPENDED
    saved(stay)
    with pytest.raises(NotFit, match=stay.student_no):
        issue(cast, wang)
    stay.status, stay.ended_on = Student.Status.GRADUATED, date(2026, 11, 1)
    saved(stay)
    for kind in ("enrolment", "no_id"):
        with pytest.raises(NotFit):
            issue(cast, wang, kind=kind)
    (page,) = text_of(issue(cast, wang, kind="history"))
    assert "学籍证明" in page
    assert "2026年11月1日" in page
    assert not Certificate.objects.exclude(kind="history").exists()


def test_who_went_on_gets_nothing_here(cast: Cast, wang: Student) -> None:
    moves_on(cast, wang)
    with pytest.raises(NotFit):
        issue(cast, wang, kind="history")


def test_a_form_sent_twice_issues_once(cast: Cast, wang: Student, client: Client) -> None:
    client.force_login(cast.registrar)
    url = reverse("archive:certificate_new", args=[wang.public_id])
    key = str(uuid.uuid4())
    sent = {"key": key, "kind": "enrolment", "purpose": "签证", "language": "zh", "copies": "1"}
    first = client.post(url, sent)
    assert first["Content-Type"] == "application/pdf"
    again = client.post(url, sent)
    assert again.url == reverse("archive:certificate", args=[key])
    assert Certificate.objects.count() == 1
    with pytest.raises(IssuedAlready):
        issue(cast, wang, key=uuid.UUID(key))


def test_a_form_that_cannot_be_printed_uses_no_number(
    cast: Cast, wang: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue(cast, wang)

    def fail(*args: Any, **kwargs: Any) -> bytes:
        raise PdfFailed("font", "none")

    with monkeypatch.context() as broken:
        broken.setattr(actions, "render_pdf", fail)
        with pytest.raises(PdfFailed):
            issue(cast, wang)
    issue(cast, wang)
    assert list(Certificate.objects.order_by("pk").values_list("serial", flat=True)) == [1, 2]


def test_two_at_once_get_two_numbers_without_a_gap(committed_db: str) -> None:
    cast = make_cast()
    students = [make_student("李明", cast, school_class=cast.school_class) for _ in range(4)]
    given = at_once(*(partial(issue, cast, one) for one in students))
    assert [one for one in given if isinstance(one, Exception)] == []
    assert sorted(Certificate.objects.values_list("serial", flat=True)) == [1, 2, 3, 4]
    one = students[0]
    key = uuid.uuid4()
    twice = at_once(*(partial(issue, cast, one, key=key) for _ in range(2)))
    assert sum(isinstance(result, IssuedAlready) for result in twice) == 1
    assert Certificate.objects.count() == 5


def test_the_database_refuses_a_gap_and_a_number_twice(cast: Cast, wang: Student) -> None:
    issue(cast, wang)
    first = Certificate.objects.get()
    for serial, follows in ((3, 2), (3, 1), (1, None), (2, None)):
        row = Certificate.objects.get()
        row.pk, row.public_id, row._state.adding = None, uuid.uuid4(), True
        row.serial, row.follows = serial, follows
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()
            connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert list(Certificate.objects.all()) == [first]


def test_numbers_begin_anew_with_school_and_year(
    cast: Cast, wang: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue(cast, wang)
    monkeypatch.setattr(actions.timezone, "localdate", lambda *given: date(2031, 1, 2))
    issue(cast, wang)
    assert [row.number for row in Certificate.objects.order_by("pk")][1] == "ZM-2031-00001"


def test_a_copy_says_the_same_and_that_it_is_one(cast: Cast, wang: Student) -> None:
    issue(cast, wang, copies=3)
    row = Certificate.objects.get()
    wang.name = "王大明"
    saved(wang)
    (page,) = text_of(actions.copy_of(actor=cast.archivist, certificate=row))
    assert "副本" in page
    assert row.number in page
    assert "王小明" in page
    assert Certificate.objects.count() == 1
    assert Event.objects.get(action="certificate.copied").actor == cast.archivist


def test_a_voided_certificate_holds_no_longer(cast: Cast, wang: Student, client: Client) -> None:
    issue(cast, wang)
    row = Certificate.objects.get()
    client.force_login(cast.archive_head)
    url = reverse("archive:certificate_void", args=[row.public_id])
    assert client.post(url, {"reason": ""}).status_code == 422
    client.post(url, {"reason": "姓名有误"})
    page = client.get(reverse("archive:certificate", args=[row.public_id])).content.decode()
    assert "姓名有误" in page
    with pytest.raises(WrongState):
        actions.copy_of(actor=cast.registrar, certificate=row)
    with pytest.raises(AlreadyDecided):
        actions.void(actor=cast.registrar, certificate=row, reason="again")
    issue(cast, wang)
    assert Certificate.objects.order_by("-pk")[0].serial == 2


def test_a_number_is_checked_in_the_own_register(cast: Cast, wang: Student, client: Client) -> None:
    issue(cast, wang)
    row = Certificate.objects.get()
    client.force_login(cast.archivist)
    url = reverse("archive:certificate_check")
    page = client.post(url, {"number": f" {row.number.lower()} "}).content.decode()
    assert "王小明" in page
    assert row.check_code in page
    for wrong in ("ZM-2026-99999", "ZM-2026-1-1", "ZM-٢٠٢٦-00001", "ZM-2026-" + "9" * 20, "x"):
        assert "王小明" not in client.post(url, {"number": wrong}).content.decode()
    assert Event.objects.filter(action="certificate.checked").count() == 6
    assert selectors.numbered(cast.clerk, row.number) == []


def test_a_forged_paper_has_no_fitting_check_code(cast: Cast, wang: Student) -> None:
    issue(cast, wang)
    row = Certificate.objects.get()
    facts = json.loads(row.facts)
    facts["name"] = "李四"
    assert actions.digest_of(row.number, actions.packed(facts)) != bytes(row.digest)
    assert actions.digest_of(row.number, row.facts) == bytes(row.digest)


def test_the_register_costs_the_same_for_two_and_ten(cast: Cast, wang: Student, client: Client) -> None:
    client.force_login(cast.registrar)
    url, counts = reverse("archive:certificates"), []
    for more in (2, 8):
        for _ in range(more):
            issue(cast, make_student("李明", cast))
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert not any('"facts"' in one["sql"] for one in queries)


def test_a_class_gets_its_certificates_in_one_pdf(cast: Cast, wang: Student, client: Client) -> None:
    for name in ("李明", "张三"):
        make_student(name, cast, school_class=cast.school_class)
    stay = make_student("周五", cast, school_class=cast.school_class).enrolments.get()
    stay.status = Student.Status.SUSPENDED
    saved(stay)
    client.force_login(cast.registrar)
    sent = {
        "key": str(uuid.uuid4()), "school_class": cast.school_class.public_id, "purpose": "社保", "language": "zh",
    }  # fmt: skip
    answer = client.post(reverse("archive:certificate_class"), sent)
    job = Job.objects.get()
    assert answer.url == reverse("jobs:job", args=[job.public_id])
    again = client.post(reverse("archive:certificate_class"), sent)
    assert again.url == answer.url
    ordered = CertificateOrder.objects.get()
    running = Running(ordered.job, cast.registrar, lambda done, total: None)
    actions.work(running)
    assert Certificate.objects.count() == 3
    assert running.result is not None
    actions.work(running)
    assert Certificate.objects.count() == 3
    assert actions.may_take(cast.registrar, job)
    assert not actions.may_take(cast.clerk, job)
    stay = wang.enrolments.get()
    stay.ended_on = stay.shelved_on = date(2026, 11, 1)
    stay.status = Student.Status.GRADUATED
    saved(stay)
    assert not actions.may_take(cast.registrar, job)


def test_a_class_set_is_given_out_no_longer_when_one_of_the_class_went_on(cast: Cast, wang: Student) -> None:
    make_student("李明", cast, school_class=cast.school_class)
    ordered = actions.order(
        actor=cast.registrar, school_class=cast.school_class, purpose="社保", language="zh", key=uuid.uuid4()
    )
    actions.work(Running(ordered.job, cast.registrar, lambda done, total: None))
    assert actions.may_take(cast.registrar, ordered.job)
    moves_on(cast, wang)
    assert not actions.may_take(cast.registrar, ordered.job)


def shelved(student: Student) -> None:
    """The file as it lies in the inactive archive."""
    stay = student.enrolments.get()
    stay.ended_on = stay.shelved_on = date(2026, 11, 1)
    stay.status = Student.Status.GRADUATED
    saved(stay)


def test_a_copy_for_a_file_in_the_inactive_archive_is_printed_by_who_keeps_it(
    cast: Cast, wang: Student, client: Client
) -> None:
    issue(cast, wang)
    row = Certificate.objects.get()
    shelved(wang)
    with pytest.raises(NotPermitted):
        actions.copy_of(actor=cast.registrar, certificate=row)
    assert actions.copy_of(actor=cast.archivist, certificate=row)
    button = reverse("archive:certificate_copy", args=[row.public_id])
    for user, shown in ((cast.registrar, False), (cast.archivist, True)):
        client.force_login(user)
        page = client.get(reverse("archive:certificate", args=[row.public_id])).content.decode()
        assert (button in page) is shown


@pytest.mark.parametrize("kind", ["enrolment", "no_id"])
def test_a_copy_with_whole_numbers_asks_for_what_the_certificate_asked(
    cast: Cast, wang: Student, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = wang if kind == "enrolment" else make_student("李明", cast, id_type="Z")
    issue(cast, student, kind=kind, whole_number=kind == "enrolment")
    issue(cast, wang)
    whole, masked = Certificate.objects.order_by("pk")
    known = actions.demand

    def without(user: Any, perm: str, unit_id: int) -> None:
        if perm == "print_student":
            raise NotPermitted(perm)
        known(user, perm, unit_id)

    monkeypatch.setattr(actions, "demand", without)
    with pytest.raises(NotPermitted):
        actions.copy_of(actor=cast.registrar, certificate=whole)
    assert actions.copy_of(actor=cast.registrar, certificate=masked)


def test_a_class_ordered_twice_at_once_is_made_once(committed_db: str) -> None:
    cast = make_cast()
    make_student("李明", cast, school_class=cast.school_class)
    asked = {"school_class": cast.school_class, "purpose": "社保", "language": "zh", "key": uuid.uuid4()}
    results = at_once(*(partial(actions.order, actor=cast.registrar, **asked) for _ in range(2)))
    assert sum(isinstance(one, OrderedAlready) for one in results) == 1
    assert Job.objects.count() == CertificateOrder.objects.count() == 1


def test_the_family_is_named_in_chinese_whoever_prints(cast: Cast) -> None:
    without = make_student("李明", cast, school_class=cast.school_class, id_type="Z")
    with translation.override("en"):
        issue(cast, without, kind="no_id")
    (mother,) = json.loads(Certificate.objects.get().facts)["family"]
    assert mother["relation"].startswith("母")


def test_who_issues_for_a_college_finds_it_in_the_register(cast: Cast, client: Client) -> None:
    college, other = (
        make_unit(name, cast.school, kind=Unit.Kind.DEPARTMENT) for name in ("附属一部", "附属二部")
    )
    mine, theirs = (make_user(name, unit) for name, unit in (("王芳芳", college), ("李芳芳", other)))
    for person, unit in ((mine, college), (theirs, other)):
        appoint(person, Role.REGISTRAR, unit)
    student = make_student("王小明", cast)
    stay = student.enrolments.get()
    stay.unit = college
    saved(stay)
    issue(cast, student, actor=mine)
    row = Certificate.objects.get()
    for person, seen in ((mine, [row]), (cast.registrar, [row]), (theirs, [])):
        assert list(selectors.certificates(person)) == seen
        assert selectors.numbered(person, row.number) == seen
    actions.copy_of(actor=mine, certificate=row)
    client.force_login(mine)
    assert row.number in client.get(reverse("archive:certificates")).content.decode()
    assert client.get(reverse("archive:certificate", args=[row.public_id])).status_code == 200
    client.force_login(theirs)
    assert client.get(reverse("archive:certificate", args=[row.public_id])).status_code == 404
    for number, told in ((row.number, True), (f"{row.number[:-1]}9", False)):
        page = client.post(reverse("archive:certificate_check"), {"number": number}).content.decode()
        assert ("由本校其他部门出具" in page, "没有此编号的证明" in page) == (told, not told)
        assert "王小明" not in page
    with pytest.raises(NotPermitted):
        actions.void(actor=theirs, certificate=row, reason="x")
    actions.void(actor=mine, certificate=row, reason="x")
