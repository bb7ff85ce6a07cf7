"""Reads of copies: what was handed out or refused of a file."""

from archive.models import FileCopy
from records.models import Student


def copies_of(student: Student) -> list[FileCopy]:
    """The register of a student's own copies, the newest first."""
    rows = FileCopy.objects.filter(subject=student.public_id).select_related("handled_by", "school")
    return list(rows.order_by("-pk"))
