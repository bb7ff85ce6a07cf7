"""E.6: data leaves the school by consent or by law alone, for a receiver and a time, in an encrypted workbook."""

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from msoffcrypto import OfficeFile
from msoffcrypto.exceptions import InvalidKeyError

from accounts.models import User
from accounts.roles import Role
from accounts.scope import held_by
from approvals import actions as requests
from approvals import selectors as request_reads
from approvals.models import Notice
from approvals.refusals import SamePerson, WrongState
from archive.consents import actions as consents
from archive.consents.actions import Given, GuardianNeeded, OfAge
from archive.consents.selectors import standing
from archive.keepers import UnknownNumbers, named
from archive.models import Consent, SharingRequest
from archive.sharing import actions
from archive.tasks import expire_sharings
from files.actions import Scan
from files.selectors import open_blob
from ledger.context import acting
from ledger.models import Event
from records.models import Enrolment, FamilyMember, Student
from tests.archive.asking import moves_on
from tests.archive.assessing import standing as standing_assessment
from tests.cast import Cast
from tests.enrollment.intake import picture
from tests.factories import appoint, saved
from tests.records.files import make_student

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-5.2-1", "S0-5.3-2")]
SECRET = "correct horse 12"


def upload(name: str = "agreement.png") -> Scan:
    """A scan as a form brings it."""
    return Scan(name, picture())


def drafted(cast: Cast, students: list[Student], **values: Any) -> SharingRequest:
    """A drafted sharing of name, sex and phone."""
    usual = {
        "numbers": [Enrolment.objects.get(student=one).student_no for one in students],
        "receiver": "东湖区少年宫", "contact": "何老师 02788888888", "purpose": "暑期夏令营报名", "way": "mail",
        "fields": ["name", "sex", "phone"], "assessment": "仅限报名，期满删除",
        "valid_until": timezone.localdate() + timedelta(days=60), "impact": standing_assessment(cast),
    }  # fmt: skip
    return actions.draft(actor=cast.registrar, school=cast.school, **{**usual, **values})


def consent(
    cast: Cast, typed: SharingRequest | None, *students: Student, giver: str = "guardian"
) -> list[Consent]:
    """Consents declared at the counter today."""
    given = Given(giver=giver, way="counter", given_on=timezone.localdate(), text_version="2026-1")
    matter = "sharing" if typed else "public"
    return consents.record(
        actor=cast.registrar, school=cast.school, students=students, matter=matter, given=given, sharing=typed
    )


def step(cast: Cast, typed: SharingRequest, who: str, **data: Any) -> SharingRequest:
    """Let somebody take the waiting step."""
    requests.take_step(actor=getattr(cast, who), request=typed.request, data=data)
    return SharingRequest.objects.select_related("request", "package").get(pk=typed.pk)


def approved(cast: Cast, typed: SharingRequest) -> SharingRequest:
    """Submitted and approved by both heads."""
    requests.submit(actor=cast.registrar, request=typed.request)
    return step(cast, step(cast, typed, "academic_head"), "archive_head")


def released(cast: Cast, typed: SharingRequest) -> SharingRequest:
    """The whole way."""
    typed = approved(cast, typed)
    if not typed.basis:
        typed = step(cast, typed, "registrar", agreement=upload())
    return step(cast, typed, "archivist", package_password=SECRET)


def rows_of(typed: SharingRequest, password: str = SECRET) -> list[tuple[Any, ...]]:
    """What the receiver reads."""
    assert typed.package
    sealed = OfficeFile(io.BytesIO(open_blob(typed.package)))
    sealed.load_key(password=password)
    plain = io.BytesIO()
    sealed.decrypt(plain)
    return list(openpyxl.load_workbook(plain).worksheets[0].iter_rows(values_only=True))


