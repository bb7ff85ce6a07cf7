"""Which erasures the intake accounts for: applicants of destroyed files, and those whose import was undone."""

from collections.abc import Collection

from archive.retention.accounting import destructions
from enrollment.models import Applicant, ImportJob
from ledger.models import Event
from ledger.seals.lawful import Erased
from records.models import Student


def accounted(erased: Collection[Erased], gone: int) -> Collection[Erased]:
    """Those who became a student whose file was destroyed then, or who were taken back with their import then."""
    return _of_files(erased, gone) | _undone(erased, gone)


def _of_files(erased: Collection[Erased], gone: int) -> set[Erased]:
    rows = Applicant.objects.filter(
        public_id__in={subject for subject, _xid in erased}, student__isnull=False
    )
    became = dict(rows.values_list("public_id", "student__public_id"))
    theirs = {one: (became[one[0]], one[1]) for one in erased if one[0] in became}
    destroyed = destructions(set(theirs.values()), gone)
    return {one for one, student in theirs.items() if student in destroyed}


def _undone(erased: Collection[Erased], gone: int) -> set[Erased]:
    """Nobody of theirs lives, their history ends in that transaction, and an import was undone in it."""
    undone = ImportJob.objects.filter(state=ImportJob.State.UNDONE)
    acts = Event.objects.filter(action="import.undone", object_id__in=undone.values("pk"))
    moments = set(acts.values_list("xid", flat=True))
    asked = {one for one in erased if one[1] in moments or one[1] <= gone}
    subjects = {subject for subject, _xid in asked}
    ends = Applicant.history.filter(history_type="-", history_subject__in=subjects)
    alive = {
        key
        for model in (Applicant, Student)
        for key in model.objects.filter(public_id__in=subjects).values_list("public_id", flat=True)
    }
    return {one for one in asked & set(ends.values_list("history_subject", "xid")) if one[0] not in alive}
