"""Verifying by hand, every night and from the page; what is found reaches those who read the ledger."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from approvals import inbox
from audit.models import Verification
from audit.seals import actions, selectors
from jobs.models import Job
from jobs.tasks import run
from ledger import events
from ledger.context import acting
from ledger.models import Event, Seal, SealCopy
from ledger.seals import copies
from ledger.seals.making import seal
from ledger.tasks import seal as seal_task
from tests.cast import Cast, make_cast
from tests.records.files import make_student
from tests.support.superuser import superuser

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.requirement("S0-1.3-1", "S2-6.3-2")]


@pytest.fixture(autouse=True)
def _directory(settings: Any, tmp_path: Path) -> Iterator[None]:
    backend = "django.core.files.storage.FileSystemStorage"
    place = {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path / "seals")}}
    settings.STORAGES = {**settings.STORAGES, "seals": place}
    yield
    storages._storages.clear()


@pytest.fixture
def cast() -> Cast:
    """People, a student, and a seal over all of it."""
    found = make_cast()
    make_student("王小明", found)
    seal_task()
    return found


TABLE = f"ledger_event_{timezone.localdate():%Y%m}"


def tampered() -> int:
    """An event that a superuser changed."""
    event = Event.objects.filter(at__date=timezone.localdate()).earliest("pk")
    with superuser() as owner:
        owner.execute("UPDATE ledger_event SET reason = reason || '无' WHERE id = %s", [event.pk])
    return int(event.pk)


def told(*args: str) -> tuple[int, str]:
    """Exit status and words of the command."""
    out = StringIO()
    try:
        with override("en"):
            call_command("audit_verify", *args, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def page(user: Any, name: str, *args: Any) -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    answer = client.get(reverse(f"audit:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_command_passes_a_clean_database_and_names_what_was_changed(cast: Cast) -> None:
    status, words = told()
    assert status == 0 and words.endswith(" 0 faults\n") and words.startswith("1 seals, ")
    key = tampered()
    status, words = told()
    assert status == 1
    assert f"A row was changed after it was sealed · {TABLE} {key} · seal 1" in words
    status, words = told("--json")
    found = json.loads(words)
    assert (status, found["faults"]) == (1, 1)
    assert found["findings"] == [{"kind": "row_changed", "table": TABLE, "row": key, "seal": 1, "note": ""}]
    assert [one.count for one in Verification.objects.order_by("pk")] == [0, 1, 1]
    event = Event.objects.filter(action="ledger.verified").latest("pk")
    assert (event.detail["faults"], event.actor.staff_no) == (1, "system")


def test_rows_of_older_seals_are_left_out_on_demand(cast: Cast) -> None:
    tampered()
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert told("--since", str(tomorrow))[0] == 0
    assert told("--since", str(timezone.localdate()))[0] == 1
    with pytest.raises(CommandError):
        told("--since", "yesterday")


def test_the_night_looks_back_for_weeks_and_on_sundays_at_everything(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    real = actions.verify
    monkeypatch.setattr(actions, "verify", lambda since=None: seen.append(since) or real(since))
    for day in (22, 23):
        now = timezone.now().replace(year=2026, month=11, day=day, hour=2)
        monkeypatch.setattr(timezone, "localdate", lambda at=now: at.date())
        actions.nightly()
    assert seen[0] is None
    assert timezone.localtime(seen[1]).date().isoformat() == "2026-10-19"


def test_the_page_orders_a_verification_and_shows_what_it_found(cast: Cast) -> None:
    tampered()
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.auditor)
    assert "Not copied off site yet" in page(cast.auditor, "seals")
    client.post(reverse("audit:verify"))
    run(Job.objects.get(kind=actions.JOB).pk)
    row = Verification.objects.get()
    assert row.by == cast.auditor
    shown = page(cast.auditor, "verification", row.public_id)
    assert "Faults found" in shown and TABLE in shown and reverse("audit:incident_report") in shown
    assert str(row.count) in page(cast.auditor, "verifications")
    waiting = inbox.rows_by_source(cast.auditor, "waiting")["seals"]
    assert [one.url for one in waiting] == [reverse("audit:verification", args=[row.public_id])]
    assert "seals" not in inbox.rows_by_source(cast.registrar, "waiting")
    assert client.get(reverse("audit:verification", args=[cast.auditor.public_id])).status_code == 404


def test_faults_stand_until_everything_was_looked_at_and_none_was_found(cast: Cast) -> None:
    key = tampered()
    assert told()[0] == 1
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert told("--since", str(tomorrow))[0] == 0
    assert "seals" in inbox.rows_by_source(cast.auditor, "waiting")
    assert "Faults stand until" in page(cast.auditor, "seals")
    with superuser() as owner:
        owner.execute("UPDATE ledger_event SET reason = left(reason, -1) WHERE id = %s", [key])
    assert told()[0] == 0
    assert "seals" not in inbox.rows_by_source(cast.auditor, "waiting")


def test_faults_of_everything_stand_beside_those_of_a_later_part(cast: Cast) -> None:
    tampered()
    assert told()[0] == 1
    with superuser() as owner:
        owner.execute("ALTER TABLE ledger_erasure DISABLE TRIGGER USER")
    try:
        assert told("--since", str(timezone.localdate() + timedelta(days=1)))[0] == 1
    finally:
        with superuser() as owner:
            owner.execute("ALTER TABLE ledger_erasure ENABLE TRIGGER USER")
    part, whole = selectors.standing_faults()
    assert (part.since is None, whole.since is None) == (False, True)
    waiting = inbox.rows_by_source(cast.auditor, "waiting")["seals"]
    assert [one.url for one in waiting] == [
        reverse("audit:verification", args=[one.public_id]) for one in (part, whole)
    ]


def test_a_verification_that_does_not_come_to_its_end_is_told(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told()[0] == 0
    monkeypatch.setattr(selectors, "ANY_WITHIN", timedelta(0))
    waiting = inbox.rows_by_source(cast.auditor, "waiting")["seals"]
    assert [one.url for one in waiting] == [reverse("audit:verifications")]
    assert "was not verified in time" in page(cast.auditor, "seals")


def test_a_silence_of_the_sealer_reaches_those_who_read_the_ledger(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "seals" not in inbox.rows_by_source(cast.auditor, "waiting")
    monkeypatch.setattr(selectors, "STOPPED_AFTER", timedelta(0))
    assert [one.url for one in inbox.rows_by_source(cast.auditor, "waiting")["seals"]] == [
        reverse("audit:seals")
    ]
    assert "Nothing is sealed any more" in page(cast.auditor, "seals")


def test_a_seal_and_the_keys_are_shown(cast: Cast) -> None:
    shown = page(cast.auditor, "seal", 1)
    assert "records_historicalstudent" in shown and bytes(Seal.objects.get().signature).hex() in shown
    answer = Client(headers={"accept-language": "en"}).get(reverse("audit:seal_keys"))
    assert answer.status_code == 200 and "Signs now" in answer.content.decode()
    with superuser() as owner:
        owner.execute("UPDATE ledger_seal SET header = 'x'")
    assert "cannot be read" in page(cast.auditor, "seal", 1)
    assert "1" in page(cast.auditor, "seals")


def test_an_event_says_how_far_it_is_proved(cast: Cast) -> None:
    def recorded() -> Event:
        with acting(cast.registrar):
            events.record("session.signed_in", actor=cast.registrar, unit_id=cast.school.pk)
        return Event.objects.latest("pk")

    sealed_one = recorded()
    seal_task()
    young = recorded()

    def standing(event: Event) -> str:
        shown = page(cast.auditor, "event", event.pk)
        return next(one.value for one in selectors.Standing if str(one.label) in shown)

    with override("en"):
        assert standing(young) == "waiting"
        assert standing(sealed_one) == "sealed"
        told()
        assert standing(sealed_one) == "verified"
        with superuser() as owner:
            owner.execute("UPDATE ledger_event SET reason = '无' WHERE id = %s", [sealed_one.pk])
        told()
        assert standing(sealed_one) == "broken"


def test_a_later_part_with_other_faults_does_not_hide_that_an_event_failed(cast: Cast) -> None:
    event = Event.objects.get(pk=tampered())
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert told("--since", str(timezone.localdate()))[0] == 1
    with superuser() as owner:
        owner.execute("ALTER TABLE ledger_erasure DISABLE TRIGGER USER")
    try:
        assert told("--since", str(tomorrow))[0] == 1
    finally:
        with superuser() as owner:
            owner.execute("ALTER TABLE ledger_erasure ENABLE TRIGGER USER")
    assert selectors.standing_of(event)[0] == selectors.Standing.BROKEN
    with superuser() as owner:
        owner.execute("UPDATE ledger_event SET reason = left(reason, -1) WHERE id = %s", [event.pk])
    assert told()[0] == 0
    assert selectors.standing_of(event)[0] == selectors.Standing.VERIFIED


def test_copies_are_sent_once_and_again_after_a_silence(cast: Cast, tmp_path: Path) -> None:
    assert SealCopy.objects.count() == 1 and copies.send() == 0
    make_student("李小红", cast)
    assert seal() is not None
    made = Seal.objects.get(number=2)
    place = tmp_path / "seals" / copies.name_of(made)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(copies.content_of(made))
    assert copies.send() == 1, "a copy that lies there already is the same"
    assert sorted((tmp_path / "seals").rglob("*.json"))[1] == place


def test_tables_are_told_in_words_beside_their_names() -> None:
    with override("en"):
        assert selectors.table_words("records_historicalstudent") == "Student"
        assert selectors.table_words("ledger_event_202611") == selectors.table_words("ledger_event") != ""
        assert selectors.table_words("gone_table") == ""
