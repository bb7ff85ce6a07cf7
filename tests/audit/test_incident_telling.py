"""The text to the students can be written while somebody on the list has not read it (E.16)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals.refusals import WrongState
from audit.incidents import actions
from audit.models import DataKind, Incident, Step
from tests.audit.test_incidents import TEXT, reported, take
from tests.cast import Cast
from tests.records.files import make_student

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-7.3-1")]


def typed(*further: str) -> dict[str, Any]:
    """The text as the page sends it, with further kinds of data."""
    values: dict[str, Any] = {**TEXT, "data_kinds": [*TEXT["data_kinds"], *further]}
    return {f"letter-{name}": value for name, value in values.items()}


def assessed_without_students(cast: Cast) -> Incident:
    """A case of which everybody thought that it concerns no student."""
    incident = reported(cast)
    take(cast, incident, Step.ISOLATED, Step.AUTHORITY_NOTIFIED, Step.ASSESSED, Step.STUDENTS_NOTIFIED)
    return incident


def test_a_case_of_nobody_to_which_a_student_comes_later_can_be_closed(cast: Cast, client: Client) -> None:
    make_student("王小明", cast, school_class=cast.school_class)
    incident = assessed_without_students(cast)
    take(cast, incident, Step.REMEDIED, Step.ACCOUNTABILITY, Step.LESSONS)
    actions.add_class(actor=cast.security_admin, incident=incident, school_class=cast.school_class)
    with pytest.raises(WrongState):
        take(cast, incident, Step.STUDENTS_NOTIFIED)
    client.force_login(cast.security_admin)
    address = reverse("audit:incident_letter", args=[incident.public_id])
    assert address in client.get(reverse("audit:incident", args=[incident.public_id])).content.decode()
    assert client.post(address, typed()).status_code == 302
    take(cast, incident, Step.STUDENTS_NOTIFIED)
    actions.close(actor=cast.leader, incident=incident, note="已结案")
    incident.refresh_from_db()
    assert incident.state == Step.CLOSED


def test_the_text_is_widened_for_those_who_come_later_and_stands_once_all_were_told(
    cast: Cast, client: Client
) -> None:
    first, later = make_student("王小明", cast), make_student("李小红", cast)
    numbers = [[one.enrolments.get().student_no] for one in (first, later)]
    incident = reported(cast)
    take(cast, incident, Step.ISOLATED)
    actions.add_numbers(actor=cast.security_admin, incident=incident, numbers=numbers[0])
    take(cast, incident, Step.ASSESSED)
    actions.write_letter(actor=cast.security_admin, incident=incident, **TEXT)
    take(cast, incident, Step.STUDENTS_NOTIFIED)
    client.force_login(cast.security_admin)
    page, address = (
        reverse(f"audit:{name}", args=[incident.public_id]) for name in ("incident", "incident_letter")
    )
    wider = typed(DataKind.HEALTH)
    assert client.post(address, wider).status_code == 422
    assert address not in client.get(page).content.decode()
    actions.add_numbers(actor=cast.security_admin, incident=incident, numbers=numbers[1])
    assert address in client.get(page).content.decode()
    assert client.post(address, wider).status_code == 302
    incident.refresh_from_db()
    assert DataKind.HEALTH in incident.data_kinds
    take(cast, incident, Step.STUDENTS_NOTIFIED)
    with pytest.raises(WrongState):
        actions.write_letter(actor=cast.security_admin, incident=incident, **TEXT)
