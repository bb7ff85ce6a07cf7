"""A responsibility letter that is superseded, has run out, or was ended: its papers and its register."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from approvals.refusals import RequestRefused, StaleVersion
from audit.letters import actions, selectors
from audit.models import Letter, LetterSignature, LetterVersion
from tests.audit.supervising import scan
from tests.audit.test_inspections import words_of
from tests.audit.test_letters import published, renewed
from tests.cast import Cast, make_cast
from tests.factories import appoint, make_user, saved
from tests.support.behind import behind

pytestmark = pytest.mark.requirement("S1-4-2")

Later = Callable[[int], date]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Go so many days on from the beginning of the test; the day that it is then."""
    start = timezone.now()

    def go(days: int) -> date:
        at: datetime = start + timedelta(days=days)
        monkeypatch.setattr(timezone, "now", lambda: at)
        return timezone.localdate()

    return go


def again(user: User) -> User:
    """The same person at the next request."""
    return User.objects.get(pk=user.pk)


def registered(cast: Cast, version: LetterVersion, person: User, day: date) -> LetterSignature:
    """A paper of the person with this day, brought to the archivist."""
    version = LetterVersion.objects.get(pk=version.pk)
    return actions.register(
        actor=again(cast.archivist), version=version, person=person, signed_on=day, scan=scan()
    )


def test_nobody_ends_a_version_that_he_did_not_look_at(cast: Cast, client: Client) -> None:
    first = published(cast)
    second = renewed(cast, first, text="另一份")
    with pytest.raises(StaleVersion):
        actions.end(actor=cast.leader, version=first)
    client.force_login(cast.leader)
    answer = client.post(reverse("audit:letter_end", args=[first.public_id]), follow=True)
    (why,) = answer.context["messages"]
    assert why.level_tag == "error" and Letter.objects.get().ended_at is None
    actions.end(actor=cast.leader, version=second)
    assert Letter.objects.get().ended_by == cast.leader


def test_a_version_published_meanwhile_is_not_ended(committed_db: None) -> None:
    cast = make_cast()
    first = published(cast)
    gave: Any = behind(lambda: renewed(cast, first), lambda: actions.end(actor=cast.leader, version=first))
    assert isinstance(gave, StaleVersion) and Letter.objects.get().ended_at is None


# Papers


def test_a_paper_of_an_old_version_bears_a_day_of_its_time(cast: Cast, later: Later) -> None:
    old = published(cast)
    superseded = later(5)
    renewed(cast, old, by=again(cast.archive_head), text="另一份")
    today = later(9)
    for day in (today, superseded + timedelta(days=1)):
        with pytest.raises(RequestRefused, match=f"{superseded}"):
            registered(cast, old, cast.teacher, day)
    assert registered(cast, old, cast.teacher, superseded).signed_on == superseded


def test_a_paper_of_an_ended_letter_bears_a_day_before_its_end(cast: Cast, later: Later) -> None:
    version = published(cast)
    ended = later(5)
    actions.end(actor=again(cast.leader), version=version)
    today = later(9)
    with pytest.raises(RequestRefused, match=f"{ended}"):
        registered(cast, version, cast.teacher, today)
    registered(cast, version, cast.teacher, ended)


def test_a_paper_of_a_version_that_ran_out_bears_a_day_up_to_its_last(cast: Cast, later: Later) -> None:
    version = published(cast, months=1)
    later(60)
    last = version.valid_until
    with pytest.raises(RequestRefused, match=f"{last}"):
        registered(cast, version, cast.teacher, last + timedelta(days=1))
    registered(cast, version, cast.teacher, last)


def test_a_paper_bears_a_day_on_which_its_person_held_the_role(cast: Cast, later: Later) -> None:
    today = timezone.localdate()
    version = published(cast, roles=[Role.FINANCE])
    left, coming = make_user("旧出纳", cast.finance_office), make_user("新出纳", cast.finance_office)
    row = appoint(left, Role.FINANCE, cast.school)
    appoint(coming, Role.FINANCE, cast.school, valid_from=today + timedelta(days=6))
    gone = later(4)
    row.withdrawn_at = timezone.now()
    saved(row)
    later(9)
    for person, day in ((left, gone + timedelta(days=1)), (coming, gone)):
        with pytest.raises(RequestRefused, match=person.name):
            registered(cast, version, person, day)
    registered(cast, version, left, gone)
    registered(cast, version, coming, today + timedelta(days=6))


