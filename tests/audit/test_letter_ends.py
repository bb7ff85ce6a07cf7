"""What becomes of a responsibility letter that is superseded, has run out, or was ended: its papers and its register."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals.refusals import StaleVersion
from audit.letters import actions
from audit.models import Letter
from tests.audit.test_letters import published, renewed
from tests.cast import Cast, make_cast
from tests.support.behind import behind

pytestmark = pytest.mark.requirement("S1-4-2")


def test_nobody_ends_a_version_that_he_did_not_look_at(cast: Cast, client: Client) -> None:
    first = published(cast)
    second = renewed(cast, first, text="另一份")
    with pytest.raises(StaleVersion):
        actions.end(actor=cast.leader, version=first)
    client.force_login(cast.leader)
    answer = client.post(reverse("audit:letter_end", args=[first.public_id]), follow=True)
    (why,) = answer.context["messages"]
    assert why.level_tag == "error" and Letter.objects.get().ended_at is None
    actions.end(actor=cast.leader, version=second)
    assert Letter.objects.get().ended_by == cast.leader


def test_a_version_published_meanwhile_is_not_ended(committed_db: None) -> None:
    cast = make_cast()
    first = published(cast)
    gave: Any = behind(lambda: renewed(cast, first), lambda: actions.end(actor=cast.leader, version=first))
    assert isinstance(gave, StaleVersion) and Letter.objects.get().ended_at is None
