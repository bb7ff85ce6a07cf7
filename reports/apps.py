from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        from core.menu import MenuItem, register

        register(MenuItem(_("Home"), "reports:home", "home", "", "work", 0))