def test_who_came_after_a_version_or_never_began_does_not_stand_among_its_papers(
    cast: Cast, later: Later
) -> None:
    today = timezone.localdate()
    old = published(cast)
    never = make_user("未到岗", cast.teaching)
    row = appoint(never, Role.TEACHER, cast.teaching, valid_from=today + timedelta(days=4))
    later(2)
    row.withdrawn_at = timezone.now()
    saved(row)
    later(5)
    renewed(cast, old, by=again(cast.archive_head))
    arrived = later(7)
    late = make_user("新教师", cast.teaching)
    appoint(late, Role.TEACHER, cast.teaching, valid_from=arrived)
    names = {one.name for one in selectors.asked_since(old)}
    assert cast.teacher.name in names and not names & {never.name, late.name}
    with pytest.raises(RequestRefused):
        registered(cast, old, late, arrived)


# The register


def left_open(cast: Cast, client: Client, version: LetterVersion) -> set[str]:
    """Who has not signed, as the register shows it."""
    client.force_login(again(cast.archivist))
    page = client.get(reverse("audit:letter", args=[version.public_id]), {"state": "open"})
    return {one.name for one in page.context["list"].objects}


def counted(cast: Cast, client: Client) -> tuple[int, int]:
    """How many signed and how many did not, as the list of letters shows it."""
    client.force_login(again(cast.archivist))
    (row,) = client.get(reverse("audit:letters")).context["list"].objects
    return row.signed, row.open


def test_a_letter_that_ran_out_shows_who_did_not_sign_it(cast: Cast, client: Client, later: Later) -> None:
    version = published(cast, roles=[Role.FINANCE, Role.ARCHIVE_HEAD], months=1)
    actions.sign(actor=cast.archive_head, version=version)
    assert counted(cast, client) == (1, 1) and left_open(cast, client, version) == {cast.finance.name}
    today = later(60)
    appoint(make_user("新出纳", cast.finance_office), Role.FINANCE, cast.school, valid_from=today)
    assert counted(cast, client) == (1, 1) and left_open(cast, client, version) == {cast.finance.name}
    people = [cast.finance.pk, cast.archive_head.pk, cast.outsider.pk]
    assert list(selectors.open_letters(people).values()) == [1, 0, 0]
    assert selectors.to_sign(again(cast.finance)) == []
    row = next(one for one in selectors.people(version) if one.pk == cast.finance.pk)
    assert not row.still_asked and row.signed_on is None
    renewed(cast, version, by=again(cast.archive_head), roles=version.roles)
    assert list(selectors.open_letters(people).values()) == [1, 1, 0]


def test_an_ended_letter_shows_who_did_not_sign_it(cast: Cast, client: Client, later: Later) -> None:
    version = published(cast, roles=[Role.FINANCE])
    left = make_user("旧出纳", cast.finance_office)
    row = appoint(left, Role.FINANCE, cast.school)
    later(3)
    row.withdrawn_at = timezone.now()
    saved(row)
    assert left_open(cast, client, version) == {cast.finance.name}
    later(5)
    actions.end(actor=again(cast.leader), version=version)
    later(9)
    assert counted(cast, client) == (0, 2)
    assert left_open(cast, client, version) == {cast.finance.name, left.name}
    assert selectors.open_letters([cast.finance.pk]) == {cast.finance.pk: 0}


def test_a_superseded_version_shows_who_did_not_sign_it(cast: Cast, client: Client, later: Later) -> None:
    old = published(cast, roles=[Role.FINANCE, Role.LEADER])
    actions.sign(actor=cast.leader, version=old)
    later(5)
    newer = renewed(cast, old, by=again(cast.archive_head), roles=[Role.FINANCE, Role.REGISTRAR])
    later(6)
    appoint(
        make_user("新出纳", cast.finance_office), Role.FINANCE, cast.school, valid_from=timezone.localdate()
    )
    assert left_open(cast, client, old) == {cast.finance.name}
    assert {cast.registrar.name, "新出纳"} <= left_open(cast, client, newer)


def test_letters_that_ran_out_cost_the_same_for_many(cast: Cast, client: Client, later: Later) -> None:
    def more(count: int) -> None:
        for number in range(count):
            published(cast, title=f"责任书{number}", months=1)

    def cost() -> int:
        client.force_login(again(cast.archivist))
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("audit:letters"))
            selectors.open_letters([cast.teacher.pk])
        return len(found)

    more(2)
    later(60)
    cost()
    before = cost()
    later(0)
    more(5)
    later(60)
    assert cost() == before


def test_the_printed_register_of_a_letter_that_ran_out_names_who_did_not_sign(
    cast: Cast, client: Client, later: Later
) -> None:
    version = published(cast, roles=[Role.FINANCE, Role.LEADER], months=1)
    actions.sign(actor=cast.leader, version=version)
    later(60)
    client.force_login(again(cast.auditor))
    text = words_of(client.post(reverse("audit:letter_register_print", args=[version.public_id])).content)
    assert cast.finance.name in text and cast.leader.name in text
    assert f"{_('Not signed, whole version')}1".replace(" ", "") in text.replace(" ", "")
