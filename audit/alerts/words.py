"""What an alert says in one line."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from audit.models import Alert

Kind = Alert.Kind
_TOLD: dict[str, Any] = {
    Kind.BULK: _("Files read on the whole day, at every school: %(count)s, allowed: %(limit)s"),
    Kind.HOURS: _("Files read outside working hours: %(count)s, allowed: %(limit)s"),
    Kind.FAMILY: _("Files of the own family read: %(count)s, allowed: %(limit)s"),
    Kind.COLLEAGUES: _("Files of colleagues' families read: %(count)s, allowed: %(limit)s"),
    Kind.REFUSALS: _("Refusals and failed sign-ins: %(count)s, allowed: %(limit)s"),
    Kind.ACCOUNT: _("Days without signing in: %(count)s, allowed: %(limit)s"),
    Kind.GRANTS: _("Roles not used for %(limit)s days: %(count)s"),
}


def told(alert: Any) -> str:
    """How much there was and how much is allowed; ``alert`` comes from `selectors.alerts`."""
    return str(_TOLD[alert.kind] % {"count": alert.amount, "limit": alert.limit})
