"""``manage.py reapply_destruction``: what a restore calls, so that destroyed files do not come back with a backup."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from archive.retention import restoring
from archive.retention.destroying import reapply

STANDARD = "-"


class Command(BaseCommand):
    """Keep the register of destruction outside the database; load it and erase again what it names."""

    help = (
        "Erase again every file that stands in the register of destruction and lives in this database, and stored "
        "contents that came back. With --register the exported register is loaded first, as the owner of the tables. "
        "Safe to run at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        ways = parser.add_mutually_exclusive_group()
        ways.add_argument(
            "--export", metavar="FILE", help="only write the register, signed; - for standard output"
        )
        ways.add_argument(
            "--register", metavar="FILE", help="load an exported register first; - for standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["export"]:
            self._export(options["export"])
            return
        if options["register"]:
            self._load(options["register"])
        files, contents = reapply()
        self.stdout.write(f"{files} files and {contents} stored contents erased again")

    def _export(self, name: str) -> None:
        content = restoring.exported()
        if name == STANDARD:
            self.stdout.write(content.decode())
        else:
            Path(name).write_bytes(content)

    def _load(self, name: str) -> None:
        try:
            content = sys.stdin.buffer.read() if name == STANDARD else Path(name).read_bytes()
            written, skipped = restoring.load(content)
        except OSError as error:
            raise CommandError(_("%(name)s cannot be read.") % {"name": name}) from error
        except restoring.RegisterRefused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{written} lines of the register loaded")
        if skipped:
            self.stdout.write(
                f"{skipped} lines left out: neither the student nor his school is in this database"
            )
