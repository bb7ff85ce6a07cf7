"""Impact assessments: who writes and confirms, how long they stand, and what rests on them (PIPL arts. 55 and 56)."""

from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted, OutOfScope
from approvals import actions as requests
from approvals.refusals import AlreadyDecided, RequestRefused, SamePerson, WrongState
from archive.assessments import actions, selectors
from archive.models import ImpactAssessment, SharingRequest
from audit.models import ExportRequest
from ledger.context import acting
from ledger.models import Event
from tests.archive.assessing import TEXTS, assessed, written
from tests.archive.test_sharing import drafted
from tests.audit.exporting import asked, posted, pupils, stepped
from tests.cast import Cast, make_cast
from tests.factories import appoint, make_user, saved
from tests.support.inbox import inbox_rows
from tests.support.superuser import superuser
from tests.support.together import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-5.3-2")]
ENGLISH = {"Accept-Language": "en"}


def of_another_school(cast: Cast) -> ImpactAssessment:
    """One that stands there, and not here."""
    head, leader = make_user("外校档案", cast.other_school), make_user("外校校长", cast.other_school)
    appoint(head, Role.ARCHIVE_HEAD, cast.other_school)
    appoint(leader, Role.LEADER, cast.other_school)
    return actions.confirm(actor=leader, assessment=written(cast, actor=head, school=cast.other_school))


def over(cast: Cast, *, confirmed: bool = True) -> ImpactAssessment:
    """One whose last day was yesterday, written more than a year ago."""
    today = timezone.localdate()
    signed = {"confirmed_by": cast.leader, "confirmed_at": timezone.now()} if confirmed else {}
    row = ImpactAssessment(
        number=f"PG-2025-{confirmed:06d}", school=cast.school, conclusion="measures", made_by=cast.archive_head,
        made_on=today - timedelta(days=400), valid_until=today - timedelta(days=1), **signed, **TEXTS,
    )  # fmt: skip
    found: ImpactAssessment = saved(row)
    return found


def test_one_writes_another_confirms_and_both_leave_events(cast: Cast) -> None:
    row = written(cast)
    assert (row.number[:3], row.is_valid, row.made_by) == ("PG-", False, cast.archive_head)
    assert not selectors.valid(cast.school).exists()
    with pytest.raises(SamePerson):
        actions.confirm(actor=cast.archive_head, assessment=row)
    assert row.number in str([one.title for one in inbox_rows(cast.leader, kind="assessments")])
    assert not inbox_rows(cast.archive_head, kind="assessments")
    row = actions.confirm(actor=cast.leader, assessment=row)
    assert row.is_valid and list(selectors.valid(cast.school)) == [row]
    assert not inbox_rows(cast.leader, kind="assessments")
    with pytest.raises(AlreadyDecided):
        actions.confirm(actor=cast.security_admin, assessment=row)
    told = Event.objects.filter(action__startswith="assessment.").order_by("pk")
    assert [(one.action, one.actor, one.unit_id) for one in told] == [
        ("assessment.written", cast.archive_head, cast.school.pk),
        ("assessment.confirmed", cast.leader, cast.school.pk),
    ]
    assert row.history.count() == 2


def test_the_security_administrator_and_the_head_of_archives_write_and_nobody_else(cast: Cast) -> None:
    assert assessed(cast, actor=cast.security_admin).is_valid
    for who in (cast.registrar, cast.archivist, cast.auditor, cast.leader, cast.system_admin, cast.clerk):
        with pytest.raises(NotPermitted):
            written(cast, actor=who)
    row = written(cast)
    for who in (cast.registrar, cast.archivist, cast.auditor, cast.academic_head):
        with pytest.raises(NotPermitted):
            actions.confirm(actor=who, assessment=row)
    with pytest.raises(NotPermitted):
        written(cast, school=cast.other_school)


def test_two_who_confirm_at_once_leave_one_confirmation(committed_db: str) -> None:
    cast = make_cast()
    row = written(cast)
    acts = [partial(actions.confirm, actor=one, assessment=row) for one in (cast.leader, cast.security_admin)]
    found = at_once(*acts)
    assert sorted(isinstance(one, RequestRefused) for one in found) == [False, True]
    assert Event.objects.filter(action="assessment.confirmed").count() == 1


def test_it_stands_for_three_years_at_most(cast: Cast) -> None:
    today = timezone.localdate()
    for day in (actions.last_day(today) + timedelta(days=1), today - timedelta(days=1)):
        with pytest.raises(RequestRefused):
            written(cast, valid_until=day)
    with pytest.raises(RequestRefused):
        written(cast, risk="  ")
    assert actions.last_day(date(2024, 2, 29)) == date(2027, 2, 28)
    assert not over(cast).is_valid and not selectors.valid(cast.school).exists()
    with pytest.raises(WrongState):
        actions.confirm(actor=cast.leader, assessment=over(cast, confirmed=False))
    assert not assessed(cast, conclusion="not").is_valid


