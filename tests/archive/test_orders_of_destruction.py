"""No order of acts, by whomever, reaches a destroyed file that anything still gives, or destroys one that must stay."""

from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.scope import NotPermitted, OutOfScope
from approvals import actions as requests
from approvals.models import Request
from approvals.reasons import ReturnReason
from approvals.refusals import RequestRefused
from archive.keeping import actions as keeping
from archive.models import (
    AppraisalRound,
    AppraisalVote,
    Appraiser,
    DestroyedBlob,
    DestroyedFile,
    DestructionRequest,
    LegalHold,
    PaperLoan,
)
from archive.retention import actions, destroying
from archive.retention.obstacles import in_the_way
from files.models import Blob
from ledger.models import Event
from records import finders, selectors
from records.models import Enrolment, Student
from records.sections import sections
from tests.archive.appraising import MEMBERS, WAY, ten_years
from tests.archive.asking import submitted_edit
from tests.archive.test_deletions import held, lent
from tests.archive.test_destruction import SECRETS, full_file, rows_that_say
from tests.cast import Cast, make_cast
from tests.factories import saved

PEOPLE = (*MEMBERS, "archivist", "second_archivist", "archive_head", "leader", "registrar")
REFUSED = (
    RequestRefused,
    NotPermitted,
    ValueError,
    Http404,
    OutOfScope,
    IntegrityError,
    Enrolment.DoesNotExist,
)
OVER = (Request.State.CLOSED, Request.State.REFUSED, Request.State.RECALLED)
people = st.sampled_from(PEOPLE)


