"""Why jobs fail, by the code that their rows keep."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORKER_LOST = "worker_lost"
FAULT = "fault"
MESSAGES: dict[str, str | Promise] = {
    WORKER_LOST: _("The work was interrupted three times. Nothing was changed; please try again."),
    FAULT: _("The server has a fault. Nothing was changed; please try again later."),
}
