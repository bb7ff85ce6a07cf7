"""Why an act on a request cannot be done, in words for the one who tried."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.formatting import clock, moment


class RequestRefused(Exception):
    """An act that cannot be done now; ``str()`` says why in the reader's language."""


class WrongState(RequestRefused):
    """The request is not where this act needs it."""


class SamePerson(RequestRefused):
    """Two steps that different persons must take."""


class OwnFile(RequestRefused):
    """Nobody decides on his own file or on that of his own child."""


class NobodyCan(RequestRefused):
    """A remaining step has nobody who may take it (无人可办)."""


class Opened(RequestRefused):
    """It cannot be recalled: the next person has opened it."""


class StaleVersion(RequestRefused):
    """The page showed an older version."""


class AlreadyDecided(RequestRefused):
    """A lost race: ``by`` did ``what`` at ``at``."""

    def __init__(self, by: User, at: datetime, what: str) -> None:
        when = clock(at) if timezone.localdate(at) == timezone.localdate() else moment(at)
        text = _("%(name)s did this already at %(time)s: %(what)s. The page shows the new state.")
        super().__init__(text % {"name": by.name, "time": when, "what": what})
        self.by, self.at, self.what = by, at, what
