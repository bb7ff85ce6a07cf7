"""Reads of scans: one document, its pages, and what a ZIP of scans came to."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.http import Http404

from accounts.models import User
from accounts.scope import units_with, visible_or_404
from approvals.spot_checks.selectors import open_cases
from enrollment.models import Applicant, ApplicantDocument, ScanFile, ScanUpload
from enrollment.scan_matching import reason_text
from enrollment.selectors import ENCRYPTED
from records.models import Document, DocumentKind

HEAVY = tuple(f"applicant__{name}" for name in (*ENCRYPTED, "name_tokens"))


def document_for(user: User, public_id: Any, perm: str = "view_applicant") -> ApplicantDocument:
    """A scan of an applicant in scope. Raises Http404 or OutOfScope."""
    every = ApplicantDocument.objects.select_related("blob", "applicant__unit", "applicant__batch__school")
    every = every.defer(*HEAVY)
    visible = every.filter(applicant__unit_id__in=list(units_with(user, perm)))
    found: ApplicantDocument = visible_or_404(every, visible, public_id=public_id)
    return found


def filed_as(scan: ApplicantDocument, reader: User | None = None) -> Document | None:
    """The document that this scan is in a student file, whose rules hold for it then; None before acceptance.

    None too for a ``reader`` who checks this case in a monthly sample, unless the document is secret. Raises Http404
    when the file does not have it any more.
    """
    filed: Document | None = Document.objects.select_related("student").filter(blob=scan.blob_id).first()
    if filed is None and scan.applicant.state == Applicant.State.ACCEPTED:
        raise Http404
    if reader and filed and not filed.is_secret and is_sampling(reader, scan.applicant):
        return None
    return filed


def is_sampling(user: User, applicant: Applicant) -> bool:
    """Whether ``user`` has opened this applicant as a case of a spot check that is not closed yet."""
    return open_cases(user, "applicant").filter(case=applicant.public_id, opened_by=user).exists()


def upload_for(user: User, public_id: Any) -> ScanUpload:
    """A ZIP of scans at a school where ``user`` distributes scans. Raises Http404 or OutOfScope."""
    every = ScanUpload.objects.select_related("batch__school", "job", "created_by", "blob")
    units = {*units_with(user, "enter_applicant"), *units_with(user, "accept_applicant")}
    found: ScanUpload = visible_or_404(
        every, every.filter(batch__school_id__in=sorted(units)), public_id=public_id
    )
    return found


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file of a ZIP: its name, whom it was given to, as what, or why to nobody."""

    file: ScanFile

    @property
    def reason(self) -> str:
        """Why it was given to nobody, in words; "" when it was given."""
        return reason_text(self.file.reason)

    @property
    def kind(self) -> Any:
        """The kind of document in words."""
        return DocumentKind(self.file.kind).label if self.file.kind else ""


@dataclass(frozen=True, slots=True)
class UploadResult:
    """The files of a ZIP, matched ones and others, as far as the reader sees their applicants; ``hidden``: the rest."""

    matched: list[FileLine]
    others: list[FileLine]
    hidden: int

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Reasons with how many each."""
        counts = Counter(line.file.reason for line in self.others)
        return [(reason_text(code), count) for code, count in counts.most_common()]


def result_of(user: User, upload: ScanUpload) -> UploadResult:
    """What became of each file. File names hold names and numbers: of applicants out of sight only a count is told."""
    rows = list(upload.files.select_related("applicant").defer(*HEAVY).order_by("position"))
    named = {row.applicant_id for row in rows} - {None}
    seen = set(Applicant.objects.visible_to(user).filter(pk__in=named).values_list("pk", flat=True))
    lines = [FileLine(row) for row in rows if row.applicant_id is None or row.applicant_id in seen]
    return UploadResult(
        [line for line in lines if not line.file.reason],
        [line for line in lines if line.file.reason],
        len(rows) - len(lines),
    )
