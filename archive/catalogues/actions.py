"""Printing catalogues as PDF/A. They name students: none is stored, and whoever stands in one has an event."""

from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for
from approvals.refusals import RequestRefused
from archive.catalogues import selectors
from core.pdf import render_pdf
from ledger import events
from records import reading
from records.models import Student
from records.selectors import StudentFile
from school.models import Unit

PERM = selectors.PERM
TEMPLATE = "archive_catalogue"


def _common(actor: User, school: Unit, kind: str) -> dict[str, Any]:
    return {
        "lang": "en" if (translation.get_language() or "").startswith("en") else "zh",
        "school": school.label,
        "kind": kind,
        "printed_by": actor.name,
        "printed_at": f"{timezone.localtime():%Y-%m-%d %H:%M}",
    }


@transaction.atomic
def print_files(*, actor: User, school: Unit, year: str, volume: int = 0) -> bytes:
    """A volume of the catalogue of files (案卷目录) of a year, an event for each; of the school for an empty one.

    Raises PdfFailed, NotPermitted.
    """
    role = role_for(actor, PERM, school.pk)
    rows = selectors.files(actor, school, year, volume)
    people = selectors.named([row.pop("enrolment") for row in rows])
    told = {"year": year, "before": volume * selectors.VOLUME, "lines": rows}
    content = render_pdf(TEMPLATE, {**_common(actor, school, "files"), **told})
    detail = {"kind": "files", "year": year, "volume": volume + 1}
    events.record_many("catalogue.printed", people or [school], actor=actor, role=role, detail=detail)
    return content


@transaction.atomic
def print_fonds(*, actor: User, school: Unit) -> bytes:
    """The catalogue of the fonds (全宗目录) of a school; it names nobody. Raises PdfFailed, NotPermitted."""
    role = role_for(actor, PERM, school.pk)
    rows = selectors.fonds(actor, school)
    content = render_pdf(TEMPLATE, {**_common(actor, school, "fonds"), "lines": rows})
    detail = {"kind": "fonds", "files": sum(row["files"] for row in rows)}
    events.record("catalogue.printed", actor=actor, obj=school, unit_id=school.pk, role=role, detail=detail)
    return content


@transaction.atomic
def print_documents(*, actor: User, file: StudentFile) -> bytes:
    """The catalogue of the documents of one file (卷内文件目录). Raises RequestRefused, PdfFailed, NotPermitted."""
    school, student = file.enrolment.school, file.student
    role = role_for(actor, PERM, file.enrolment.unit_id)
    if Student.objects.select_for_update().get(pk=student.pk).destroyed_on:
        raise RequestRefused(_("The file of this student is destroyed."))
    rows = selectors.documents(file)
    one = {"number": student.archive_no, "name": student.name, "student_no": file.enrolment.student_no}
    content = render_pdf(TEMPLATE, {**_common(actor, school, "documents"), "file": one, "lines": rows})
    events.record(
        "catalogue.printed", actor=actor, obj=student, unit_id=file.enrolment.unit_id, role=role,
        detail={"kind": "documents", "documents": len(rows)},
    )  # fmt: skip
    reading.count(actor=actor, file=file)
    return content
