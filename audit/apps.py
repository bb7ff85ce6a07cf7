from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Security")

    def ready(self) -> None:
        from django.urls import reverse

        from accounts import reopening
        from approvals import inbox, kinds
        from archive.retention import obstacles
        from audit.alerts import inbox as alerts
        from audit.alerts.actions import raise_for_reading
        from audit.alerts.selectors import READERS as ALERTS
        from audit.events import EVENTS
        from audit.exports import actions as exports
        from audit.exports import inbox as export_inbox
        from audit.exports import kind as export_kind
        from audit.exports import selectors as export_reads
        from audit.grant_reviews import inbox as grant_reviews
        from audit.grant_reviews.selectors import READERS as REVIEWERS
        from audit.incidents import inbox as incidents
        from audit.incidents.actions import note_opened
        from audit.incidents.selectors import READERS, open_concerned
        from audit.inspections.registers import EVENTS as SUPERVISION
        from audit.inspections.registers import register_all
        from audit.letters import inbox as letters
        from audit.letters.selectors import READERS as LETTER_READERS
        from audit.rights.kind import KIND as ROLE
        from audit.seals import actions as seals
        from audit.seals import inbox as seals_inbox
        from core.menu import MenuItem, register
        from jobs import registry as jobs
        from ledger import events
        from records import erasing, exporting, reading
        from records.sections import Act, register_act

        for name, label in {**EVENTS, **SUPERVISION}.items():
            events.register(name, label)
        register_all()
        reading.on_much_reading(raise_for_reading)
        reopening.register("audit.incidents", note_opened)
        inbox.register(inbox.InboxSource("alerts", _("Alerts"), alerts.rows))
        kinds.register(ROLE)
        inbox.register(inbox.InboxSource("grant_reviews", _("Reviews of roles"), grant_reviews.rows))
        inbox.register(inbox.InboxSource("exports", _("Exported files"), export_inbox.rows))
        inbox.register(inbox.InboxSource("incidents", _("Incidents"), incidents.rows))
        inbox.register(inbox.InboxSource("seals", _("Seals"), seals_inbox.rows))
        jobs.register(jobs.Kind(seals.JOB, _("Verification of the ledger"), seals.work, cancellable=False))
        neutral = _("Not to be destroyed for the present. Ask the security administrator.")
        obstacles.register("incident", neutral, open_concerned)
        kinds.register(export_kind.KIND)
        jobs.register(
            jobs.Kind(
                exports.JOB, _("Export of students"), exports.work, url=export_kind.page_of,
                may_take=exports.may_take,
            )
        )  # fmt: skip
        erasing.register("audit.exports", exports.erase)
        exporting.register(export_kind.url_for)
        register(
            MenuItem(
                _("Exports"), "audit:exports", "file-export", export_reads.READERS, "audit", 30,
                also=("audit:export_new", "audit:export_recognise"),
            )
        )  # fmt: skip
        register(
            MenuItem(
                _("Events"), "audit:events", "shield-check", "view_events", "audit", 5,
                also=("audit:event", "audit:event_charts", "audit:history", "audit:history_at"),
            )
        )  # fmt: skip
        register_act(
            "history",
            Act(
                _("Whole history"), "history",
                lambda user, file: reverse("audit:history", args=[file.student.public_id]),
                ("view_student",), order=750,
            ),
        )  # fmt: skip
        register(
            MenuItem(
                _("Incidents"), "audit:incidents", "flag", READERS, "audit", 20, also=("audit:incident",)
            )
        )  # fmt: skip
        register(MenuItem(_("Report an incident"), "audit:incident_report", "flag", "", "work", 95))
        register(
            MenuItem(
                _("Alerts"), "audit:alerts", "alert-triangle", ALERTS, "audit", 10,
                also=("audit:alert",),
            )
        )  # fmt: skip
        register(
            MenuItem(
                _("Reviews of roles"), "audit:grant_reviews", "list-check", REVIEWERS, "audit", 40,
                also=("audit:grant_review",),
            )
        )  # fmt: skip
        inbox.register(inbox.InboxSource("letters", _("Responsibility letters"), letters.rows))
        register(
            MenuItem(
                _("Responsibility letters"), "audit:letters", "file-pencil", LETTER_READERS, "audit", 38,
                also=("audit:letter", "audit:letter_new", "audit:letter_next", "audit:letter_paper"),
            )
        )  # fmt: skip
        register(
            MenuItem(
                _("My letters"), "audit:letters_mine", "file-pencil", "", "work", 93,
                also=("audit:letter_sign",),
            )
        )  # fmt: skip
        register(MenuItem(_("Ask for a role"), "audit:role_new", "user-check", "", "work", 94))
        register(
            MenuItem(
                _("Seals and verification"), "audit:seals", "certificate", "view_events", "audit", 60,
                also=("audit:seal", "audit:verifications", "audit:verification"),
            )
        )  # fmt: skip
