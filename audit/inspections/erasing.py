"""What supervision takes away of a student whose file is destroyed; archive number and fault codes stay."""

from collections.abc import Collection

from django.db.models import Q

from audit.models import InspectedFile, Rectification, RectificationEvidence
from core.row_locks import locked_rows
from files.models import Blob
from records.models import Enrolment, Student


def erase(student: Student) -> Collection[Blob]:
    """Blank the notes on his file; evidence of notices goes with the last file that their inspections drew.

    Nobody knows whom evidence of a notice that followed from an opinion shows: it goes with any file of the school, of
    an open notice when that closes (`audit.rectifications.actions`). Open ones are locked: none closes meanwhile.
    """
    drawn = list(InspectedFile.objects.filter(subject=student.public_id))
    for row in drawn:
        row.note = ""
        row.save(update_fields=["note"])
    inspections = {row.inspection_id for row in drawn}
    others = InspectedFile.objects.filter(inspection__in=inspections).exclude(subject=student.public_id)
    alive = Student.objects.filter(destroyed_on__isnull=True, public_id__in=others.values("subject"))
    left = others.filter(subject__in=alive.values("public_id"))
    over = inspections - set(left.values_list("inspection_id", flat=True))
    schools = Enrolment.objects.filter(student=student).values("school")
    of_opinions = Rectification.objects.filter(opinion__isnull=False, school__in=schools)
    ended = (Rectification.State.CLOSED, Rectification.State.DROPPED)
    locked_rows(of_opinions.exclude(state__in=ended))
    closed = of_opinions.filter(state__in=ended)
    proofs = RectificationEvidence.objects.filter(
        Q(step__rectification__inspection__in=over) | Q(step__rectification__in=closed),
        blob__discarded__isnull=True,
    )
    return [one.blob for one in proofs.select_related("blob")]
