from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = _("Requests")

    def ready(self) -> None:
        from approvals import inbox, notices, selectors, work_items
        from approvals.reminders import DUE, OVERDUE
        from approvals.spot_checks import selectors as spot_selectors
        from approvals.spot_checks import sources
        from approvals.spot_checks.actions import FOUND, PERM
        from core.menu import MenuItem, register
        from ledger import events

        inbox.register(inbox.InboxSource("requests", _("Requests"), selectors.inbox_rows))
        inbox.register(inbox.InboxSource("notices", _("Notices"), notices.inbox_rows))
        inbox.register(inbox.InboxSource("overdue", _("Overdue too long"), selectors.overdue_rows))
        due = ngettext_lazy("%(count)s request is due", "%(count)s requests are due", "count")
        late = ngettext_lazy("%(count)s request is overdue", "%(count)s requests are overdue", "count")
        notices.register(DUE, due)
        notices.register(OVERDUE, late)
        found = ngettext_lazy(
            "%(about)s: the spot check found %(count)s fault",
            "%(about)s: the spot check found %(count)s faults",
            "count",
        )
        notices.register(FOUND, found)
        inbox.register(inbox.InboxSource("spot_checks", _("Spot checks"), spot_selectors.inbox_rows))
        work_items.register(selectors.work_item)
        sources.register(
            sources.Source(
                "request", _("Request"), sources.requests_of, sources.decided_on, "approvals:request"
            )
        )
        for name, label in EVENTS.items():
            events.register(name, label)
        register(
            MenuItem(
                _("Requests"), "approvals:requests", "inbox", "", "work", 15,
                also=("approvals:request", "approvals:overdue", "approvals:many", "approvals:delegations"),
            )
        )  # fmt: skip
        register(
            MenuItem(
                _("Spot checks"), "approvals:spot_checks", "list-check", (PERM, *spot_selectors.READERS), "work", 18,
                also=("approvals:spot_check",),
            )
        )  # fmt: skip


EVENTS = {
    "approval.opened": _("Request begun"),
    "approval.submitted": _("Request submitted"),
    "approval.step_taken": _("Step of a request taken"),
    "approval.returned": _("Request returned"),
    "approval.refused": _("Request refused"),
    "approval.recalled": _("Request recalled"),
    "approval.clock_stopped": _("Deadline of a request stopped"),
    "approval.clock_resumed": _("Deadline of a request runs on"),
    "approval.lapsed": _("Request lapsed"),
    "approval.escalated": _("Overdue request brought to the leader"),
    "approval.decided_many": _("Requests decided in bulk"),
    "spot_check.drawn": _("Spot check drawn"),
    "spot_check.opened": _("Case of a spot check opened"),
    "spot_check.handed_back": _("Case of a spot check handed back"),
    "spot_check.judged": _("Case of a spot check judged"),
    "spot_check.closed": _("Spot check closed"),
    "delegation.proposed": _("Delegation asked for"),
    "delegation.approved": _("Delegation approved"),
    "delegation.ended": _("Delegation ended"),
}
