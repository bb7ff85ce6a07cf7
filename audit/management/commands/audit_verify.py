"""``manage.py audit_verify``: prove that nothing in the ledger was altered, added or removed."""

import json
import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.seals.actions import keep
from ledger.context import service_user
from ledger.months import BadArchive, check_file
from ledger.seals.verifying import Proof, verify


class Command(BaseCommand):
    """Verify, print what is wrong, keep the result."""

    help = "Verify the seals of the ledger and everything under them. The exit status is 1 when something is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", default="", metavar="YYYY-MM-DD", help="compare rows sealed from this day on"
        )
        parser.add_argument(
            "--archive",
            type=Path,
            metavar="FILE",
            help="check an archived month of events, decrypted (.jsonl.gz)",
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["archive"]:
            self._check(options["archive"])
            return
        proof = verify(_moment(options["since"]))
        if options["json"]:
            self.stdout.write(json.dumps(_told(proof), ensure_ascii=False, indent=1))
        else:
            self._print(proof)
        by: Any = service_user()
        keep(actor=by, proof=proof)
        if proof.count:
            sys.exit(1)

    def _check(self, path: Path) -> None:
        try:
            found = check_file(path)
        except BadArchive as error:
            raise CommandError(_("%(name)s is no archive of a month.") % {"name": path}) from error
        for one in found.kept:
            self.stdout.write(one.line())
        self.stdout.write(_("%(faults)s faults") % {"faults": found.count})
        if found.count:
            sys.exit(1)

    def _print(self, proof: Proof) -> None:
        for one in proof.findings:
            self.stdout.write(one.line())
        told = _("%(seals)s seals, %(rows)s rows, %(faults)s faults")
        self.stdout.write(told % {"seals": proof.seals, "rows": proof.rows, "faults": proof.count})


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return timezone.make_aware(datetime.combine(date.fromisoformat(text), time.min))
    except ValueError as error:
        raise CommandError(_("Write the day as YYYY-MM-DD.")) from error


def _told(proof: Proof) -> dict[str, Any]:
    return {
        "started_at": proof.started_at.isoformat(),
        "ended_at": proof.ended_at.isoformat(),
        "since": proof.since.isoformat() if proof.since else None,
        "seals": proof.seals,
        "rows": proof.rows,
        "faults": proof.count,
        "findings": [one.values() for one in proof.findings],
    }
