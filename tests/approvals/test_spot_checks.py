"""The monthly sample of the unit above: what small schools decided in merged steps is looked at by somebody else."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from approvals import notices
from approvals.models import Notice, SpotCheck, SpotCheckItem
from approvals.refusals import RequestRefused, SamePerson, WrongState
from approvals.spot_checks import actions
from approvals.tasks import draw_spot_checks
from enrollment import actions as intake
from enrollment.models import Applicant, ApplicantDocument, IntakeBatch
from files.actions import store
from ledger.models import Event
from records.models import Document, Secrecy
from school.models import Unit
from tests.archive.asking import submitted_edit, walk
from tests.cast import Cast, make_cast
from tests.enrollment.intake import approved, make_batch, picture, submitted
from tests.enrollment.test_actions_together import at_once
from tests.factories import appoint, saved, set_rule
from tests.records.files import make_student
from tests.support.inbox import inbox_rows

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S3-3.3-1")]
Outcome = SpotCheckItem.Outcome


def next_month() -> date:
    """The first day on which the sample of the present month is drawn."""
    return (timezone.localdate().replace(day=1) + timedelta(days=32)).replace(day=1)


def accepted(cast: Cast, batch: IntakeBatch, serial: int) -> Applicant:
    """An applicant of a small school, accepted today."""
    row = submitted(cast.clerk, batch, serial)
    intake.approve_as_head(actor=cast.head, applicant=row)
    return intake.accept(actor=cast.archivist, applicant=row)


@pytest.fixture
def drawn(cast: Cast) -> SpotCheck:
    """The sample of a small school with two acceptances this month."""
    set_rule(cast.school, "duty_scheme", "small")
    batch = make_batch(cast.school)
    for serial in (1, 2):
        accepted(cast, batch, serial)
    assert actions.draw_all(next_month()) == 1
    return SpotCheck.objects.get()


def test_only_cases_of_the_month_under_the_small_scheme_are_drawn_and_only_once(cast: Cast) -> None:
    batch = make_batch(cast.school)
    intake.accept(actor=cast.archivist, applicant=approved(cast, batch, 1))
    set_rule(cast.school, "duty_scheme", "small")
    small = {accepted(cast, batch, serial).public_id for serial in range(2, 7)}
    submitted(cast.clerk, batch, 8)
    assert actions.draw_all(timezone.localdate()) == 0, "last month nobody was accepted"
    assert actions.draw_all(next_month()) == 1
    assert actions.draw_all(next_month()) == 0
    row = SpotCheck.objects.get()
    cases = {item.case for item in row.items.all()}
    assert (row.school, row.population, len(cases)) == (cast.school, 5, 3)
    assert cases <= small
    event = Event.objects.get(action="spot_check.drawn")
    assert (event.detail, event.unit_id) == ({"population": 5, "drawn": 3}, cast.school.pk)


def test_the_scheduler_draws_last_month(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    set_rule(cast.school, "duty_scheme", "small")
    accepted(cast, make_batch(cast.school), 1)
    first = next_month()
    monkeypatch.setattr(timezone, "localdate", lambda *args: first)
    draw_spot_checks()
    assert SpotCheck.objects.get().items.count() == 1


def test_the_officer_opens_judges_and_the_last_judgement_tells_the_school(
    cast: Cast, drawn: SpotCheck, client: Client
) -> None:
    client.force_login(cast.bureau_officer)
    page = reverse("approvals:spot_check", args=[drawn.public_id])
    assert [row.url for row in inbox_rows(cast.bureau_officer, kind="spot_checks")] == [page]
    first, second = drawn.items.order_by("number")
    case = reverse("approvals:spot_check_case", args=[first.public_id])
    judge = reverse("approvals:spot_check_judge", args=[first.public_id])
    refused = client.post(judge, {"outcome": "fine"}, follow=True, HTTP_ACCEPT_LANGUAGE="en")
    assert "Look at the case first" in refused.content.decode()
    assert client.get(case, follow=True).redirect_chain[0][0] == reverse(
        "enrollment:review", args=[first.case]
    )
    assert client.post(judge, {"outcome": "fault", "finding": " "}, follow=True).status_code == 200
    assert not SpotCheckItem.objects.exclude(outcome="").exists(), "a fault wants words"
    client.post(judge, {"outcome": "fault", "finding": "户口簿与登记不符"})
    assert not Notice.objects.filter(kind=actions.FOUND).exists(), "one case is open still"
    actions.open_case(actor=cast.bureau_officer, item=second)
    actions.judge(actor=cast.bureau_officer, item=second, outcome=Outcome.FINE)
    drawn.refresh_from_db()
    assert (drawn.closed_at is not None, drawn.faults_found) == (True, 1)
    assert inbox_rows(cast.bureau_officer, kind="spot_checks") == []
    told = Notice.objects.filter(kind=actions.FOUND)
    assert {one.duty for one in told} == {Unit.Duty.ADMISSIONS, Unit.Duty.ARCHIVES}
    assert all("户口簿" not in notices.text(one) for one in told)
    event = Event.objects.get(action="spot_check.judged", subject=first.subject)
    assert (event.role, event.detail) == (Role.BUREAU_OFFICER, {"kind": "applicant", "outcome": "fault"})
    with pytest.raises(WrongState):
        actions.judge(actor=cast.bureau_officer, item=first, outcome=Outcome.FINE)


def test_the_school_reads_what_was_found_once_all_is_judged(
    cast: Cast, drawn: SpotCheck, client: Client
) -> None:
    page = reverse("approvals:spot_check", args=[drawn.public_id])
    client.force_login(cast.head)
    assert client.get(page).status_code == 404
    for item in drawn.items.all():
        actions.open_case(actor=cast.bureau_officer, item=item)
        actions.judge(actor=cast.bureau_officer, item=item, outcome=Outcome.FAULT, finding="户口簿与登记不符")
    assert "户口簿与登记不符" in client.get(page).content.decode()
    stored = SpotCheckItem.objects.extra(select={"raw": "finding"}).first()
    assert stored and "户口簿".encode() not in bytes(stored.raw)


def test_nobody_checks_what_he_decided_himself(cast: Cast, drawn: SpotCheck) -> None:
    item = drawn.items.first()
    assert item
    appoint(cast.archivist, Role.BUREAU_OFFICER, cast.bureau)
    with pytest.raises(SamePerson):
        actions.open_case(actor=cast.archivist, item=item)
    with pytest.raises(SamePerson):
        actions.judge(actor=cast.archivist, item=item, outcome=Outcome.FINE)


def test_a_fault_without_words_is_refused(cast: Cast, drawn: SpotCheck) -> None:
    item = actions.open_case(actor=cast.bureau_officer, item=drawn.items.all()[0])
    with pytest.raises(RequestRefused):
        actions.judge(actor=cast.bureau_officer, item=item, outcome=Outcome.FAULT, finding="  ")


def test_a_request_is_read_by_the_officer_while_its_sample_is_open(cast: Cast, client: Client) -> None:
    set_rule(cast.school, "duty_scheme", "small")
    typed = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})
    typed = walk(cast, typed, "academic_head", "archivist", "registrar", "archivist")
    assert typed.request.state == "closed"
    page = reverse("approvals:request", args=[typed.request.public_id])
    client.force_login(cast.bureau_officer)
    assert client.get(page).status_code == 404
    actions.draw_all(next_month())
    item = SpotCheckItem.objects.get(kind="request")
    assert item.number == typed.request.number
    assert client.get(page).status_code == 404, "not before he opened the case"
    assert typed.request.number not in client.get(reverse("approvals:requests")).content.decode()
    case = reverse("approvals:spot_check_case", args=[item.public_id])
    shown = client.get(case, follow=True)
    assert (shown.redirect_chain, shown.status_code) == ([(page, 302)], 200)
    actions.judge(actor=cast.bureau_officer, item=item, outcome=Outcome.FINE)
    assert client.get(page).status_code == 404


def test_two_officers_who_judge_the_last_two_cases_at_once_close_the_sample(committed_db: str) -> None:
    cast = make_cast()
    set_rule(cast.school, "duty_scheme", "small")
    batch = make_batch(cast.school)
    for serial in (1, 2):
        accepted(cast, batch, serial)
    second = cast.leader
    appoint(second, Role.BUREAU_OFFICER, cast.bureau)
    actions.draw_all(next_month())
    row = SpotCheck.objects.get()
    items = list(row.items.all())
    people = [cast.bureau_officer, second]
    for user, item in zip(people, items, strict=True):
        actions.open_case(actor=user, item=item)
    for user in people:
        saved(user)
    at_once(
        *(
            lambda user=user, item=item: actions.judge(actor=user, item=item, outcome=Outcome.FINE)
            for user, item in zip(people, items, strict=True)
        )
    )
    row.refresh_from_db()
    assert (row.closed_at is not None, row.faults_found) == (True, 0)


def test_of_two_officers_who_open_a_case_at_once_one_holds_it(committed_db: str) -> None:
    cast = make_cast()
    set_rule(cast.school, "duty_scheme", "small")
    accepted(cast, make_batch(cast.school), 1)
    second = cast.leader
    appoint(second, Role.BUREAU_OFFICER, cast.bureau)
    actions.draw_all(next_month())
    item = SpotCheckItem.objects.get()
    people = [cast.bureau_officer, second]
    results = at_once(*(lambda user=user: actions.open_case(actor=user, item=item) for user in people))
    assert sum(isinstance(one, WrongState) for one in results) == 1
    item.refresh_from_db()
    (other,) = (user for user in people if user != item.opened_by)
    assert item.opened_by
    for _time in range(2):
        with pytest.raises(WrongState, match=item.opened_by.name):
            actions.open_case(actor=other, item=item)
    with pytest.raises(WrongState):
        actions.judge(actor=other, item=item, outcome=Outcome.FINE)
    assert actions.judge(actor=item.opened_by, item=item, outcome=Outcome.FINE).judged_by == item.opened_by


def test_a_case_is_free_again_when_its_reader_has_lost_the_right(cast: Cast, drawn: SpotCheck) -> None:
    item = actions.open_case(actor=cast.bureau_officer, item=drawn.items.all()[0])
    appoint(cast.leader, Role.BUREAU_OFFICER, cast.bureau)
    with pytest.raises(WrongState):
        actions.open_case(actor=cast.leader, item=item)
    cast.bureau_officer.is_active = False
    saved(cast.bureau_officer)
    assert actions.open_case(actor=cast.leader, item=item).opened_by == cast.leader


@pytest.fixture
def second(cast: Cast) -> User:
    """Another officer of the bureau."""
    appoint(cast.leader, Role.BUREAU_OFFICER, cast.bureau)
    return cast.leader


def test_who_holds_a_case_hands_it_back_and_another_takes_it(
    cast: Cast, drawn: SpotCheck, client: Client, second: User
) -> None:
    item = drawn.items.all()[0]
    address = reverse("approvals:spot_check_hand_back", args=[item.public_id])
    page = reverse("approvals:spot_check", args=[drawn.public_id])
    client.force_login(cast.bureau_officer)
    assert address not in client.get(page).content.decode()
    actions.open_case(actor=cast.bureau_officer, item=item)
    assert address in client.get(page).content.decode()
    client.force_login(second)
    assert address not in client.get(page).content.decode()
    client.post(address)
    item.refresh_from_db()
    assert item.opened_by == cast.bureau_officer, "another one's case stays his"
    client.force_login(cast.bureau_officer)
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 302
    event = Event.objects.get(action="spot_check.handed_back")
    assert (event.actor, event.role) == (cast.bureau_officer, Role.BUREAU_OFFICER)
    with pytest.raises(WrongState):
        actions.judge(actor=cast.bureau_officer, item=item, outcome=Outcome.FINE)
    actions.open_case(actor=second, item=item)
    actions.judge(actor=second, item=item, outcome=Outcome.FINE)
    with pytest.raises(WrongState):
        actions.hand_back(actor=second, item=item)


def becomes_family(user: User, item: SpotCheckItem) -> None:
    """The officer's own number turns out to be that of the applicant's family."""
    row = Applicant.objects.get(public_id=item.case)
    user.id_number, user.id_number_index = row.id_number, row.id_number_index
    saved(user)


@pytest.mark.parametrize("act", ["open", "judge"])
def test_who_turns_out_to_be_family_gives_the_case_back_by_being_refused(
    cast: Cast, drawn: SpotCheck, client: Client, act: str
) -> None:
    item = actions.open_case(actor=cast.bureau_officer, item=drawn.items.all()[0])
    becomes_family(cast.bureau_officer, item)
    client.force_login(cast.bureau_officer)
    if act == "open":
        client.get(reverse("approvals:spot_check_case", args=[item.public_id]))
    else:
        client.post(reverse("approvals:spot_check_judge", args=[item.public_id]), {"outcome": "fine"})
    item.refresh_from_db()
    assert (item.opened_by, item.outcome) == (None, "")
    assert Event.objects.filter(action="spot_check.handed_back").count() == 1


def test_a_case_is_free_again_when_its_reader_turns_out_to_be_family(
    cast: Cast, drawn: SpotCheck, second: User
) -> None:
    item = actions.open_case(actor=cast.bureau_officer, item=drawn.items.all()[0])
    becomes_family(cast.bureau_officer, item)
    assert actions.open_case(actor=second, item=item).opened_by == second


def test_the_officer_sees_the_scans_of_the_case_that_he_opened_and_no_secret_one(
    cast: Cast, client: Client
) -> None:
    set_rule(cast.school, "duty_scheme", "small")
    row = submitted(cast.clerk, make_batch(cast.school))
    content = picture()
    blobs = [
        store(actor=cast.clerk, content=content, filename="a.jpg", allowed=("jpeg",)) for _kind in range(2)
    ]
    scans = [
        saved(ApplicantDocument(applicant=row, kind=kind, blob=blob), by=cast.clerk)
        for kind, blob in zip(("hukou_book", "id_card"), blobs, strict=True)
    ]
    intake.approve_as_head(actor=cast.head, applicant=row)
    intake.accept(actor=cast.archivist, applicant=row)
    hidden = Document.objects.get(blob=blobs[1])
    hidden.secrecy = Secrecy.SECRET
    saved(hidden)
    actions.draw_all(next_month())
    item = SpotCheckItem.objects.get()
    pages = [reverse("enrollment:scan_page", args=[one.public_id, 1]) for one in scans]
    client.force_login(cast.bureau_officer)
    assert [client.get(page, follow=True).status_code for page in pages] == [403, 403], "not opened yet"
    client.get(reverse("approvals:spot_check_case", args=[item.public_id]))
    assert [client.get(page, follow=True).status_code for page in pages] == [200, 403]
    shown = client.get(reverse("enrollment:review", args=[row.public_id])).content.decode()
    assert reverse("enrollment:scan", args=[scans[0].public_id]) in shown
    assert Event.objects.filter(action="scan.viewed", actor=cast.bureau_officer).count() == 1
    actions.judge(actor=cast.bureau_officer, item=item, outcome=Outcome.FINE)
    assert client.get(pages[0], follow=True).status_code == 403
