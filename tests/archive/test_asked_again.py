"""A returned deletion, inquiry or sharing is asked anew, corrected; the old one stays closed, linked both ways."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import actions as requests
from approvals.kinds import kind_of
from approvals.models import Request
from approvals.refusals import WrongState
from archive.deletions import actions as deletions
from archive.inquiries import actions as inquiries
from archive.models import InquiryRequest, SharingRequest
from archive.sharing import actions as sharings
from files.actions import Scan
from files.selectors import open_blob
from records.models import Enrolment, Student
from tests.archive.assessing import standing
from tests.cast import Cast, make_cast
from tests.enrollment.intake import picture
from tests.records.files import make_student
from tests.support.broken import BREAKINGS, breaking
from tests.support.together import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-6.3-1", "S0-5.1-3", "S0-5.2-1")]


def number_of(student: Student) -> str:
    return Enrolment.objects.get(student=student).student_no


def draft_deletion(cast: Cast, student: Student, **values: Any) -> Any:
    told = {
        "actor": cast.registrar,
        "school": cast.school,
        "cause": "mistaken",
        "reason": "重复登记",
        **values,
    }
    return deletions.draft(student=student, **told)


def draft_inquiry(cast: Cast, student: Student, **values: Any) -> Any:
    told: dict[str, Any] = {
        "actor": cast.registrar, "school": cast.school, "sections": ["basic", "family"], "purpose": "核对资助",
        "reader": "何老师", "reader_unit": "区教育局", "letter": Scan("letter.png", picture()), **values,
    }  # fmt: skip
    return inquiries.draft(numbers=[number_of(student)], **told)


def draft_sharing(cast: Cast, student: Student, **values: Any) -> Any:
    told: dict[str, Any] = {
        "actor": cast.registrar, "school": cast.school, "receiver": "区教育局", "contact": "何老师 02788888888",
        "purpose": "核查学籍", "way": "mail", "fields": ["name", "sex"], "assessment": "法定职责",
        "valid_until": timezone.localdate() + timedelta(days=60), "basis": "义务教育法", "wanted_on": None,
        "impact": standing(cast),
        "letter": Scan("letter.png", picture()), **values,
    }  # fmt: skip
    return sharings.draft(numbers=[number_of(student)], **told)


@dataclass(frozen=True)
class Asking:
    """One kind: how it is drafted, what its form shows again, and what is corrected."""

    draft: Callable[..., Any]
    shown: dict[str, Any]
    corrected: dict[str, Any]


ASKINGS = {
    "deletion": Asking(
        draft_deletion, {"cause": "mistaken", "reason": "重复登记"}, {"reason": "与另一份档案重复"}
    ),
    "inquiry": Asking(
        draft_inquiry, {"purpose": "核对资助", "sections": ["basic", "family"], "reader": "何老师"},
        {"purpose": "核对资助名单"},
    ),
    "sharing": Asking(
        draft_sharing, {"receiver": "区教育局", "fields_given": ["name", "sex"], "basis": "义务教育法"},
        {"purpose": "核查学籍信息"},
    ),
}  # fmt: skip
each = pytest.mark.parametrize("key", ASKINGS)


@pytest.fixture
def student(cast: Cast) -> Student:
    return make_student("王小明", cast)


def sent_back(cast: Cast, typed: Any) -> Request:
    requests.submit(actor=cast.registrar, request=typed.request)
    requests.send_back(actor=cast.academic_head, request=typed.request, reason="basis_weak")
    return Request.objects.get(pk=typed.request.pk)


def again(client: Client, row: Request, **extra: Any) -> Any:
    return client.get(reverse("approvals:again", args=[row.public_id]), follow=True, **extra)


def filled(shown: Any) -> tuple[str, dict[str, Any]]:
    """Where the form goes, and what stands in it."""
    url, query = shown.redirect_chain[-1][0].split("?")
    form = shown.context["form"]
    values = {one.name: one.value() for one in form if one.value() not in (None, "") and one.name != "letter"}
    return f"{url}?{query}", values


@each
def test_the_form_is_filled_and_what_is_sent_again_takes_the_place_of_the_old(
    cast: Cast, client: Client, student: Student, key: str
) -> None:
    asking = ASKINGS[key]
    old = sent_back(cast, asking.draft(cast, student))
    client.force_login(cast.registrar)
    shown = again(client, old)
    url, values = filled(shown)
    assert {name: values[name] for name in asking.shown} == asking.shown
    assert values.get("numbers", number_of(student)) == number_of(student)
    answer = client.post(url, {**values, **asking.corrected})
    made = Request.objects.latest("pk")
    assert (answer.status_code, answer["Location"]) == (
        302,
        reverse("approvals:request", args=[made.public_id]),
    )
    old.refresh_from_db()
    assert (made.instead_of, made.state, old.state) == (old, "draft", "recalled")
    (word,) = asking.corrected
    typed = kind_of(made).typed(made)
    assert getattr(typed, word) == asking.corrected[word]
    requests.submit(actor=cast.registrar, request=made)
    made.refresh_from_db()
    client.force_login(cast.academic_head)
    for row, other in ((old, made), (made, old)):
        page = client.get(reverse("approvals:request", args=[row.public_id])).content.decode()
        assert reverse("approvals:request", args=[other.public_id]) in page
        assert other.number in page


@pytest.mark.parametrize(("key", "model"), [("inquiry", InquiryRequest), ("sharing", SharingRequest)])
def test_the_letter_goes_along_unless_another_comes_or_none_is_needed(
    cast: Cast, student: Student, key: str, model: Any
) -> None:
    draft = ASKINGS[key].draft
    old = draft(cast, student)
    kept = draft(cast, student, instead_of=old, letter=None)
    assert kept.letter != old.letter
    assert open_blob(kept.letter) == open_blob(old.letter)
    other = Scan("other.png", picture("PNG"))
    another = draft(cast, student, instead_of=kept, letter=other)
    assert open_blob(another.letter) != open_blob(old.letter)
    without = {"reader": ""} if key == "inquiry" else {"basis": ""}
    assert draft(cast, student, instead_of=another, letter=None, **without).letter is None
    assert model.objects.filter(request__state="draft").count() == 1


@pytest.mark.parametrize("key", ["inquiry", "sharing"])
@pytest.mark.parametrize("broken", BREAKINGS)
def test_a_letter_that_cannot_be_read_is_asked_for_at_its_field(
    cast: Cast, client: Client, student: Student, monkeypatch: pytest.MonkeyPatch, key: str, broken: str
) -> None:
    old = ASKINGS[key].draft(cast, student)
    client.force_login(cast.registrar)
    url, values = filled(again(client, old.request))
    with monkeypatch.context() as while_broken:
        breaking(old.letter, broken, while_broken)
        answer = client.post(url, values)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["letter"]
    old.request.refresh_from_db()
    assert (old.request.state, Request.objects.count()) == ("draft", 1)
    with io.BytesIO(picture()) as sent:
        sent.name = "letter.png"
        assert client.post(url, {**values, "letter": sent}).status_code == 302


@pytest.mark.parametrize(
    ("key", "other"),
    [
        ("inquiry", {"reader": "陈老师"}),
        ("inquiry", {"reader_unit": "市教育局"}),
        ("sharing", {"receiver": "市教育局"}),
        ("sharing", {"basis": "未成年人保护法"}),
    ],
)
def test_a_letter_does_not_go_along_for_what_it_does_not_speak_of(
    cast: Cast, client: Client, student: Student, key: str, other: dict[str, str]
) -> None:
    old = ASKINGS[key].draft(cast, student)
    client.force_login(cast.registrar)
    url, values = filled(again(client, old.request))
    answer = client.post(url, {**values, **other})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["letter"]
    assert ASKINGS[key].draft(cast, student, instead_of=old, letter=None, **other).letter is None


@each
def test_another_persons_returned_request_is_not_found(
    cast: Cast, client: Client, student: Student, key: str
) -> None:
    typed = ASKINGS[key].draft(cast, student)
    old = sent_back(cast, typed)
    form_url = kind_of(old).form_url
    assert form_url
    for who in (cast.second_registrar, cast.academic_head):
        client.force_login(who)
        assert again(client, old).status_code == 404
    client.force_login(cast.second_registrar)
    assert client.get(form_url(old), {"instead_of": old.public_id}).status_code == 404
    with pytest.raises(WrongState):
        ASKINGS[key].draft(cast, student, actor=cast.second_registrar, instead_of=typed)
    old.refresh_from_db()
    assert (old.state, Request.objects.count()) == ("returned", 1)


@each
def test_what_is_under_review_or_closed_gives_way_to_nothing(
    cast: Cast, client: Client, student: Student, key: str
) -> None:
    asking = ASKINGS[key]
    typed = asking.draft(cast, student)
    client.force_login(cast.registrar)
    url, values = filled(again(client, typed.request))
    requests.submit(actor=cast.registrar, request=typed.request)
    assert again(client, typed.request).status_code == 404
    assert client.get(url).status_code == 404
    answer = client.post(url, values, HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status_code == 422
    assert "no longer yours to change" in answer.content.decode()
    requests.send_back(actor=cast.academic_head, request=typed.request, reason="basis_weak")
    requests.recall(actor=cast.registrar, request=typed.request)
    with pytest.raises(WrongState):
        asking.draft(cast, student, instead_of=typed)
    assert Request.objects.count() == 1


def test_a_request_about_somebody_else_gives_way_to_nothing(cast: Cast, student: Student) -> None:
    old = draft_deletion(cast, student)
    with pytest.raises(WrongState):
        draft_deletion(cast, make_student("李小红", cast), instead_of=old)
    with pytest.raises(WrongState):
        draft_inquiry(cast, student, instead_of=old)
    old.request.refresh_from_db()
    assert (old.request.state, Request.objects.count()) == ("draft", 1)


@each
def test_of_two_that_take_the_same_place_at_once_one_wins(committed_db: str, key: str) -> None:
    cast = make_cast()
    student = make_student("王小明", cast)
    typed = ASKINGS[key].draft(cast, student)
    sent_back(cast, typed)
    results = at_once(
        *(lambda: ASKINGS[key].draft(cast, student, instead_of=typed, letter=None) for _one in range(2))
        if key != "deletion"
        else (lambda: draft_deletion(cast, student, instead_of=typed) for _one in range(2))
    )
    assert sum(isinstance(one, WrongState) for one in results) == 1, results
    assert Request.objects.filter(instead_of=typed.request).count() == 1
    assert Request.objects.count() == 2
