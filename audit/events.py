"""Names of what happens in the audit room."""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "reading.answered": _("Alert of much reading answered"),
}
