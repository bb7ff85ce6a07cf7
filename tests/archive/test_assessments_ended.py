"""Impact assessments that are refused or withdrawn: nothing rests on them any more, and they stay in the register."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.scope import NotPermitted
from approvals import actions as requests
from approvals.refusals import AlreadyDecided, RequestRefused, WrongState
from archive.assessments import actions, selectors
from archive.assessments.lists import state_badge
from archive.models import ImpactAssessment
from ledger.context import acting
from ledger.models import Event
from tests.archive.assessing import assessed, written
from tests.archive.test_sharing import drafted
from tests.audit.exporting import asked, pupils, stepped
from tests.cast import Cast, make_cast
from tests.support.inbox import inbox_rows
from tests.support.together import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-5.3-2")]
WHY = "目的已改变"


def test_one_that_waits_is_refused_by_another_or_taken_back_by_who_wrote_it(cast: Cast) -> None:
    for who, words in ((cast.leader, "未予确认 Refused"), (cast.archive_head, "已撤回 Withdrawn")):
        row = actions.end(actor=who, assessment=written(cast), reason=f" {WHY} ")
        row = ImpactAssessment.objects.get(pk=row.pk)
        assert (row.ended_by, row.end_reason, row.confirmed_at) == (who, WHY, None)
        assert row.ended_at is not None and not row.is_valid
        assert any(word in state_badge(row) for word in words.split())
        assert not inbox_rows(cast.security_admin, kind="assessments")
        assert not selectors.may_confirm(cast.security_admin, row)
        with pytest.raises(AlreadyDecided):
            actions.confirm(actor=cast.security_admin, assessment=row)
    event = Event.objects.filter(action="assessment.ended").earliest("pk")
    assert (event.actor, event.unit_id, event.reason) == (cast.leader, cast.school.pk, WHY)
    assert row.history.count() == 2


def test_one_that_is_over_is_not_called_as_a_term_that_has_ended(cast: Cast) -> None:
    row = assessed(cast)
    row.valid_until = timezone.localdate() - timedelta(days=1)
    with translation.override("zh-hans"):
        assert "已结束" not in state_badge(row)


@pytest.mark.requirement("S2-13-3")
def test_nothing_is_asked_confirmed_or_approved_on_one_that_was_withdrawn(cast: Cast) -> None:
    (one,) = pupils(cast, "王小明")
    row = assessed(cast)
    export, sharing = asked(cast, [one], whole=True, assessment=row), drafted(cast, [one], impact=row)
    requests.submit(actor=cast.registrar, request=sharing.request)
    actions.end(actor=cast.security_admin, assessment=row, reason=WHY)
    assert not selectors.valid(cast.school).exists()
    with pytest.raises(WrongState):
        stepped(cast.second_registrar, export)
    with pytest.raises(WrongState):
        requests.take_step(actor=cast.academic_head, request=sharing.request)
    for found in (row, ImpactAssessment.objects.get(pk=row.pk)):
        with pytest.raises(WrongState, match=r"withdrawn|撤回"):
            asked(cast, [one], whole=True, assessment=found)


def test_who_may_neither_confirm_nor_write_ends_none_and_none_ends_twice_or_without_a_reason(
    cast: Cast,
) -> None:
    row = assessed(cast)
    for who in (cast.registrar, cast.archivist, cast.auditor, cast.academic_head):
        with pytest.raises(NotPermitted):
            actions.end(actor=who, assessment=row, reason=WHY)
    with pytest.raises(RequestRefused):
        actions.end(actor=cast.leader, assessment=row, reason="  ")
    actions.end(actor=cast.leader, assessment=row, reason=WHY)
    with pytest.raises(AlreadyDecided):
        actions.end(actor=cast.archive_head, assessment=row, reason=WHY)
    assert Event.objects.filter(action="assessment.ended").count() == 1


def test_an_end_has_person_time_and_reason(cast: Cast) -> None:
    now = timezone.now()
    for values in (
        {"ended_by": cast.leader}, {"ended_at": now}, {"end_reason": WHY}, {"ended_by": cast.leader, "ended_at": now},
    ):  # fmt: skip
        row = assessed(cast)
        for name, value in values.items():
            setattr(row, name, value)
        with acting(cast.leader), pytest.raises(IntegrityError), transaction.atomic():
            row.save(update_fields=list(values))


def test_two_who_refuse_at_once_leave_one_end(committed_db: str) -> None:
    cast = make_cast()
    row = written(cast)
    found = at_once(
        partial(actions.end, actor=cast.leader, assessment=row, reason=WHY),
        partial(actions.end, actor=cast.security_admin, assessment=row, reason=WHY),
    )
    assert sorted(isinstance(one, RequestRefused) for one in found) == [False, True]
    assert Event.objects.filter(action="assessment.ended").count() == 1


def test_it_is_withdrawn_on_its_page_with_a_reason(cast: Cast, client: Client) -> None:
    row = assessed(cast)
    page, end = (
        reverse(f"archive:{name}", args=[row.public_id]) for name in ("assessment", "assessment_end")
    )
    client.force_login(cast.registrar)
    assert end not in client.get(page).content.decode()
    client.force_login(cast.leader)
    assert end in client.get(page).content.decode()
    answer = client.post(end, {"reason": ""})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["reason"])
    assert client.post(end, {"reason": WHY})["Location"] == page
    shown = client.get(page).content.decode()
    assert WHY in shown and end not in shown
    assert ImpactAssessment.objects.get().ended_by == cast.leader
    register = reverse("archive:assessments")
    listed = {
        state: row.number in client.get(f"{register}?state={state}").content.decode()
        for state in ("stands", "ended")
    }
    assert listed == {"stands": False, "ended": True}
