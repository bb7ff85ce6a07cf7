"""What the intake room takes away of a student whose file is destroyed: the applicant, his scans, what was imported."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q

from enrollment.models import (
    Applicant,
    ApplicantDocument,
    ApplicantMember,
    CheckedPart,
    ImportFault,
    ImportJob,
    ImportRow,
    MarkedFile,
    PrintOrder,
    ScanFile,
    ScanUpload,
    TypedCell,
)
from files.models import Blob
from jobs.selectors import results_of
from ledger.context import current_actor
from ledger.history import delete_rows
from records.erasing import empty, personal_fields
from records.models import Enrolment, EnrolmentData, Student

OWN = (
    "age_reason",
    "student_no",
    "national_no",
    "no_hukou",
    "parents_case",
    "changed_fields",
    "school_class",
)


def erase(student: Student) -> list[Blob]:
    """Leave empty applicants, and nothing of what came with them; the stored contents that go.

    Files that were brought in for many people at once, all of the batch, go with the first of them: what they say
    stands in the files.
    """
    held: list[Blob] = []
    for row in student.applications.select_for_update().order_by("pk"):
        held += [*_scans(row), *_imported(row)]
        TypedCell.objects.filter(applicant=row).delete()
        members = ApplicantMember.objects.filter(applicant=row).select_related("applicant")
        delete_rows(list(members), actor=current_actor())
        fields = [field.name for field in EnrolmentData._meta.get_fields()]
        names = empty(row, [*personal_fields(), *fields, *OWN])
        row.state = Applicant.State.DESTROYED
        row.save(update_fields=[*names, "state"])
    held += _prints(student)
    with connection.cursor() as cursor:
        cursor.execute("SELECT enrollment_forget(%s)", [[student.public_id]])
    return held


def _scans(row: Applicant) -> Iterable[Blob]:
    """His scans, and every file of scans of his batch: one that was given to nobody may hold his as well."""
    documents = list(
        ApplicantDocument.objects.filter(applicant=row).select_related("applicant", "blob").order_by("pk")
    )
    delete_rows(documents, actor=current_actor())
    uploads = ScanUpload.objects.filter(batch=row.batch_id).select_related("blob")
    held = [one.blob for one in (*documents, *uploads)]
    files = ScanFile.objects.filter(upload__batch=row.batch_id)
    files.filter(applicant=row).delete()
    files.filter(applicant=None).update(name="")
    return held


def _imported(row: Applicant) -> Iterable[Blob]:
    """Every file that was imported into his batch, for one without a row of his may hold him; and rows with his cells:
    his own, and earlier tries."""
    jobs = ImportJob.objects.filter(batch=row.batch_id)
    held = [one.blob for one in jobs.select_related("blob")]
    marked = MarkedFile.objects.filter(import_job__in=jobs, blob__isnull=False).select_related("blob")
    held += [one.blob for one in marked if one.blob]
    tries = ImportRow.objects.filter(Q(import_job__in=jobs, applicant=None) | Q(applicant=row))
    mine = [one.pk for one in tries if one.applicant_id == row.pk or _names(one, row)]
    CheckedPart.objects.filter(import_job__in=jobs).delete()
    ImportFault.objects.filter(row__in=mine).delete()
    ImportRow.objects.filter(pk__in=mine).delete()
    jobs.update(refusal_detail="", unknown_headers=[])
    return held


def _names(one: ImportRow, row: Applicant) -> bool:
    """Whether the cells of a row that became nobody name the applicant."""
    return any(text and text in one.cells for text in (row.name, row.id_number))


def _prints(student: Student) -> Iterable[Blob]:
    """Printed forms that a job made of him and others."""
    stretches = list(Enrolment.objects.filter(student=student).values_list("pk", flat=True))
    applicants = list(student.applications.values_list("pk", flat=True))
    orders = PrintOrder.objects.filter(
        Q(batch__isnull=True, people__overlap=stretches) | Q(batch__isnull=False, people__overlap=applicants)
    )
    return results_of(orders)
