"""Words about departments name no student: they outlive the files that they speak of."""

import re
from collections.abc import Collection, Iterable
from uuid import UUID

from django.utils.translation import gettext as _

from approvals.refusals import RequestRefused
from records.models import Student

_NUMBERS = re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)")


def demand_impersonal(texts: Iterable[str], subjects: Collection[UUID] = ()) -> None:
    """Raise RequestRefused for identity or phone numbers, or the name of one of these students."""
    whole = "\n".join(texts)
    if _NUMBERS.search(whole):
        raise RequestRefused(_("Write no identity numbers and no phone numbers here."))
    names = Student.objects.filter(public_id__in=subjects).values_list("name", flat=True)
    if any(name and name in whole for name in names):
        raise RequestRefused(_("Name no student here: write the archive number."))
