"""Lines and things of the permission matrix for requests for roles, reviews of roles and responsibility letters."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.access import SIGNED_IN
from audit.grant_reviews.actions import open_due
from audit.models import GrantReview, Letter, LetterSignature, LetterVersion
from files.actions import store
from ledger.context import service_user
from tests.enrollment.intake import picture
from tests.factories import saved, set_rule
from tests.guards.lines import Route, route
from tests.guards.world import World, kind

RUN, READ, HEAD = "manage_grants", "view_grants", "approve_rights"
PLAN, INSPECT = "plan_inspections", "inspect_departments"
LETTERS = (PLAN, INSPECT, READ)


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


@kind
def letter(world: World) -> LetterVersion:
    """A letter of the side's school, signed on paper by its person; nobody who is asked there has to sign it."""
    made = saved(Letter(number=f"ZR-{world.side}", school=world.unit))
    version: LetterVersion = LetterVersion.objects.create(
        letter=made, version=1, title="某", text="某", roles=["grade_admin"], digest="0" * 64,
        valid_until=timezone.localdate(), published_by=service_user(),
    )  # fmt: skip
    scan = store(actor=service_user(), content=picture(), filename="e.jpg", allowed=("jpeg",))
    LetterSignature.objects.create(
        version=version, person=world.person, digest="0" * 64, signed_on=timezone.localdate(), scan=scan,
        registered_by=service_user(),
    )  # fmt: skip
    return version


def _letter(world: World) -> Any:
    return {"version_id": world.letter.public_id}


def _scan(world: World) -> Any:
    return {"signature_id": world.letter.signatures.get().public_id}


def _review(world: World) -> Any:
    return world.grant_review


RIGHTS: dict[str, Route] = {
    "audit:role_new": route(SIGNED_IN, methods="GET POST"),
    "audit:role_print": route(SIGNED_IN, obj=_request, good=frozenset({404}), methods="POST"),
    "audit:letters": route(*LETTERS, methods="GET POST"),
    "audit:letters_mine": route(SIGNED_IN),
    "audit:letter_new": route(PLAN, methods="GET POST"),
    "audit:letter": route(*LETTERS, obj=_letter, methods="GET POST"),
    "audit:letter_next": route(PLAN, obj=_letter, methods="GET POST"),
    "audit:letter_end": route(PLAN, obj=_letter, methods="POST"),
    "audit:letter_paper": route(INSPECT, obj=_letter, methods="GET POST"),
    "audit:letter_register_print": route(*LETTERS, obj=_letter, methods="POST"),
    "audit:letter_scan": route(*LETTERS, obj=_scan),
    "audit:letter_sign": route(SIGNED_IN, obj=_letter, good=frozenset({404}), methods="GET POST"),
    "audit:letter_print": route(SIGNED_IN, obj=_letter, good=frozenset({404}), methods="POST"),
    "audit:grant_reviews": route(RUN, READ, HEAD, methods="GET POST"),
    "audit:grant_review_open": route(RUN, methods="POST"),
    "audit:grant_review": route(RUN, READ, HEAD, obj=_review, methods="GET POST"),
    "audit:grant_review_answer": route(HEAD, RUN, obj=_review, methods="POST"),
    "audit:grant_review_finish": route(RUN, obj=_review, methods="POST"),
    "audit:grant_review_report": route(RUN, READ, obj=_review, methods="POST"),
}
