"""The page of a refused act: in words, without codes and ids, naming whom to ask."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.refusals import explained
from accounts.roles import Role
from accounts.scope import NotPermitted
from tests.cast import Cast
from tests.factories import appoint, make_user
from tests.records.files import make_student

pytestmark = pytest.mark.django_db
PAGE = re.compile(r"<p data-error-text>(.*?)</p>", re.DOTALL)


def told(response: Any) -> str:
    assert response.status_code == 403
    (text,) = PAGE.findall(response.content.decode())
    return str(text)


@pytest.mark.requirement("S0-5.1-1")
def test_the_page_says_the_right_the_unit_and_whom_to_ask(client: Client, cast: Cast) -> None:
    with translation.override("en"):
        here = explained(cast.clerk, NotPermitted("manage_intake", unit_id=cast.school.pk))
        assert here == (
            f"This asks for the right “Open intake batches and set their rules” at {cast.school.label}, which you do "
            f"not have. Ask {cast.security_admin.name} (security administrator), who gives the roles."
        )
    student = make_student("王小明", cast, school_class=cast.school_class)
    client.force_login(cast.adviser)
    page = told(client.get(reverse("records:student_section", args=[student.public_id, "process"])))
    assert cast.security_admin.name in page
    assert cast.school.label in page
    assert "view_student" not in page
    assert not re.search(r"[0-9]", page.replace(cast.school.label, ""))


def test_a_unit_that_the_reader_cannot_know_of_is_not_named(cast: Cast) -> None:
    text = explained(cast.outsider, NotPermitted("manage_intake", unit_id=cast.school.pk))
    assert text
    assert cast.school.name not in text
    assert cast.other_school.name in explained(
        cast.outsider, NotPermitted("manage_intake", unit_id=cast.other_school.pk)
    )


def test_one_of_several_rights_is_told_as_such(cast: Cast) -> None:
    with translation.override("en"):
        text = explained(cast.teacher, NotPermitted("view_student", "view_applicant"))
    assert text.startswith("This asks for one of the rights “See student files”, “See applicants”, which")


def test_a_role_that_rests_is_named(cast: Cast) -> None:
    untrained = make_user("何新", cast.admissions)
    appoint(untrained, Role.ADMISSIONS_CLERK, cast.school, trained=False)
    with translation.override("en"):
        text = explained(untrained, NotPermitted("enter_applicant"))
    assert "Your role Admissions clerk gives nothing until a valid training is entered." in text


def test_a_refusal_without_a_right_shows_no_code(cast: Cast) -> None:
    assert explained(cast.clerk, NotPermitted("enrollment.print", unit_id=cast.school.pk)) == ""