def test_who_consented_goes_into_the_package_and_nobody_else(cast: Cast) -> None:
    agrees, silent, withdrew = (
        make_student(name, cast, phone="13812345678") for name in ("王小明", "李小红", "张小军")
    )
    typed = drafted(cast, [agrees, silent, withdrew])
    _first, taken_back = consent(cast, typed, agrees, withdrew)
    consents.withdraw(actor=cast.registrar, consent=taken_back)
    typed = released(cast, typed)
    number = Enrolment.objects.get(student=agrees).student_no
    header, *rows = rows_of(typed)
    assert (header, rows) == (("学号", "姓名", "性别", "联系电话"), [(number, "王小明", "男", "13812345678")])
    with pytest.raises(InvalidKeyError):
        rows_of(typed, "another password")
    outcomes = dict(typed.students.values_list("student__name", "outcome"))
    assert outcomes == {"王小明": "given", "李小红": "no_consent", "张小军": "no_consent"}
    event = Event.objects.get(action="student.shared")
    assert (event.subject, event.role) == (agrees.public_id, "archivist")
    detail = {"number": typed.request.number, "fields": ["name", "sex", "phone"]}
    assert event.detail == detail, (
        "no digest: it may hold eleven digits in a row, which the ledger takes for a phone"
    )
    assert SECRET not in str(list(Event.objects.values_list("detail", "reason")))


def test_without_any_consent_nothing_goes_out(cast: Cast) -> None:
    typed = approved(cast, drafted(cast, [make_student("王小明", cast)]))
    typed = step(cast, typed, "registrar", agreement=upload())
    with pytest.raises(WrongState):
        step(cast, typed, "archivist", package_password=SECRET)
    assert not Event.objects.filter(action="student.shared").exists()


def test_a_statute_with_its_letter_needs_neither_consent_nor_agreement(cast: Cast) -> None:
    student = make_student("王小明", cast)
    bare = drafted(cast, [student], basis="《统计法》 鄂统〔2026〕8 号")
    with pytest.raises(WrongState):
        requests.submit(actor=cast.registrar, request=bare.request)
    letter = Scan("letter.png", picture())
    typed = released(cast, drafted(cast, [student], basis="《统计法》 鄂统〔2026〕8 号", letter=letter))
    assert [row[1] for row in rows_of(typed)] == ["姓名", "王小明"]


def test_who_left_meanwhile_is_left_out(cast: Cast) -> None:
    stays, leaves = make_student("王小明", cast), make_student("李小红", cast)
    typed = drafted(cast, [stays, leaves])
    consent(cast, typed, stays, leaves)
    gone = Enrolment.objects.get(student=leaves)
    gone.ended_on = timezone.localdate()
    saved(gone)
    there = {"school": cast.other_school, "unit": cast.other_school, "started_on": timezone.localdate()}
    saved(Enrolment(student=leaves, student_no="A1", enrol_month="202611", **there))
    typed = released(cast, typed)
    assert dict(typed.students.values_list("student__name", "outcome")) == {
        "王小明": "given",
        "李小红": "left",
    }


@pytest.mark.parametrize(
    ("steps", "again"),
    [
        ((), "registrar"),
        (("academic_head",), "academic_head"),
        (("academic_head", "archive_head"), "archive_head"),
    ],
)
def test_four_different_persons(cast: Cast, steps: tuple[str, ...], again: str) -> None:
    typed = drafted(cast, [make_student("王小明", cast)], basis="法", letter=Scan("a.png", picture()))
    requests.submit(actor=cast.registrar, request=typed.request)
    for who in steps:
        typed = step(cast, typed, who)
    person = getattr(cast, again)
    for role in {Role.ACADEMIC_HEAD, Role.ARCHIVE_HEAD} - {held.role for held in held_by(person)}:
        appoint(person, role, cast.school)
    with pytest.raises(SamePerson):
        requests.take_step(
            actor=User.objects.get(pk=person.pk), request=typed.request, data={"package_password": SECRET}
        )
    column = {"registrar": "department_head", "academic_head": "archive_head", "archive_head": "releaser"}[
        again
    ]
    with pytest.raises(IntegrityError), transaction.atomic(), acting(cast.registrar):
        setattr(typed, column, getattr(cast, again))
        typed.save(update_fields=[column])


@pytest.mark.parametrize("born", [date(2019, 6, 3), None])
def test_a_guardian_consents_for_a_child_under_14(cast: Cast, born: date | None) -> None:
    student = make_student("王小明", cast, birth_date=born)
    with pytest.raises(GuardianNeeded):
        consent(cast, None, student, giver="student")
    (row,) = consent(cast, None, student)
    assert (row.giver_name, row.under_14) == ("赵丽", True)
    row.giver = "student"
    with pytest.raises(IntegrityError), transaction.atomic(), acting(cast.registrar):
        row.save(update_fields=["giver"])


