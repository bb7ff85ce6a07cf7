"""What the archives' room takes away of a student whose file is destroyed. Requests stay, with their numbers alone."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Exists, OuterRef

from approvals.spot_check_models import SpotCheckItem
from archive.models import (
    CertificateOrder,
    Consent,
    DeletionRequest,
    EditChange,
    EditRequest,
    InquiryRequest,
    InquiryStudent,
    LegalHold,
    PaperLoan,
    SharingRequest,
    SharingStudent,
    Snapshot,
)
from files.models import Blob
from jobs.actions import forget_words
from jobs.selectors import results_of
from ledger.context import current_actor
from ledger.history import delete_rows
from records.models import Enrolment, Student


def erase(student: Student) -> list[Blob]:
    """Remove it, in the name of who acts; the stored contents that go with it.

    Lists of problem records are read through once for all files of a destruction (`archive.retention.listed`).
    """
    for model in (LegalHold, PaperLoan):
        _delete(model._default_manager.filter(student=student).select_related("student"))
    for row in DeletionRequest.objects.filter(student=student):
        row.reason = ""
        row.save(update_fields=["reason"])
    for item in SpotCheckItem.objects.filter(subject=student.public_id).select_related("spot_check"):
        item.finding = ""
        item.save(update_fields=["finding"])
    forget_words(student_numbers([student])[student.pk])
    snapshots = Snapshot.objects.filter(subject=student.public_id).select_related("blob")
    return [
        *_edits(student),
        *_consents(student),
        *_outside(student),
        *_class_sets(student),
        *(one.blob for one in snapshots),
    ]


def _delete(rows: Any) -> None:
    delete_rows(list(rows), actor=current_actor())


def _edits(student: Student) -> Sequence[Blob]:
    """Values of requests, and the proofs of those that changed no other file."""
    held: list[Blob] = []
    for edit in list(EditRequest.objects.filter(changes__student=student).distinct()):
        _delete(EditChange.objects.filter(edit=edit, student=student).select_related("student"))
        if edit.changes.exists():
            continue
        edit.reason = edit.basis = ""
        edit.save(update_fields=["reason", "basis"])
        proofs = list(edit.evidence.select_related("blob", "edit__request"))
        held += [one.blob for one in proofs]
        _delete(proofs)
    return held


def _consents(student: Student) -> Sequence[Blob]:
    """Consents; a scan that others signed as well stays with theirs."""
    rows = list(Consent.objects.filter(student=student).select_related("student", "scan"))
    _delete(rows)
    scans = {one.scan for one in rows if one.scan}
    return [one for one in scans if not Consent.objects.filter(scan=one).exists()]


def _outside(student: Student) -> Sequence[Blob]:
    """The numbers in inquiries and sharings, and the packages in which his data lie.

    What an inquiry says, of its reader too, why a sharing ended, the letters and agreements of both go with the last of
    the files that they named; what a sharing says of its receiver stays.
    """
    for model in (InquiryStudent, SharingStudent):
        for row in model._default_manager.filter(student=student).select_related("student"):
            row.student_no = ""
            row.save(update_fields=["student_no"])
    held: list[Blob] = []
    for asked in _last(InquiryRequest, "inquiry", student).select_related("letter"):
        asked.purpose = asked.report = asked.reader = asked.reader_unit = ""
        asked.save(update_fields=["purpose", "report", "reader", "reader_unit"])
        held += [asked.letter] if asked.letter else []
    for over in _last(SharingRequest, "sharing", student).select_related("letter", "agreement"):
        over.end_reason = ""
        over.save(update_fields=["end_reason"])
        held += [one for one in (over.letter, over.agreement) if one]
    given = SharingRequest.objects.filter(
        students__student=student, students__outcome=SharingStudent.Outcome.GIVEN
    )
    return [*held, *(one.package for one in given.select_related("package") if one.package)]


def _last(model: Any, name: str, student: Student) -> Any:
    """Inquiries or sharings that name no other file that is left."""
    others = model._meta.get_field("students").related_model._default_manager.filter(
        **{name: OuterRef("pk")}, student__destroyed_on__isnull=True
    )
    named = model._default_manager.filter(students__student=student).select_related("request")
    return named.filter(~Exists(others.exclude(student=student)))


def _class_sets(student: Student) -> Sequence[Blob]:
    """Certificates of a class in which his stands."""
    return results_of(CertificateOrder.objects.filter(people__contains=[student.pk]))


def student_numbers(students: Collection[Student]) -> dict[int, set[str]]:
    """Every number that each of them, by key, had at a school, those from before a correction too."""
    keys = {one.public_id: one.pk for one in students}
    found: dict[int, set[str]] = {key: set() for key in keys.values()}
    for key, number in Enrolment.objects.filter(student__in=found).values_list("student", "student_no"):
        found[key].add(number)
    past = Enrolment.history.filter(history_subject__in=keys).values_list("history_subject", "student_no")
    for subject, number in past:
        found[keys[subject]].add(number)
    return {key: numbers - {""} for key, numbers in found.items()}
