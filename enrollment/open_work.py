"""Reads for handing over: which clerks have drafts and returned applicants in their hands, and who could take them."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.translation import ngettext

from accounts.models import User
from accounts.scope import units_with
from enrollment.models import Applicant
from enrollment.relations import holders
from enrollment.steps import OPEN_TO_CLERK, UNDER_REVIEW
from school.models import Unit

State = Applicant.State


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What one clerk has in hand: drafts, returned ones, and those under review, which may come back to him."""

    clerk: User
    drafts: int
    returned: int
    under_review: int

    @property
    def count(self) -> int:
        """How many can be handed over."""
        return self.drafts + self.returned


def clerks_with_work(user: User, perm: str) -> list[OpenWork]:
    """Clerks with applicants in hand at the schools where ``user`` holds ``perm``, locked accounts first."""
    rows = Applicant.objects.filter(
        unit_id__in=list(units_with(user, perm)), state__in=[*OPEN_TO_CLERK, *UNDER_REVIEW]
    )
    counts = rows.order_by().values("entered_by").annotate(
        drafts=Count("pk", filter=Q(state=State.DRAFT)),
        returned=Count("pk", filter=Q(state=State.RETURNED)),
        under_review=Count("pk", filter=Q(state__in=UNDER_REVIEW)),
    )  # fmt: skip
    found = {row.pop("entered_by"): row for row in counts}
    clerks = (
        User.objects.filter(pk__in=list(found)).select_related("unit").order_by("is_active", "name", "pk")
    )
    return [OpenWork(clerk, **found[clerk.pk]) for clerk in clerks]


def takers(user: User, perm: str) -> list[User]:
    """Who could take work over: everybody who enters applicants at the schools where ``user`` holds ``perm``."""
    schools = Unit.objects.filter(
        pk__in=list(units_with(user, perm)), intake_batches__isnull=False
    ).distinct()
    entering = (holders(school, ["enter_applicant"])["enter_applicant"] for school in schools)
    people = {one.pk: one for some in entering for one in some}
    return sorted(people.values(), key=lambda one: (one.name, one.pk))


def told(person: User) -> str:
    """What a locked or leaving person still has in hand, in words for whoever keeps the account; "" for nothing."""
    count = Applicant.objects.filter(entered_by=person, state__in=OPEN_TO_CLERK).count()
    if not count:
        return ""
    return ngettext(
        "%(count)s draft or returned applicant is in this person's hands: the head of admissions hands it over.",
        "%(count)s drafts and returned applicants are in this person's hands: the head of admissions hands them over.",
        count,
    ) % {"count": count}
