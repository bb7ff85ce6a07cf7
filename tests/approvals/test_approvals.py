"""Due dates, roles, notices and the inbox."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import inbox, notices
from approvals.deadlines import all_days_left, days_left, due_after
from approvals.inbox import InboxRow, InboxSource
from approvals.models import Notice
from enrollment import actions
from ledger.models import Event
from reports.inbox import Inbox
from school.models import CalendarPeriod, Unit
from tests.cast import Cast
from tests.enrollment.intake import approved, draft, make_batch, submitted
from tests.factories import saved, set_rule
from tests.support.inbox import inbox_rows


def period(unit: Unit, kind: str, first: date, last: date) -> None:
    saved(CalendarPeriod(unit=unit, kind=kind, valid_from=first, valid_until=last))


def test_working_days_follow_the_public_holidays(cast: Cast) -> None:
    assert due_after(cast.school, 3, start=date(2026, 9, 28)).date == date(2026, 10, 8)
    assert not due_after(cast.school, 30, start=date(2026, 12, 20)).certain


def test_the_nearest_calendar_decides_and_vacations_do_not_stop_the_clock(cast: Cast) -> None:
    monday = date(2026, 11, 23)
    assert due_after(cast.school, 1, start=monday).date == date(2026, 11, 24)
    period(cast.bureau, "holiday", date(2026, 11, 24), date(2026, 11, 25))
    assert due_after(cast.school, 1, start=monday).date == date(2026, 11, 26)
    period(cast.school, "working", date(2026, 11, 25), date(2026, 11, 25))
    assert due_after(cast.school, 1, start=monday).date == date(2026, 11, 25)
    assert due_after(cast.other_school, 1, start=monday).date == date(2026, 11, 26)
    period(cast.school, "vacation", date(2026, 11, 20), date(2026, 12, 20))
    assert due_after(cast.school, 1, start=monday).date == date(2026, 11, 25)


def test_days_left_follow_the_calendar_of_the_school_and_say_when_the_list_ends(cast: Cast) -> None:
    friday, due = date(2026, 11, 20), date(2026, 11, 27)
    assert days_left(cast.school, due, today=friday) == (5, True)
    period(cast.bureau, "holiday", date(2026, 11, 24), date(2026, 11, 25))
    period(cast.school, "working", date(2026, 11, 21), date(2026, 11, 21))
    assert days_left(cast.school, due, today=friday) == (4, True)
    assert days_left(cast.other_school, due, today=friday) == (3, True)
    assert days_left(cast.school, friday, today=due) == (-4, True)
    assert days_left(cast.school, date(2027, 1, 8), today=date(2026, 12, 31)) == (6, False)


def test_many_dates_cost_one_query_whatever_their_schools(cast: Cast, django_assert_num_queries: Any) -> None:
    period(cast.school, "holiday", date(2026, 11, 24), date(2026, 11, 25))
    items = [
        (cast.school, date(2026, 11, 27)),
        (cast.other_school, date(2026, 11, 27)),
        (None, date(2026, 11, 23)),
    ]
    with django_assert_num_queries(1):
        left = all_days_left(items, today=date(2026, 11, 20))
    assert [span.days for span in left] == [3, 5, 1]


def test_the_inbox_counts_by_the_calendar_of_the_school_whose_work_it_is(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = timezone.localdate()
    due = today + timedelta(days=14)
    period(cast.other_school, "holiday", today, due)
    lines = [
        InboxRow(kind="Kind", title=str(unit_id), url="/", due=due, unit_id=unit_id)
        for unit_id in (None, cast.school.pk, cast.other_school.pk)
    ]
    monkeypatch.setattr(inbox, "_sources", {})
    inbox.register(InboxSource("test", "Test", lambda user, tab: lines if tab == "waiting" else []))
    shown = {line.row.unit_id: line.days for line in Inbox(cast.clerk).lines}
    assert shown[None] == shown[cast.school.pk] == days_left(cast.school, due).days > 0
    assert shown[cast.other_school.pk] == 0


def test_the_same_news_is_counted_up_and_is_new_again_after_reading(cast: Cast) -> None:
    for count in (1, 4):
        notices.tell(
            "intake.accepted",
            school=cast.school,
            duties=[Unit.Duty.TEACHING],
            about="新生",
            url="/x/",
            count=count,
        )
    (notice,) = Notice.objects.visible_to(cast.registrar).unread_by(cast.registrar)
    assert notice.count == 5
    assert "5" in notices.text(notice)
    notices.mark_read(cast.registrar, notice)
    assert not Notice.objects.visible_to(cast.registrar).unread_by(cast.registrar)
    notices.tell("intake.accepted", school=cast.school, duties=[Unit.Duty.TEACHING], about="新生", url="/x/")
    assert Notice.objects.visible_to(cast.registrar).unread_by(cast.registrar).get().count == 6
    read_before = Notice.objects.get()
    notices.tell("intake.accepted", school=cast.school, duties=[Unit.Duty.TEACHING], about="新生", url="/x/")
    notices.mark_read(cast.registrar, read_before)
    assert Notice.objects.visible_to(cast.registrar).unread_by(cast.registrar).get().count == 7
    with pytest.raises(KeyError):
        notices.tell("no.such", school=cast.school, duties=[], about="", url="")


def test_a_notice_opens_for_its_department_only(cast: Cast, client: Client) -> None:
    row = approved(cast, make_batch(cast.school))
    news = {one.duty: reverse("approvals:notice", args=[one.pk]) for one in Notice.objects.all()}
    client.force_login(cast.archivist)
    assert client.get(news[Unit.Duty.TEACHING]).status_code == 404
    client.force_login(cast.registrar)
    page = client.get(news[Unit.Duty.TEACHING], follow=True)
    assert (page.status_code, page.context["batch"]) == (200, row.batch)
    assert inbox_rows(cast.registrar, kind="notices") == []


def test_who_may_not_see_applicants_reads_the_notice_at_home(cast: Cast, client: Client) -> None:
    approved(cast, make_batch(cast.school))
    (line,) = inbox_rows(cast.student_affairs_head, kind="notices")
    client.force_login(cast.student_affairs_head)
    page = client.get(line.url, follow=True)
    assert (page.status_code, page.redirect_chain[-1][0]) == (200, "/")
    assert str(line.title) in page.content.decode()
    assert inbox_rows(cast.student_affairs_head, kind="notices") == []
    assert not Event.objects.filter(result="refused").exists()


def test_the_inbox_groups_what_waits_by_step_and_class(cast: Cast) -> None:
    batch = make_batch(cast.school)
    for serial in (1, 2, 3):
        row = submitted(cast.clerk, batch, serial, name=f"王小{'一二三'[serial - 1]}")
    (found,) = inbox_rows(cast.second_clerk)
    assert (found.count, found.sender, found.due) == (3, "王芳", row.due_on)
    assert "class=2026101" in found.url
    assert inbox_rows(cast.clerk) == []
    assert [one.count for one in inbox_rows(cast.clerk, "started")] == [3]
    assert inbox_rows(cast.head) == inbox_rows(cast.outsider) == []
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    assert [one.count for one in inbox_rows(cast.head)] == [1]
    assert [one.count for one in inbox_rows(cast.second_clerk, "done")] == [1]


def test_what_was_returned_waits_for_its_clerk(cast: Cast) -> None:
    row = submitted(cast.clerk, make_batch(cast.school))
    actions.send_back(actor=cast.second_clerk, applicant=row, reason="scan_unclear")
    (found,) = inbox_rows(cast.clerk)
    assert (found.returned, found.sender) == (True, "李娜")
    assert inbox_rows(cast.second_clerk) == []


def test_overdue_comes_first_and_the_inbox_costs_the_same_for_many(
    cast: Cast, django_assert_num_queries
) -> None:
    set_rule(cast.school, "initial_review_days", "1")
    batch = make_batch(cast.school)
    submitted(cast.clerk, batch, 1)
    inbox_rows(cast.second_clerk)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as few:
        inbox_rows(cast.second_clerk)
    for serial in range(2, 8):
        submitted(cast.clerk, batch, serial, class_no="2026101", name=f"李{'一二三四五六七八'[serial]}")
    later = make_batch(cast.school, code="LATER", name="另一批")
    set_rule(cast.school, "initial_review_days", "9", valid_from=timezone.localdate())
    submitted(cast.clerk, later, 20)
    with django_assert_num_queries(len(few)):
        found = inbox_rows(cast.second_clerk)
    assert [one.count for one in found] == [7, 1]
    assert found[0].due < found[1].due
    draft(cast.clerk, later, 30)
    assert timezone.localdate() - timedelta(days=1) < found[0].due
