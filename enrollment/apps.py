from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


class EnrollmentConfig(AppConfig):
    name = "enrollment"
    verbose_name = _("Intake")

    def ready(self) -> None:
        from accounts import open_work
        from approvals import inbox, notices, relation
        from approvals.spot_checks import sources
        from core import menu
        from enrollment import inbox as intake_inbox
        from enrollment import work_events
        from enrollment.accounting import accounted
        from enrollment.erasing import erase
        from enrollment.events import EVENTS
        from enrollment.file_section import CARD, SECTION
        from enrollment.finding import applicants
        from enrollment.importing.registration import register_all
        from enrollment.open_work import told
        from enrollment.relations import decided_on, stepped_aside
        from enrollment.selectors import merged_cases
        from ledger import events
        from ledger.seals import lawful
        from records import erasing, finders, sections

        lawful.register(accounted)
        open_work.register(told)
        finders.register(finders.Finder("applicants", _("Applicants"), ("view_applicant",), applicants))
        erasing.register("enrollment", erase)
        sections.register(SECTION)
        sections.register_act("student_card", CARD)
        for name, label in EVENTS.items():
            events.register(name, label)
        register_all()
        work_events.register_all()
        inbox.register(
            inbox.InboxSource("intake", _("Applicants"), intake_inbox.rows, several="enrollment:bulk_several")
        )
        menu.register(
            menu.MenuItem(
                _("Intake"),
                "enrollment:batches",
                "user-plus",
                "view_applicant",
                "intake",
                10,
                also=(
                    "enrollment:applicants",
                    "enrollment:applicant_form",
                    "enrollment:review",
                    "enrollment:review_return",
                    "enrollment:batch",
                    "enrollment:batch_new",
                    "enrollment:batch_change",
                    "enrollment:batch_printing",
                    "enrollment:self_check",
                    "enrollment:bulk",
                    "enrollment:bulk_plan",
                    "enrollment:bulk_report",
                    "enrollment:scan",
                    "enrollment:scans_upload",
                    "enrollment:scan_upload",
                ),
            )
        )
        relation.register(stepped_aside)
        sources.register(
            sources.Source("applicant", _("Acceptance"), merged_cases, decided_on, "enrollment:review")
        )
        for item in work_events.MENU:
            menu.register(item)
        notices.register(
            "intake.head_approved",
            ngettext_lazy(
                "%(about)s: %(count)s applicant was approved by the head of admissions",
                "%(about)s: %(count)s applicants were approved by the head of admissions",
                "count",
            ),
            "view_applicant",
        )
        notices.register(
            "intake.accepted",
            ngettext_lazy(
                "%(about)s: %(count)s student was accepted by the archives, the file is open",
                "%(about)s: %(count)s students were accepted by the archives, the files are open",
                "count",
            ),
            "view_applicant",
        )
