from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = _("Requests")

    def ready(self) -> None:
        from approvals import inbox, notices

        inbox.register(inbox.InboxSource("notices", _("Notices"), notices.inbox_rows))
