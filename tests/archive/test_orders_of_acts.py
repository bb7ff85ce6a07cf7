"""No order of acts, by whomever, leads past the rules of edits and deletions: random walks through the real actions."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.scope import NotPermitted
from approvals import actions as requests
from approvals.models import Request
from approvals.reasons import ReturnReason
from approvals.refusals import RequestRefused
from archive.deletions import actions as deletions
from archive.edits.fields import current, digest
from archive.models import DeletionRequest, EditChange, EditRequest, Tombstone
from records.models import Enrolment, Student
from tests.archive.asking import draft_edit
from tests.cast import Cast, make_cast
from tests.records.files import make_student

PEOPLE = (
    "registrar",
    "second_registrar",
    "academic_head",
    "archivist",
    "second_archivist",
    "archive_head",
    "outsider",
)
VALUES = {"name": ("王晓明", "王小鸣"), "postcode": ("430071", "430072"), "talent": ("围棋", "")}
REFUSED = (RequestRefused, NotPermitted, ValueError)
OVER = (Request.State.CLOSED, Request.State.REFUSED, Request.State.RECALLED)
people = st.sampled_from(PEOPLE)
askers = st.sampled_from(("registrar", "second_registrar", "academic_head"))
which = st.integers(0, 5)


class Walk(RuleBasedStateMachine):
    """Edits and deletions of one student, by anybody in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.cast: Cast = make_cast()
        self.student = make_student("王小明", self.cast)
        self.enrolment = Enrolment.objects.select_related("school").get()
        self.before = current(self.student, self.enrolment, VALUES)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def _try(self, act: Any, **values: Any) -> None:
        try:
            with transaction.atomic():
                act(**values)
        except REFUSED:
            pass

    def _one(self, number: int) -> Request:
        """One of the requests; those that are not over yet come first."""
        rows = list(Request.objects.exclude(state__in=OVER).order_by("pk")) or list(
            Request.objects.order_by("pk")
        )
        return rows[number % len(rows)]

    @rule(who=askers, field=st.sampled_from(sorted(VALUES)), choice=st.integers(0, 1))
    def ask(self, who: str, field: str, choice: int) -> None:
        student, actor = Student.objects.get(), getattr(self.cast, who)
        values = {field: VALUES[field][choice]}
        self._begin(lambda: draft_edit(self.cast, student, values, actor=actor))

    @rule(who=askers)
    def ask_for_deletion(self, who: str) -> None:
        values = {"school": self.cast.school, "cause": "mistaken", "reason": "误录"}
        actor = getattr(self.cast, who)
        self._begin(lambda: deletions.draft(actor=actor, student=self.student, **values))

    def _begin(self, draft: Callable[[], Any]) -> None:
        if Request.objects.exclude(state__in=OVER).count() < 3:
            self._try(draft)
            last = Request.objects.order_by("pk").last()
            if last:
                self._try(requests.submit, actor=last.requester, request=last)

    @precondition(lambda self: Request.objects.exists())
    @rule(number=which, who=people)
    def submit(self, number: int, who: str) -> None:
        request = self._one(number)
        self._try(requests.submit, actor=getattr(self.cast, who), request=request)
        self._try(requests.submit, actor=request.requester, request=request)

    @precondition(lambda self: Request.objects.exclude(step="").exists())
    @rule(number=which, steps=st.integers(1, 5), order=st.permutations(PEOPLE))
    def whoever_can_takes_the_steps(self, number: int, steps: int, order: list[str]) -> None:
        request = self._one(number)
        for _ in range(steps):
            for who in order:
                self._try(requests.take_step, actor=getattr(self.cast, who), request=request)

    @precondition(lambda self: Request.objects.exclude(step="").exists())
    @rule(number=which, who=people)
    def take_a_step(self, number: int, who: str) -> None:
        self._try(requests.take_step, actor=getattr(self.cast, who), request=self._one(number))

    @precondition(lambda self: Request.objects.exclude(step="").exists())
    @rule(number=which, who=people)
    def send_back(self, number: int, who: str) -> None:
        self._try(
            requests.send_back,
            actor=getattr(self.cast, who),
            request=self._one(number),
            reason=ReturnReason.OTHER,
            comment="请核对",
        )

    @precondition(lambda self: Request.objects.exists())
    @rule(number=which, who=people)
    def recall(self, number: int, who: str) -> None:
        self._try(requests.recall, actor=getattr(self.cast, who), request=self._one(number))

    @invariant()
    def the_file_says_what_was_approved_last(self) -> None:
        now = current(Student.objects.get(), Enrolment.objects.select_related("school").get(), VALUES)
        expected = dict(self.before)
        for one in EditChange.objects.filter(applied_digest__isnull=False).order_by("edit__applied_at", "pk"):
            expected[one.field] = one.new
        assert now == expected

    @invariant()
    def a_closed_edit_was_carried_out_as_approved_by_different_people(self) -> None:
        for typed in EditRequest.objects.filter(request__state=Request.State.CLOSED):
            for one in typed.changes.all():
                assert bytes(one.applied_digest or b"") == digest(one.new)
            for left, right in typed.pairs():
                persons = getattr(typed, f"{left}_id"), getattr(typed, f"{right}_id")
                assert None in persons or persons[0] != persons[1]

    @invariant()
    def only_a_closed_deletion_shelves_and_leaves_one_trace(self) -> None:
        shelved = Enrolment.objects.filter(shelved_on__isnull=False).exists()
        closed = DeletionRequest.objects.filter(request__state=Request.State.CLOSED)
        assert shelved == closed.exists()
        assert Tombstone.objects.count() == closed.count() <= 1
        assert all(one.snapshot_id and one.obstacles == 0 for one in closed)


@pytest.mark.django_db
def test_no_order_of_acts_leads_past_the_rules() -> None:
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
