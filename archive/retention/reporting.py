"""The report on an appraisal (鉴定工作报告), made of the votes when a round is closed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from archive.models import AppraisalRound, AppraisedFile, Appraiser
from core.pdf import render_pdf


def round_url(row: AppraisalRound) -> str:
    """The page of a round."""
    return reverse("archive:round", args=[row.public_id])


def report_pdf(
    row: AppraisalRound, members: Sequence[Appraiser], files: Sequence[AppraisedFile], until: date | None
) -> bytes:
    """The report as PDF/A: members, outcome and votes of each file by its archive number; no student's name.

    ``files`` have their votes prefetched; ``until`` is the new period of those kept on, None for ever. Raises
    PdfFailed.
    """
    return render_pdf("appraisal_report", data_of(row, members, files, until))


def data_of(
    row: AppraisalRound, members: Sequence[Appraiser], files: Sequence[AppraisedFile], until: date | None
) -> dict[str, Any]:
    """What the printed form takes."""
    names = {one.pk: one.user.name for one in members}
    return {
        "lang": "en" if (get_language() or "").startswith("en") else "zh",
        "school": row.school.label,
        "printed_by": row.closed_by.name if row.closed_by else "",
        "printed_at": f"{timezone.localtime(row.closed_at):%Y-%m-%d %H:%M}",
        "report": {
            "number": row.number,
            "opened": timezone.localdate(row.opened_at),
            "closed": timezone.localdate(row.closed_at),
            "until": until,
            "members": [_member(one) for one in members],
            "files": [_file(one, names) for one in files],
        },
    }


def _member(one: Appraiser) -> dict[str, Any]:
    successor = one.relieved.successor.user.name if one.relieved else ""
    return {"name": one.user.name, "department": one.department.label, "successor": successor}


def _file(one: AppraisedFile, names: dict[int, str]) -> dict[str, Any]:
    return {
        "archive_no": one.archive_no,
        "left": one.left_on,
        "expired": one.expired_on,
        "outcome": one.outcome,
        "votes": [
            {"name": names[vote.appraiser_id], "verdict": vote.verdict, "reason": vote.reason}
            for vote in one.votes.all()
        ],
    }