def test_at_14_the_student_consents_himself(cast: Cast) -> None:
    today = timezone.localdate()
    student = make_student("王小明", cast, birth_date=today.replace(year=today.year - 14))
    (row,) = consent(cast, None, student, giver="student")
    assert (row.giver_name, row.under_14) == ("王小明", False)
    alone = make_student("李小红", cast)
    mother = FamilyMember.objects.get(student=alone)
    mother.is_guardian = False
    saved(mother)
    with pytest.raises(GuardianNeeded):
        consent(cast, None, alone, giver="guardian")


def test_at_18_nobody_consents_for_him(cast: Cast) -> None:
    today = timezone.localdate()
    grown = make_student("王小明", cast, birth_date=today.replace(year=today.year - 18))
    with pytest.raises(OfAge):
        consent(cast, None, grown, giver="guardian")


def test_a_childs_own_consent_does_not_stand_once_the_file_says_how_old_he_is(cast: Cast) -> None:
    today = timezone.localdate()
    student = make_student("王小明", cast, birth_date=today.replace(year=today.year - 15))
    typed = drafted(cast, [student])
    consent(cast, typed, student, giver="student")
    student.birth_date = today.replace(year=today.year - 12)
    saved(student)
    typed = step(cast, approved(cast, typed), "registrar", agreement=upload())
    with pytest.raises(WrongState):
        step(cast, typed, "archivist", package_password=SECRET)


