"""What the routes of the archives are driven with."""

from typing import Any

from django.utils import timezone

from archive.models import ProblemList, ProblemRow
from files.actions import store
from ledger.context import service_user
from tests.factories import saved
from tests.guards.world import World, kind


def appraisal(world: World) -> Any:
    """A round."""
    return {"round_id": world.appraisal.public_id}


def consent(world: World) -> Any:
    """A consent."""
    return {"consent_id": world.consent.public_id}


def inquiry(world: World) -> Any:
    """An inquiry."""
    return {"request_id": world.inquiry.public_id}


def sharing(world: World) -> Any:
    """A sharing."""
    return {"request_id": world.sharing.request.public_id}


@kind
def problem_record(world: World) -> ProblemRow:
    """A row of a list of that school, about its student."""
    by: Any = service_user()
    blob = store(actor=by, content="姓名,学号\n某人,1\n".encode(), filename="a.csv", allowed=("csv",))
    made = ProblemList(
        school=world.unit, source="own", title="x", due_on=timezone.localdate(), file=blob, brought_by=by
    )
    row: ProblemRow = saved(
        ProblemRow(problem_list=saved(made), row_no=2, student=world.student, match="matched", kind="error")
    )
    return row


def problem_list(world: World) -> Any:
    """A list of problem records."""
    return {"list_id": world.problem_record.problem_list.public_id}


def problem_row(world: World) -> Any:
    """A row of it."""
    return {"row_id": world.problem_record.public_id}
