"""A returned request is drafted anew from what it asked; the old one is taken back in the same moment."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from approvals import actions as requests
from approvals.models import Request
from approvals.refusals import WrongState
from archive.edits import actions
from archive.edits.checking import asked
from archive.models import EditRequest
from files.selectors import open_blob
from records.models import Document, Enrolment, Student
from tests.archive.asking import WAY, fresh, proof, submitted_edit, walk
from tests.cast import Cast
from tests.factories import appoint, saved
from tests.records.files import make_student
from tests.support.broken import BREAKINGS, breaking

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


@pytest.mark.parametrize("broken", BREAKINGS)
def test_a_proof_that_cannot_be_read_is_asked_for_at_its_field(
    cast: Cast, client: Client, student: Student, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    typed = returned(cast, student)
    breaking(typed.evidence.get().blob, broken, monkeypatch)
    client.force_login(cast.registrar)
    shown = again(client, typed)
    values = {"name": "王晓民", "cause": "change", "reason": "户口簿", "basis": "派出所证明"}
    answer = client.post(shown.redirect_chain[-1][0], {**shown.context["fields"].initial, **values})
    assert answer.status_code == 422
    assert list(answer.context["reasons"].errors) == ["proof"]
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


def of_many(cast: Cast, *students: Student, **more: Any) -> EditRequest:
    """A request about these students; a proof of the police comes with it unless told otherwise."""
    files = [Enrolment.objects.select_related("school").get(student=one) for one in students]
    told: dict[str, Any] = {"proofs": (proof(),), **more}
    return actions.draft(
        actor=cast.registrar, school=cast.school, cause="change", reason="户口簿", basis="派出所 2026-11-03 证明",
        asked=[asked(one.student, one, {"native_place": "浙江杭州"}) for one in files], **told,
    )  # fmt: skip


@pytest.fixture
def three(cast: Cast) -> list[Student]:
    made = [make_student(name, cast) for name in ("王小明", "李小红", "郎霖")]
    for one in made:
        one.native_place = "湖北武汉"
        saved(one)
    return made


def test_proofs_go_along_while_the_students_are_the_same(cast: Cast, three: list[Student]) -> None:
    again = of_many(cast, *reversed(three), instead_of=of_many(cast, *three), proofs=())
    assert again.evidence.count() == 1


@pytest.mark.parametrize("left", [1, 2])
def test_proofs_of_those_who_were_left_out_do_not_go_along(
    cast: Cast, three: list[Student], left: int
) -> None:
    old = of_many(cast, *three)
    narrowed = of_many(cast, *three[:left], instead_of=old, proofs=())
    assert not narrowed.evidence.exists()
    with pytest.raises(actions.NotProven):
        requests.submit(actor=cast.registrar, request=narrowed.request)
    mended = of_many(cast, *three[:left], instead_of=narrowed)
    requests.submit(actor=cast.registrar, request=mended.request)
    walk(cast, mended, *WAY)
    assert Document.objects.filter(student=three[0]).count() == (1 if left == 1 else 0)


def test_a_request_of_many_gives_way_to_none_about_somebody_else(cast: Cast, three: list[Student]) -> None:
    old = of_many(cast, *three[:2])
    with pytest.raises(WrongState):
        of_many(cast, three[2], instead_of=old)
    assert (fresh(old).request.state, EditRequest.objects.count()) == ("draft", 1)


def forms(typed: EditRequest, student: Student) -> list[str]:
    ways = (reverse("archive:edit_new", args=[student.public_id]), reverse("archive:edit_many"))
    return [f"{way}?instead_of={typed.request.public_id}" for way in ways]


def test_what_is_no_longer_open_fills_no_form(cast: Cast, client: Client, student: Student) -> None:
    typed = submitted_edit(cast, student, {"phone": "13700137000"})
    client.force_login(cast.registrar)
    for state in Request.State:
        row = Request.objects.get(pk=typed.request.pk)
        row.state = state
        saved(row)
        wanted = 200 if state in {"draft", "returned"} else 404
        for url in forms(typed, student):
            assert client.get(url).status_code == wanted, (state, url)
            assert client.post(url).status_code == (422 if wanted == 200 else 404), (state, url)


def test_what_was_asked_at_another_school_fills_no_form_here(
    cast: Cast, client: Client, student: Student
) -> None:
    typed = returned(cast, student)
    registrar = cast.registrar
    registrar.unit = cast.other_school
    saved(registrar)
    appoint(registrar, Role.REGISTRAR, cast.other_school)
    there = make_student("赵一", cast, school=cast.other_school)
    client.force_login(registrar)
    for url in forms(typed, there):
        assert client.get(url).status_code == 404, url
