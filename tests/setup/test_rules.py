"""Rules: typed, dated, inherited, set by who may."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.scope import NotPermitted
from ledger.models import Event
from school.models import Rule
from school.rules import rule
from setup import actions
from tests.cast import Cast
from tests.factories import saved, set_rule

DAY = timedelta(days=1)


def test_a_rule_holds_from_its_day_and_for_the_units_below(cast: Cast, top_admin: User) -> None:
    today = timezone.localdate()
    actions.set_rule(
        actor=top_admin, unit=cast.bureau, key="head_review_days", value="5", valid_from=today, reason="统一"
    )
    actions.set_rule(
        actor=cast.system_admin,
        unit=cast.school,
        key="head_review_days",
        value="2",
        valid_from=today + 10 * DAY,
        reason="提速",
    )
    assert rule(cast.other_school, "head_review_days") == 5
    assert rule(cast.admissions, "head_review_days") == 5
    assert rule(cast.admissions, "head_review_days", on=today + 10 * DAY) == 2
    assert rule(cast.school, "head_review_days", on=today - DAY) == 3
    event = Event.objects.filter(action="rule.set").latest("at")
    assert event.detail == {"rule": "head_review_days", "value": "2"}
    assert event.reason == "提速"


@pytest.mark.parametrize(
    ("key", "value"), [("head_review_days", "0"), ("head_review_days", "３"), ("class_number_rule", "X")]
)
def test_a_value_of_the_wrong_type_is_refused(cast: Cast, key: str, value: str) -> None:
    with pytest.raises(ValidationError) as fault:
        actions.set_rule(
            actor=cast.system_admin,
            unit=cast.school,
            key=key,
            value=value,
            valid_from=timezone.localdate(),
            reason="试",
        )
    assert "value" in fault.value.message_dict


def test_days_gone_by_and_empty_reasons_are_refused(cast: Cast) -> None:
    today = timezone.localdate()
    for valid_from, reason, field in ((today - DAY, "试", "valid_from"), (today, "  ", "reason")):
        with pytest.raises(ValidationError) as fault:
            actions.set_rule(
                actor=cast.system_admin,
                unit=cast.school,
                key="bulk_limit",
                value="100",
                valid_from=valid_from,
                reason=reason,
            )
        assert field in fault.value.message_dict


@pytest.mark.requirement("S0-3.3-3", "S3-3.3-1")
def test_the_scheme_of_duties_comes_from_the_unit_above(cast: Cast) -> None:
    today = timezone.localdate()
    with pytest.raises(NotPermitted):
        actions.set_rule(
            actor=cast.system_admin,
            unit=cast.school,
            key="duty_scheme",
            value="small",
            valid_from=today,
            reason="人少",
        )
    actions.set_rule(
        actor=cast.bureau_officer,
        unit=cast.school,
        key="duty_scheme",
        value="small",
        valid_from=today,
        reason="人少",
    )
    assert rule(cast.school, "duty_scheme") == "small"
    with pytest.raises(NotPermitted):
        actions.set_rule(
            actor=cast.bureau_officer,
            unit=cast.bureau,
            key="duty_scheme",
            value="small",
            valid_from=today,
            reason="无人在上",
        )


def test_the_same_day_is_replaced_and_history_keeps_both(cast: Cast) -> None:
    today = timezone.localdate()
    for value in ("100", "200"):
        actions.set_rule(
            actor=cast.system_admin,
            unit=cast.school,
            key="bulk_limit",
            value=value,
            valid_from=today,
            reason="试",
        )
    row = Rule.objects.get(unit=cast.school, key="bulk_limit")
    assert [line.value for line in row.history.all()] == ["200", "100"]


def test_only_a_value_that_is_not_in_force_can_be_withdrawn(cast: Cast) -> None:
    tomorrow = timezone.localdate() + DAY
    act = {"actor": cast.system_admin, "unit": cast.school, "key": "bulk_limit"}
    actions.set_rule(**act, value="100", valid_from=tomorrow, reason="试")
    actions.withdraw_rule(**act, valid_from=tomorrow, reason="误设")
    assert not Rule.objects.filter(key="bulk_limit").exists()
    gone = Rule.history.filter(key="bulk_limit").first()
    assert (gone.history_type, gone.history_change_reason) == ("-", "误设")
    old = set_rule(cast.school, "bulk_limit", "50")
    with pytest.raises(ValidationError):
        actions.withdraw_rule(**act, valid_from=old.valid_from, reason="误设")


def test_one_value_a_day_is_held_by_the_database(cast: Cast) -> None:
    old = set_rule(cast.school, "bulk_limit", "50")
    with pytest.raises(IntegrityError), transaction.atomic():
        saved(Rule(unit=cast.school, key="bulk_limit", value="60", valid_from=old.valid_from, reason="试"))
