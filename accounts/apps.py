from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Users")

    def ready(self) -> None:
        from accounts import frame, hooks

        hooks.connect()
        frame.register()
        post_migrate.connect(sync_again, sender=self, dispatch_uid="accounts.sync_again")


def sync_again(sender: Any, using: str = "default", **kwargs: Any) -> None:
    """After a new release roles may give other permissions: every account's grants are copied anew."""
    from django.db import connections

    connection = connections[using]
    with connection.cursor() as cursor:
        if "accounts_user" in connection.introspection.table_names(cursor):
            cursor.execute(
                "UPDATE accounts_user SET grants_synced_on = NULL WHERE grants_synced_on IS NOT NULL"
            )
