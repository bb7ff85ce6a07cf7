"""A returned request is drafted anew from what it asked; the old one is taken back in the same moment."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals import actions as requests
from approvals.models import Request
from archive.models import EditRequest
from files.selectors import open_blob
from records.models import Student
from tests.archive.asking import fresh, submitted_edit
from tests.cast import Cast
from tests.records.files import make_student

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-6.2-1")]


@pytest.fixture
def student(cast: Cast) -> Student:
    return make_student("王小明", cast)


def returned(cast: Cast, student: Student) -> EditRequest:
    """A request that the head has sent back."""
    typed = submitted_edit(cast, student, {"name": "王晓明"})
    requests.send_back(actor=cast.academic_head, request=typed.request, reason="basis_weak")
    return fresh(typed)


def again(client: Client, typed: EditRequest) -> Any:
    """From the button of the request to the filled form."""
    return client.get(reverse("approvals:again", args=[typed.request.public_id]), follow=True)


def test_the_form_is_filled_and_the_new_request_takes_the_place_of_the_old(
    cast: Cast, client: Client, student: Student
) -> None:
    typed = returned(cast, student)
    client.force_login(cast.registrar)
    shown = again(client, typed)
    assert shown.context["fields"].initial["name"] == "王晓明"
    assert shown.context["reasons"].initial["reason"] == typed.reason
    url, query = shown.redirect_chain[-1][0].split("?")
    values = {"name": "王晓民", "cause": typed.cause, "reason": "户口簿", "basis": "派出所 2026-11-03 证明"}
    answer = client.post(f"{url}?{query}", {**shown.context["fields"].initial, **values})
    assert answer.status_code == 302
    made = EditRequest.objects.latest("pk")
    assert [one.new for one in made.changes.all()] == ["王晓民"]
    assert fresh(typed).request.state == Request.State.RECALLED
    old, new = typed.evidence.get(), made.evidence.get()
    assert (new.kind, open_blob(new.blob)) == (old.kind, open_blob(old.blob))
    assert new.blob != old.blob
    requests.submit(actor=cast.registrar, request=made.request)
    assert fresh(made).request.step == "department_head"


def test_nothing_is_taken_back_when_the_new_one_is_refused(
    cast: Cast, client: Client, student: Student
) -> None:
    typed = returned(cast, student)
    client.force_login(cast.registrar)
    url = f"{reverse('archive:edit_new', args=[student.public_id])}?instead_of={typed.request.public_id}"
    answer = client.post(url, {"name": "王小明", "cause": "change", "reason": "无", "basis": "无"})
    assert answer.status_code == 422
    assert fresh(typed).request.state == Request.State.RETURNED
    assert EditRequest.objects.count() == 1


def test_nobody_else_drafts_it_anew_and_nothing_under_review(
    cast: Cast, client: Client, student: Student
) -> None:
    typed = returned(cast, student)
    client.force_login(cast.second_registrar)
    assert again(client, typed).status_code == 404
    other = submitted_edit(cast, make_student("李小红", cast), {"name": "李晓红"})
    client.force_login(cast.registrar)
    assert again(client, other).status_code == 404
