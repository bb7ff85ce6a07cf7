"""Lines and things of the permission matrix for requests for roles and reviews of roles."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.access import SIGNED_IN
from audit.grant_reviews.actions import open_due
from audit.models import GrantReview
from tests.factories import set_rule
from tests.guards.lines import Route, route
from tests.guards.world import World, kind

RUN, READ, HEAD = "manage_grants", "view_grants", "approve_rights"


@kind
def grant_review(world: World) -> GrantReview:
    """The open review of the side's school."""
    today = timezone.localdate()
    set_rule(world.unit, "grant_review_month", str(today.month), valid_from=today - timedelta(days=1))
    assert world.person is not None
    open_due(today)
    found: GrantReview = GrantReview.objects.get(school=world.unit)
    return found


def _request(world: World) -> Any:
    """Of another kind and other people's; tests/audit/test_rights.py drives the parties."""
    return {"request_id": world.edit_request.public_id}


def _review(world: World) -> Any:
    return world.grant_review


RIGHTS: dict[str, Route] = {
    "audit:role_new": route(SIGNED_IN, methods="GET POST"),
    "audit:role_print": route(SIGNED_IN, obj=_request, good=frozenset({404}), methods="POST"),
    "audit:grant_reviews": route(RUN, READ, HEAD, methods="GET POST"),
    "audit:grant_review_open": route(RUN, methods="POST"),
    "audit:grant_review": route(RUN, READ, HEAD, obj=_review, methods="GET POST"),
    "audit:grant_review_answer": route(HEAD, RUN, obj=_review, methods="POST"),
    "audit:grant_review_finish": route(RUN, obj=_review, methods="POST"),
    "audit:grant_review_report": route(RUN, READ, obj=_review, methods="POST"),
}
