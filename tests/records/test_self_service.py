"""Students' accounts: opened with slips, good for one's own file and nothing else, gone with the file."""

import io
import re
import threading
from datetime import date, timedelta
from functools import partial
from typing import Any

import pypdfium2
import pytest
from axes.models import AccessAttempt
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import passwords as made
from accounts.access import OWN_FILE, lets_in
from accounts.models import FormerPassword, User
from accounts.roles import ROLE_PERMISSIONS, Role
from accounts.scope import NotPermitted, units_with
from accounts.selectors import users
from approvals.refusals import OwnFile, RequestRefused
from archive.eep.building import build
from audit.incidents.selectors import read_by
from audit.models import Alert
from core import pdf
from core.crypto import blind_index
from ledger.models import Event
from records import reading
from records.entry_models import LearningProblem
from records.models import Enrolment, FamilyMember, ReadingDay, Student
from records.sections import sections
from records.selectors import student_file
from records.self_service import actions, selectors
from tests.archive.appraising import WAY, applied, ten_years, walk
from tests.archive.asking import moves_on
from tests.archive.test_copies import full
from tests.archive.test_destruction import rows_that_say
from tests.archive.test_four_checks import student
from tests.cast import Cast, make_cast
from tests.enrollment.intake import id_number
from tests.factories import PASSWORD, appoint, make_user, new_appointment, saved, set_rule
from tests.records.files import make_account, make_student
from tests.support.together import at_once

__all__ = ["full", "student"]
pytestmark = pytest.mark.django_db
SITE = "https://xueji.example/"
NEW = "Orchid-garden-31"
HOME = "/my-file/"
PASSWORD_SHAPE = re.compile(r"(?:First password|首次密码)\s*([!-~]{12})(?![!-~])")


def words(content: bytes) -> str:
    """The words of a PDF, line by line."""
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return text


def passwords(content: bytes) -> list[str]:
    return PASSWORD_SHAPE.findall(words(content))


def open_one(cast: Cast, row: Student, who: str = "registrar") -> str:
    """The first password of one student."""
    file = student_file(getattr(cast, who), row.public_id)
    (password,) = passwords(actions.open_one(actor=getattr(cast, who), file=file, site=SITE))
    return password


def open_class(cast: Cast, *, unused: bool = False) -> bytes:
    """The slips of the cast's class."""
    here = cast.school_class
    return actions.open_class(actor=cast.registrar, school_class=here, site=SITE, unused=unused).content


def sign_in(client: Client, number: str, password: str) -> Any:
    return client.post(reverse("account_login"), {"login": number, "password": password})


