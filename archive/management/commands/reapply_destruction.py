"""``manage.py reapply_destruction``: what a restore calls, so that destroyed files do not come back with a backup."""

from typing import Any

from django.core.management.base import BaseCommand

from archive.retention.destroying import reapply


class Command(BaseCommand):
    """Erase again every file of the register of destruction that lives in this database."""

    help = (
        "Erase again every file that stands in the register of destruction and lives in this database, and stored "
        "contents that came back. Safe to run at any time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        files, contents = reapply()
        self.stdout.write(f"{files} files and {contents} stored contents erased again")
