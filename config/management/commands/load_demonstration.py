"""Load the demonstration school, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import demonstration
from config.environment import PRODUCTION


class Command(BaseCommand):
    """``manage.py load_demonstration``: safe to run again; prints the accounts."""

    help = "Load the demonstration school with invented people, once, and print its accounts. Refused in production."

    def handle(self, *args: Any, **options: Any) -> None:
        if PRODUCTION:
            raise CommandError("Production has no demonstration school.")
        if not demonstration.is_loaded():
            try:
                demonstration.load()
            except demonstration.OtherSchools:
                self.stdout.write("The database holds other schools; the demonstration is not loaded.")
                return
        self.stdout.write(demonstration.accounts())
