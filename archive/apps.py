from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


class ArchiveConfig(AppConfig):
    name = "archive"
    verbose_name = _("Archives")

    def ready(self) -> None:
        from approvals import inbox, kinds, notices, work_items
        from archive.assessments import inbox as assessments
        from archive.assessments.selectors import READERS as ASSESSMENTS
        from archive.buttons import register_all
        from archive.catalogues.selectors import PERM as CATALOGUES
        from archive.certificates.actions import JOB, may_take, work
        from archive.consents.actions import WITHDRAWN
        from archive.deletions.kind import KIND as DELETION
        from archive.edits.kind import KIND as EDIT
        from archive.edits.selectors import work_item
        from archive.events import EVENTS
        from archive.four_checks import actions as four_checks
        from archive.four_checks.selectors import PERM as CHECKS
        from archive.inquiries.kind import KIND as INQUIRY
        from archive.problems.registers import register_all as register_problems
        from archive.retention.accounting import destructions
        from archive.retention.registers import register_all as register_retention
        from archive.sharing.actions import ENDED
        from archive.sharing.kind import KIND as SHARING
        from archive.sharing.selectors import READERS
        from core.menu import MenuItem, register
        from jobs import registry as jobs
        from ledger import events
        from ledger.seals import lawful

        lawful.register(destructions)
        kinds.register(EDIT)
        kinds.register(DELETION)
        kinds.register(INQUIRY)
        kinds.register(SHARING)
        work_items.register(work_item)
        register_retention()
        register_problems()
        ended = ngettext_lazy(
            "%(about)s: %(count)s sharing has ended", "%(about)s: %(count)s sharings have ended", "count"
        )
        notices.register(ENDED, ended)
        withdrawn = ngettext_lazy(
            "%(about)s: %(count)s consent was withdrawn after the release",
            "%(about)s: %(count)s consents were withdrawn after the release",
            "count",
        )
        notices.register(WITHDRAWN, withdrawn)
        failed = ngettext_lazy(
            "%(about)s: %(count)s file fails the four checks",
            "%(about)s: %(count)s files fail the four checks",
            "count",
        )
        notices.register(four_checks.FAILED, failed, CHECKS)
        locked = ngettext_lazy(
            "%(about)s: %(count)s file could not be checked, its key is missing or it is damaged",
            "%(about)s: %(count)s files could not be checked, their key is missing or they are damaged",
            "count",
        )
        notices.register(four_checks.LOCKED, locked, CHECKS)
        jobs.register(
            jobs.Kind(
                four_checks.JOB,
                _("Four checks of student files"),
                four_checks.work,
                failed=_("What was checked is kept; the rest is checked later."),
            )
        )
        register(
            MenuItem(
                _("Four checks"), "archive:four_checks", "shield-check", CHECKS, "archives", 30,
                also=("archive:file_checks",),
            )
        )  # fmt: skip
        register(MenuItem(_("Catalogues"), "archive:catalogues", "archive", CATALOGUES, "archives", 35))
        register(
            MenuItem(
                _("Sharings"), "archive:sharings", "upload", READERS, "archives", 10,
                also=("archive:sharing_new", "archive:sharing_consents"),
            )
        )  # fmt: skip
        inbox.register(inbox.InboxSource("assessments", _("Impact assessments"), assessments.rows))
        register(
            MenuItem(
                _("Impact assessments"), "archive:assessments", "scale", ASSESSMENTS, "audit", 35,
                also=("archive:assessment", "archive:assessment_new"),
            )
        )  # fmt: skip
        jobs.register(jobs.Kind(JOB, _("Certificates of a class"), work, may_take=may_take))
        register(
            MenuItem(
                _("Certificates"), "archive:certificates", "certificate", "issue_certificate", "archives", 20,
                also=("archive:certificate", "archive:certificate_check", "archive:certificate_class"),
            )
        )  # fmt: skip
        register(
            MenuItem(
                _("Change many files"), "archive:edit_many", "file-pencil", "request_change", "archives", 8
            )
        )
        register(
            MenuItem(
                _("Ask to read files"), "archive:inquiry_new", "file-text", "request_inquiry", "work", 16,
                also=("archive:inquiry_read",),
            )
        )  # fmt: skip
        for name, label in EVENTS.items():
            events.register(name, label)
        register_all()