class Walk(RuleBasedStateMachine):
    """One file whose retention is over, and everybody who has anything to do with it."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.cast: Cast = make_cast()
        ten_years(self.cast)
        self.student = full_file(self.cast)
        self.blobs = set(Blob.objects.values_list("pk", flat=True))
        self.in_the_way = True

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def _try(self, act: Any, *args: Any, **values: Any) -> Any:
        try:
            with transaction.atomic():
                return act(*args, **values)
        except REFUSED:
            return None

    def _round(self) -> AppraisalRound | None:
        return AppraisalRound.objects.order_by("-pk").first()

    def _request(self) -> Request | None:
        typed = DestructionRequest.objects.order_by("-pk").first()
        return typed.request if typed else None

    def _on_round(self, act: Any, **values: Any) -> None:
        row = self._round()
        if row is not None:
            self._try(act, row=row, **values)

    def _on_request(self, act: Any, who: str, **values: Any) -> None:
        row = self._request()
        if row is not None:
            self._try(act, actor=getattr(self.cast, who), request=row, **values)

    @initialize()
    def somebody_looks(self) -> None:
        assert selectors.student_file(self.cast.archivist, self.student.public_id)

    @rule(who=people)
    def open_a_round(self, who: str) -> None:
        self._try(actions.open_round, actor=getattr(self.cast, who), school=self.cast.school)

    @rule(who=people, whom=people)
    def name(self, who: str, whom: str) -> None:
        self._on_round(actions.name_appraiser, actor=getattr(self.cast, who), user=getattr(self.cast, whom))

    @rule(who=people, verdict=st.sampled_from(AppraisalVote.Verdict.values))
    def vote(self, who: str, verdict: str) -> None:
        row = self._round()
        files = list(row.files.values_list("pk", flat=True)) if row else []
        self._on_round(
            actions.vote, actor=getattr(self.cast, who), files=files, verdict=verdict, reason="鉴定意见"
        )

    @rule(verdict=st.sampled_from(["destroy", "destroy", "destroy", "keep"]), steps=st.integers(0, 3))
    def the_usual_way(self, verdict: str, steps: int) -> None:
        self.open_a_round("archivist")
        for name in MEMBERS:
            self.name("archivist", name)
        for name in MEMBERS[:2]:
            self.vote(name, "destroy")
        self.vote(MEMBERS[2], verdict)
        self.close("archivist")
        self.ask("archivist")
        for name in WAY[:steps]:
            self.take_a_step(name)

    @rule(who=people)
    def close(self, who: str) -> None:
        self._on_round(actions.close_round, actor=getattr(self.cast, who), kept_years=10)

    @rule(who=people)
    def drop(self, who: str) -> None:
        self._on_round(actions.drop_round, actor=getattr(self.cast, who), reason="重新组织")

    @rule(who=people)
    def ask(self, who: str) -> None:
        self._on_round(destroying.apply, actor=getattr(self.cast, who), reason="保管期限届满")
        self._on_request(requests.submit, who)

    @rule(who=people)
    def take_a_step(self, who: str) -> None:
        self._on_request(requests.take_step, who)

    @rule(order=st.permutations(PEOPLE))
    def whoever_can_takes_a_step(self, order: list[str]) -> None:
        for who in order:
            self.take_a_step(who)

    @rule(who=people)
    def send_back(self, who: str) -> None:
        self._on_request(requests.send_back, who, reason=ReturnReason.OTHER, comment="再核")

    @rule(who=people)
    def refuse(self, who: str) -> None:
        self._on_request(requests.refuse, who, reason=ReturnReason.OTHER, comment="不同意")

    @rule(who=people)
    def recall(self, who: str) -> None:
        self._on_request(requests.recall, who)

    @rule()
    def hold(self) -> None:
        self._try(held, self.cast, self.student)

    @rule()
    def lift(self) -> None:
        for hold in LegalHold.objects.filter(lifted_at__isnull=True):
            self._try(
                lambda hold=hold: keeping.lift_hold(
                    actor=self.cast.archive_head,
                    file=selectors.student_file(self.cast.archive_head, self.student.public_id),
                    hold=hold,
                    reason="案结",
                )
            )

    @rule()
    def lend(self) -> None:
        self._try(lent, self.cast, self.student)

    @rule()
    def take_back(self) -> None:
        for loan in PaperLoan.objects.filter(returned_on__isnull=True):
            self._try(keeping.take_back, actor=self.cast.archivist, loan=loan)

    @rule()
    def come_back_to_school(self) -> None:
        stay = Enrolment(
            student=self.student, school=self.cast.school, unit=self.cast.school,
            student_no=f"2026{Enrolment.history.count():06d}", started_on=timezone.localdate(),
        )  # fmt: skip
        self._try(saved, stay)

    @rule()
    def leave_again(self) -> None:
        for stay in Enrolment.objects.filter(ended_on__isnull=True):
            stay.started_on, stay.ended_on = (
                stay.started_on.replace(year=2006),
                stay.started_on.replace(year=2012),
            )
            self._try(saved, stay)

    @rule()
    def ask_for_a_change(self) -> None:
        self._try(submitted_edit, self.cast, self.student, {"talent": "围棋小能手二"})

    @rule()
    def recall_the_change(self) -> None:
        for row in Request.objects.filter(kind="edit").exclude(state__in=OVER):
            self._try(requests.recall, actor=row.requester, request=row)

    @rule()
    def restore_calls(self) -> None:
        destroying.reapply()

    @precondition(lambda self: DestroyedFile.objects.exists())
    @rule()
    def write_into_what_is_left(self) -> None:
        left = Student.objects.get()
        left.name = "王小明"
        assert self._try(saved, left) is None
        assert self._try(saved, Student.objects.get()) is None

    @invariant()
    def a_destroyed_file_is_nowhere_and_any_other_is_whole(self) -> None:
        line = DestroyedFile.objects.first()
        student = Student.objects.get()
        assert (student.destroyed_on is not None) == (line is not None)
        file = self._try(selectors.student_file, self.cast.archive_head, self.student.public_id)
        if line is None:
            assert file is not None and student.family.exists() and not DestroyedBlob.objects.exists()
            self.in_the_way = bool(in_the_way([student.pk], self.cast.school))
            return
        assert not self.in_the_way, "nothing stood in the way right before"
        assert file is None
        assert rows_that_say(SECRETS) == []
        for user in (self.cast.archive_head, self.cast.head, self.cast.registrar):
            assert not any(hits.rows for _one, hits in finders.find(user, "王小明", secrets=True, limit=9))
        for one in sections():
            if one.export and one.key != "basic":
                told = one.export(student)
                assert not any(told.values() if isinstance(told, dict) else told), one.key
        assert self.blobs <= set(Blob.objects.filter(discarded__isnull=False).values_list("pk", flat=True))

    @invariant()
    def a_destruction_was_decided_and_done_by_different_people(self) -> None:
        for line in DestroyedFile.objects.all():
            typed = DestructionRequest.objects.get(request__number=line.number)
            assert typed.request.state == Request.State.CLOSED
            acting = {line.approver_id, line.first_executor_id, line.second_executor_id}
            members = set(Appraiser.objects.filter(round=typed.round).values_list("user", flat=True))
            assert len(acting) == 3 and len(members) >= 3 and not acting & members
            votes = AppraisalVote.objects.filter(file__round=typed.round)
            assert votes.count() == len(members)
            assert set(votes.values_list("verdict", flat=True)) == {"destroy"}
            assert Event.objects.filter(action="file.destroyed", subject=line.subject).count() == 1


SETTINGS = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.django_db
@pytest.mark.requirement("S0-4.4-3", "S3-9.1-1", "S3-9.2-3")
def test_no_order_of_acts_reaches_a_destroyed_file_or_destroys_another() -> None:
    run_state_machine_as_test(Walk, settings=SETTINGS)


@pytest.mark.django_db
@pytest.mark.parametrize("forgets", [False, True])
def test_what_one_room_forgets_to_erase_is_found(*, forgets: bool) -> None:
    walk = Walk()
    left_out: Any = patch.object(destroying, "erasers", return_value=[]) if forgets else nullcontext()
    try:
        walk.a_destroyed_file_is_nowhere_and_any_other_is_whole()
        with left_out:
            walk.the_usual_way("destroy", 3)
        assert DestroyedFile.objects.exists()
        with pytest.raises(AssertionError) if forgets else nullcontext():
            walk.a_destroyed_file_is_nowhere_and_any_other_is_whole()
    finally:
        walk.teardown()
