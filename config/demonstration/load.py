"""Loading the demonstration in one transaction."""

from typing import Any, cast

from django.db import transaction

from accounts.models import User
from config.demonstration import intake, letters, merits, people, supervision, units
from ledger import events
from ledger.context import acting_for_job, service_user
from school.models import Unit
from school.reference import load_reference_data


class OtherSchools(Exception):
    """The database holds schools that are not the demonstration's; it is left alone."""


def is_loaded() -> bool:
    """Whether this database holds the demonstration school."""
    return bool(Unit.objects.filter(code=units.SCHOOL_CODE, name=units.TREE["primary"][1]["name"]).exists())


@transaction.atomic
def load() -> None:
    """Load the demonstration. Raises OtherSchools when there are units already."""
    if Unit.objects.exists():
        raise OtherSchools
    service = cast("User", service_user())
    with acting_for_job(reason=people.REASON):
        load_reference_data(actor=service)
        _load_school(service)
        events.record("school.demonstration_loaded", actor=service)


def _load_school(service: Any) -> None:
    tree = units.make_units(service)
    units.make_rules(tree, service)
    units.make_calendar(tree, service)
    programmes = units.make_programmes(tree, service)
    classes = units.make_classes(tree, programmes, service)
    staff = people.make_people(tree, service)
    people.make_class_staff(staff, classes, staff["registrar1"])
    batches = intake.make_batches(tree, service)
    intake.fill_batches(batches, staff)
    merits.fill(staff)
    supervision.fill(staff)
    letters.fill()
    people.make_pupil_account(staff["registrar1"])


def accounts() -> str:
    """The accounts as text for the terminal, the password first."""
    names = dict(User.objects.filter(kind=User.Kind.STAFF).values_list("staff_no", "name"))
    lines = [f"Demonstration accounts, all with the password {people.PASSWORD}"]
    for one in people.PEOPLE:
        if one.staff_no in names:
            role = one.role.name.replace("_", " ").lower()
            place = units.label(one.on)
            lines.append(f"  {one.staff_no:<15} {role:<22} {place}")
    lines.append(f"  {people.PUPIL:<15} {'student':<22} his own file alone")
    return "\n".join(lines)
