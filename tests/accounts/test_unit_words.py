"""Departments are named with their school wherever accounts and grants are shown: every school has such an office."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.roles import Role
from tests.cast import Cast
from tests.factories import appoint, make_user

NAMES = {"zh-hans": "红花小学 · 招生办", "en": "Honghua Primary School · 招生办"}


def page(client: Client, route: str, *args: object) -> str:
    answer = client.get(reverse(route, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("language", list(NAMES))
def test_a_department_is_named_with_its_school(cast: Cast, client: Client, language: str) -> None:
    person = make_user("章明", cast.admissions)
    appoint(person, Role.ADMISSIONS_CLERK, cast.admissions)
    client.force_login(cast.security_admin)
    client.cookies["django_language"] = language
    assert page(client, "accounts:unit_grants", cast.admissions.public_id).count(NAMES[language]) >= 2
    shown = page(client, "accounts:user", person.public_id)
    assert shown.count(NAMES[language]) >= 3


def test_a_school_is_named_alone(cast: Cast) -> None:
    with translation.override("zh-hans"):
        assert cast.school.full_label == "红花小学"


def test_naming_the_schools_costs_no_question_for_each_row(cast: Cast, client: Client) -> None:
    client.force_login(cast.security_admin)
    counts = []
    for people in (1, 6):
        for _number in range(people):
            appoint(make_user("章明", cast.admissions), Role.ADMISSIONS_CLERK, cast.admissions)
        client.get(reverse("accounts:unit_grants", args=[cast.admissions.public_id]))
        with CaptureQueriesContext(connection) as queries:
            page(client, "accounts:unit_grants", cast.admissions.public_id)
        counts.append(len(queries))
    assert counts[0] == counts[1]
