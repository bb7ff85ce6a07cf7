"""Reports and opinions stay hidden from whom they concern; bulletins keep the figures of a quarter and name nobody."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from accounts.scope import NotPermitted, OutOfScope
from approvals.models import Notice
from approvals.refusals import AlreadyDecided, RequestRefused, SamePerson
from audit.bulletins import actions as bulletins
from audit.bulletins.printing import tables
from audit.bulletins.selectors import Quarter, bulletin_for, quarter_of, quarters
from audit.models import Bulletin, Opinion, Rectification
from audit.opinions import actions, selectors
from audit.rectifications import actions as rectifications
from ledger.models import Event, Unrecorded
from school.models import Unit
from tests.audit.supervising import TEXT, answered, finished, issued, worked
from tests.audit.test_inspections import words_of
from tests.cast import Cast, make_cast
from tests.factories import saved
from tests.support.inbox import inbox_rows
from tests.support.together import at_once


def opinion(cast: Cast, by: User | None = None, unit: Unit | None = None) -> Opinion:
    return actions.write(actor=by or cast.teacher, kind="report", words="扫描件随意堆放", unit=unit)


@pytest.mark.requirement("S1-8-7")
def test_the_department_concerned_sees_no_opinion(cast: Cast) -> None:
    about_archives = opinion(cast, unit=cast.archives)
    about_others = opinion(cast, unit=cast.admissions)
    for person in (cast.archivist, cast.archive_head):
        with pytest.raises(OutOfScope):
            selectors.opinion_for(person, about_archives.public_id)
        with pytest.raises(SamePerson):
            actions.answer(actor=person, opinion=about_archives, words="x")
        assert selectors.opinion_for(person, about_others.public_id) == about_others
    assert selectors.opinion_for(cast.leader, about_archives.public_id) == about_archives
    with pytest.raises(NotPermitted):
        actions.answer(actor=cast.head, opinion=about_others, words="x")
    assert about_others.number in "".join(str(one.title) for one in inbox_rows(cast.archivist))
    assert about_archives.number not in "".join(str(one.title) for one in inbox_rows(cast.second_archivist))


@pytest.mark.requirement("S1-8-7")
def test_an_opinion_is_answered_once_by_another(cast: Cast) -> None:
    row = opinion(cast, by=cast.archivist)
    with pytest.raises(SamePerson):
        actions.answer(actor=cast.archivist, opinion=row, words="x")
    with pytest.raises(RequestRefused):
        actions.answer(actor=cast.archive_head, opinion=row, words=" ")
    actions.answer(actor=cast.archive_head, opinion=row, words="已整改")
    with pytest.raises(AlreadyDecided):
        actions.answer(actor=cast.leader, opinion=row, words="x")
    row.refresh_from_db()
    row.answered_by = cast.archivist
    with pytest.raises(IntegrityError, match="opinion_answered_by_another"), transaction.atomic():
        saved(row)
    assert [one.answer for one in selectors.written_by(cast.archivist)] == ["已整改"]


@pytest.mark.requirement("S0-7.2-2")
def test_what_came_from_outside_is_entered_by_the_archives(cast: Cast) -> None:
    given = {"kind": "opinion", "words": "建议网上核对", "is_outside": True}
    with pytest.raises(NotPermitted):
        actions.write(actor=cast.teacher, sender="家长", **given)
    with pytest.raises(RequestRefused):
        actions.write(actor=cast.archivist, sender=" ", **given)
    row = actions.write(actor=cast.archivist, sender="家长委员会", **given)
    actions.answer(actor=cast.archivist, opinion=row, words="已采纳")
    with pytest.raises(RequestRefused):
        actions.write(actor=cast.teacher, kind="opinion", words="x", unit=cast.other_school)


@pytest.mark.requirement("S0-7.1-3", "S0-7.2-2")
def test_a_notice_follows_from_an_opinion(cast: Cast) -> None:
    row = opinion(cast)
    made = rectifications.draft(actor=cast.archivist, source=row, unit=cast.teaching, days=5, **TEXT)
    assert (made.opinion, made.inspection, made.unit) == (row, None, cast.teaching)
    with pytest.raises(SamePerson):
        rectifications.draft(actor=cast.archivist, source=row, unit=cast.archives, days=5, **TEXT)
    made = rectifications.sign(actor=cast.archive_head, row=made)
    made = rectifications.acknowledge(actor=cast.academic_head, row=made)
    assert made.state == "rectifying"


def test_the_writer_is_named_only_when_he_wants(cast: Cast, client: Client) -> None:
    client.force_login(cast.teacher)
    page = reverse("audit:opinion_write")
    assert "is_outside" not in client.get(page).content.decode()
    sent = {"kind": "complaint", "unit": cast.admissions.public_id, "words": "催了三次"}
    assert client.post(page, {**sent, "words": ""}).status_code == 422
    assert client.post(page, sent).status_code == 302
    assert client.post(page, {**sent, "is_named": "on"}).status_code == 302
    hidden, named = Opinion.objects.order_by("pk")
    client.force_login(cast.archivist)
    texts = [
        client.get(reverse("audit:opinion", args=[one.public_id])).content.decode() for one in (hidden, named)
    ]
    assert "赵磊" not in texts[0] and "赵磊" in texts[1]
    assert (
        client.post(reverse("audit:opinion", args=[hidden.public_id]), {"words": "已转达"}).status_code == 302
    )
    client.force_login(cast.teacher)
    assert "已转达" in client.get(page).content.decode()
    client.force_login(cast.head)
    assert client.get(reverse("audit:opinions")).status_code == 403


def publish(cast: Cast, **values: Any) -> Bulletin:
    now = quarter_of(timezone.localdate())
    given: dict[str, Any] = {"key": uuid4(), "school": cast.school, "quarter": now, "words": "", **values}
    return bulletins.publish(actor=cast.archive_head, **given)


@pytest.mark.requirement("S4-6.2-3", "S1-8-7", "S0-7.1-4")
def test_a_bulletin_keeps_the_figures_of_its_moment(cast: Cast) -> None:
    (student,) = worked(cast, "王小明")
    row = issued(cast)
    assert row.due_on
    rectifications.mark_overdue(row.due_on + timedelta(1))
    made = publish(cast)
    (inspected,), (asked,) = made.lines["inspections"], made.lines["rectifications"]
    assert (inspected["unit"], inspected["points"], inspected["files"], inspected["faulty"]) == (
        "招生办",
        90,
        1,
        1,
    )
    assert (asked["number"], asked["overdue"], asked["state"]) == (row.number, True, "issued")
    row.refresh_from_db()
    rectifications.verify(actor=cast.archivist, row=answered(cast, row), enough=True, note="已全")
    made.refresh_from_db()
    assert made.lines["rectifications"][0]["state"] == "issued"
    with pytest.raises(Unrecorded):
        made.save()
    text = words_of(bulletins.print_bulletin(actor=cast.head, row=made))
    assert made.number in text and row.number in text
    assert "王小明" not in text and student.archive_no not in text
    assert set(Notice.objects.filter(kind="bulletin.published").values_list("duty", flat=True)) == set(
        Unit.Duty.values
    )


@pytest.mark.requirement("S1-8-7")
def test_a_bulletin_names_nobody_and_says_something(cast: Cast) -> None:
    with pytest.raises(RequestRefused):
        publish(cast)
    worked(cast, "王小明")
    finished(cast)
    for words in ("王小明的档案最差", "电话13800000000"):
        with pytest.raises(RequestRefused):
            publish(cast, words=words)
    with pytest.raises(RequestRefused):
        publish(cast, quarter=Quarter(timezone.localdate().year + 1, 1), words="x")
    with pytest.raises(NotPermitted):
        bulletins.publish(
            actor=cast.archivist, key=uuid4(), school=cast.school, quarter=Quarter(2026, 1), words="x"
        )
    assert not Bulletin.objects.exists()


@pytest.mark.requirement("S1-8-7")
def test_heads_leader_and_bureau_read_it_and_other_schools_do_not(cast: Cast) -> None:
    row = publish(cast, words="本季度情况")
    for person in (
        cast.head,
        cast.academic_head,
        cast.leader,
        cast.bureau_officer,
        cast.archivist,
        cast.finance,
    ):
        assert bulletin_for(person, row.public_id) == row
    for person in (cast.clerk, cast.outsider, cast.teacher):
        with pytest.raises(OutOfScope):
            bulletin_for(person, row.public_id)


def test_the_same_form_publishes_once(committed_db: None) -> None:
    cast = make_cast()
    key = uuid4()
    gave = at_once(lambda: publish(cast, key=key, words="x"), lambda: publish(cast, key=key, words="x"))
    assert gave[0] == gave[1] and Bulletin.objects.count() == 1
    assert Event.objects.filter(action="bulletin.published").count() == 1


def test_quarters() -> None:
    assert quarter_of(date(2026, 12, 31)) == Quarter(2026, 4)
    assert (Quarter(2026, 4).first, Quarter(2026, 4).last) == (date(2026, 10, 1), date(2026, 12, 31))
    assert quarters(date(2026, 2, 1), 3) == [Quarter(2026, 1), Quarter(2025, 4), Quarter(2025, 3)]


def test_publishing_through_the_page(cast: Cast, client: Client) -> None:
    finished(cast)
    client.force_login(cast.archive_head)
    page = reverse("audit:bulletin_new")
    now = quarter_of(timezone.localdate())
    key = uuid4()
    sent = {"key": key, "school": cast.school.public_id, "period": f"{now.year}-{now.number}", "words": ""}
    looked = client.post(page, {**sent, "preview": "1"})
    assert looked.status_code == 200 and "JC-" in looked.content.decode() and not Bulletin.objects.exists()
    assert client.post(page, {**sent, "words": "电话13800000000"}).status_code == 422
    assert client.post(page, sent).status_code == 302
    assert client.post(page, sent).status_code == 302
    row = Bulletin.objects.get()
    assert row.public_id == key
    client.force_login(cast.leader)
    assert "90 / 100" in client.get(reverse("audit:bulletin", args=[key])).content.decode()
    assert client.post(reverse("audit:bulletin_print", args=[key]))["Content-Type"] == "application/pdf"


def test_an_english_bulletin_writes_its_days_in_english(cast: Cast) -> None:
    line = {"number": "ZG-2026-000001", "unit": "招生办", "unit_en": "", "state": "issued", "overdue": False}
    lines: dict[str, Any] = {"inspections": [], "rectifications": [line | {"due": "2026-12-07"}]}
    with translation.override("en"):
        assert tables(lines)[0]["rows"][0][2] == "7 Dec 2026"
    with translation.override("zh-hans"):
        assert tables(lines)[0]["rows"][0][2] == "2026-12-07"


def test_the_registers_cost_the_same_for_many(cast: Cast, client: Client) -> None:
    client.force_login(cast.archive_head)
    source = finished(cast)

    def more() -> None:
        opinion(cast, unit=cast.admissions)
        rectifications.draft(actor=cast.archivist, source=source, unit=cast.admissions, days=5, **TEXT)
        publish(cast, words="x")

    def counted(name: str) -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse(f"audit:{name}")).status_code == 200
        return len(found)

    names = ("opinions", "rectifications", "bulletins")
    more()
    client.get(reverse("audit:opinions"))
    before = [counted(name) for name in names]
    for _more in range(6):
        more()
    assert [counted(name) for name in names] == before
    assert Rectification.objects.count() == 7
