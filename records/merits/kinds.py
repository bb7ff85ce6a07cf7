"""The kinds of entries: what is kept, who may enter it, and for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from records.entry_models import Conduct, Employment, FileEntry, Internship, LearningProblem, Reward
from records.merits.codes import EMPLOYMENT_CODES, REWARD_CODES
from school.models import COMPULSORY_STAGES


@dataclass(frozen=True)
class EntryKind:
    """A kind of entry.

    ``open_only``: only for students who are at the school; ``not_compulsory``: not in compulsory education; ``many``:
    one form may enter it for several students of a class.
    """

    key: str
    model: type[FileEntry]
    perm: str
    label: Any
    section: str
    codes: Mapping[str, str] = field(default_factory=dict)
    open_only: bool = False
    not_compulsory: bool = False
    many: bool = True

    def kept_at(self, stage: str) -> bool:
        """Whether a school of this stage keeps such entries."""
        return not self.not_compulsory or stage not in COMPULSORY_STAGES


REWARD = EntryKind("reward", Reward, "record_merit", _("Reward"), "merits", REWARD_CODES)
CONDUCT = EntryKind("conduct", Conduct, "record_conduct", _("Daily conduct"), "conduct", open_only=True)
PROBLEM = EntryKind(
    "problem", LearningProblem, "record_conduct", _("Learning problem"), "conduct",
    open_only=True, many=False,
)  # fmt: skip
INTERNSHIP = EntryKind(
    "internship", Internship, "record_employment", _("Internship"), "employment",
    not_compulsory=True,
)  # fmt: skip
EMPLOYMENT = EntryKind(
    "employment", Employment, "record_employment", _("Employment"), "employment",
    EMPLOYMENT_CODES, not_compulsory=True, many=False,
)  # fmt: skip

KINDS = {one.key: one for one in (REWARD, CONDUCT, PROBLEM, INTERNSHIP, EMPLOYMENT)}


def kind_of(entry: FileEntry) -> EntryKind:
    """The kind of an entry."""
    return next(one for one in KINDS.values() if one.model is type(entry))
