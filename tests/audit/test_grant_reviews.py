"""Once a year every role in force is confirmed or ends; nobody answers for his own (E.17, D.2)."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import pypdfium2
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.actions import lock_user
from accounts.models import Appointment, User
from accounts.roles import Role
from accounts.scope import NotPermitted, holds
from approvals.refusals import RequestRefused, WrongState
from audit.grant_reviews import actions, selectors
from audit.models import GrantReview, GrantReviewItem
from audit.tasks import open_grant_reviews
from ledger.models import Event
from tests.cast import Cast, make_cast
from tests.factories import appoint, make_user, saved, set_rule
from tests.support.inbox import inbox_rows
from tests.support.together import at_once

pytestmark = pytest.mark.requirement("S4-4.1-5")


def words_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    return "".join(page.get_textpage().get_text_range() for page in document)


OCTOBER = date(2026, 10, 8)


def opened(cast: Cast) -> GrantReview:
    return actions.open_review(actor=cast.security_admin, school=cast.school)


def item_of(review: GrantReview, person: User) -> GrantReviewItem:
    found: GrantReviewItem = review.items.get(person=person)
    return found


def say(
    actor: User, review: GrantReview, *people: User, outcome: str = "keep", reason: str = ""
) -> tuple[int, int]:
    ids = [item_of(review, one).public_id for one in people]
    return actions.decide(actor=actor, review=review, ids=ids, outcome=outcome, reason=reason)


def say_all(cast: Cast, review: GrantReview, *, but: tuple[User, ...] = ()) -> None:
    """Everybody who answers confirms what is his to confirm."""
    for person in cast.people.values():
        if selectors.answered_by(person, review):
            rows = review.items.filter(outcome="").exclude(person__in=but)
            ids = list(rows.values_list("public_id", flat=True))
            actions.decide(actor=person, review=review, ids=ids, outcome="keep")


def late(review: GrantReview) -> None:
    review.due_on = timezone.localdate() - timedelta(days=1)
    saved(review)


def test_the_scheduler_opens_one_review_a_year_in_the_month_of_the_rule(cast: Cast) -> None:
    set_rule(cast.bureau, "grant_review_month", "never")
    set_rule(cast.school, "grant_review_month", "10")
    assert actions.open_due(OCTOBER + timedelta(days=30)) == 0
    today = timezone.localdate()
    set_rule(cast.school, "grant_review_month", str(today.month), valid_from=today)
    assert actions.open_due(today) == 1
    review = GrantReview.objects.get()
    assert (review.school, review.number[:3]) == (cast.school, "QF-")
    listed = set(review.items.values_list("person", flat=True))
    assert cast.registrar.pk in listed
    assert {cast.outsider.pk, cast.bureau_officer.pk}.isdisjoint(listed)
    assert actions.open_due(today) == 0
    late(review)
    say_all(cast, review)
    actions.finish(actor=cast.security_admin, review=review)
    assert actions.open_due(today) == 0
    open_grant_reviews()
    assert GrantReview.objects.count() == 1


def test_two_schedulers_open_one_review(committed_db: str) -> None:
    make_cast()
    today = timezone.localdate()
    for unit in selectors.employers():
        set_rule(unit, "grant_review_month", str(today.month))
    at_once(partial(actions.open_due, today), partial(actions.open_due, today))
    schools = list(GrantReview.objects.values_list("school", flat=True))
    assert len(schools) == len(set(schools)) == 3


def test_the_head_answers_for_his_department_and_the_leader_for_heads(cast: Cast) -> None:
    review = opened(cast)
    mine = selectors.answered_by(cast.academic_head, review)
    assert mine == {cast.registrar.pk, cast.second_registrar.pk, cast.teacher.pk, cast.adviser.pk}
    leader = selectors.answered_by(cast.leader, review)
    assert {cast.academic_head.pk, cast.registrar.pk, cast.security_admin.pk, cast.auditor.pk} <= leader
    assert cast.leader.pk not in leader
    assert selectors.answered_by(cast.security_admin, review) == {cast.leader.pk}
    for outside in (cast.registrar, cast.auditor, cast.system_admin, cast.outsider):
        assert selectors.answered_by(outside, review) == set()


def test_where_no_head_is_the_security_administrator_answers_for_all_but_himself(cast: Cast) -> None:
    cast.leader.is_active = False
    saved(cast.leader)
    review = opened(cast)
    mine = selectors.answered_by(cast.security_admin, review)
    assert {cast.auditor.pk, cast.academic_head.pk, cast.finance.pk} <= mine
    assert {cast.security_admin.pk, cast.registrar.pk}.isdisjoint(mine)
    assert say(cast.security_admin, review, cast.security_admin, cast.auditor) == (1, 1)


def test_nobody_answers_for_his_own_or_for_another_department(cast: Cast) -> None:
    review = opened(cast)
    assert say(cast.academic_head, review, cast.academic_head, cast.archivist, cast.registrar) == (1, 2)
    assert item_of(review, cast.academic_head).outcome == ""
    assert item_of(review, cast.archivist).outcome == ""
    row = item_of(review, cast.registrar)
    assert (row.outcome, row.decided_by) == ("keep", cast.academic_head)
    assert Event.objects.get(action="grant_review.answered").detail == {"outcome": "keep", "roles": 1}
    for outside in (cast.registrar, cast.auditor, cast.system_admin):
        with pytest.raises(NotPermitted):
            say(outside, review, cast.teacher)


@pytest.mark.parametrize("column", ["decided_by", "ended_by"])
def test_the_database_lets_nobody_answer_for_or_end_his_own(cast: Cast, column: str) -> None:
    row = item_of(opened(cast), cast.registrar)
    row.outcome, row.reason, row.decided_by, row.decided_at = "end", "x", cast.leader, timezone.now()
    setattr(row, column, cast.registrar)
    name = {"decided_by": "grant_review_not_ones_own", "ended_by": "grant_review_ended_by_another"}[column]
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        saved(row)


def test_what_somebody_else_said_stays_and_ones_own_word_can_be_changed(cast: Cast) -> None:
    review = opened(cast)
    say(cast.academic_head, review, cast.registrar)
    assert say(cast.leader, review, cast.registrar, outcome="end", reason="转岗") == (0, 1)
    assert say(cast.academic_head, review, cast.registrar, outcome="end", reason="转岗") == (1, 0)
    assert item_of(review, cast.registrar).reason == "转岗"
    with pytest.raises(RequestRefused):
        say(cast.academic_head, review, cast.teacher, outcome="end", reason="  ")


def test_what_is_marked_ends_in_one_act_with_a_report(cast: Cast, client: Client) -> None:
    review = opened(cast)
    say(cast.academic_head, review, cast.registrar, outcome="end", reason="转岗")
    with pytest.raises(WrongState):
        actions.finish(actor=cast.security_admin, review=review)
    assert holds(User.objects.get(pk=cast.registrar.pk), "view_student")
    say_all(cast, review)
    assert not review.items.filter(outcome="").exists()
    with pytest.raises(NotPermitted):
        actions.finish(actor=cast.leader, review=review)
    assert actions.finish(actor=cast.security_admin, review=review) == (1, 0, 0)
    assert not holds(User.objects.get(pk=cast.registrar.pk), "view_student")
    row = Appointment.objects.get(user=cast.registrar)
    assert row.withdrawn_at is not None
    ended = Event.objects.get(action="account.appointment_ended")
    assert ended.request_no == review.number
    assert item_of(review, cast.registrar).ended_by == cast.security_admin
    assert Event.objects.get(action="grant_review.finished").detail == {
        "ended": 1,
        "unanswered": 0,
        "stay": 0,
    }
    with pytest.raises(WrongState):
        say(cast.academic_head, review, cast.teacher)
    client.force_login(cast.auditor)
    url = reverse("audit:grant_review_report", args=[review.public_id])
    answer = client.post(url)
    assert answer.content.startswith(b"%PDF")
    assert Event.objects.get(action="grant_review.printed").actor == cast.auditor


def test_unanswered_roles_are_listed_after_the_due_date_and_stay_in_force(cast: Cast, client: Client) -> None:
    review = opened(cast)
    say_all(cast, review, but=(cast.finance,))
    late(review)
    client.force_login(cast.auditor)
    page = client.get(
        reverse("audit:grant_review", args=[review.public_id]), {"outcome": "open"}
    ).content.decode()
    assert cast.finance.name in page
    assert cast.clerk.name not in page
    assert actions.finish(actor=cast.security_admin, review=review) == (0, 1, 0)
    assert holds(User.objects.get(pk=cast.finance.pk), "view_fee_status")


def test_a_role_that_ended_meanwhile_stays_as_it_ended_and_ones_own_is_for_another(cast: Cast) -> None:
    above = make_user("局安全员", cast.bureau)
    appoint(above, Role.SECURITY_ADMIN, cast.bureau)
    review = opened(cast)
    say(cast.leader, review, cast.registrar, cast.security_admin, outcome="end", reason="转岗")
    say_all(cast, review)
    with pytest.raises(RequestRefused, match="安全管理员"):
        actions.finish(actor=cast.security_admin, review=review)
    review.refresh_from_db()
    assert review.closed_at is None
    assert Appointment.objects.get(user=cast.registrar).withdrawn_at is None
    gone = Appointment.objects.get(user=cast.registrar)
    gone.withdrawn_at = timezone.now()
    saved(gone)
    assert actions.finish(actor=above, review=review) == (1, 0, 0)
    assert item_of(review, cast.registrar).ended_by is None


def test_the_last_who_grants_roles_is_not_marked_to_end(cast: Cast) -> None:
    review = opened(cast)
    with pytest.raises(RequestRefused, match="徐涛"):
        say(cast.leader, review, cast.registrar, cast.security_admin, outcome="end", reason="转岗")
    assert not review.items.filter(outcome="end").exists()
    say(cast.leader, review, cast.security_admin)
    second = make_user("安全员", cast.school)
    appoint(second, Role.SECURITY_ADMIN, cast.school)
    assert say(cast.leader, review, cast.security_admin, outcome="end", reason="转岗") == (1, 0)


def test_of_two_who_grant_roles_one_stays(cast: Cast) -> None:
    second = make_user("安全员", cast.school)
    appoint(second, Role.SECURITY_ADMIN, cast.school)
    review = opened(cast)
    assert say(cast.leader, review, second, outcome="end", reason="转岗") == (1, 0)
    with pytest.raises(RequestRefused, match="徐涛"):
        say(cast.leader, review, cast.security_admin, outcome="end", reason="转岗")


def test_the_rest_ends_when_the_other_who_grants_roles_has_left(cast: Cast, client: Client) -> None:
    second = make_user("安全员", cast.school)
    appoint(second, Role.SECURITY_ADMIN, cast.school)
    review = opened(cast)
    say(cast.leader, review, cast.registrar, cast.security_admin, outcome="end", reason="转岗")
    say_all(cast, review)
    lock_user(actor=cast.system_admin, user=second, reason="离岗")
    late(review)
    client.force_login(cast.security_admin)
    with override("en"):
        url = reverse("audit:grant_review_finish", args=[review.public_id])
        page = client.post(url, follow=True, headers={"accept-language": "en"}).content.decode()
    review.refresh_from_db()
    assert review.closed_at is not None
    assert "Your own role stays in force" in page
    assert Appointment.objects.get(user=cast.registrar).withdrawn_at is not None
    assert Appointment.objects.get(user=cast.security_admin).withdrawn_at is None
    assert Event.objects.get(action="grant_review.finished").detail["stay"] == 1
    gone, own = item_of(review, cast.registrar), item_of(review, cast.security_admin)
    assert [selectors.outcome_of(one) for one in (gone, own)] == ["ended", "stays"]
    assert (
        "Stays in force"
        in client.get(
            reverse("audit:grant_review", args=[review.public_id]), headers={"accept-language": "en"}
        ).content.decode()
    )
    answer = client.post(reverse("audit:grant_review_report", args=[review.public_id]))
    words = words_of(answer.content)
    assert "继续有效" in words
    assert "已先行终止1" not in words.replace(" ", "")


def test_a_role_that_ended_before_is_told_apart_from_one_that_stays(cast: Cast) -> None:
    review = opened(cast)
    say(cast.leader, review, cast.registrar, outcome="end", reason="转岗")
    role = Appointment.objects.get(user=cast.registrar)
    role.valid_until = timezone.localdate() - timedelta(days=1)
    saved(role)
    assert selectors.ending(cast.security_admin, review) == (0, False)
    late(review)
    actions.finish(actor=cast.security_admin, review=review)
    review.refresh_from_db()
    assert selectors.outcome_of(item_of(review, cast.registrar)) == "before"


def test_the_dialog_counts_what_really_ends(cast: Cast) -> None:
    second = make_user("安全员", cast.school)
    appoint(second, Role.SECURITY_ADMIN, cast.school)
    review = opened(cast)
    say(cast.leader, review, cast.registrar, cast.security_admin, outcome="end", reason="转岗")
    assert selectors.ending(cast.security_admin, review) == (1, True)
    assert selectors.ending(second, review) == (2, False)


def test_who_left_without_anybody_asking_is_no_other_who_grants_roles(cast: Cast) -> None:
    second = make_user("安全员", cast.school)
    held = appoint(second, Role.SECURITY_ADMIN, cast.school)
    review = opened(cast)
    # The day passes: the copy of the role that a guardian keeps follows only once he asks himself.
    held.valid_until = timezone.localdate() - timedelta(days=1)
    saved(held)
    with pytest.raises(RequestRefused, match="徐涛"):
        say(cast.leader, review, cast.security_admin, outcome="end", reason="转岗")
    assert say(cast.leader, review, second, outcome="end", reason="已离岗") == (1, 0), "it ended already"


def test_who_got_such_a_role_anew_grants_roles_again(cast: Cast) -> None:
    second = make_user("安全员", cast.school)
    held = appoint(second, Role.SECURITY_ADMIN, cast.school)
    review = opened(cast)
    say(cast.leader, review, second, outcome="end", reason="离岗")
    held.valid_until = timezone.localdate() - timedelta(days=1)
    saved(held)
    appoint(second, Role.SECURITY_ADMIN, cast.school, valid_from=timezone.localdate())
    assert say(cast.leader, review, cast.security_admin, outcome="end", reason="转岗") == (1, 0)


def test_one_review_is_open_at_a_time_and_another_school_is_not_ones_own(cast: Cast) -> None:
    opened(cast)
    with pytest.raises(WrongState):
        opened(cast)
    with pytest.raises(NotPermitted):
        actions.open_review(actor=cast.security_admin, school=cast.other_school)
    with pytest.raises(NotPermitted):
        actions.open_review(actor=cast.leader, school=cast.school)


def test_pages_show_each_reader_what_is_his(cast: Cast, client: Client) -> None:
    review = opened(cast)
    url = reverse("audit:grant_review", args=[review.public_id])
    client.force_login(cast.academic_head)
    page = client.get(url).content.decode()
    assert cast.teacher.name in page
    assert cast.archivist.name not in page
    answer = reverse("audit:grant_review_answer", args=[review.public_id])
    ids = [str(item_of(review, cast.teacher).public_id)]
    client.post(f"{answer}?outcome=keep", {"ids": ids})
    assert item_of(review, cast.teacher).outcome == "keep"
    client.post(answer, {"ids": ids, "reason": "离职"})
    assert item_of(review, cast.teacher).outcome == "end"
    client.post(answer, {"ids": ["x"]})
    rows = inbox_rows(cast.academic_head, kind="grant_reviews")
    assert [row.count for row in rows] == [3]
    assert inbox_rows(cast.auditor, kind="grant_reviews") == []
    late(review)
    assert len(inbox_rows(cast.security_admin, kind="grant_reviews")) == 1
    client.force_login(cast.security_admin)
    client.post(reverse("audit:grant_review_finish", args=[review.public_id]))
    review.refresh_from_db()
    assert review.closed_by == cast.security_admin
    assert client.get(reverse("audit:grant_reviews")).status_code == 200


def test_the_inbox_costs_the_same_for_one_review_and_for_three(cast: Cast) -> None:
    above = make_user("局安全员", cast.bureau)
    appoint(above, Role.SECURITY_ADMIN, cast.bureau)
    counts: list[Any] = []
    for schools in ([cast.school], [cast.bureau, cast.other_school]):
        for school in schools:
            actions.open_review(actor=above, school=school)
        fresh = User.objects.get(pk=above.pk)
        with CaptureQueriesContext(connection) as queries:
            selectors.waiting(fresh)
        counts.append(len(queries))
    assert counts[0] == counts[1]
