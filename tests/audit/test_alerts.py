"""The security administrator is told of much reading and answers; contents of files stay closed to him (E.4)."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import lock_user
from accounts.roles import Role
from accounts.scope import NotPermitted
from approvals.refusals import AlreadyDecided, SamePerson
from audit.alerts import actions
from audit.models import Alert, Incident
from ledger.models import Event
from tests.cast import Cast, make_cast
from tests.factories import appoint, make_user, saved
from tests.support.behind import behind
from tests.support.inbox import inbox_rows


def make_alert(
    cast: Cast, *, count: int = 51, person: Any = None, school: Any = None, **values: Any
) -> Alert:
    about = {"kind": "bulk", "day": timezone.localdate(), "limit": 50, **values}
    alert: Alert = saved(
        Alert(
            school=school or cast.school, person=person or make_user("某人", cast.teaching), count=count, **about
        )
    )  # fmt: skip
    return alert


def test_the_alert_waits_in_the_inbox_until_it_is_answered(cast: Cast, client: Client) -> None:
    alert = make_alert(cast, person=cast.registrar)
    rows = [row for row in inbox_rows(cast.security_admin) if row.url.endswith(f"{alert.public_id}/")]
    assert len(rows) == 1
    assert "51" in str(rows[0].title)
    assert not inbox_rows(cast.system_admin, kind="alerts")
    client.force_login(cast.security_admin)
    page = client.get(reverse("audit:alerts")).content.decode()
    assert "杨丽" in page
    url = reverse("audit:alert", args=[alert.public_id])
    assert client.post(url, {"finding": " ", "conclusion": "in_order"}).status_code == 422
    assert client.post(url, {"finding": "核对新生名单"}).status_code == 422
    client.post(url, {"finding": "核对新生名单，已向教务处核实", "conclusion": "in_order"})
    alert.refresh_from_db()
    assert (alert.answered_by, alert.finding) == (cast.security_admin, "核对新生名单，已向教务处核实")
    assert "核对新生名单" in client.get(url).content.decode()
    assert not inbox_rows(cast.security_admin, kind="alerts")
    assert Event.objects.get(action="alert.answered").actor == cast.security_admin
    with pytest.raises(AlreadyDecided):
        actions.answer(actor=cast.security_admin, alert=alert, finding="again", conclusion="in_order")


def test_nobody_sees_the_alert_about_himself_or_of_another_school(cast: Cast, client: Client) -> None:
    own = make_alert(cast, person=cast.security_admin)
    other = make_alert(cast, school=cast.other_school)
    client.force_login(cast.security_admin)
    for alert in (own, other):
        assert client.get(reverse("audit:alert", args=[alert.public_id])).status_code == 404
    assert not inbox_rows(cast.security_admin, kind="alerts")
    above = make_user("上级", cast.bureau)
    appoint(above, Role.SECURITY_ADMIN, cast.bureau)
    assert len(inbox_rows(above, kind="alerts")) == 2


@pytest.mark.requirement("S0-5.2-2")
def test_the_head_of_unit_answers_what_nobody_else_can(cast: Cast, client: Client) -> None:
    alone, others = make_alert(cast, person=cast.security_admin), make_alert(cast, person=cast.registrar)
    assert [one.url for one in inbox_rows(cast.leader, kind="alerts")] == [
        reverse("audit:alert", args=[alone.public_id])
    ]
    client.force_login(cast.leader)
    assert "徐涛" in client.get(reverse("audit:alerts")).content.decode()
    assert client.get(reverse("audit:alert", args=[others.public_id])).status_code == 404
    for actor, alert in ((cast.leader, others), (cast.security_admin, alone), (cast.archive_head, alone)):
        with pytest.raises((NotPermitted, SamePerson)):
            actions.answer(actor=actor, alert=alert, finding="x", conclusion="in_order")
    role = cast.security_admin.appointments.get()
    idle = make_alert(cast, person=cast.security_admin, kind="grants", appointments=[role.pk])
    page = client.get(reverse("audit:alert", args=[idle.public_id])).content.decode()
    assert reverse("accounts:user", args=[cast.security_admin.public_id]) not in page, "closed to him"
    url = reverse("audit:alert", args=[alone.public_id])
    client.post(url, {"conclusion": "not_in_order", "finding": "无工作需要", "incident_kind": "leak"})
    alone.refresh_from_db()
    assert (alone.answered_by, alone.incident.suspect) == (cast.leader, cast.security_admin)
    assert Event.objects.get(action="alert.answered").role == Role.LEADER


def test_what_is_not_about_the_security_administrator_is_never_left_to_the_leader(cast: Cast) -> None:
    alert = make_alert(cast, person=cast.registrar)
    lock_user(actor=cast.system_admin, user=cast.security_admin, reason="离岗")
    assert not inbox_rows(cast.leader, kind="alerts")
    with pytest.raises(NotPermitted):
        actions.answer(actor=cast.leader, alert=alert, finding="x", conclusion="in_order")
    own = make_alert(cast, person=cast.security_admin)
    assert [one.url for one in inbox_rows(cast.leader, kind="alerts")] == [
        reverse("audit:alert", args=[own.public_id])
    ]


def test_a_second_security_administrator_answers_for_the_first(cast: Cast) -> None:
    alert = make_alert(cast, person=cast.security_admin)
    above = make_user("上级", cast.bureau)
    appoint(above, Role.SECURITY_ADMIN, cast.bureau)
    assert len(inbox_rows(above, kind="alerts")) == 1 and not inbox_rows(cast.leader, kind="alerts")
    with pytest.raises(NotPermitted):
        actions.answer(actor=cast.leader, alert=alert, finding="x", conclusion="in_order")


def test_nobody_is_left_for_the_alert_about_the_head_himself(cast: Cast) -> None:
    alert = make_alert(cast, person=cast.leader)
    lock_user(actor=cast.system_admin, user=cast.security_admin, reason="离岗")
    assert not inbox_rows(cast.leader, kind="alerts")
    with pytest.raises(SamePerson):
        actions.answer(actor=cast.leader, alert=alert, finding="x", conclusion="in_order")


def test_the_list_costs_the_same_for_two_and_ten(cast: Cast, client: Client) -> None:
    client.force_login(cast.security_admin)
    url, counts = reverse("audit:alerts"), []
    for more in (2, 8):
        for _ in range(more):
            make_alert(cast)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_who_comes_second_is_told_who_answered(committed_db: str) -> None:
    cast = make_cast()
    second = make_user("安全员", cast.school)
    appoint(second, Role.SECURITY_ADMIN, cast.school)
    alert = make_alert(cast)
    result = behind(
        lambda: actions.answer(
            actor=cast.security_admin, alert=alert, finding="已核实", conclusion="in_order"
        ),
        lambda: actions.answer(actor=second, alert=alert, finding="后来的", conclusion="in_order"),
    )
    assert isinstance(result, AlreadyDecided)
    alert.refresh_from_db()
    assert (alert.answered_by, alert.finding) == (cast.security_admin, "已核实")


def test_the_list_does_not_read_which_files_were_opened(cast: Cast, client: Client) -> None:
    make_alert(cast)
    client.force_login(cast.security_admin)
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("audit:alerts"))
    assert not any('"records_readingday"."students", ' in one["sql"] for one in queries)


@pytest.mark.requirement("S0-5.2-2")
def test_what_is_not_in_order_becomes_an_incident_without_the_person(cast: Cast, client: Client) -> None:
    alert = make_alert(cast, person=cast.leader)
    client.force_login(cast.security_admin)
    url = reverse("audit:alert", args=[alert.public_id])
    wrong = {"conclusion": "in_order", "finding": "已核实", "incident_kind": "leak"}
    assert client.post(url, wrong).status_code == 422
    client.post(url, {"conclusion": "not_in_order", "finding": "无工作需要", "incident_kind": "leak"})
    alert.refresh_from_db()
    incident = Incident.objects.get()
    assert (alert.conclusion, alert.incident) == ("not_in_order", incident)
    assert (incident.suspect, incident.school, incident.what) == (cast.leader, cast.school, "无工作需要")
    assert incident.number in client.get(url).content.decode()
    client.force_login(cast.leader)
    assert client.get(reverse("audit:incident", args=[incident.public_id])).status_code == 404


def test_the_database_ties_an_incident_to_what_is_not_in_order(cast: Cast) -> None:
    first = make_alert(cast, person=cast.clerk)
    actions.answer(
        actor=cast.security_admin, alert=first, conclusion="not_in_order", finding="x", incident_kind="leak"
    )
    other = make_alert(cast)
    other.incident = Incident.objects.get()
    with pytest.raises(IntegrityError, match="alert_incident_not_in_order"), transaction.atomic():
        saved(other)
