"""Which step of an incident may follow which."""

from collections.abc import Collection

from audit.models import Step

NEEDS: dict[str, tuple[str, ...]] = {
    Step.ISOLATED: (),
    Step.AUTHORITY_NOTIFIED: (),
    Step.ASSESSED: (Step.ISOLATED,),
    Step.STUDENTS_NOTIFIED: (Step.ASSESSED,),
    Step.REMEDIED: (Step.AUTHORITY_NOTIFIED, Step.STUDENTS_NOTIFIED),
    Step.ACCOUNTABILITY: (Step.REMEDIED,),
    Step.LESSONS: (Step.ACCOUNTABILITY,),
    Step.CLOSED: (Step.LESSONS, Step.STUDENTS_NOTIFIED),
}
"""The authority is told at once, so its step waits for no other. Students who came onto the list after the others were
told are told by the same step again, and no case closes before."""

ORDER = list(NEEDS)


def following(done: Collection[str]) -> list[str]:
    """The steps that may be taken now."""
    return [step for step, needs in NEEDS.items() if step not in done and set(needs) <= set(done)]


def furthest(done: Collection[str]) -> str:
    """The state of a case with these steps."""
    return max(done, key=ORDER.index, default=Step.REPORTED)