def test_a_form_sent_twice_writes_once_and_with_other_contents_nothing(committed_db: str) -> None:
    cast = make_cast()
    key = uuid4()
    first, second = at_once(*[partial(written, cast, key=key)] * 2)
    assert first == second
    texts = {"risk": "泄露后\r\n可能被用于诈骗"}
    again = written(cast, key=uuid4(), **texts)
    assert written(cast, key=again.public_id, risk=texts["risk"].replace("\r\n", "\n")) == again
    for values in ({"purpose": "别的"}, {"conclusion": "not"}, {"actor": cast.security_admin}):
        with pytest.raises(RequestRefused, match=first.number):
            written(cast, key=key, **values)
    assert ImpactAssessment.objects.count() == Event.objects.filter(action="assessment.written").count() == 2


def test_the_database_changes_and_deletes_none(cast: Cast) -> None:
    waits, stands, ended = written(cast), assessed(cast), assessed(cast)
    actions.end(actor=cast.leader, assessment=ended, reason="目的已改变")
    other = cast.security_admin.pk
    texts = [f"{name} = 'x'" for name in ("number", "conclusion", *TEXTS)]
    days = ["made_on = made_on - 1", "valid_until = valid_until - 1"]
    keys = ["id = id + 1000", "public_id = gen_random_uuid()", f"made_by_id = {other}",
            f"school_id = {cast.other_school.pk}"]  # fmt: skip
    unconfirm = "confirmed_by_id = NULL, confirmed_at = NULL"
    broken = {
        waits: [*texts, *days, *keys],
        stands: [*texts, *days, *keys, unconfirm, "confirmed_at = now()", f"confirmed_by_id = {other}"],
        ended: [
            *texts, *days, *keys, unconfirm, "ended_by_id = NULL, ended_at = NULL, end_reason = ''",
            "end_reason = 'x'", f"ended_by_id = {other}", "ended_at = now()",
        ],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.DATABASE_APP_ROLE,)
        for row, changes in broken.items():
            for what in [f"UPDATE archive_impactassessment SET {one}" for one in changes] + [
                "DELETE FROM archive_impactassessment"
            ]:
                with pytest.raises(IntegrityError, match="never changed or removed"), transaction.atomic():
                    cursor.execute(f"{what} WHERE id = %s", [row.pk])
        cursor.execute("DELETE FROM archive_impactassessment WHERE id = 0")
    gone = written(cast)
    actions.end(actor=cast.leader, assessment=gone, reason="目的已改变")
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute(
            "UPDATE archive_impactassessment SET confirmed_by_id = %s, confirmed_at = now() WHERE id = %s",
            [other, gone.pk],
        )


def test_the_database_holds_the_persons_apart_and_the_years(cast: Cast) -> None:
    now, today = timezone.now(), timezone.localdate()
    broken: list[dict[str, Any]] = [
        {"confirmed_by": cast.archive_head, "confirmed_at": now},
        {"confirmed_at": now},
        {"confirmed_by": cast.leader},
        {"valid_until": today + timedelta(days=1097)},
        {"valid_until": today - timedelta(days=1)},
    ]
    made = {
        "number": "PG-2025-000001", "school": cast.school, "conclusion": "measures", "made_by": cast.archive_head,
        "made_on": today, "valid_until": today, **TEXTS,
    }  # fmt: skip
    for values in broken:
        with pytest.raises(IntegrityError), transaction.atomic():
            saved(ImpactAssessment(**made | values))
    saved(ImpactAssessment(**made))
    typed = asked(cast, pupils(cast, "王小明"), whole=True)
    typed.assessment = None
    with acting(cast.registrar), pytest.raises(IntegrityError), transaction.atomic():
        typed.save(update_fields=["assessment"])


@pytest.mark.requirement("S2-13-3")
@pytest.mark.parametrize("which", ["none", "other", "unconfirmed", "not", "over"])
def test_nothing_rests_on_an_assessment_that_does_not_stand(cast: Cast, which: str) -> None:
    found = {
        "none": lambda: None,
        "other": lambda: of_another_school(cast),
        "unconfirmed": lambda: written(cast),
        "not": lambda: assessed(cast, conclusion="not"),
        "over": lambda: over(cast),
    }[which]()
    (one,) = pupils(cast, "王小明")
    with pytest.raises(WrongState):
        asked(cast, [one], whole=True, assessment=found)
    if found is not None:
        with pytest.raises(WrongState):
            asked(cast, [one], assessment=found)
    typed = drafted(cast, [one], impact=found)
    with pytest.raises(WrongState):
        requests.submit(actor=cast.registrar, request=typed.request)
    assert not ExportRequest.objects.exists()


