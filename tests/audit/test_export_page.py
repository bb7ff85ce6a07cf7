"""Asking for an export on the page: the list's filters, the second person at the screen, and whom it turns away."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from approvals.refusals import WrongState
from audit.exports import actions
from audit.models import ExportRequest
from ledger.context import acting
from ledger.models import Event
from records.models import Student
from tests.archive.assessing import standing
from tests.audit.exporting import NEW, asked, form, made, posted, pupils, seen
from tests.audit.test_exports import withdraw
from tests.cast import Cast
from tests.factories import PASSWORD, appoint, make_class, saved, set_rule
from tests.records.files import make_account, make_student
from tests.support.inbox import inbox_rows

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S2-13-3", "S2-13-4", "S1-8-5")]
NOT_RIGHT = "工号或密码不正确"


def errors(answer: Any) -> str:
    assert answer.status_code == 422
    return str(answer.context["form"].errors)


def test_the_list_is_exported_as_it_is_filtered(cast: Cast, client: Client) -> None:
    other = make_class(cast.school, number=2)
    (here,) = pupils(cast, "王小明")
    make_student("李小红", cast, school_class=other)
    client.force_login(cast.registrar)
    students = reverse("records:students")
    page = client.get(students, {"class": cast.school_class.pk})
    link = page.context["list"].export_link
    assert link == f"{reverse('audit:export_new')}?class={cast.school_class.pk}"
    assert link.replace("&", "&amp;") in page.content.decode()
    shown = client.get(link)
    assert len(shown.context["choice"].people) == 1
    values = form(second=cast.second_registrar, seen=seen(client, link))
    assert client.post(link, values).status_code == 302
    typed = ExportRequest.objects.get()
    assert (typed.people, typed.second) == ([here.pk], cast.second_registrar)
    assert typed.job is not None
    assert Event.objects.get(action="export.stood_by").actor == cast.second_registrar
    words = client.post(students, {"list_form": "filter", "q": "李小红"})
    token = words.url.partition("?")[2]
    assert "李" not in token
    assert len(client.get(f"{reverse('audit:export_new')}?{token}").context["choice"].people) == 1
    client.force_login(cast.academic_head)
    assert client.get(students).context["list"].export_link == ""


def test_a_list_that_changed_is_looked_at_again(cast: Cast) -> None:
    pupils(cast, "王小明", "李小红")
    assert "2" in errors(posted(cast.registrar, second=cast.second_registrar, seen=""))
    told: Any = posted(cast.registrar, second=cast.second_registrar, seen="", use="")
    assert set(told.context["form"].errors) == {"use", "__all__"}, "the new page says so beside other faults"
    assert not ExportRequest.objects.exists()


def test_as_many_others_are_another_list(cast: Cast, client: Client) -> None:
    gone, _stays = pupils(cast, "王小明", "李小红")
    query = f"?class={cast.school_class.pk}"
    client.force_login(cast.registrar)
    page = client.get(f"{reverse(NEW)}{query}")
    before = page.context["choice"].seen
    assert before in page.content.decode()
    stay = gone.enrolments.get()
    stay.school_class = make_class(cast.school, number=2)
    saved(stay)
    pupils(cast, "张小军", id_number="")
    assert "2" in errors(posted(cast.registrar, query, second=cast.second_registrar, seen=before))
    assert not ExportRequest.objects.exists()
    assert posted(cast.registrar, query, second=cast.second_registrar).status_code == 302


def test_a_list_that_is_cut_is_not_exported(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = pupils(cast, "王小明", "王小红")
    monkeypatch.setattr("audit.exports.views.HITS", 1)
    client.force_login(cast.registrar)
    words = client.post(reverse("records:students"), {"list_form": "filter", "q": "王"})
    address = f"{reverse(NEW)}?{words.url.partition('?')[2]}"
    assert client.get(address).context["choice"].is_cut
    values = form(second=cast.second_registrar, seen=seen(client, address))
    assert client.post(address, values).status_code == 422
    assert not ExportRequest.objects.exists()
    with pytest.raises(WrongState):
        asked(cast, people, is_cut=True)


@pytest.mark.parametrize("which", ["own", "unknown", "wrong", "locked", "student", "empty", "both"])
def test_who_is_no_second_person_at_the_screen(cast: Cast, which: str) -> None:
    (child,) = pupils(cast, "王小明")
    second = cast.second_registrar
    values: dict[str, Any] = {"second_no": second.staff_no, "second_password": PASSWORD}
    if which == "own":
        values["second_no"] = cast.registrar.staff_no
    elif which == "unknown":
        values["second_no"] = "nobody-here"
    elif which == "wrong":
        values["second_password"] = "Wrong-pass-1"
    elif which == "locked":
        second.is_active = False
        saved(second)
    elif which == "student":
        values["second_no"] = make_account(child).staff_no
    elif which == "empty":
        values = {}
    else:
        values["named"] = second.pk
    said = errors(posted(cast.registrar, **values))
    assert (NOT_RIGHT in said) == (which in {"unknown", "wrong", "locked", "student"})
    assert not ExportRequest.objects.exists()
    assert PASSWORD not in said


def test_a_second_person_of_another_school_is_refused(cast: Cast) -> None:
    pupils(cast, "王小明")
    answer = posted(cast.registrar, second=cast.outsider)
    assert cast.outsider.name in errors(answer)
    assert cast.outsider not in answer.context["form"].fields["named"].queryset
    assert cast.registrar not in answer.context["form"].fields["named"].queryset
    assert not ExportRequest.objects.exists()


def test_five_wrong_passwords_close_the_second_persons_number_here(cast: Cast) -> None:
    pupils(cast, "王小明")
    second = cast.second_registrar
    for _number in range(4):
        answer = posted(cast.registrar, second_no=second.staff_no.lower(), second_password="Wrong-1!")
        assert NOT_RIGHT in errors(answer)
    posted(cast.registrar, second_no=second.staff_no, second_password="Wrong-1!")
    answer = posted(cast.registrar, second=second)
    assert "20" in errors(answer), "the right password must not help now"
    assert not ExportRequest.objects.exists()
    sign_in = Client().post(reverse("account_login"), {"login": second.staff_no, "password": PASSWORD})
    assert sign_in.status_code == 429, "signing in is closed as well"
    kept = AccessAttempt.objects.get()
    assert "Wrong-1!" not in f"{kept.post_data}{kept.get_data}"
    failed = Event.objects.filter(action="session.sign_in_failed", object_id=second.pk)
    assert failed.count() == 4
    assert Event.objects.filter(action="session.locked_out", object_id=second.pk).exists()
    assert posted(cast.registrar, second=cast.archivist).status_code == 302, "others are not concerned"
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=21))
    assert posted(cast.registrar, second=second).status_code == 302


@pytest.mark.parametrize("why", ["factor", "must_change", "old_password", "unused"])
def test_an_account_that_could_not_simply_sign_in_confirms_from_its_inbox(cast: Cast, why: str) -> None:
    pupils(cast, "王小明")
    second = cast.second_registrar
    if why == "factor":
        Authenticator.objects.create(user=second, type=Authenticator.Type.TOTP, data={"secret": "x"})
    elif why == "must_change":
        second.must_change_password = True
    elif why == "old_password":
        second.password_changed_at = timezone.now() - timedelta(days=400)
    else:
        second.last_seen_on = timezone.localdate() - timedelta(days=100)
    saved(second)
    assert second.name in errors(posted(cast.registrar, second=second))
    assert posted(cast.registrar, named=second.pk).status_code == 302
    assert ExportRequest.objects.get().second is None


def test_masked_is_usual_and_whole_needs_the_right(cast: Cast) -> None:
    pupils(cast, "王小明")
    answer = posted(cast.registrar, second=cast.second_registrar, columns=["name", "phone"])
    assert answer.status_code == 302
    assert not ExportRequest.objects.get().whole
    sent = {"second": cast.second_registrar, "columns": ["name", "phone"], "numbers": "whole"}
    sent["assessment"] = str(standing(cast).public_id)
    assert posted(cast.registrar, **sent).status_code == 302
    typed = ExportRequest.objects.latest("pk")
    assert (typed.whole, typed.needs_approval, typed.job, typed.request.step) == (
        True,
        True,
        None,
        "approval",
    )


def test_whole_numbers_without_a_column_of_such_are_refused_with_words(cast: Cast) -> None:
    pupils(cast, "王小明")
    sent = {"second": cast.second_registrar, "columns": ["name", "sex"], "numbers": "whole"}
    for chosen in ("", str(standing(cast).public_id)):
        answer: Any = posted(cast.registrar, **sent, assessment=chosen)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["numbers"])
    assert not ExportRequest.objects.exists()


def test_a_column_that_is_not_offered_is_refused(cast: Cast) -> None:
    pupils(cast, "王小明")
    assert "columns" in errors(
        posted(cast.registrar, second=cast.second_registrar, columns=["name", "name_tokens"])
    )


def test_the_register_costs_the_same_for_many(cast: Cast, client: Client) -> None:
    people = pupils(cast, "王小明")
    client.force_login(cast.auditor)
    client.get(reverse("audit:exports"))
    counted = []
    for more in (3, 9):
        for _number in range(more):
            asked(cast, people)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("audit:exports"))
        counted.append(len(queries))
        assert "王小明" not in page.content.decode()
    assert counted[0] == counted[1]


def test_the_form_costs_the_same_for_many(cast: Cast, client: Client) -> None:
    client.force_login(cast.registrar)
    client.get(reverse("audit:export_new"))
    counted = []
    for names in (("王小明",), ("李小红", "张小军", "赵小云")):
        for name in names:
            make_student(name, cast)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("audit:export_new"))
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_a_stranger_gets_nowhere(cast: Cast) -> None:
    pupils(cast, "王小明")
    for who in (cast.teacher, cast.clerk, cast.archive_head, cast.security_admin):
        assert posted(who, second=cast.second_registrar).status_code == 403
    assert not ExportRequest.objects.exists()


def test_the_page_tells_what_counts_together(cast: Cast, client: Client) -> None:
    people = pupils(cast, "王小明", "李小红", "张小军")
    set_rule(cast.school, "export_limit", "2")
    asked(cast, people[:2])
    client.force_login(cast.registrar)
    english = {"Accept-Language": "en"}
    page = client.get(reverse("audit:export_new"), headers=english).content.decode()
    assert "of the last 7 days and those still on their way hold more than 2 students" in page
    assert "With this list you come to 3 students." in page
    typed = asked(cast, people[2:])
    set_rule(cast.school, "export_days", "29")
    page = client.get(
        reverse("approvals:request", args=[typed.request.public_id]), headers=english
    ).content.decode()
    assert "Students of this and the exports counted with it, each once" in page
    assert "29 days" not in page, "the figure is of the day on which it was asked for"


def lapsed(typed: ExportRequest) -> ExportRequest:
    typed.lapses_at = timezone.now() - timedelta(seconds=1)
    return saved(typed)


def shelved(student: Student) -> None:
    stay = student.enrolments.get()
    stay.ended_on = stay.shelved_on = timezone.localdate()
    saved(stay)


@pytest.mark.parametrize("why", ["lapsed", "destroyed", "right", "students", "nothing"])
def test_page_and_list_tell_why_a_file_cannot_be_fetched_any_more(
    cast: Cast, client: Client, why: str
) -> None:
    one, two = pupils(cast, "王小明", "李小红")
    typed = made(cast, [one, two])
    if why == "lapsed":
        lapsed(typed)
    elif why == "destroyed":
        with acting(cast.archivist):
            actions.erase(one)
    elif why == "right":
        withdraw(cast)
        appoint(cast.registrar, Role.AUDITOR, cast.school)
    elif why == "students":
        shelved(two)
    words = {
        "lapsed": ("for 24 hours", "24 hours are over"),
        "destroyed": ("a student file in it was destroyed", "A student file in it was destroyed"),
        "right": ("you may not export any more", "You may not export any more"),
        "students": ("no longer yours to export", "no longer yours to export"),
        "nothing": ("The file can be fetched until", "Can be fetched"),
    }[why]
    english = {"Accept-Language": "en"}
    url = reverse("approvals:request", args=[typed.request.public_id])
    client.force_login(cast.registrar)
    page = client.get(url, headers=english).content.decode()
    assert words[0] in page
    assert ("Fetch the file" in page) is (why == "nothing")
    assert ("Ask for the export anew" in page) is (why in {"lapsed", "destroyed", "students"})
    assert words[1] in client.get(reverse("audit:exports"), headers=english).content.decode()
    assert bool(inbox_rows(cast.registrar, kind="exports")) is (why == "nothing")
    client.force_login(cast.auditor)
    page = client.get(url, headers=english).content.decode()
    assert (words[0] in page) is (why in {"lapsed", "destroyed"})
    assert "Fetch the file" not in page and "Ask for the export anew" not in page


def test_the_list_costs_the_same_for_few_and_for_many_files(cast: Cast, client: Client) -> None:
    people = pupils(cast, "王小明", "李小红", "张小军")
    client.force_login(cast.registrar)
    counted = []
    for count in (2, 4):
        for _ in range(count):
            made(cast, people)
        client.get(reverse("audit:exports"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("audit:exports"))
        counted.append(len(queries))
    assert counted[0] == counted[1]
