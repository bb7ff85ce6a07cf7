"""The four checks of an electronic file before the archives take it (四性检测), in the sense of intake.

Authenticity: each document still has the digest with which it was stored. Integrity: no required item and no required
document is missing. Usability: each document opens. Security: each is of an allowed type and holds nothing that runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from enrollment.models import Applicant
from enrollment.selectors import check_cells, missing_documents, shown_cells
from files.inspection import FILE_TYPES, SCANS, must_open
from files.models import Blob
from files.refusals import FileRefused, NotChecked
from files.selectors import BlobDamaged, open_blob
from records.cells import CodeBook

CHECKS = ("authenticity", "integrity", "usability", "security")


@dataclass(frozen=True, slots=True)
class Results:
    """What was found: names of fields and kinds of documents by check; empty where a check passed."""

    found: dict[str, tuple[str, ...]]
    documents: int

    @property
    def passed(self) -> bool:
        """Whether all four passed."""
        return not any(self.found.values())

    @property
    def detail(self) -> dict[str, object]:
        """As the ledger keeps it."""
        told: dict[str, object] = {"documents": self.documents}
        for check in CHECKS:
            told[check] = "failed" if self.found[check] else "passed"
            if self.found[check]:
                told[f"{check}_faults"] = list(self.found[check])[:20]
        return told


def four_checks(applicant: Applicant, book: CodeBook) -> Results:
    """Check one applicant as he stands; reads every document. Raises NotChecked when one cannot be tried just now."""
    _values, faults = check_cells(applicant, shown_cells(applicant), book)
    errors = [fault.field for fault in faults if fault.level == "error"]
    found: dict[str, list[str]] = {check: [] for check in CHECKS}
    found["integrity"] = [*errors, *missing_documents(applicant)]
    documents = list(applicant.documents.all())
    for document in documents:
        for check in _document_faults(document.blob):
            found[check].append(document.kind)
    return Results({check: tuple(names) for check, names in found.items()}, len(documents))


_TYPES = frozenset(FILE_TYPES[kind].content_type for kind in SCANS)


def _document_faults(blob: Blob) -> Iterator[str]:
    if blob.content_type not in _TYPES:
        yield "security"
    try:
        must_open(open_blob(blob), SCANS)
    except BlobDamaged:
        yield "authenticity"
    except NotChecked:
        raise
    except FileRefused as refused:
        yield "security" if refused.code in {"type_not_allowed", "unknown_type"} else "usability"
