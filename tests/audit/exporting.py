"""Exports for tests, by the page and by the action, and what came of them."""

import io
from typing import Any

import openpyxl
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from approvals import actions as requests
from audit.exports import actions
from audit.exports.kind import KIND
from audit.models import ExportRequest
from files.selectors import open_blob
from jobs.tasks import run
from records.models import Student
from tests.archive.assessing import standing
from tests.cast import Cast
from tests.factories import PASSWORD
from tests.records.files import make_student

NUMBERS = ("11010519491231002X", "110105194912310038", "440524188001010014")
NEW = "audit:export_new"


def pupils(cast: Cast, *names: str, **values: Any) -> list[Student]:
    """Students of the cast's class, each with an identity number and a phone."""
    return [
        make_student(
            name, cast, school_class=cast.school_class, phone=f"1381234567{at}", id_type="1",
            **{"id_number": NUMBERS[at], **values} if at < len(NUMBERS) else values,
        )
        for at, name in enumerate(names)
    ]  # fmt: skip


def asked(cast: Cast, people: list[Student], **values: Any) -> ExportRequest:
    """An export of the registrar that her colleague is to confirm."""
    usual: dict[str, Any] = {
        "actor": cast.registrar, "school": cast.school, "people": [one.pk for one in people],
        "columns": ["name", "id_number", "phone", "student_no", "member1.phone"], "named": cast.second_registrar,
        "purpose": "roster", "use": "教务处编排座次", "file_format": "xlsx",
    }  # fmt: skip
    if values.get("whole"):
        usual["assessment"] = standing(cast)
    return actions.ask(**{**usual, **values})


def stepped(who: User, typed: ExportRequest) -> ExportRequest:
    """The same after somebody has taken the waiting step."""
    requests.take_step(actor=who, request=typed.request)
    return fresh(typed)


def fresh(typed: ExportRequest) -> ExportRequest:
    """As it stands in the database."""
    found: ExportRequest = KIND.typed(typed.request)
    return found


def made(cast: Cast, people: list[Student], **values: Any) -> ExportRequest:
    """Confirmed, approved where that is asked, and made."""
    typed = stepped(values.get("named", cast.second_registrar), asked(cast, people, **values))
    if typed.needs_approval:
        typed = stepped(cast.archive_head, typed)
    assert typed.job is not None
    run(typed.job.pk)
    return fresh(typed)


def content(typed: ExportRequest) -> bytes:
    """The file."""
    assert typed.file is not None
    return open_blob(typed.file)


def sheet(data: bytes) -> list[tuple[Any, ...]]:
    """The rows of a workbook, the line of the mark first."""
    return list(openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].iter_rows(values_only=True))


def seen(client: Client, address: str) -> str:
    """What the page keeps of the list that it shows."""
    page: Any = client.get(address)
    return str(page.context["choice"].seen) if page.status_code == 200 else ""


def form(second: User | None = None, **values: Any) -> dict[str, Any]:
    """What the page posts, with a second person at the screen."""
    here = {"second_no": second.staff_no, "second_password": PASSWORD} if second else {}
    return {
        "columns": ["name", "student_no"], "numbers": "masked", "purpose": "roster", "use": "教务处编排座次",
        "file_format": "xlsx", **here, **values,
    }  # fmt: skip


def posted(user: User, query: str = "", **values: Any) -> HttpResponse:
    """The answer to asking on the page."""
    client = Client()
    client.force_login(user)
    address = f"{reverse(NEW)}{query}"
    answer: Any = client.post(address, form(**{"seen": seen(client, address), **values}))
    return answer
