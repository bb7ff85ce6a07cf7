from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchoolConfig(AppConfig):
    name = "school"
    verbose_name = _("School")

    def ready(self) -> None:
        from ledger import events

        events.register("school.reference_loaded", _("Code lists and regions loaded"))
        events.register("school.demonstration_loaded", _("Demonstration school loaded"))
