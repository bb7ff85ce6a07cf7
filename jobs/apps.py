from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Long work")

    def ready(self) -> None:
        from core.menu import MenuItem, register
        from ledger import events

        events.register("job.result_downloaded", _("Made file downloaded"))
        register(
            MenuItem(_("Background work"), "jobs:jobs", "progress-check", "", "work", 90, also=("jobs:",))
        )
