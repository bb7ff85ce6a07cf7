"""What files are read for: asked once in a session, kept with every opening; and the alert of much reading (E.4)."""

import io
import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from audit.models import Alert
from files.actions import store_made
from ledger.context import acting
from ledger.models import Event
from records import reading
from records.documents import filing
from records.merits.actions import entries, penalties
from records.models import Document, ReadingDay, Student
from records.purposes import PURPOSES
from records.selectors import student_file
from tests.cast import Cast, make_cast
from tests.factories import saved, set_rule
from tests.records.files import make_student
from tests.records.merits.people import case, enrolment_of, heard, officer, paper, scan
from tests.records.merits.test_entries import reward
from tests.support.together import at_once

CHOOSE = "/reading-purpose/"


@pytest.fixture
def wang(cast: Cast) -> Student:
    return make_student("王小明", cast, school_class=cast.school_class)


def file_url(student: Student) -> str:
    return reverse("records:student", args=[student.public_id])


def filed(student: Student, by: Any, *, kind: str = "health_form") -> Document:
    """A picture in the file, brought by ``by``."""
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(buffer, "PNG")
    with transaction.atomic(), acting(by):
        blob = store_made(actor=by, content=buffer.getvalue(), filename="a.png", kind="png", pages=1)
        return filing.place(student, kind, blob, actor=by)


def viewed(action: str = "student.viewed") -> list[Any]:
    rows = Event.objects.filter(action=action).order_by("pk")
    return [row.detail.get("purpose") for row in rows]


@pytest.mark.requirement("S0-5.1-1", "S0-5.1-2", "S0-5.1-5")
@pytest.mark.parametrize("who", ["registrar", "adviser"])
def test_the_first_file_of_a_session_asks_once_what_it_is_read_for(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None, who: str
) -> None:
    client.force_login(getattr(cast, who))
    page = client.get(file_url(wang) + "?tab=1").content.decode()
    assert "王小明" not in page
    assert all(f'value="{code}"' in page for code in PURPOSES)
    assert viewed() == []
    answer = client.post(CHOOSE, {"purpose": "counter", "next": file_url(wang)})
    assert (answer.status_code, answer.url) == (302, file_url(wang))
    assert "王小明" in client.get(file_url(wang)).content.decode()
    other = make_student("李明", cast, school_class=cast.school_class)
    page = client.get(file_url(other)).content.decode()
    assert "李明" in page
    assert str(PURPOSES["counter"]) in page
    assert viewed() == ["counter", "counter"]
    client.post(CHOOSE, {"purpose": "check", "next": file_url(wang)})
    client.get(file_url(wang))
    assert viewed() == ["counter", "counter", "check"]


def test_another_session_asks_again(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None
) -> None:
    for _session in range(2):
        client.force_login(cast.registrar)
        assert "王小明" not in client.get(file_url(wang)).content.decode()
        client.post(CHOOSE, {"purpose": "duty", "next": file_url(wang)})
        assert "王小明" in client.get(file_url(wang)).content.decode()
        client.logout()
    assert Session.objects.count() == 0


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_choice_leads_nowhere_outside(cast: Cast, client: Client, back: str) -> None:
    client.force_login(cast.registrar)
    answer = client.post(CHOOSE, {"purpose": "duty", "next": back})
    assert answer.url == reverse("reports:home")
    page = client.get(CHOOSE, {"next": back}).content.decode()
    (form,) = re.findall(r'action="/reading-purpose/".*?</form>', page, re.DOTALL)
    assert 'name="next" value="/"' in form


def test_an_unknown_purpose_is_asked_for_again(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None
) -> None:
    client.force_login(cast.registrar)
    answer = client.post(CHOOSE, {"purpose": "fun", "next": file_url(wang)})
    assert answer.status_code == 200
    assert f'name="next" value="{file_url(wang)}"' in answer.content.decode()
    assert "王小明" not in client.get(file_url(wang)).content.decode()


def test_a_tab_without_purpose_asks_in_its_place(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None
) -> None:
    client.force_login(cast.registrar)
    url = reverse("records:student_section", args=[wang.public_id, "family"])
    page = client.get(url, headers={"HX-Request": "true", "HX-Target": "tab-panel"}).content.decode()
    assert "<html" not in page
    assert "赵丽" not in page
    assert f'name="next" value="{url}"' in page


