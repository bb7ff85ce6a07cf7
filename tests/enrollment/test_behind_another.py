"""Acts that waited for somebody else's lock see the row as it stands then, with what it points at by now."""

from functools import partial

import pytest

from accounts.models import User
from accounts.roles import Role
from enrollment import actions
from enrollment.actions import bulk
from enrollment.actions.handover import hand_over
from enrollment.actions.submission import Submitted, submit_drafts
from enrollment.models import Applicant, IntakeSample, SampleItem
from enrollment.steps import INITIAL_REVIEW
from jobs.models import Job
from school.models import Programme
from tests.cast import make_cast
from tests.enrollment.intake import draft, make_batch, submitted
from tests.factories import appoint, make_unit, make_user, saved
from tests.support.behind import behind

CLASS = "2026101"


def test_a_save_behind_a_hand_over_is_told_whose_draft_it_is(committed_db: str) -> None:
    cast = make_cast()
    row = draft(cast.clerk, make_batch(cast.school))
    told = behind(
        partial(hand_over, actor=cast.head, giver=cast.clerk, taker=cast.second_clerk, reason="调离"),
        lambda: actions.save_draft(actor=cast.clerk, applicant=row, cells={"talent": "围棋"}),
    )
    assert isinstance(told, actions.NotOwner)
    assert cast.second_clerk.name in str(told)


def test_drafts_handed_over_meanwhile_are_not_submitted(committed_db: str) -> None:
    cast = make_cast()
    batch = make_batch(cast.school)
    row = draft(cast.clerk, batch)
    done = behind(
        partial(hand_over, actor=cast.head, giver=cast.clerk, taker=cast.second_clerk, reason="调离"),
        partial(submit_drafts, actor=cast.clerk, batch=batch, classes=[CLASS], compared=True),
    )
    assert done == Submitted(0, 0, 1)
    row.refresh_from_db()
    assert (row.state, row.entered_by) == (Applicant.State.DRAFT, cast.second_clerk)


def test_a_double_click_on_a_bulk_approval_starts_one_job(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 0)
    cast = make_cast()
    batch = make_batch(cast.school)
    submitted(cast.clerk, batch)
    sample = bulk.draw_sample(actor=cast.second_clerk, batch=batch, class_no=CLASS, step=INITIAL_REVIEW)
    SampleItem.objects.update(opened_at=sample.drawn_at)
    start = partial(bulk.start_bulk, actor=cast.second_clerk, sample=sample)
    assert isinstance(behind(start, start), bulk.SampleClosed)
    assert Job.objects.get() == IntakeSample.objects.get().job


def test_a_sample_that_a_job_passes_is_not_drawn_anew(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 0)
    cast = make_cast()
    batch = make_batch(cast.school)
    submitted(cast.clerk, batch)
    draw = partial(
        bulk.draw_sample, actor=cast.second_clerk, batch=batch, class_no=CLASS, step=INITIAL_REVIEW
    )
    sample = draw()
    SampleItem.objects.update(opened_at=sample.drawn_at)
    assert isinstance(
        behind(partial(bulk.start_bulk, actor=cast.second_clerk, sample=sample), draw), bulk.SampleClosed
    )
    assert IntakeSample.objects.get().closed_at is None


def test_two_windows_that_place_a_draft_in_different_colleges_lose_nothing(committed_db: str) -> None:
    cast = make_cast()
    for code in ("080901", "101101"):
        saved(
            Programme(
                unit=make_unit(code, cast.school, kind="college"), code=code, name=code, study_years="4"
            )
        )
    clerk = make_user("钱进", cast.admissions)
    appoint(clerk, Role.ADMISSIONS_CLERK, cast.school)
    row = actions.start_applicant(actor=clerk, batch=make_batch(cast.school, layout="higher"))

    def save(code: str) -> object:
        actor = User.objects.get(pk=clerk.pk)
        return actions.save_draft(
            actor=actor, applicant=row, cells={"programme_code": code}, version=row.version
        )

    stale = behind(partial(save, "080901"), partial(save, "101101"))
    assert isinstance(stale, actions.StaleVersion)
    assert stale.current["programme_code"] == "080901"
