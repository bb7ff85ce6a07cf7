"""Choosing a unit in the top bar: it narrows lists and nothing else."""

from typing import Any

import pytest
from django.test import Client

from accounts import actions
from accounts.models import Appointment
from accounts.roles import Role
from school.models import Unit
from tests.cast import Cast
from tests.enrollment.intake import make_batch
from tests.factories import appoint, make_class, make_unit, make_user


@pytest.fixture
def officer(client: Client, cast: Cast) -> Client:
    """Somebody of the bureau above both schools of the cast."""
    make_batch(cast.school, code="OWN")
    make_batch(cast.other_school, code="OTHER")
    client.force_login(cast.bureau_officer)
    return client


def codes(client: Client) -> set[str]:
    return {row.code for row in client.get("/intake/batches/").context["list"].objects}


def choose(client: Client, unit: Unit | None, back: str = "/intake/batches/") -> Any:
    key = str(unit.public_id) if unit else ""
    return client.post("/me/unit/", {"unit": key, "next": back})


def test_a_chosen_unit_narrows_lists_until_all_are_chosen_again(officer: Client, cast: Cast) -> None:
    assert codes(officer) == {"OWN", "OTHER"}
    assert choose(officer, cast.school)["Location"] == "/intake/batches/"
    page = officer.get("/intake/batches/")
    assert {row.code for row in page.context["list"].objects} == {"OWN"}
    assert page.context["identity"].unit == "红花小学"
    choose(officer, cast.bureau)
    assert codes(officer) == {"OWN", "OTHER"}, "the schools below belong to the bureau"
    choose(officer, cast.other_school)
    assert codes(officer) == {"OTHER"}
    choose(officer, None)
    assert codes(officer) == {"OWN", "OTHER"}
    assert officer.get("/").context["identity"].unit == cast.bureau.name


def test_a_page_of_another_unit_stays_open(officer: Client, cast: Cast) -> None:
    batch = make_batch(cast.other_school, code="PAGE")
    choose(officer, cast.school)
    assert officer.get(f"/intake/batches/{batch.public_id}/").status_code == 200


def test_only_ones_own_units_are_offered_the_last_five_first(officer: Client, cast: Cast) -> None:
    schools = [make_unit(f"第{number}小学", cast.bureau) for number in range(1, 7)]
    for school in schools:
        assert choose(officer, school).status_code == 302
    shown = officer.get("/me/units/").context
    assert [place.label for place in shown["recent"]] == [
        "第6小学",
        "第5小学",
        "第4小学",
        "第3小学",
        "第2小学",
    ]
    assert {place.label for place in shown["every"]} >= {"东湖区教育局", "红花小学", "青山小学", "第1小学"}
    assert not {place.label for place in shown["every"]} & {"招生办", "教务处"}
    elsewhere = make_unit("远山小学")
    for key in (str(elsewhere.public_id), "x"):
        assert officer.post("/me/unit/", {"unit": key}).status_code == 404
    assert officer.get("/").context["identity"].unit == "第6小学"


def test_a_choice_ends_with_the_right(officer: Client, cast: Cast) -> None:
    choose(officer, cast.other_school)
    appoint(cast.bureau_officer, Role.LEADER, cast.school)
    keeper = make_user("某安全员", cast.bureau)
    appoint(keeper, Role.SECURITY_ADMIN, cast.bureau)
    role = Appointment.objects.get(user=cast.bureau_officer, role=Role.BUREAU_OFFICER)
    actions.end_appointment(actor=keeper, appointment=role, reason="离任")
    page = officer.get("/school/units/")
    assert {row.name for row in page.context["list"].objects} >= {"红花小学", "招生办"}
    assert not page.context["list"].is_narrowed
    assert page.context["identity"].unit == cast.bureau.name


def test_who_has_one_school_sees_no_switch(client: Client, cast: Cast) -> None:
    client.force_login(cast.clerk)
    page = client.get("/")
    assert not page.context["identity"].switches
    assert "xj-unit-menu" not in page.content.decode()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_way_back_stays_here(officer: Client, cast: Cast, back: str) -> None:
    assert choose(officer, cast.school, back)["Location"] == "/"


def test_classes_keep_to_the_unit_too(client: Client, cast: Cast) -> None:
    theirs = make_class(cast.other_school)
    client.force_login(cast.bureau_officer)
    choose(client, cast.other_school)
    assert [row.pk for row in client.get("/school/classes/").context["list"].objects] == [theirs.pk]
