"""Acting for somebody else: on requests alone, dated, approved by another person, never by or for an administrator."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted
from approvals import actions as requests
from approvals import delegations, selectors
from approvals.models import Decision, Delegation
from approvals.refusals import OwnFile, RequestRefused, SamePerson
from approvals.reminders import remind
from core.crypto import blind_index
from ledger.models import Event
from tests.archive.asking import submitted_edit, walk
from tests.cast import Cast
from tests.factories import appoint, make_user, saved
from tests.records.files import make_student

pytestmark = pytest.mark.django_db


def lent(cast: Cast, principal: User, deputy: User) -> Delegation:
    """A delegation that holds today."""
    today = timezone.localdate()
    row = delegations.propose(
        actor=principal, deputy=deputy, unit=cast.school, valid_from=today,
        valid_until=today + timedelta(days=8), reason="出差",
    )  # fmt: skip
    return delegations.approve(actor=cast.security_admin, delegation=row)


@pytest.mark.requirement("S0-5.1-1")
def test_a_deputy_decides_for_the_one_who_is_away_and_the_decision_says_so(cast: Cast) -> None:
    typed = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})
    with pytest.raises(NotPermitted):
        requests.take_step(actor=cast.teacher, request=typed.request)
    row = lent(cast, cast.academic_head, cast.teacher)
    assert [one.pk for one, _typed, _step in selectors.waiting_for(cast.teacher)] == [typed.request.pk]
    requests.take_step(actor=cast.teacher, request=typed.request)
    made = Decision.objects.get(outcome="passed")
    assert (made.actor, made.delegation, made.role) == (cast.teacher, row, Role.ACADEMIC_HEAD)
    delegations.end(actor=cast.academic_head, delegation=row)
    assert not selectors.waiting_for(cast.teacher)


def test_a_deputy_does_not_bring_two_steps_of_one_person_together(cast: Cast) -> None:
    typed = walk(
        cast,
        submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"}),
        "academic_head",
        "archivist",
    )
    lent(cast, cast.archive_head, cast.archivist)
    with pytest.raises(SamePerson):
        requests.take_step(actor=cast.archivist, request=typed.request)


def test_a_deputy_decides_neither_on_his_own_nor_on_his_principals_file(cast: Cast) -> None:
    number = "420106199001011237"
    student = make_student("王小明", cast, id_type="1", id_number=number)
    lent(cast, cast.academic_head, cast.teacher)
    cast.academic_head.id_number, cast.academic_head.id_number_index = (
        number,
        blind_index("id_number", number),
    )
    saved(cast.academic_head)
    appoint(make_user("林立", cast.teaching), Role.ACADEMIC_HEAD, cast.school)
    typed = submitted_edit(cast, student, {"name": "王晓明"})
    assert not selectors.waiting_for(cast.teacher)
    with pytest.raises(OwnFile):
        requests.take_step(actor=cast.teacher, request=typed.request)


@pytest.mark.parametrize("duty", [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR])
def test_no_administrator_acts_for_anybody(cast: Cast, client: Client, duty: Role) -> None:
    """Neither when it is asked for, nor when it is approved, nor when the duty came later."""
    typed = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})
    today = timezone.localdate()
    dates = {"valid_from": today, "valid_until": today, "reason": "出差", "unit": cast.school}
    colleague = make_user("林立", cast.teaching)
    waiting = delegations.propose(actor=cast.academic_head, deputy=colleague, **dates)
    held = lent(cast, cast.academic_head, colleague)
    assert selectors.requests(colleague).filter(pk=typed.request.pk).exists()
    appoint(colleague, duty, cast.school)
    colleague = User.objects.get(pk=colleague.pk)
    assert not selectors.requests(colleague).exists()
    with pytest.raises(NotPermitted):
        requests.take_step(actor=colleague, request=typed.request)
    with pytest.raises(RequestRefused):
        delegations.approve(actor=cast.security_admin, delegation=waiting)
    for principal, deputy in ((cast.academic_head, colleague), (colleague, cast.teacher)):
        with pytest.raises(RequestRefused):
            delegations.propose(actor=principal, deputy=deputy, **dates)
    assert held.ended_at is None


def test_who_approves_elsewhere_ends_nothing_here(cast: Cast) -> None:
    row = lent(cast, cast.academic_head, cast.teacher)
    stranger = make_user("林立", cast.other_school)
    appoint(stranger, Role.SECURITY_ADMIN, cast.other_school)
    with pytest.raises(NotPermitted):
        delegations.end(actor=stranger, delegation=row)
    delegations.end(actor=cast.security_admin, delegation=row)
    assert Event.objects.get(action="delegation.ended").role == Role.SECURITY_ADMIN


def test_what_stands_too_long_is_shown_to_the_leader_without_what_is_asked(
    cast: Cast, client: Client
) -> None:
    typed = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})
    assert typed.request.due_on
    remind(typed.request.due_on + timedelta(days=1))
    assert not selectors.overdue_rows(cast.leader, "waiting")
    remind(typed.request.due_on + timedelta(days=14))
    (row,) = selectors.overdue_rows(cast.leader, "waiting")
    assert (row.title, row.count, row.url) == ("教务处", 1, reverse("approvals:overdue"))
    client.force_login(cast.leader)
    page = client.get(row.url).content.decode()
    assert typed.request.number in page
    assert "王" not in page.replace(cast.clerk.name, "").split("<main")[1]
    assert client.get(reverse("approvals:request", args=[typed.request.public_id])).status_code == 404
    assert not selectors.overdue(cast.outsider).exists()
