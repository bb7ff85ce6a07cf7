"""Units: who may add, change and close them, and what the database holds of it."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.scope import NotPermitted
from ledger.models import Event
from school.models import Unit
from setup import actions
from tests.cast import Cast
from tests.factories import make_unit, saved

K = Unit.Kind


def _fault(call: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        call()
    return getattr(caught.value, "message_dict", {"": caught.value.messages})


def test_a_department_is_added_with_path_history_and_event(cast: Cast) -> None:
    unit = actions.add_unit(
        actor=cast.system_admin, parent=cast.school, kind=K.DEPARTMENT, name="总务处", label_en="Services"
    )
    stored = Unit.objects.get(pk=unit.pk)
    assert stored.ancestors == [*cast.school.ancestors, cast.school.pk]
    line = stored.history.get()
    assert (line.history_user, line.history_role) == (cast.system_admin, "system_admin")
    event = Event.objects.get(action="unit.added")
    assert (event.actor, event.object_id, event.unit_id) == (cast.system_admin, unit.pk, unit.pk)


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        (K.BUREAU, {"name": "局"}, "kind"),
        (K.SCHOOL, {"name": "校"}, "kind"),
        (K.DEPARTMENT, {"name": "招生办"}, "name"),
        (K.DEPARTMENT, {"name": "处", "stage": "primary"}, "stage"),
        (K.SITE, {"name": "点", "duty": "archives"}, "duty"),
        (K.DEPARTMENT, {"name": ""}, "name"),
    ],
)
def test_a_unit_that_does_not_fit_is_refused(cast: Cast, kind: str, values: Any, field: str) -> None:
    before = Unit.objects.count()
    faults = _fault(
        lambda: actions.add_unit(actor=cast.system_admin, parent=cast.school, kind=kind, **values)
    )
    assert field in faults
    assert Unit.objects.count() == before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "新校", "code": "2142001616", "stage": "primary"}, "code"),
        ({"name": "新校", "code": "12", "stage": "primary"}, "code"),
        ({"name": "新校", "code": "2142009999"}, "stage"),
    ],
)
def test_a_school_needs_its_own_code_and_kind(cast: Cast, top_admin: User, values: Any, field: str) -> None:
    faults = _fault(lambda: actions.add_unit(actor=top_admin, parent=cast.bureau, kind=K.SCHOOL, **values))
    assert field in faults


def test_units_are_kept_only_from_above(cast: Cast) -> None:
    for parent in (cast.bureau, cast.other_school):
        with pytest.raises(NotPermitted):
            actions.add_unit(actor=cast.system_admin, parent=parent, kind=K.DEPARTMENT, name="处")
    with pytest.raises(NotPermitted):
        actions.change_unit(actor=cast.clerk, unit=cast.school, name="别名")
    with pytest.raises(NotPermitted):
        actions.close_unit(actor=cast.system_admin, unit=cast.school, reason="撤并")


def test_a_change_over_a_newer_version_is_refused(cast: Cast) -> None:
    seen = actions.version_of(cast.finance_office)
    actions.change_unit(actor=cast.registrar, unit=cast.finance_office, seen=seen, name="财务处")
    with pytest.raises(actions.Stale) as stale:
        actions.change_unit(actor=cast.system_admin, unit=cast.finance_office, seen=seen, name="财会室")
    assert "杨丽" in stale.value.messages[0]
    assert Unit.objects.get(pk=cast.finance_office.pk).name == "财务处"


def test_saving_the_same_again_leaves_no_trace(cast: Cast) -> None:
    lines = cast.school.history.count()
    actions.change_unit(actor=cast.system_admin, unit=cast.school, name=cast.school.name)
    assert cast.school.history.count() == lines
    assert not Event.objects.filter(action="unit.changed").exists()


def test_a_unit_closes_only_when_nobody_needs_it(cast: Cast, top_admin: User) -> None:
    faults = _fault(lambda: actions.close_unit(actor=top_admin, unit=cast.school, reason="撤并"))[""]
    assert len(faults) == 3
    site = actions.add_unit(actor=cast.system_admin, parent=cast.school, kind=K.SITE, name="竹溪教学点")
    actions.close_unit(actor=cast.system_admin, unit=site, reason="撤并")
    stored = Unit.objects.get(pk=site.pk)
    assert not stored.is_active
    assert stored.history.first().history_change_reason == "撤并"
    assert _fault(lambda: actions.close_unit(actor=cast.system_admin, unit=site, reason="再来"))
    with pytest.raises(ValidationError):
        actions.add_unit(actor=cast.system_admin, parent=site, kind=K.DEPARTMENT, name="处")


def test_the_database_holds_what_the_code_would_forget(cast: Cast) -> None:
    for row in (
        Unit(parent=cast.bureau, kind=K.SCHOOL, name="无学段"),
        Unit(parent=cast.bureau, kind=K.SCHOOL, name="同码", code=cast.school.code, stage="primary"),
        Unit(parent=cast.bureau, kind=K.DEPARTMENT, name=cast.school.name),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            saved(row)


def test_the_tree_is_made_by_parents(cast: Cast) -> None:
    site = make_unit("点", cast.school, kind=K.SITE)
    assert site.ancestors == [cast.bureau.pk, cast.school.pk]