@pytest.mark.requirement("S0-5.1-1", "S0-5.1-2", "S0-5.1-5")
@pytest.mark.parametrize("part", ["document", "document_page", "document_download", "photo"])
def test_a_part_opened_by_its_own_address_asks_and_counts_as_reading(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None, part: str
) -> None:
    kept = filed(wang, cast.archivist, kind="photo" if part == "photo" else "health_form")
    key = {"document_page": [kept.public_id, 1], "photo": []}.get(part, [kept.public_id])
    url = reverse(f"records:{part}", args=[wang.public_id, *key])
    client.force_login(cast.registrar)
    answer = client.get(url)
    page = answer.content.decode()
    assert answer["Content-Type"].startswith("text/html")
    assert f'name="next" value="{url}"' in page
    assert "王小明" not in page
    assert not Event.objects.filter(subject=wang.public_id, actor=cast.registrar).exists()
    assert not ReadingDay.objects.exists()
    assert client.post(CHOOSE, {"purpose": "counter", "next": url}).url == url
    answer = client.get(url)
    content = b"".join(answer) if answer.streaming else answer.content
    assert b'name="purpose"' not in content
    assert (b"<html" in content) is (part == "document")
    assert viewed() == ["counter"]
    assert ReadingDay.objects.get(reader=cast.registrar).students == [wang.pk]
    client.get(file_url(wang))
    assert client.get(url).status_code == 200
    assert ReadingDay.objects.get(reader=cast.registrar).students == [wang.pk]


@pytest.mark.requirement("S0-5.1-1", "S3-5.2-1")
def test_the_scan_of_an_entry_asks_and_counts_too(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None
) -> None:
    clerk, stay = officer(cast), wang.enrolments.get()
    (row,) = entries.enter_rewards(actor=clerk, enrolments=[stay], values=reward(), scan=scan())
    url = reverse("records:reward_evidence", args=[row.public_id])
    client.force_login(cast.registrar)
    assert f'name="next" value="{url}"' in client.get(url).content.decode()
    assert not ReadingDay.objects.exists()
    client.post(CHOOSE, {"purpose": "check", "next": url})
    assert client.get(url)["Content-Type"].startswith("image/")
    assert viewed() == ["check"]
    assert ReadingDay.objects.get().students == [wang.pk]


@pytest.mark.requirement("S0-5.1-1", "S0-5.1-2", "S0-5.1-5")
@pytest.mark.parametrize("act", ["", "hear/"])
def test_a_penalty_opened_by_its_own_address_asks_and_counts_too(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None, act: str
) -> None:
    clerk = officer(cast)
    stay = enrolment_of(wang, since=timezone.localdate() - timedelta(days=200))
    row = penalties.prepare(actor=clerk, enrolment=stay, case=case())
    penalties.give_notice(actor=clerk, penalty=row, paper=paper(30))
    url = reverse("records:penalty", args=[row.public_id]) + act
    client.force_login(clerk)
    page = client.get(url).content.decode()
    assert f'name="next" value="{url}"' in page
    assert "王小明" not in page and row.facts not in page
    assert not ReadingDay.objects.exists()
    assert not Event.objects.filter(action="penalty.viewed").exists()
    client.post(CHOOSE, {"purpose": "check", "next": url})
    assert "王小明" in client.get(url).content.decode()
    assert (viewed(), viewed("penalty.viewed")) == ([], ["check"])
    assert ReadingDay.objects.get(reader=clerk).students == [wang.pk]
    assert client.get(url).status_code == 200
    assert viewed("penalty.viewed") == ["check", "check"]
    assert ReadingDay.objects.get(reader=clerk).students == [wang.pk]


def test_what_a_refused_step_of_a_penalty_shows_counts_too(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None
) -> None:
    row = heard(officer(cast), enrolment_of(wang, since=timezone.localdate() - timedelta(days=200)))
    client.force_login(cast.student_affairs_head)
    answer = client.post(reverse("records:penalty_act", args=[row.public_id, "decide"]), {})
    assert (answer.status_code, row.facts in answer.content.decode()) == (422, True)
    assert ReadingDay.objects.get(reader=cast.student_affairs_head).students == [wang.pk]


def test_a_document_of_a_stranger_is_not_found_before_anything_is_asked(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None
) -> None:
    kept = filed(wang, cast.archivist)
    client.force_login(cast.outsider)
    assert client.get(reverse("records:document", args=[wang.public_id, kept.public_id])).status_code in {
        403,
        404,
    }
    client.force_login(cast.registrar)
    other = make_student("王大山", cast, school=cast.other_school)
    theirs = filed(other, cast.archivist)
    for part in ("document", "document_download"):
        url = reverse(f"records:{part}", args=[other.public_id, theirs.public_id])
        assert client.get(url).status_code == 404


