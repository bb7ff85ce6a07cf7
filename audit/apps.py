from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Security")

    def ready(self) -> None:
        from approvals import inbox
        from audit.alerts import inbox as alerts
        from audit.events import EVENTS
        from core.menu import MenuItem, register
        from ledger import events

        for name, label in EVENTS.items():
            events.register(name, label)
        inbox.register(inbox.InboxSource("alerts", _("Alerts"), alerts.rows))
        register(
            MenuItem(
                _("Alerts of much reading"), "audit:alerts", "alert-triangle", "manage_incident", "audit", 10,
                also=("audit:alert",),
            )
        )  # fmt: skip