@pytest.fixture(autouse=True)
def plain_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hyphens in passwords: at the end of a line the reader of PDFs takes them for a broken word."""
    monkeypatch.setattr(made, "_SIGNS", "+=?")


@pytest.fixture
def pupils(cast: Cast) -> list[Student]:
    """Three students of one class."""
    return [
        make_student(name, cast, school_class=cast.school_class) for name in ("王小明", "李小红", "张小华")
    ]


# Opening


@pytest.mark.requirement("S2-2.3-5")
def test_a_class_gets_accounts_and_each_slip_signs_one_in(cast: Cast, pupils: list[Student]) -> None:
    content = open_class(cast)
    told = passwords(content)
    assert len(told) == len(set(told)) == 3
    text = words(content)
    for one in pupils:
        stay = one.enrolments.get()
        assert one.name in text and stay.student_no in text
        user = User.objects.get(public_id=one.public_id)
        assert (user.kind, user.staff_no, user.unit, user.id_number) == (
            "student",
            stay.student_no,
            cast.school,
            "",
        )
        (mine,) = [password for password in told if user.check_password(password)]
        client = Client()
        assert sign_in(client, stay.student_no, mine).status_code == 302
        assert client.get(HOME).url == reverse("accounts:password"), "the first password serves once"
        changed = client.post(reverse("accounts:password"), {"old": mine, "new": NEW, "again": NEW})
        assert (changed.status_code, changed.url) == (302, "/")
        assert client.get("/").url == HOME
        assert client.get(HOME).status_code == 200
    opened = Event.objects.filter(action="account.opened", role="registrar")
    assert {one.subject for one in opened} == {one.public_id for one in pupils}
    assert rows_that_say(tuple(told)) == []


def test_a_second_opening_makes_nothing(cast: Cast, pupils: list[Student]) -> None:
    open_class(cast)
    before = set(User.objects.values_list("pk", "password"))
    with pytest.raises(RequestRefused):
        open_class(cast)
    assert set(User.objects.values_list("pk", "password")) == before
    late = make_student("后来", cast, school_class=cast.school_class)
    assert len(passwords(open_class(cast))) == 1
    assert User.objects.filter(public_id=late.public_id).exists()


def test_lost_slips_are_made_anew_for_who_never_signed_in(cast: Cast, pupils: list[Student]) -> None:
    make_account(pupils[0])
    lost = passwords(open_class(cast))
    assert [(one.accounts, one.unused) for one in selectors.classes(cast.registrar)] == [(3, 2)]
    told = passwords(open_class(cast, unused=True))
    assert len(lost) == len(told) == 2 and not set(lost) & set(told)
    for one in pupils[1:]:
        account = User.objects.get(public_id=one.public_id)
        assert sum(map(account.check_password, told)) == 1 and not any(map(account.check_password, lost))
    assert User.objects.get(public_id=pupils[0].public_id).check_password(PASSWORD)


def test_two_who_open_the_same_class_at_once_make_one_set(committed_db: str) -> None:
    cast = make_cast()
    rows = [make_student(name, cast, school_class=cast.school_class) for name in ("王小明", "李小红")]
    results = at_once(
        *(
            partial(actions.open_class, actor=who, school_class=cast.school_class, site=SITE)
            for who in (cast.registrar, cast.second_registrar)
        )
    )
    (slips,) = [one.content for one in results if isinstance(one, actions.ClassSlips)]
    assert [type(one) for one in results if not isinstance(one, actions.ClassSlips)] == [RequestRefused]
    for one in rows:
        account = User.objects.get(public_id=one.public_id)
        assert sum(account.check_password(password) for password in passwords(slips)) == 1


def test_rows_are_added_to_files_while_slips_are_made(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = make_cast()
    student = make_student("王小明", cast, school_class=cast.school_class)
    printed, written = threading.Event(), threading.Event()

    def slow(*_args: Any, **_values: Any) -> bytes:
        printed.set()
        return b"in time" if written.wait(timeout=5) else b"too late"

    def write() -> None:
        assert printed.wait(timeout=20)
        saved(FamilyMember(student=student, position=2, name="王大明", relation="51"))
        written.set()

    monkeypatch.setattr(actions, "render_pdf", slow)
    slips, added = at_once(partial(open_class, cast), write)
    assert (slips, added) == (b"in time", None)


def test_no_account_is_opened_when_the_slips_cannot_be_printed(
    cast: Cast, pupils: list[Student], monkeypatch: Any, client: Client
) -> None:
    def fails(*_args: Any, **_values: Any) -> bytes:
        raise pdf.PdfFailed("font", "none")

    monkeypatch.setattr(actions, "render_pdf", fails)
    client.force_login(cast.registrar)
    answer = client.post(reverse("records:student_accounts_open", args=[cast.school_class.public_id]))
    assert answer.status_code == 302
    assert not User.objects.filter(kind="student").exists()


def test_a_number_that_somebody_signs_in_with_gets_a_digit_more(cast: Cast, pupils: list[Student]) -> None:
    number = pupils[0].enrolments.get().student_no
    make_user("同号", cast.other_school, staff_no=number)
    make_user("又同号", cast.other_school, staff_no=f"{number}-2")
    password = open_one(cast, pupils[0])
    user = User.objects.get(public_id=pupils[0].public_id)
    assert user.staff_no == f"{number}-3" and user.check_password(password)


def test_a_new_slip_ends_the_sessions_and_the_password(cast: Cast, pupils: list[Student]) -> None:
    first = open_one(cast, pupils[0])
    user = User.objects.get(public_id=pupils[0].public_id)
    client = Client()
    client.force_login(user)
    assert client.get(HOME).status_code == 302
    second = open_one(cast, pupils[0])
    assert "/sign-in/" in client.get(HOME).url
    user.refresh_from_db()
    assert user.check_password(second) and not user.check_password(first) and user.must_change_password
    assert FormerPassword.objects.filter(user=user).count() == 1
    assert Event.objects.get(action="account.password_reset").subject == pupils[0].public_id


def test_closing_ends_the_sessions(cast: Cast, pupils: list[Student]) -> None:
    client = Client()
    client.force_login(make_account(pupils[0]))
    assert client.get(HOME).status_code == 200
    actions.close(actor=cast.registrar, file=student_file(cast.registrar, pupils[0].public_id))
    assert client.get(HOME).status_code == 302
    later = Client()
    sign_in(later, pupils[0].enrolments.get().student_no, PASSWORD)
    assert "/sign-in/" in later.get(HOME)["Location"]
    open_class(cast)
    assert "/sign-in/" in later.get(HOME)["Location"], "the class is opened without him"
    assert open_one(cast, pupils[0]), "a new slip opens it again"


@pytest.mark.parametrize("who", ["archivist", "academic_head", "student_affairs_head", "adviser"])
def test_only_registrar_and_student_affairs_open_accounts(
    cast: Cast, pupils: list[Student], who: str
) -> None:
    with pytest.raises(NotPermitted):
        actions.open_class(actor=getattr(cast, who), school_class=cast.school_class, site=SITE)
    file = student_file(getattr(cast, who), pupils[0].public_id)
    with pytest.raises(NotPermitted):
        actions.open_one(actor=getattr(cast, who), file=file, site=SITE)
    with pytest.raises(NotPermitted):
        actions.close(actor=getattr(cast, who), file=file)


def test_the_list_of_classes_costs_the_same_for_any_number(
    cast: Cast, pupils: list[Student], client: Client, django_assert_max_num_queries: Any
) -> None:
    make_account(pupils[0])
    rows = list(selectors.classes(cast.registrar))
    assert [(one.students, one.accounts) for one in rows] == [(3, 1)]
    with django_assert_max_num_queries(4):
        list(selectors.classes(cast.second_registrar))
    client.force_login(cast.registrar)
    assert cast.school_class.class_no in client.get(reverse("records:student_accounts")).content.decode()


# What an account opens


def test_a_students_account_opens_nothing_but_what_asks_for_it(cast: Cast, pupils: list[Student]) -> None:
    account = make_account(pupils[0])
    saved(new_appointment(account, Role.REGISTRAR, cast.school))
    account.grants_synced_on = None
    everything = {perm for perms in ROLE_PERMISSIONS.values() for perm in perms}
    assert not [perm for perm in everything if units_with(account, perm)]
    assert not lets_in(account, ["signed_in", *everything])
    assert lets_in(account, [OWN_FILE])
    assert not [who for who, user in cast.people.items() if lets_in(user, [OWN_FILE])]
    assert not Enrolment.objects.visible_to(account).exists()
    assert not Student.objects.visible_to(account).exists()


def test_a_student_is_led_nowhere_else(cast: Cast, pupils: list[Student], client: Client) -> None:
    client.force_login(make_account(pupils[0]))
    page = client.get(HOME).content.decode()
    links = set(re.findall(r'(?:href|action|hx-get|hx-post)="(/[^"]*)"', page))
    allowed = {"/", HOME, reverse("accounts:password"), reverse("account_logout"), reverse("set_language")}
    allowed |= {reverse(f"records:own_file_{act}") for act in ("confirm", "correction")}
    assert {one for one in links if not one.startswith("/static/")} <= allowed
    for _key, address in (
        (one, reverse(name, args=[one.public_id]))
        for one in pupils
        for name in ("records:student", "records:photo", "records:student_account", "archive:copies")
    ):
        refused = client.get(address)
        assert refused.status_code == 403
        shown = refused.content.decode()
        assert cast.security_admin.name not in shown and "李小红" not in shown
    assert client.post(reverse("records:search"), {"q": "李小红"}).status_code == 403


def test_administrators_see_no_students_account(cast: Cast, pupils: list[Student], client: Client) -> None:
    account = make_account(pupils[0])
    assert account not in users(cast.system_admin)
    client.force_login(cast.system_admin)
    assert client.get(reverse("accounts:user", args=[account.public_id])).status_code == 404
    assert account.name not in client.get(reverse("accounts:users")).content.decode()


# Reading


@pytest.mark.requirement("S2-2.3-5")
def test_the_own_file_is_the_own_copy_with_numbers_masked(cast: Cast, full: Student, client: Client) -> None:
    client.force_login(make_account(full))
    answer = client.get(HOME)
    page = answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    stay = full.enrolments.get(ended_on=None)
    for shown in (full.name, stay.student_no, "三好学生", "王大明"):
        assert shown in page, shown
    for hidden in (
        full.id_number,
        "13800138000",
        "13800138001",
        "13912345678",
        "中南路",
        "录错的奖",
        "秘密材料",
    ):
        assert hidden not in page, hidden
    titles = [str(one.title) for one in sections() if one.printed]
    assert all(title in page for title in titles)
    event = Event.objects.get(action="student.own_file_read")
    assert (event.subject, event.role) == (full.public_id, "student")
    whole = client.post(HOME).content.decode()
    for shown in (full.id_number, "13800138000", "中南路"):
        assert shown in whole, shown
    for hidden in ("13800138001", "13912345678", "录错的奖", "秘密材料", cast.archivist.name):
        assert hidden not in whole, hidden
    assert Event.objects.filter(action="student.own_numbers_shown", subject=full.public_id).count() == 1
    assert full.id_number not in client.get(HOME).content.decode(), "shown once"


def test_no_package_tells_of_the_account(cast: Cast, full: Student, client: Client) -> None:
    open_one(cast, full)
    account = User.objects.get(public_id=full.public_id)
    own = selectors.own_file(account)
    assert own
    actions.read(actor=account, file=own, whole=True)
    told = build(full)
    assert "业务行为".encode() in told
    assert b"account." not in told and b"student.own_" not in told


def test_who_went_on_opens_nothing_until_the_new_school_gives_an_account(
    cast: Cast, pupils: list[Student], client: Client
) -> None:
    client.force_login(make_account(pupils[0]))
    moves_on(cast, pupils[0])
    answer = client.get(HOME)
    assert answer.status_code == 403 and "王小明" not in answer.content.decode().split("<main")[1]
    assert client.post(HOME).status_code == 403
    clerk = make_user("陈老师", cast.other_school)
    appoint(clerk, Role.REGISTRAR, cast.other_school)
    with pytest.raises((RequestRefused, NotPermitted)):
        actions.open_one(
            actor=cast.registrar, file=student_file(cast.registrar, pupils[0].public_id), site=SITE
        )
    file = student_file(clerk, pupils[0].public_id)
    (password,) = passwords(actions.open_one(actor=clerk, file=file, site=SITE))
    account = User.objects.get(public_id=pupils[0].public_id)
    assert (account.staff_no, account.unit) == ("2026880001", cast.other_school)
    assert account.check_password(password)
    assert selectors.own_file(account)


def test_a_leaver_opens_nothing(cast: Cast, pupils: list[Student], client: Client) -> None:
    client.force_login(make_account(pupils[0]))
    stay = pupils[0].enrolments.get()
    stay.ended_on, stay.status = date(2026, 11, 1), Student.Status.GRADUATED
    saved(stay)
    assert client.get(HOME).status_code == 403
    assert client.post(reverse("account_logout")).status_code == 302


# Signing in


def test_failures_close_the_number_like_anybodys(cast: Cast, pupils: list[Student]) -> None:
    make_account(pupils[0])
    number = pupils[0].enrolments.get().student_no
    answers = [sign_in(Client(), number, "wrong").status_code for _try in range(5)]
    assert answers[-1] == 429
    assert sign_in(Client(), number, PASSWORD).status_code == 429


def test_two_accounts_cannot_be_the_same_student(cast: Cast, pupils: list[Student]) -> None:
    make_account(pupils[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("另", cast.school, public_id=pupils[0].public_id, kind="student")


# Going with the file


@pytest.mark.requirement("S3-9.2-3")
def test_a_destroyed_file_takes_the_account_with_it(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    ten_years(cast)
    student = make_student("王小明", cast, student_no="2005770077")
    password = open_one(cast, student)
    client = Client()
    sign_in(client, "2005770077", "wrong")
    assert AccessAttempt.objects.exists()
    sign_in(client, "2005770077", password)
    client.post(reverse("accounts:password"), {"old": password, "new": NEW, "again": NEW})
    sign_in(Client(), "2005770077", "wrong")
    assert client.get(HOME).status_code == 200
    stay = student.enrolments.get()
    stay.started_on, stay.ended_on = date(2005, 9, 1), date(2011, 6, 30)
    stay.status = Student.Status.GRADUATED
    saved(stay)
    with django_capture_on_commit_callbacks(execute=True):
        walk(cast, applied(cast), *WAY)
    assert rows_that_say(("王小明", "2005770077")) == []
    user = User.objects.get(public_id=student.public_id)
    assert (user.name, user.is_active, user.has_usable_password()) == ("", False, False)
    assert client.get(HOME).status_code == 302
    assert timezone.localdate() == Student.objects.get(pk=student.pk).destroyed_on


def read_today(user: User, cast: Cast) -> set[int]:
    """The students whose files somebody counts as having read, were there an incident."""
    now = timezone.now()
    span = {"since": now - timedelta(hours=1), "until": now + timedelta(hours=1)}
    return set(read_by(user, cast.school, **span).values_list("student_id", flat=True))


def test_who_opens_accounts_has_read_the_files(cast: Cast, pupils: list[Student]) -> None:
    open_one(cast, pupils[0])
    assert ReadingDay.objects.get(reader=cast.registrar).students == [pupils[0].pk]
    assert read_today(cast.registrar, cast) == {pupils[0].pk}
    open_class(cast)
    assert read_today(cast.registrar, cast) == {one.pk for one in pupils}


def test_slips_of_a_class_do_not_use_up_the_alert_of_the_day(cast: Cast, pupils: list[Student]) -> None:
    set_rule(cast.school, "bulk_view_limit", "10")
    more = [make_student(f"学生{number}", cast, school_class=cast.school_class) for number in range(9)]
    assert len(passwords(open_class(cast))) == 12
    assert not Alert.objects.exists(), "slips are the registrar's work"
    everybody = [*pupils, *more]
    for one in everybody[:10]:
        reading.open_file(actor=cast.registrar, file=student_file(cast.registrar, one.public_id))
    assert not Alert.objects.exists(), "the slips count for nothing here"
    reading.open_file(actor=cast.registrar, file=student_file(cast.registrar, everybody[10].public_id))
    assert Alert.objects.get().count == 11


def test_nobody_opens_an_account_of_his_own_family(cast: Cast, pupils: list[Student], client: Client) -> None:
    father, (mine, *_others) = cast.registrar, pupils
    number, member = id_number(3), mine.family.get()
    father.id_number = member.id_number = number
    father.id_number_index = member.id_number_index = blind_index("id_number", number)
    saved(father)
    saved(member)
    with pytest.raises(OwnFile):
        open_one(cast, mine)
    client.force_login(father)
    address = reverse("records:student_accounts_open", args=[cast.school_class.public_id])
    slips = client.post(address)
    assert len(passwords(slips.content)) == 2
    page = client.get(reverse("records:student_accounts"), headers={"accept-language": "en"})
    (told,) = (str(one) for one in page.context["messages"])
    assert "1" in told
    for account in User.objects.filter(kind="student"):
        account.must_change_password = False
        saved(account)
    for posted in ({}, {"unused": "1"}):
        refused = client.post(address, posted, headers={"accept-language": "en"}, follow=True)
        (told,) = (str(one) for one in refused.context["messages"])
        assert told == "Only students of your own family are left. A colleague opens their accounts."
    assert not User.objects.filter(public_id=mine.public_id).exists()


def test_what_teachers_tell_the_office_in_confidence_is_not_on_the_page(
    cast: Cast, pupils: list[Student], client: Client
) -> None:
    stay = pupils[0].enrolments.get()
    told = {"kind": "family", "text": "家中有事", "noticed_on": timezone.localdate()}
    saved(
        LearningProblem(student=pupils[0], enrolment=stay, unit=stay.unit, entered_by=cast.archivist, **told)
    )
    client.force_login(make_account(pupils[0]))
    assert "家中有事" not in client.post(HOME).content.decode()
