"""Lines and things of the permission matrix for students' accounts and what they say of their files."""

from typing import Any

from accounts.access import OWN_FILE
from ledger.context import acting, service_user
from records.models import OwnCheck
from tests.guards.lines import Route, route
from tests.guards.world import World, kind


@kind
def correction(world: World) -> OwnCheck:
    """What that student says is wrong."""
    stay = world.student.enrolments.get()
    with acting(service_user()):
        made: OwnCheck = OwnCheck.objects.create(
            student=world.student, enrolment=stay, kind="correction", section="basic", words="某"
        )
    return made


def _student(world: World) -> Any:
    return world.student


def _correction(world: World) -> Any:
    return {"public_id": world.correction.public_id}


SELF: dict[str, Route] = {
    "records:own_file": route(OWN_FILE, methods="GET POST"),
    "records:own_file_confirm": route(OWN_FILE, methods="POST"),
    "records:own_file_correction": route(OWN_FILE, methods="POST"),
    "records:corrections": route("request_change", methods="GET POST"),
    "records:correction": route("request_change", obj=_correction, methods="GET POST"),
    "records:student_accounts": route("open_student_accounts"),
    "records:student_accounts_open": route(
        "open_student_accounts",
        obj=lambda world: {"class_id": world.student_class.public_id},
        methods="POST",
    ),
    "records:student_account": route("open_student_accounts", obj=_student),
    **{
        f"records:student_account_{act}": route("open_student_accounts", obj=_student, methods="POST")
        for act in ("open", "close")
    },
}
