"""Cases that no security administrator can handle: the head of unit runs them, and another one closes (E.16)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.scope import NotPermitted
from approvals.refusals import SamePerson
from audit.alerts.actions import answer
from audit.incidents import actions, selectors
from audit.models import Alert, FrozenAccount, Incident, Step
from tests.audit.test_alerts import make_alert
from tests.audit.test_incidents import reported, take
from tests.cast import Cast
from tests.factories import appoint, make_user
from tests.support.inbox import inbox_rows

pytestmark = pytest.mark.requirement("S0-5.2-2")

TO_LESSONS = (
    Step.ISOLATED, Step.AUTHORITY_NOTIFIED, Step.ASSESSED, Step.STUDENTS_NOTIFIED, Step.REMEDIED, Step.ACCOUNTABILITY,
    Step.LESSONS,
)  # fmt: skip


def about_the_administrator(cast: Cast) -> Incident:
    """The case that the leader opened from the alert about the only security administrator."""
    alert: Alert = make_alert(cast, person=cast.security_admin)
    answer(
        actor=cast.leader, alert=alert, conclusion="not_in_order", finding="无工作需要", incident_kind="leak"
    )
    return Incident.objects.get()


def test_the_leader_works_the_case_of_the_only_administrator_and_another_closes(
    cast: Cast, client: Client
) -> None:
    case = about_the_administrator(cast)
    url = reverse("audit:incident", args=[case.public_id])
    assert [one.url for one in inbox_rows(cast.leader, kind="incidents")] == [url]
    client.force_login(cast.leader)
    page = client.get(url, headers={"accept-language": "en"}).content.decode()
    assert "the head of the unit above does" in page
    frozen = {"account-act": "freeze", "account-staff_no": cast.security_admin.staff_no}
    client.post(reverse("audit:incident_account", args=[case.public_id]), frozen)
    assert FrozenAccount.objects.get().user == cast.security_admin
    take(cast, case, *TO_LESSONS, actor=cast.leader)
    assert case.steps.filter(by=cast.leader).count() == len(TO_LESSONS)
    assert not inbox_rows(cast.leader, kind="incidents") and selectors.open_steps(cast.leader, case) == []
    with pytest.raises(SamePerson):
        actions.close(actor=cast.leader, incident=case, note="x")
    above = make_user("局长", cast.bureau)
    appoint(above, Role.LEADER, cast.bureau)
    assert [one.url for one in inbox_rows(above, kind="incidents")] == [url]
    actions.close(actor=above, incident=case, note="已结案")
    case.refresh_from_db()
    assert (case.handler, case.closer) == (cast.leader, above)


def test_a_second_administrator_takes_the_case_from_the_leader(cast: Cast) -> None:
    case = about_the_administrator(cast)
    above = make_user("上级", cast.bureau)
    appoint(above, Role.SECURITY_ADMIN, cast.bureau)
    assert not inbox_rows(cast.leader, kind="incidents") and len(inbox_rows(above, kind="incidents")) == 1
    with pytest.raises(NotPermitted):
        take(cast, case, Step.ISOLATED, actor=cast.leader)
    take(cast, case, Step.ISOLATED, actor=above)


def test_a_case_that_the_administrator_handles_is_not_the_leaders(cast: Cast, client: Client) -> None:
    case = reported(cast)
    assert not selectors.is_left(case) and not inbox_rows(cast.leader, kind="incidents")
    client.force_login(cast.leader)
    url = reverse("audit:incident_account", args=[case.public_id])
    assert (
        client.post(url, {"account-act": "freeze", "account-staff_no": cast.clerk.staff_no}).status_code
        == 403
    )
    with pytest.raises(NotPermitted):
        take(cast, case, Step.ISOLATED, actor=cast.leader)


def test_without_any_administrator_a_case_without_a_suspect_is_the_leaders(cast: Cast) -> None:
    case = reported(cast)
    role = cast.security_admin.appointments.get()
    role.valid_until = timezone.localdate() - timedelta(days=1)
    with actions.acting(cast.leader):
        role.save()
    assert selectors.is_left(case)
    take(cast, case, Step.ISOLATED, actor=cast.leader)