def test_withdrawn_after_the_release_the_package_stays_where_it_is(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = drafted(cast, [student])
    (row,) = consent(cast, typed, student)
    typed = released(cast, typed)
    actions.fetch_package(actor=cast.archivist, typed=typed)
    consents.withdraw(actor=cast.registrar, consent=Consent.objects.get(pk=row.pk))
    assert Notice.objects.get(kind=consents.WITHDRAWN).duty == "archives"
    with pytest.raises(WrongState):
        actions.fetch_package(actor=cast.archivist, typed=typed)
    assert Event.objects.filter(action="sharing.fetched").count() == 1


def test_what_cannot_be_released_goes_back_or_lapses(cast: Cast) -> None:
    first, second = (drafted(cast, [make_student(name, cast)]) for name in ("王小明", "李小红"))
    first = step(cast, approved(cast, first), "registrar", agreement=upload())
    for who in (cast.archivist, cast.second_registrar):
        requests.send_back(actor=who, request=first.request, reason="basis_weak")
    assert SharingRequest.objects.get(pk=first.pk).request.state == "returned"
    second = approved(cast, second)
    assert actions.expire_due(second.valid_until) == 0
    assert actions.expire_due(second.valid_until + timedelta(days=1)) == 1
    assert SharingRequest.objects.get(pk=second.pk).request.state == "lapsed"
    assert {one.duty for one in Notice.objects.filter(kind=actions.ENDED)} == {"archives", "teaching"}


def test_a_consent_of_who_left_can_still_be_withdrawn(cast: Cast, client: Client) -> None:
    student = make_student("王小明", cast)
    consent(cast, None, student)
    gone = Enrolment.objects.get(student=student)
    gone.ended_on = gone.shelved_on = timezone.localdate()
    saved(gone)
    page = reverse("archive:consents", args=[student.public_id])
    client.force_login(cast.archivist)
    assert client.get(page).status_code == 200
    act = reverse("archive:consent_withdraw", args=[Consent.objects.get().public_id])
    assert act in client.get(page).content.decode()
    assert client.post(act, follow=True).status_code == 200
    assert Consent.objects.get().withdrawn_on is not None


def test_every_reader_of_the_register_may_open_its_rows(cast: Cast, client: Client) -> None:
    typed = drafted(cast, [make_student("王小明", cast)])
    page = reverse("approvals:request", args=[typed.request.public_id])
    consents_page = reverse("archive:sharing_consents", args=[typed.request.public_id])
    client.force_login(cast.student_affairs_head)
    assert [client.get(one).status_code for one in (page, consents_page)] == [404, 404], "a draft of others"
    requests.submit(actor=cast.registrar, request=typed.request)
    assert page in client.get(reverse("archive:sharings")).content.decode()
    assert [client.get(one).status_code for one in (page, consents_page)] == [200, 200]


def test_a_consent_counts_once_and_for_its_own_sharing_alone(cast: Cast) -> None:
    student, other = make_student("王小明", cast), make_student("李小红", cast)
    first, second = drafted(cast, [student]), drafted(cast, [student])
    consent(cast, first, student)
    with pytest.raises(WrongState):
        consent(cast, first, student)
    with pytest.raises(WrongState):
        consent(cast, second, other)
    typed = approved(cast, second)
    typed = step(cast, typed, "registrar", agreement=upload())
    with pytest.raises(WrongState):
        step(cast, typed, "archivist", package_password=SECRET)


def test_after_its_day_or_revoked_the_package_stays_where_it_is(cast: Cast, client: Client) -> None:
    student = make_student("王小明", cast)
    typed = drafted(cast, [student])
    consent(cast, typed, student)
    typed = released(cast, typed)
    page = reverse("archive:sharing_package", args=[typed.request.public_id])
    client.force_login(cast.archivist)
    assert (
        client.post(page).getvalue() if hasattr(client.post(page), "getvalue") else client.post(page).content
    )
    assert Event.objects.filter(action="sharing.fetched").exists()
    actions.revoke(actor=cast.archivist, typed=typed, reason="家长投诉")
    assert client.post(page).status_code == 302
    told = Notice.objects.filter(kind=actions.ENDED)
    assert {one.duty for one in told} == {"archives", "teaching"}
    with pytest.raises(WrongState):
        actions.revoke(actor=cast.archivist, typed=typed, reason="再次")


def test_the_scheduler_ends_what_is_over_once(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = drafted(cast, [student], valid_until=timezone.localdate())
    consent(cast, typed, student)
    typed = released(cast, typed)
    expire_sharings()
    typed.refresh_from_db()
    assert typed.ended_on is None, "the last day is allowed"
    assert actions.expire_due(timezone.localdate() + timedelta(days=1)) == 1
    assert actions.expire_due(timezone.localdate() + timedelta(days=1)) == 0
    typed.refresh_from_db()
    assert typed.ending == "expired"
    with pytest.raises(WrongState):
        actions.fetch_package(actor=cast.archivist, typed=typed)


def test_the_receipt_is_noted_once_between_release_and_today(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = drafted(cast, [student])
    consent(cast, typed, student)
    today = timezone.localdate()
    with pytest.raises(WrongState):
        actions.note_receipt(actor=cast.archivist, typed=typed, received_by="何老师", received_on=today)
    typed = released(cast, typed)
    for day in (today - timedelta(days=1), today + timedelta(days=1)):
        with pytest.raises(WrongState):
            actions.note_receipt(actor=cast.archivist, typed=typed, received_by="何老师", received_on=day)
    actions.note_receipt(actor=cast.archivist, typed=typed, received_by="何老师", received_on=today)
    with pytest.raises(WrongState):
        actions.note_receipt(actor=cast.archivist, typed=typed, received_by="何老师", received_on=today)


def test_numbers_of_another_school_are_told_like_unknown_ones(cast: Cast) -> None:
    stranger = make_student("王小明", cast, school=cast.other_school)
    number = Enrolment.objects.get(student=stranger).student_no
    with pytest.raises(UnknownNumbers) as refused:
        drafted(cast, [], numbers=[number, "NOBODY"])
    assert number in str(refused.value) and "NOBODY" in str(refused.value)


def test_consents_are_recorded_for_all_ticked_at_once(cast: Cast, client: Client) -> None:
    students = [make_student(name, cast) for name in ("王小明", "李小红")]
    typed = drafted(cast, students)
    page = reverse("archive:sharing_consents", args=[typed.request.public_id])
    client.force_login(cast.registrar)
    values = {"giver": "guardian", "way": "paper", "given_on": timezone.localdate(), "text_version": "2026-1"}
    assert client.post(page, values).status_code == 422, "nobody ticked, no scan"
    signed = SimpleUploadedFile("consent.png", picture())
    ticked = {"students": [str(one.public_id) for one in students], "scan": signed}
    assert client.post(page, {**values, **ticked}).status_code == 302
    assert set(Consent.objects.values_list("giver_name", "sharing")) == {("赵丽", typed.pk)}
    assert Consent.objects.values("scan").distinct().count() == 1
    scan = reverse("archive:consent_scan", args=[Consent.objects.all()[0].public_id])
    assert client.get(scan)["Content-Type"] == "image/jpeg"
    for stranger in (cast.outsider, cast.system_admin, cast.teacher):
        client.force_login(stranger)
        assert client.get(scan).status_code in (403, 404)
        assert client.get(page).status_code in (403, 404)


def test_the_papers_are_for_the_parties_of_the_request(cast: Cast, client: Client) -> None:
    letter = Scan("letter.png", picture())
    typed = drafted(cast, [make_student("王小明", cast)], basis="法", letter=letter)
    requests.submit(actor=cast.registrar, request=typed.request)
    paper = reverse("archive:sharing_paper", args=[typed.request.public_id, "letter"])
    for who, status in ((cast.archive_head, 200), (cast.teacher, 404), (cast.outsider, 404)):
        client.force_login(who)
        assert client.get(paper).status_code == status
    assert Event.objects.filter(action="sharing.viewed", actor=cast.archive_head).exists()


def test_a_student_named_by_two_of_his_numbers_is_there_once(cast: Cast) -> None:
    student = make_student("王小明", cast)
    first = Enrolment.objects.get(student=student)
    first.ended_on = timezone.localdate()
    saved(first)
    here = {"school": cast.school, "unit": cast.school, "started_on": timezone.localdate()}
    saved(Enrolment(student=student, student_no="A2", enrol_month="202611", **here))
    for numbers in (["A2", first.student_no], [first.student_no]):
        assert list(named(cast.school, numbers)) == [student]
    typed = actions.draft(
        actor=cast.registrar, school=cast.school, numbers=[first.student_no], receiver="某", fields=["name"],
        valid_until=timezone.localdate(),
    )  # fmt: skip
    assert typed.students.get().student_no == "A2", "the receiver reads the number that he has now"


def test_a_guardians_consent_does_not_stand_once_the_file_says_that_he_is_of_age(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = drafted(cast, [student])
    consent(cast, typed, student)
    assert standing(typed)
    student.birth_date = date(2000, 1, 2)
    saved(student)
    assert not standing(typed)
    consent(cast, typed, student, giver="student")
    assert standing(typed)[student.pk].giver == "student"


def test_a_new_text_and_another_school_ask_anew(cast: Cast) -> None:
    student = make_student("王小明", cast)
    (first,) = consent(cast, None, student)
    with pytest.raises(WrongState):
        consent(cast, None, student)
    newer = Given(giver="guardian", way="counter", given_on=timezone.localdate(), text_version="2027-1")
    whole = {"actor": cast.registrar, "school": cast.school, "students": [student], "matter": "public"}
    assert consents.record(**whole, given=newer)[0].text_version == "2027-1"
    first.school = cast.other_school
    saved(first)
    assert consent(cast, None, student)


def test_nobody_approves_what_could_only_lapse(cast: Cast) -> None:
    typed = drafted(cast, [make_student("王小明", cast)])
    requests.submit(actor=cast.registrar, request=typed.request)
    typed.valid_until = timezone.localdate() - timedelta(days=1)
    saved(typed)
    with pytest.raises(WrongState):
        step(cast, typed, "academic_head")


def test_a_recalled_draft_stays_its_authors_alone(cast: Cast) -> None:
    typed = drafted(cast, [make_student("王小明", cast)])
    requests.recall(actor=cast.registrar, request=typed.request)
    for reader in (cast.academic_head, cast.archive_head, cast.archivist):
        assert not request_reads.requests(reader).filter(pk=typed.request_id).exists()


def test_a_package_by_statute_is_handed_over_though_somebody_has_left(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = released(cast, drafted(cast, [student], basis="法", letter=Scan("a.png", picture())))
    moves_on(cast, student)
    assert actions.fetch_package(actor=cast.archivist, typed=typed).status_code == 200
