"""Reads of certificates."""

from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from accounts.scope import units_with, visible_or_404
from archive.certificates.facts import shows_whole_number
from archive.models import Certificate
from records.models import Enrolment, Student
from school.models import SchoolClass, Unit

PERM, WHOLE, SHELVES = "issue_certificate", "print_student", "manage_retention"


def certificates(user: User) -> QuerySet[Certificate]:
    """The register of the units where ``user`` issues certificates; what was printed stays unread."""
    rows: QuerySet[Certificate] = Certificate.objects.filter(unit_id__in=units_with(user, PERM))
    return rows.select_related("school", "student", "issued_by", "void__by").defer(
        "facts", *(f"student__{name}" for name in _UNREAD)
    )


_UNREAD = ("id_number", "phone", "national_no", "current_address", "mailing_address", "home_address",
           "hukou_address", "email", "name_tokens")  # fmt: skip


def certificate_for(user: User, public_id: UUID) -> Certificate:
    """One of them. Raises OutOfScope, Http404."""
    every: QuerySet[Certificate] = Certificate.objects.all()
    return visible_or_404(every, certificates(user), public_id=public_id)


def asked_of_copy(certificate: Certificate) -> tuple[str, ...]:
    """What a copy asks for where the certificate was issued: more for whole numbers, and in the inactive archive."""
    whole = certificate.kind == Certificate.Kind.NO_ID or shows_whole_number(certificate)
    stays = Enrolment.objects.filter(student=certificate.student_id, school=certificate.school_id)
    shelved = not stays.filter(shelved_on__isnull=True).exists()
    return (PERM, *([WHOLE] if whole else []), *([SHELVES] if shelved else []))


def may_copy(user: User, certificate: Certificate) -> bool:
    """Whether ``user`` may print a copy, as long as certificate and file are there."""
    return all(certificate.unit_id in units_with(user, perm) for perm in asked_of_copy(certificate))


def certificates_of(user: User, student: Student) -> QuerySet[Certificate]:
    """What was issued about one student where ``user`` issues certificates, the newest first."""
    return certificates(user).filter(student=student).order_by("-pk")


def _with_number(number: str) -> QuerySet[Certificate]:
    rows: QuerySet[Certificate] = Certificate.objects.all()
    parts = number.strip().upper().split("-")
    if len(parts) != 3 or parts[0] != "ZM" or not all(one.isascii() and one.isdigit() for one in parts[1:]):
        return rows.none()
    year, serial = (int(one) for one in parts[1:])
    return rows.filter(year=year, serial=serial) if year <= 9999 and serial <= 99_999_999 else rows.none()


def numbered(user: User, number: str) -> list[Certificate]:
    """The certificates with this printed number, one for each school at most; none for anything else."""
    return list(certificates(user).filter(pk__in=_with_number(number)).order_by("school_id"))


def issued_beside(user: User, number: str) -> bool:
    """Whether another department or college of ``user``'s schools issued this number, which he does not read."""
    mine = units_with(user, PERM)
    above = Unit.objects.filter(pk__in=mine).values_list("ancestors", flat=True)
    schools = {unit_id for chain in above for unit_id in chain}
    return _with_number(number).filter(school_id__in=schools).exclude(unit_id__in=mine).exists()


def classes(user: User) -> QuerySet[SchoolClass]:
    """Classes in use with students, of the units where ``user`` issues certificates."""
    taught = Enrolment.objects.filter(school_class=OuterRef("pk"), ended_on__isnull=True)
    rows: QuerySet[SchoolClass] = SchoolClass.objects.filter(
        Exists(taught), unit_id__in=units_with(user, PERM), is_active=True
    )
    return rows.select_related("school").order_by("school_id", "class_no")
