from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Security")

    def ready(self) -> None:
        from accounts import reopening
        from approvals import inbox
        from archive.retention import obstacles
        from audit.alerts import inbox as alerts
        from audit.events import EVENTS
        from audit.incidents import inbox as incidents
        from audit.incidents.actions import note_opened
        from audit.incidents.selectors import READERS, open_concerned
        from audit.inspections.registers import EVENTS as SUPERVISION
        from audit.inspections.registers import register_all
        from core.menu import MenuItem, register
        from ledger import events

        for name, label in {**EVENTS, **SUPERVISION}.items():
            events.register(name, label)
        register_all()
        reopening.register("audit.incidents", note_opened)
        inbox.register(inbox.InboxSource("alerts", _("Alerts"), alerts.rows))
        inbox.register(inbox.InboxSource("incidents", _("Incidents"), incidents.rows))
        neutral = _("Not to be destroyed for the present. Ask the security administrator.")
        obstacles.register("incident", neutral, open_concerned)
        register(
            MenuItem(
                _("Incidents"), "audit:incidents", "flag", READERS, "audit", 20, also=("audit:incident",)
            )
        )  # fmt: skip
        register(MenuItem(_("Report an incident"), "audit:incident_report", "flag", "", "work", 95))
        register(
            MenuItem(
                _("Alerts of much reading"), "audit:alerts", "alert-triangle", "manage_incident", "audit", 10,
                also=("audit:alert",),
            )
        )  # fmt: skip
