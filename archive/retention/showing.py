"""What the page of a round shows."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from accounts.models import User
from accounts.scope import units_with
from archive.models import AppraisalRound, AppraisalVote, AppraisedFile, DestructionRequest
from archive.retention import actions, selectors
from archive.retention.obstacles import in_the_way
from records.models import Enrolment, Student


@dataclass(frozen=True, slots=True)
class Line:
    """A file of a round: who it was, what the file holds, how was voted, what stands in the way."""

    file: AppraisedFile
    status: str
    documents: int
    mine: AppraisalVote | None
    keep: int
    destroy: int
    obstacles: list[str]


def round_context(user: User, row: AppraisalRound) -> dict[str, Any]:
    """Members and files. Votes of others show once the reader has cast his own, or the round is closed."""
    members = selectors.appraisers_of(row)
    voting = [one for one in members if not one.relieved]
    me = next((one for one in voting if one.user_id == user.pk), None)
    files = list(row.files.select_related("student").prefetch_related("votes").order_by("archive_no"))
    ids = [one.student_id for one in files]
    blocked = in_the_way(ids, row.school) if row.closed_at is None else {}
    status = {
        one.student_id: one.get_status_display()
        for one in Enrolment.objects.current().filter(student__in=ids)
    }
    held = dict(
        Student.objects.filter(pk__in=ids)
        .annotate(held=Count("documents", filter=Q(documents__is_current=True)))
        .values_list("pk", "held")
    )
    lines = [_line(one, me.pk if me else None, status, held, blocked) for one in files]
    actions.note_viewed(actor=user, row=row)
    keys = {one.pk for one in voting}
    votes = sum(vote.appraiser_id in keys for one in files for vote in one.votes.all())
    return {
        "members": members,
        "lines": lines,
        "may_vote": me is not None
        and row.closed_at is None
        and row.school_id in units_with(user, selectors.APPRAISE),
        "unvoted": sum(line.mine is None for line in lines),
        "votes": votes,
        "votes_wanted": len(voting) * len(files),
        "counts": {key: sum(one.outcome == key for one in files) for key in AppraisedFile.Outcome.values},
        "destruction": DestructionRequest.objects.filter(round=row).select_related("request").first(),
    }


def _line(
    one: AppraisedFile,
    me: int | None,
    status: dict[int, str],
    held: dict[int, int],
    blocked: dict[int, list[str]],
) -> Line:
    votes = list(one.votes.all())
    verdicts = [each.verdict for each in votes]
    return Line(
        file=one,
        status=status.get(one.student_id, ""),
        documents=held.get(one.student_id, 0),
        mine=next((each for each in votes if each.appraiser_id == me), None),
        keep=verdicts.count(AppraisalVote.Verdict.KEEP),
        destroy=verdicts.count(AppraisalVote.Verdict.DESTROY),
        obstacles=blocked.get(one.student_id, []),
    )
