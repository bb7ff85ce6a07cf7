"""Whose history rows a reader sees, and how much of them: every recorded model that knows whose file it is about."""

from enum import Enum
from functools import cache
from typing import Any

from django.apps import apps

from records.merits.selectors import CASE_WORKERS
from records.sections import sections
from records.selectors import StudentFile

ALWAYS = (
    "records.Student", "records.Enrolment", "records.FamilyMember", "records.Document", "records.DocumentLink",
    "enrollment.Applicant", "enrollment.ApplicantMember", "enrollment.ApplicantDocument",
)  # fmt: skip
"""The file itself and what it came from, in the order of asking: every reader of the history sees these with their
values."""

OF_SECTION = {
    "records.Reward": "merits",
    "records.Conduct": "conduct",
    "records.LearningProblem": "conduct",
    "records.Internship": "employment",
    "records.Employment": "employment",
}
OF_RIGHT = {
    "records.Penalty": CASE_WORKERS,
    "records.PenaltyStep": CASE_WORKERS,
    "records.OwnCheck": ("request_change",),
    "accounts.User": ("open_student_accounts",),
}
ARCHIVES = ("review_change", "decide_for_archives", "manage_retention")
"""Who sees what the archives and requests keep of a student."""

REVEALED = ("records.Student", "records.FamilyMember", "enrollment.Applicant", "enrollment.ApplicantMember")
"""Where an earlier number may be shown whole."""


class Shown(Enum):
    """How much of the rows of a model a reader gets."""

    WHOLE = "whole"
    FIELDS = "fields"
    NOTHING = "nothing"


@cache
def traced() -> dict[str, type[Any]]:
    """Every recorded model with a subject, by its label: the file itself first.

    Without incidents: who reads a file, or audits, may be the suspect, and does not learn of the case here.
    """
    every: list[Any] = apps.get_models()
    found = {
        one._meta.label: one
        for one in every
        if hasattr(one, "history") and hasattr(one, "ledger_subject") and one._meta.app_label != "audit"
    }
    own = {label: place for place, label in enumerate(ALWAYS)}
    return dict(sorted(found.items(), key=lambda pair: (own.get(pair[0], len(own)), pair[0])))


def shown(label: str, file: StudentFile | None, *, audits: bool) -> Shown:
    """How much of a model's rows the reader of ``file`` gets.

    An auditor learns of every change; of what its section keeps in confidence he sees that it was changed and which
    fields. Another reader sees what he may open in the file, and no trace of the rest.
    """
    if label in ALWAYS or (file is not None and file.allows(*_rights(label))):
        return Shown.WHOLE
    return Shown.FIELDS if audits else Shown.NOTHING


def _rights(label: str) -> tuple[str, ...]:
    if label in OF_SECTION:
        return next(one.perms for one in sections() if one.key == OF_SECTION[label])
    return OF_RIGHT.get(label, ARCHIVES)
