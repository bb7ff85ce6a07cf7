"""Who reads a request: its parties and nobody else; and what each of them may post."""

import pytest
from django.test import Client
from django.urls import reverse

from approvals.models import Decision
from ledger.models import Event
from tests.archive.asking import submitted_edit, walk
from tests.cast import Cast
from tests.factories import saved
from tests.records.files import make_student

pytestmark = pytest.mark.django_db

PARTIES = {"registrar", "second_registrar", "academic_head", "archivist", "second_archivist", "archive_head"}
ACTS = ("submit", "take_step", "send_back", "refuse", "recall", "clock")


@pytest.mark.requirement("S0-5.1-1", "S0-4.3-1")
def test_only_its_parties_read_a_request_and_each_refusal_is_kept(cast: Cast) -> None:
    row = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"}).request
    page = reverse("approvals:request", args=[row.public_id])
    for name, user in cast.people.items():
        saved(user)
        client = Client()
        client.force_login(user)
        before = Event.objects.filter(action="request.out_of_scope").count()
        status = client.get(page).status_code
        kept = Event.objects.filter(action="request.out_of_scope").count() - before
        assert (status, kept) == ((200, 0) if name in PARTIES else (404, 1)), name
        assert (row.number in client.get(reverse("approvals:requests")).content.decode()) == (
            name in PARTIES
        ), name


@pytest.mark.parametrize("act", ACTS)
def test_what_others_post_changes_nothing(cast: Cast, act: str) -> None:
    typed = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})
    address = reverse(f"approvals:{act}", args=[typed.request.public_id])
    may = {"recall": {"registrar"}, "submit": set[str]()}.get(act, {"academic_head"})
    values = {"reason": "basis_weak", "comment": "等待家长", "step": "department_head"}
    before = Decision.objects.count()
    for name, user in cast.people.items():
        if name in may:
            continue
        client = Client()
        client.force_login(user)
        status = client.post(address, values).status_code
        assert status in ({302, 403} if name in PARTIES else {404}), name
        assert Decision.objects.count() == before, name


def test_the_page_shows_values_whole_to_the_decider_alone(cast: Cast) -> None:
    student = make_student("王小明", cast, phone="13812345678")
    typed = submitted_edit(cast, student, {"phone": "13812345679"})
    walk(cast, typed, "academic_head")
    page = reverse("approvals:request", args=[typed.request.public_id])

    def shown(name: str) -> str:
        client = Client()
        client.force_login(getattr(cast, name))
        return client.get(page).content.decode().replace("<mark>", "").replace("</mark>", "")

    assert "13812345679" in shown("archivist")
    assert Event.objects.filter(action="edit.viewed", actor=cast.archivist).count() == 1
    assert "13812345679" not in shown("registrar")
    assert "138****5679" in shown("registrar")