def test_a_document_without_purpose_asks_in_its_place(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None
) -> None:
    kept = filed(wang, cast.archivist)
    client.force_login(cast.registrar)
    url = reverse("records:document", args=[wang.public_id, kept.public_id])
    page = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert f'name="next" value="{url}"' in page


def test_a_stranger_learns_nothing_from_the_question(
    cast: Cast, client: Client, wang: Student, purpose_is_asked: None
) -> None:
    client.force_login(cast.leader)
    assert client.get(CHOOSE).status_code == 403
    assert client.get(file_url(wang)).status_code == 403
    client.force_login(cast.registrar)
    other = make_student("王大山", cast, school=cast.other_school)
    assert client.get(file_url(other)).status_code == 404


def test_the_count_costs_one_query(cast: Cast, wang: Student) -> None:
    file = student_file(cast.registrar, wang.public_id)
    reading.open_file(actor=cast.registrar, file=file, purpose="duty")
    with CaptureQueriesContext(connection) as queries:
        reading.open_file(actor=cast.registrar, file=file, purpose="duty")
    assert sum("readingday" in one["sql"] for one in queries) == 1
    assert not any("school_rule" in one["sql"] or "audit_alert" in one["sql"] for one in queries)


# Alerts


def open_all(cast: Cast, students: list[Student], *, actor: Any = None) -> None:
    for one in students:
        user = actor or cast.registrar
        reading.open_file(actor=user, file=student_file(user, one.public_id), purpose="duty")


def class_of(cast: Cast, count: int) -> list[Student]:
    return [make_student("李明", cast, school_class=cast.school_class) for _ in range(count)]


def test_the_fifty_first_file_raises_one_alert(cast: Cast) -> None:
    students = class_of(cast, 52)
    open_all(cast, students[:50])
    open_all(cast, students[:50])
    assert not Alert.objects.exists()
    open_all(cast, students[50:51])
    alert = Alert.objects.get()
    assert (alert.kind, alert.person, alert.school, alert.limit) == ("bulk", cast.registrar, cast.school, 50)
    assert (alert.count, len(ReadingDay.objects.get().students)) == (51, 51)
    open_all(cast, students[51:])
    assert Alert.objects.count() == 1
    event = Event.objects.get(action="alert.raised")
    assert event.detail == {"kind": "bulk", "person": cast.registrar.pk, "count": 51, "limit": 50}
    assert event.subject is None


def test_the_school_sets_its_own_limit(cast: Cast) -> None:
    set_rule(cast.school, "bulk_view_limit", "12")
    students = class_of(cast, 13)
    open_all(cast, students[:12])
    assert not Alert.objects.exists()
    open_all(cast, students[:12], actor=cast.adviser)
    assert not Alert.objects.exists()
    open_all(cast, students[12:], actor=cast.adviser)
    assert Alert.objects.get().person == cast.adviser


def test_yesterday_counts_for_itself(cast: Cast) -> None:
    set_rule(cast.school, "bulk_view_limit", "12")
    students = class_of(cast, 13)
    yesterday = timezone.localdate() - timedelta(days=1)
    ReadingDay.objects.create(
        reader=cast.registrar, day=yesterday, students=[one.pk for one in students[:12]]
    )
    open_all(cast, students[12:])
    assert not Alert.objects.exists()


def test_two_openings_at_once_raise_one_alert(committed_db: str) -> None:
    cast = make_cast()
    students = class_of(cast, 52)
    open_all(cast, students[:49])
    at_once(*(partial(open_all, cast, [one]) for one in students[49:]))
    assert len(ReadingDay.objects.get().students) == 52
    assert Alert.objects.count() == 1
    assert Event.objects.filter(action="alert.raised").count() == 1


def test_the_database_lets_nobody_answer_about_himself(cast: Cast) -> None:
    about = {"person": cast.registrar, "school": cast.school, "day": timezone.localdate()}
    alert = saved(Alert(kind="bulk", count=51, limit=50, **about))
    alert.answered_by, alert.answered_at = cast.registrar, timezone.now()
    with pytest.raises(IntegrityError, match="alert_answered_by_another"), transaction.atomic():
        saved(alert)
