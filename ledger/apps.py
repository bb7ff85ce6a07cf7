from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "ledger"
    verbose_name = _("Ledger")

    def ready(self) -> None:
        from axes.signals import user_locked_out
        from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

        from ledger import events, roles, signals

        events.register("request.refused", _("Refused: no permission"), anonymous=True)
        events.register("request.out_of_scope", _("Refused: outside own scope"), anonymous=True)
        events.register("request.csrf_refused", _("Refused: form without a valid token"), anonymous=True)
        events.register("ledger.month_archived", _("Month of events archived off site"))
        events.register("ledger.month_dropped", _("Archived month of events left the database"))
        events.register("session.signed_in", _("Signed in"))
        events.register("session.signed_out", _("Signed out"))
        events.register("session.sign_in_failed", _("Sign-in failed"), anonymous=True)
        events.register("session.locked_out", _("Sign-in locked after failures"), anonymous=True)
        user_logged_in.connect(signals.signed_in, dispatch_uid="ledger")
        user_logged_out.connect(signals.signed_out, dispatch_uid="ledger")
        user_login_failed.connect(signals.sign_in_failed, dispatch_uid="ledger")
        user_locked_out.connect(signals.locked_out, dispatch_uid="ledger")
        post_migrate.connect(roles.after_migrate, sender=self, dispatch_uid="ledger.roles")
