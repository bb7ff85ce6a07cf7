"""``manage.py open_administrators``: the top unit and the first three accounts of a new installation."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.roles import ADMINISTRATORS, Role
from ledger.context import service_user
from school.models import Stage
from setup.actions.opening import TOP_KINDS, open_installation

OPTIONS = {"system": Role.SYSTEM_ADMIN, "security": Role.SECURITY_ADMIN, "audit": Role.AUDITOR}


class Command(BaseCommand):
    """Three persons get one account each; their passwords are printed once and changed at the first sign-in."""

    help = (
        "Open the top unit of an empty installation and its system, security and audit administrator: three persons, "
        "each with a password that is printed once and must be changed at the first sign-in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--unit", required=True, metavar="NAME", help="name of the top unit")
        parser.add_argument("--kind", required=True, choices=[str(kind.value) for kind in TOP_KINDS])
        parser.add_argument("--code", default="", help="school code; a school needs its ten digits")
        parser.add_argument("--stage", default="", choices=Stage.values, help="needed for a school")
        for name in OPTIONS:
            parser.add_argument(f"--{name}", required=True, nargs=2, metavar=("STAFF_NO", "NAME"))

    def handle(self, *args: Any, **options: Any) -> None:
        people = {role: (options[name][0], options[name][1]) for name, role in OPTIONS.items()}
        try:
            unit, passwords = open_installation(
                actor=service_user(),
                people=people,
                reason=_("First administrators of this installation"),
                kind=options["kind"],
                name=options["unit"],
                code=options["code"],
                stage=options["stage"],
            )
        except ValidationError as fault:
            raise CommandError("\n".join(fault.messages)) from fault
        self.stdout.write(_("%(unit)s is open. These passwords are shown only now:") % {"unit": unit})
        for role in ADMINISTRATORS:
            staff_no, name = people[role]
            self.stdout.write(f"  {staff_no}  {name}  {role.label}  {passwords[role]}")
