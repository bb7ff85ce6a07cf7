"""Why an act on an applicant cannot be done, in words for the one who tried."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.formatting import clock, moment
from enrollment.four_checks import Results
from records.faults import Fault


class IntakeRefused(Exception):
    """An act that cannot be done now; ``str()`` says why in the reader's language."""


class WrongState(IntakeRefused):
    """The applicant is not where this act needs it."""


class SamePerson(IntakeRefused):
    """Two steps that different persons must take."""


class NotOwner(IntakeRefused):
    """Only the one who entered an applicant edits and submits it."""


class NobodyCan(IntakeRefused):
    """A step ahead that nobody could take (无人可办)."""

    def __init__(self, step: object) -> None:
        text = _(
            "Nobody can take the step %(step)s. The unit above must lend a person before this is submitted."
        )
        super().__init__(text % {"step": step})


class BatchClosed(IntakeRefused):
    """The intake batch takes nobody in at present."""


class Opened(IntakeRefused):
    """It cannot be recalled: the next person has opened it."""


class AlreadyDone(IntakeRefused):
    """A lost race: ``by`` did ``what`` at ``at``."""

    def __init__(self, by: User, at: datetime, what: str) -> None:
        when = clock(at) if timezone.localdate(at) == timezone.localdate() else moment(at)
        text = _("%(name)s did this already at %(time)s: %(what)s. The page shows the new state.")
        super().__init__(text % {"name": by.name, "time": when, "what": what})
        self.by, self.at, self.what = by, at, what


class StaleVersion(IntakeRefused):
    """Somebody saved a newer version meanwhile; ``current`` is its text by field, ``version`` its number."""

    def __init__(self, version: int, current: Mapping[str, str]) -> None:
        super().__init__(_("This applicant was changed meanwhile. Nothing was saved; compare both values."))
        self.version, self.current = version, current


class NotReady(IntakeRefused):
    """The self-check found errors, missing documents or points that were not acknowledged."""

    def __init__(self, faults: Sequence[Fault], documents: Sequence[str], points: Sequence[str]) -> None:
        super().__init__(_("Not submitted: mend what is listed first."))
        self.faults, self.documents, self.points = faults, documents, points


class ChecksFailed(IntakeRefused):
    """The archives' four checks did not pass; ``results`` says what was found."""

    def __init__(self, results: Results) -> None:
        super().__init__(_("Not accepted: the four checks found faults."))
        self.results = results
