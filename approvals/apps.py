from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = _("Requests")

    def ready(self) -> None:
        from approvals import inbox, notices, selectors
        from approvals.reminders import DUE, OVERDUE
        from core.menu import MenuItem, register
        from ledger import events

        inbox.register(inbox.InboxSource("requests", _("Requests"), selectors.inbox_rows))
        inbox.register(inbox.InboxSource("notices", _("Notices"), notices.inbox_rows))
        due = ngettext_lazy("%(count)s request is due", "%(count)s requests are due", "count")
        late = ngettext_lazy("%(count)s request is overdue", "%(count)s requests are overdue", "count")
        notices.register(DUE, due)
        notices.register(OVERDUE, late)
        for name, label in EVENTS.items():
            events.register(name, label)
        register(
            MenuItem(
                _("Requests"), "approvals:requests", "inbox", "", "work", 15,
                also=("approvals:request", "approvals:many", "approvals:delegations"),
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
    "delegation.proposed": _("Delegation asked for"),
    "delegation.approved": _("Delegation approved"),
    "delegation.ended": _("Delegation ended"),
}
