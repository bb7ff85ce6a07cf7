"""Reads about those without an identity number: what waits for the bureau, and who still has none after acceptance."""

from django.db.models import QuerySet

from accounts.models import User
from enrollment.models import Applicant
from enrollment.selectors import ENCRYPTED

State = Applicant.State
LIGHT = (*ENCRYPTED, "name_tokens")


def bureau_cases(user: User) -> QuerySet[Applicant]:
    """Pupils without household registration in the scope of the bureau's officer, whatever the bureau has said."""
    rows: QuerySet[Applicant] = Applicant.objects.visible_to(user, "approve_no_hukou").filter(no_hukou=True)
    rows = rows.exclude(bureau_state=Applicant.BureauState.NOT_NEEDED)
    return rows.select_related("batch__school", "bureau_officer").defer(*LIGHT)


def without_number(user: User) -> QuerySet[Applicant]:
    """Accepted pupils whose file holds no identity number yet, the longest waiting first."""
    rows: QuerySet[Applicant] = Applicant.objects.visible_to(user).filter(
        state=State.ACCEPTED, student__id_number_index=None
    )
    rows = rows.select_related("batch__school", "student")
    return rows.defer(*LIGHT, *(f"student__{name}" for name in STUDENT_HEAVY))


STUDENT_HEAVY = tuple(
    name for name in LIGHT if name in {"id_number", "phone", "current_address", "name_tokens"}
)
