"""Load the code lists and regions that come with the product."""

from typing import Any

from django.core.management.base import BaseCommand

from ledger.context import acting_for_job, service_user
from school.reference import load_reference_data


class Command(BaseCommand):
    """``manage.py load_reference_data``: safe to run again."""

    help = "Load or refresh the code lists and regions that come with the product."

    def handle(self, *args: Any, **options: Any) -> None:
        with acting_for_job(reason="reference data"):
            loaded = load_reference_data(actor=service_user())
        self.stdout.write(f"{loaded.added} entries added, {loaded.changed} changed")