@pytest.mark.requirement("S2-13-3")
def test_what_is_over_meanwhile_is_neither_confirmed_nor_approved(committed_db: str) -> None:
    cast = make_cast()
    (one,) = pupils(cast, "王小明")
    row = assessed(cast)
    export, sharing = asked(cast, [one], whole=True, assessment=row), drafted(cast, [one], impact=row)
    requests.submit(actor=cast.registrar, request=sharing.request)
    with superuser() as owner:
        owner.execute(
            "UPDATE archive_impactassessment SET made_on = made_on - 400, valid_until = current_date - 2"
        )
    with pytest.raises(WrongState):
        stepped(cast.second_registrar, export)
    with pytest.raises(WrongState):
        requests.take_step(actor=cast.academic_head, request=sharing.request)


def test_masked_exports_need_none(cast: Cast) -> None:
    assert asked(cast, pupils(cast, "王小明")).assessment is None


def opened(user: User, url: str) -> str:
    client = Client(headers=ENGLISH)
    client.force_login(user)
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_is_written_and_confirmed_on_the_pages(cast: Cast, client: Client) -> None:
    register, new = reverse("archive:assessments"), reverse("archive:assessment_new")
    assert "Write an assessment" in opened(cast.security_admin, register)
    assert "Write an assessment" not in opened(cast.registrar, register)
    client.force_login(cast.security_admin)
    until = timezone.localdate() + timedelta(days=365)
    told = {**TEXTS, "conclusion": "acceptable", "valid_until": until.isoformat()}
    sent = {**told, "key": str(uuid4())}
    for name in told:
        answer = client.post(new, {**sent, name: ""}, headers=ENGLISH)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [name])
    late = client.post(new, {**sent, "valid_until": "2099-01-01"}, headers=ENGLISH)
    assert "three years from now" in late.content.decode()
    assert not ImpactAssessment.objects.exists()
    answer = client.post(new, sent)
    row = ImpactAssessment.objects.get()
    page, confirm = (
        reverse(f"archive:{name}", args=[row.public_id]) for name in ("assessment", "assessment_confirm")
    )
    assert client.post(new, sent)["Location"] == answer["Location"] == page
    assert "Confirm the assessment" not in opened(cast.security_admin, page)
    client.post(confirm)
    assert not ImpactAssessment.objects.get().is_valid
    assert "Confirm the assessment" in opened(cast.archive_head, page)
    client.force_login(cast.archive_head)
    assert client.post(confirm)["Location"] == page
    assert ImpactAssessment.objects.get().confirmed_by == cast.archive_head
    assert TEXTS["risk"] in opened(cast.auditor, page)
    with pytest.raises(OutOfScope):
        selectors.assessment_for(cast.outsider, row.public_id)


@pytest.mark.requirement("S2-13-3")
def test_the_form_of_an_export_asks_for_one_with_whole_numbers_and_its_page_leads_to_it(cast: Cast) -> None:
    pupils(cast, "王小明")
    foreign, row = of_another_school(cast), assessed(cast)
    sent = {"second": cast.second_registrar, "columns": ["name", "phone"], "numbers": "whole"}
    for chosen in ("", str(foreign.public_id)):
        answer: Any = posted(cast.registrar, **sent, assessment=chosen)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["assessment"])
    assert posted(cast.registrar, **sent, assessment=str(row.public_id)).status_code == 302
    typed = ExportRequest.objects.get()
    assert typed.assessment == row
    link = f'href="{reverse("archive:assessment", args=[row.public_id])}"'
    url = reverse("approvals:request", args=[typed.request.public_id])
    assert link in opened(cast.registrar, url) and link in opened(cast.archive_head, url)


def test_the_form_of_a_sharing_asks_for_one_and_its_page_leads_to_it(cast: Cast, client: Client) -> None:
    (one,) = pupils(cast, "王小明")
    foreign, row = of_another_school(cast), assessed(cast)
    client.force_login(cast.registrar)
    told = {
        "receiver": "东湖区少年宫", "contact": "何老师", "purpose": "夏令营",
        "numbers": one.enrolments.get().student_no,
        "fields_given": ["name"], "way": "mail", "assessment": "仅限报名",
        "valid_until": (timezone.localdate() + timedelta(days=9)).isoformat(),
    }  # fmt: skip
    url = reverse("archive:sharing_new")
    for chosen in ("", str(foreign.public_id)):
        answer = client.post(url, {**told, "impact": chosen})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["impact"])
    answer = client.post(url, {**told, "impact": str(row.public_id)})
    assert answer.status_code == 302, answer.context["form"].errors
    typed = SharingRequest.objects.get()
    assert typed.impact == row
    link = f'href="{reverse("archive:assessment", args=[row.public_id])}"'
    assert link in opened(cast.registrar, answer["Location"])
    again = client.get(reverse("approvals:again", args=[typed.request.public_id]), follow=True)
    assert f'value="{row.public_id}" selected' in again.content.decode()
