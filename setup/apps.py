from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SetupConfig(AppConfig):
    name = "setup"
    verbose_name = _("School settings")

    def ready(self) -> None:
        from ledger import events
        from setup import frame
        from setup.events import EVENTS

        frame.register()

        for name, label in EVENTS.items():
            events.register(name, label)
