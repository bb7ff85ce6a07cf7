"""One list of the rows of all imports that wait to be mended (问题学生数据)."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enrollment.importing import actions
from enrollment.models import ImportRow, IntakeBatch
from tests.cast import Cast
from tests.enrollment.importing import bring_in, check, make_classes
from tests.enrollment.intake import make_batch
from tests.enrollment.test_import_after import faulty
from tests.support.applicant_files import national_workbook, people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _classes(cast: Cast) -> None:
    make_classes(cast.school)


def page_of(user: Any, **asked: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse("enrollment:import_problems"), asked, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return answer.content.decode()


def waiting(page: str) -> list[ImportRow]:
    """The rows to which a page leads for mending."""
    rows = ImportRow.objects.order_by("pk")
    return [row for row in rows if reverse("enrollment:import_row", args=[row.public_id]) in page]


@pytest.mark.requirement("S2-9-3")
def test_rows_of_all_imports_wait_in_one_list_until_they_are_dealt_with(
    cast: Cast, batch: IntakeBatch
) -> None:
    assert "No row waits to be mended" in page_of(cast.clerk)
    bring_in(cast.clerk, check(cast.clerk, batch, faulty(5, bad=2)))
    other = make_batch(cast.school, code="B2")
    rows = list(people(8))[6:]
    rows[0]["邮政编码"] = rows[0]["性别"] = "?"
    bring_in(cast.second_clerk, check(cast.second_clerk, other, national_workbook(rows), "second.xlsx"))
    check(cast.clerk, batch, national_workbook([{**rows[1], "邮政编码": "1"}]), "unchecked.xlsx")
    page = page_of(cast.clerk)
    first, second, third = waiting(page)
    assert "second.xlsx" in page and cast.second_clerk.name in page and "unchecked.xlsx" not in page
    assert "0 days" in page
    assert waiting(page_of(cast.clerk, mine="1")) == [first, second]
    assert waiting(page_of(cast.clerk, batch=str(other.pk))) == [third]
    actions.dismiss(actor=cast.clerk, row=first, reason="x")
    assert waiting(page_of(cast.second_clerk)) == [second, third]
    assert rows[0]["姓名"] not in page


def test_the_list_keeps_to_the_schools_of_the_reader(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    head = page_of(cast.head)
    assert waiting(head) == [], "the head mends nothing"
    assert reverse("enrollment:import_result", args=[made.public_id]) in head
    client = Client()
    client.force_login(cast.registrar)
    assert client.get(reverse("enrollment:import_problems")).status_code == 403
    client.force_login(cast.outsider)
    answer = client.get(reverse("enrollment:import_problems"))
    assert answer.status_code == 403 or not waiting(answer.content.decode())


def test_the_list_costs_the_same_for_one_and_for_many(cast: Cast, batch: IntakeBatch) -> None:
    client = Client()
    client.force_login(cast.clerk)
    counts = []
    for bad in (1, 8):
        content = faulty(9, bad=bad)
        made = bring_in(cast.clerk, check(cast.clerk, batch, content))
        client.get(reverse("enrollment:import_problems"))
        with CaptureQueriesContext(connection) as seen:
            page = client.get(reverse("enrollment:import_problems")).content.decode()
        assert len(waiting(page)) >= bad
        counts.append(len(seen))
        actions.undo(actor=cast.clerk, import_job=made)
    assert counts[0] == counts[1]
