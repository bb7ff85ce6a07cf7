"""Numbers that present students had before: 学号 and 学籍号 are kept, and two people never have the same."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from core.crypto import blind_index, blind_index_or_none
from enrollment.models import Applicant, IntakeBatch
from records.faults import Fault
from records.models import Enrolment, Student

Asked = tuple[int | None, Mapping[str, Any]]
"""An applicant's key, None while he is not saved, and his typed values."""
Holders = Mapping[str, set[int | None]]


def kept_number_faults(batch: IntakeBatch, asked: Sequence[Asked]) -> list[list[Fault]]:
    """What others of the school, or of any school for the 学籍号, have already; in the order given.

    Asks nothing of a batch of new students; else three queries, for one or a thousand.
    """
    if batch.kind != IntakeBatch.Kind.PRESENT:
        return [[] for _one in asked]
    holders = _holders(
        batch, {str(values["student_no"]) for _pk, values in asked if values.get("student_no")}
    )
    owners = _owners([values["national_no"] for _pk, values in asked if values.get("national_no")])
    return [list(_faults(pk, values, holders, owners)) for pk, values in asked]


def kept_numbers(school_id: int) -> set[str]:
    """The student numbers that applicants on the way to a school bring along."""
    return set(_on_the_way(school_id).exclude(student_no="").values_list("student_no", flat=True))


def _on_the_way(school_id: int) -> QuerySet[Applicant]:
    gone = [Applicant.State.WITHDRAWN, Applicant.State.ACCEPTED]
    return Applicant.objects.filter(batch__school=school_id).exclude(state__in=gone)


def _holders(batch: IntakeBatch, numbers: set[str]) -> Holders:
    """Who has these student numbers at the school: applicants on the way by key, None for a student."""
    found: dict[str, set[int | None]] = defaultdict(set)
    if not numbers:
        return found
    on_the_way = _on_the_way(batch.school_id).filter(student_no__in=numbers)
    for pk, number in on_the_way.values_list("pk", "student_no"):
        found[number].add(pk)
    given = Enrolment.objects.filter(school=batch.school_id, student_no__in=numbers)
    for number in given.values_list("student_no", flat=True):
        found[number].add(None)
    return found


def _owners(numbers: Sequence[str]) -> dict[bytes, bytes]:
    """The blind index of the identity number (nothing without one) of whoever has these national numbers."""
    indexes = {blind_index("national_no", number) for number in numbers}
    if not indexes:
        return {}
    rows = Student.objects.filter(national_no_index__in=list(indexes))
    pairs = rows.values_list("national_no_index", "id_number_index")
    return {bytes(national): bytes(own or b"") for national, own in pairs}


def _faults(
    pk: int | None, values: Mapping[str, Any], holders: Holders, owners: Mapping[bytes, bytes]
) -> Iterator[Fault]:
    number, national = values.get("student_no"), values.get("national_no")
    others = holders.get(number, set()) if number else set()
    if any(holder is None or holder != pk for holder in others):
        yield Fault("student_no", "student_no_duplicate", value=str(number))
    if national:
        owner = owners.get(blind_index("national_no", national))
        own = blind_index_or_none("id_number", values.get("id_number"))
        if owner is not None and owner != own:
            yield Fault("national_no", "national_no_duplicate", value=national)
