"""The printed form of an edit request: what was asked, who decided, as the printing person may see it."""

import pypdfium2
import pytest
from django.test import Client
from django.urls import reverse

from archive.models import EditRequest
from ledger.models import Event
from tests.archive.asking import fresh, submitted_edit, walk
from tests.cast import Cast
from tests.records.files import make_student

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-6.2-1")]


def printed(client: Client, typed: EditRequest) -> str:
    """The words of the form."""
    answer = client.post(reverse("archive:edit_print", args=[typed.request.public_id]))
    assert answer["Content-Type"] == "application/pdf"
    with pypdfium2.PdfDocument(answer.content) as document:
        return "".join(page.get_textpage().get_text_bounded() for page in document).replace("\r\n", "")


def test_the_form_tells_the_whole_course(cast: Cast, client: Client) -> None:
    student = make_student("王小明", cast)
    typed = walk(cast, submitted_edit(cast, student, {"name": "王晓明"}), "academic_head")
    client.force_login(cast.registrar)
    words = printed(client, typed)
    for one in (
        "王小明",
        "王晓明",
        typed.request.number,
        "户口簿已变更",
        "派出所",
        "教务处",
        cast.academic_head.name,
    ):
        assert str(one) in words
    event = Event.objects.get(action="edit.printed")
    assert (event.actor, event.subject) == (cast.registrar, student.public_id)


def test_numbers_are_whole_for_who_decides_and_masked_for_the_others(cast: Cast, client: Client) -> None:
    typed = submitted_edit(cast, make_student("王小明", cast, phone="13812345678"), {"phone": "13987654321"})
    client.force_login(cast.registrar)
    words = printed(client, typed)
    assert "13812345678" not in words and "13987654321" not in words
    client.force_login(cast.academic_head)
    assert "13987654321" in printed(client, fresh(typed))


def test_who_may_not_read_the_request_prints_nothing(cast: Cast, client: Client) -> None:
    typed = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})
    client.force_login(cast.outsider)
    url = reverse("archive:edit_print", args=[typed.request.public_id])
    assert client.post(url).status_code == 404
    client.force_login(cast.registrar)
    assert client.get(url).status_code == 405
    assert not Event.objects.filter(action="edit.printed").exists()
