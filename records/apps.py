from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = _("Student files")

    def ready(self) -> None:
        from ledger import events

        events.register("student.opened", _("Student file opened"))
