"""The four checks of an electronic file before the archives take it (四性检测), in the sense of intake.

Authenticity: each document is what was stored and what its row says. Integrity: no required item and no required
document is missing. Usability: each document opens and is of a type that is kept. Security: none holds what runs, each
lies encrypted. The file that is opened then goes through `archive.four_checks`, which takes the findings over.
"""

from dataclasses import dataclass, field

from archive.four_checks.items import CHECKS, OF_CONTENT, check_of
from enrollment.models import Applicant
from enrollment.selectors import check_cells, missing_documents, shown_cells
from files.examination import examine
from files.inspection import SCANS
from records.cells import CodeBook

NAMES = tuple(name for name, _title in CHECKS.values())


@dataclass(frozen=True, slots=True)
class Results:
    """What was found: names of fields and kinds of documents by check; empty where a check passed.

    ``contents``: what was found in each stored file, by its id.
    """

    found: dict[str, tuple[str, ...]]
    contents: dict[int, frozenset[str]] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether all four passed."""
        return not any(self.found.values())

    @property
    def detail(self) -> dict[str, object]:
        """As the ledger keeps it."""
        told: dict[str, object] = {"documents": len(self.contents)}
        for check in NAMES:
            told[check] = "failed" if self.found[check] else "passed"
            if self.found[check]:
                told[f"{check}_faults"] = list(self.found[check])[:20]
        return told


def four_checks(applicant: Applicant, book: CodeBook) -> Results:
    """Check one applicant as he stands; reads every document. Raises NotChecked when one cannot be tried just now."""
    _values, faults = check_cells(applicant, shown_cells(applicant), book)
    errors = [fault.field for fault in faults if fault.level == "error"]
    found: dict[str, list[str]] = {check: [] for check in NAMES}
    found["integrity"] = [*errors, *missing_documents(applicant)]
    contents = {}
    for document in applicant.documents.all():
        contents[document.blob_id] = examine(document.blob, SCANS)
        for check in {check_of(OF_CONTENT[fault][0]) for fault in contents[document.blob_id]}:
            found[check].append(document.kind)
    return Results({check: tuple(names) for check, names in found.items()}, contents)
