"""Lines and things of the permission matrix for the search over events and the history of student files."""

from typing import Any

from audit.models import SavedQuery
from ledger.models import Event
from tests.factories import saved
from tests.guards.lines import Route, route
from tests.guards.world import World, kind


@kind
def event(world: World) -> Event:
    """Somebody of the side's school did something that is about nobody."""
    made: Event = Event.objects.create(action="account.signed_in", actor=world.person, unit_id=world.unit.pk)
    return made


@kind
def saved_query(world: World) -> SavedQuery:
    """A query of the side's auditor."""
    owner = world.cast.auditor if world.side == "own" else world.person
    made: SavedQuery = saved(SavedQuery(owner=owner, name="某"), by=owner)
    return made


def _student(world: World) -> Any:
    return world.student


def _earlier(world: World) -> Any:
    member = world.student.family.get()
    row = member.history.first()
    address = {"kind": "records.FamilyMember", "row_id": row.history_id, "field": "phone"}
    return {"public_id": world.student.public_id, **address}


READS = ("view_events", "view_student")

HISTORY: dict[str, Route] = {
    "audit:events": route("view_events", methods="GET POST"),
    "audit:event_charts": route("view_events", methods="GET POST"),
    "audit:event": route("view_events", obj=lambda world: {"event_id": world.event.pk}),
    "audit:saved_query_new": route("view_events", methods="POST"),
    "audit:saved_query_drop": route(
        "view_events", obj=lambda world: {"query_id": world.saved_query.public_id}, methods="POST"
    ),
    "audit:history": route(*READS, obj=_student),
    "audit:history_at": route(*READS, obj=_student),
    # 403: the adviser sees the file of his own class, but not its history
    "audit:history_reveal": route("reveal_personal", obj=_earlier, methods="POST", cells={"adviser": 403}),
}
