"""Members of an appraisal: who may be named costs the same however many there are; who falls ill is replaced."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted
from approvals import actions as requests
from approvals.refusals import RequestRefused, SamePerson, WrongState
from archive.models import AppraisalRound, AppraisalVote, Appraiser, AppraiserRelief
from archive.retention import actions, destroying, reporting, selectors
from ledger.models import Event
from tests.archive.appraising import MEMBERS, leaver, opened, ten_years, voted, walk
from tests.cast import Cast
from tests.factories import appoint, make_user

pytestmark = pytest.mark.django_db


def deputy(cast: Cast, name: str = "郑新", *, unit: str = "student_affairs") -> User:
    """Somebody else who may vote."""
    user = make_user(name, getattr(cast, unit))
    appoint(user, Role.STUDENT_AFFAIRS_HEAD, cast.school)
    return User.objects.get(pk=user.pk)


def ready(cast: Cast) -> AppraisalRound:
    """A round of two files with its three members."""
    ten_years(cast)
    leaver(cast)
    leaver(cast, "李小红")
    return opened(cast)


def member(row: AppraisalRound, user: User) -> int:
    """The key of somebody's membership."""
    return int(Appraiser.objects.get(round=row, user=user).pk)


def relieve(
    cast: Cast, row: AppraisalRound, user: User, *, who: str = "student_affairs_head"
) -> AppraiserRelief:
    """Let somebody vote instead of a member."""
    key = member(row, getattr(cast, who))
    return actions.relieve_appraiser(actor=cast.archivist, row=row, member=key, user=user, reason="因病住院")


@pytest.mark.parametrize("count", [1, 9])
def test_who_may_be_named_is_asked_once(cast: Cast, count: int) -> None:
    row = ready(cast)
    for number in range(count):
        deputy(cast, f"郑{number}")
        make_user(f"钱{number}", cast.teaching)
    with CaptureQueriesContext(connection) as asked:
        found = selectors.eligible_appraisers(row)
    assert len(asked) == 1
    assert {one.name for one in found} == {
        cast.archivist.name, cast.second_archivist.name, cast.archive_head.name,
        *(f"郑{number}" for number in range(count)),
    }  # fmt: skip


@pytest.mark.requirement("S3-9.2-2")
def test_who_falls_ill_is_replaced_and_his_votes_stay(cast: Cast) -> None:
    row, other = ready(cast), deputy(cast)
    first = row.files.order_by("pk")[0]
    actions.vote(
        actor=cast.student_affairs_head, row=row, files=[first.pk], verdict="keep", reason="校史需要"
    )
    voted(cast, row, people=MEMBERS[:2])
    with pytest.raises(WrongState):
        actions.close_round(actor=cast.archivist, row=row, kept_years=10)
    made = relieve(cast, row, other)
    assert (made.successor.user, made.reason) == (other, "因病住院")
    event = Event.objects.get(action="appraisal.member_relieved")
    assert (event.actor, event.role, event.reason) == (cast.archivist, "archivist", "")
    with pytest.raises(NotPermitted):
        voted(cast, row, people=["student_affairs_head"])
    assert not selectors.rounds(cast.student_affairs_head).exists()
    assert row not in selectors.waiting_rounds(cast.student_affairs_head)
    with pytest.raises(WrongState):
        actions.close_round(actor=cast.archivist, row=row, kept_years=10)
    files = list(row.files.values_list("pk", flat=True))
    assert selectors.waiting_rounds(other) == {row: 2}
    actions.vote(actor=other, row=row, files=files, verdict="destroy", reason="无续存价值")
    row = actions.close_round(actor=cast.archivist, row=row, kept_years=10)
    first.refresh_from_db()
    assert first.outcome == "keep", "the vote that was given counts"
    assert row.files.exclude(pk=first.pk).get().outcome == "destroy"
    told = reporting.data_of(row, selectors.appraisers_of(row), list(row.files.all()), None)["report"]
    assert [one["successor"] for one in told["members"]] == ["", "", "郑新", ""]


def test_three_persons_of_two_departments_are_left(cast: Cast) -> None:
    row = ready(cast)
    for wrong in (cast.head, cast.registrar):
        with pytest.raises(RequestRefused):
            relieve(cast, row, wrong)
    relieve(cast, row, cast.archive_head)
    with pytest.raises(WrongState):
        relieve(cast, row, cast.archivist, who="academic_head")
    relieve(cast, row, deputy(cast), who="academic_head")
    assert Appraiser.objects.filter(relief__isnull=True).count() == 3
    assert not Appraiser.objects.filter(user=cast.archivist).exists()


def test_nobody_else_replaces_and_never_twice_or_without_a_reason(cast: Cast) -> None:
    row, other = ready(cast), deputy(cast)
    key = member(row, cast.head)
    for actor, reason, fault in ((cast.head, "病", NotPermitted), (cast.archivist, " ", RequestRefused)):
        with pytest.raises(fault):
            actions.relieve_appraiser(actor=actor, row=row, member=key, user=other, reason=reason)
    relieve(cast, row, other, who="head")
    with pytest.raises(WrongState):
        relieve(cast, row, cast.archive_head, who="head")
    with pytest.raises(WrongState):
        relieve(cast, row, cast.head, who="academic_head")
    actions.drop_round(actor=cast.archivist, row=row, reason="重新组织")
    with pytest.raises(WrongState):
        relieve(cast, row, cast.archive_head, who="academic_head")


def test_the_database_takes_no_vote_of_who_was_relieved(cast: Cast) -> None:
    row = ready(cast)
    relieve(cast, row, deputy(cast))
    gone = Appraiser.objects.get(user=cast.student_affairs_head)
    with pytest.raises(DatabaseError, match="closed"), transaction.atomic():
        AppraisalVote.objects.create(file=row.files.first(), appraiser=gone, verdict="destroy", reason="迟")


def test_who_was_relieved_neither_approves_nor_destroys(cast: Cast) -> None:
    ten_years(cast)
    leaver(cast)
    row = opened(cast, *MEMBERS, "archive_head")
    relieve(cast, row, deputy(cast), who="archive_head")
    voted(cast, row)
    actions.vote(
        actor=User.objects.get(name="郑新"),
        row=row,
        files=[row.files.get().pk],
        verdict="destroy",
        reason="期满",
    )
    row = actions.close_round(actor=cast.archivist, row=row, kept_years=10)
    typed = destroying.apply(actor=cast.archivist, row=row, reason="保管期限届满")
    requests.submit(actor=cast.archivist, request=typed.request)
    typed = walk(cast, typed, "leader", "second_archivist")
    with pytest.raises(SamePerson):
        walk(cast, typed, "archive_head")
    walk(cast, typed, "archivist")


def test_the_page_replaces_a_member(cast: Cast, client: Client) -> None:
    row, other = ready(cast), deputy(cast)
    client.force_login(cast.archivist)
    here, act = (reverse(f"archive:round{part}", args=[row.public_id]) for part in ("", "_relief"))
    assert act in client.get(here).content.decode()
    asked = {"relief-member": member(row, cast.head), "relief-user": other.pk, "relief-reason": "因病住院"}
    assert client.post(act, {**asked, "relief-reason": ""}).status_code == 422
    assert not AppraiserRelief.objects.exists()
    page = client.post(act, asked, follow=True).content.decode()
    assert AppraiserRelief.objects.get().successor.user == other
    assert "因病住院" in page
    client.force_login(cast.academic_head)
    page = client.get(here).content.decode()
    assert "因病住院" not in page and other.name in page
