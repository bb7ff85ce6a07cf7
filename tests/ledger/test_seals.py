"""Seals: everything that was committed, once; what a superuser does to it afterwards is named."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import connection, transaction
from django.utils import timezone

from ledger import events
from ledger.context import acting
from ledger.models import Event, Seal, SealPart
from ledger.seals import chain, copies, making
from ledger.seals.findings import Finding
from ledger.seals.making import SealingStopped, seal
from ledger.seals.verifying import verify
from school.models import Unit
from tests.ledger.people import service_account
from tests.support.superuser import superuser
from tests.support.together import at_once

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.requirement("S0-1.3-1")]
HISTORY = "school_historicalunit"


@pytest.fixture(autouse=True)
def _directory(settings: Any, tmp_path: Path) -> Iterator[None]:
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {
        **settings.STORAGES,
        "seals": {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path / "seals")}},
    }
    yield
    storages._storages.clear()


def unit(name: str) -> Unit:
    """A unit, with its history and one event."""
    with transaction.atomic(), acting(service_account()):
        row = Unit(kind=Unit.Kind.DEPARTMENT, name=name)
        row.save()
        events.record("session.signed_in", actor=service_account(), obj=row)
    return row


def renamed(row: Unit, name: str) -> None:
    with acting(service_account()):
        row.name = name
        row.save(update_fields=["name"])


def sealed() -> Seal:
    made = seal()
    assert made is not None
    copies.send()
    return made


def found() -> list[Finding]:
    return verify().findings


def newest_history(row: Unit) -> int:
    found: int = Unit.history.filter(id=row.pk).latest().history_id
    return found


def month() -> str:
    return f"ledger_event_{timezone.localdate():%Y%m}"


@pytest.fixture
def row() -> Unit:
    """A unit of three versions, sealed one by one, and another one behind it."""
    made = unit("甲")
    sealed()
    renamed(made, "乙")
    sealed()
    renamed(made, "丙")
    unit("丁")
    sealed()
    return made


def test_a_clean_database_passes_and_every_row_is_sealed_once(row: Unit) -> None:
    proof = verify()
    assert proof.findings == [] and proof.count == 0
    assert proof.seals == 3 == Seal.objects.count()
    ids = [key for part in SealPart.objects.filter(shape__table=HISTORY) for key in part.ids]
    assert sorted(ids) == sorted(Unit.history.values_list("history_id", flat=True))
    of_events = [key for part in SealPart.objects.filter(shape__table=month()) for key in part.ids]
    assert sorted(of_events) == sorted(Event.objects.values_list("pk", flat=True))
    assert proof.rows == sum(len(part.ids) for part in SealPart.objects.all())


def test_nothing_new_makes_no_seal_until_an_hour_is_over(row: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seal() is None
    monkeypatch.setattr(making, "EMPTY_AFTER", timedelta(0))
    made = sealed()
    assert (made.number, made.parts.count()) == (4, 0)
    assert found() == []


def test_that_nothing_is_sealed_any_more_is_named(row: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    later = timezone.now() + chain.STOPPED_AFTER + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert [(one.kind, one.seal) for one in found()] == [("sealing_stopped", 3)]


def test_a_changed_history_row_is_named(row: Unit) -> None:
    changed = Unit.history.filter(id=row.pk).order_by("history_id")[0].history_id
    with superuser() as owner:
        owner.execute("UPDATE school_historicalunit SET name = '戊' WHERE history_id = %s", [changed])
    assert [(one.kind, one.table, one.row, one.seal) for one in found()] == [
        ("row_changed", HISTORY, changed, 1)
    ]


def test_a_deleted_history_row_is_named(row: Unit) -> None:
    gone = Unit.history.filter(id=row.pk).order_by("history_id")[1].history_id
    with superuser() as owner:
        owner.execute("DELETE FROM school_historicalunit WHERE history_id = %s", [gone])
    assert [(one.kind, one.row, one.seal) for one in found()] == [("row_missing", gone, 2)]


COPY = """
    INSERT INTO school_historicalunit SELECT (jsonb_populate_record(h, jsonb_build_object(
        'history_id', %(key)s::bigint, 'xid', %(xid)s::text, 'history_date', %(at)s::text
    ))).* FROM school_historicalunit h WHERE history_id = %(of)s
"""


@pytest.mark.parametrize("claims_old", [True, False], ids=["with an old transaction", "in a new one"])
def test_a_row_put_between_two_others_is_named(row: Unit, claims_old: bool) -> None:
    first = Unit.history.filter(id=row.pk).order_by("history_id")[0]
    with superuser() as owner:
        owner.execute("ALTER TABLE school_historicalunit DISABLE TRIGGER USER")
        xid = first.xid if claims_old else owner.execute("SELECT pg_current_xact_id()::text").fetchone()[0]
        at = first.history_date - timedelta(days=1)
        owner.execute(COPY, {"key": -5, "xid": str(xid), "at": at.isoformat(), "of": first.history_id})
        owner.execute("ALTER TABLE school_historicalunit ENABLE TRIGGER USER")
    if claims_old:
        assert [(one.kind, one.row) for one in found()] == [("row_added", -5)]
    else:
        sealed()
        assert [(one.kind, one.row, one.seal) for one in found()] == [("row_misdated", -5, 4)]


def test_a_live_row_changed_without_history_is_named(row: Unit) -> None:
    with superuser() as owner:
        owner.execute("UPDATE school_unit SET name = '己' WHERE id = %s", [row.pk])
    assert [(one.kind, one.table, one.row) for one in found()] == [("live_changed", "school_unit", row.pk)]


def test_a_live_row_that_vanishes_or_appears_is_named(row: Unit) -> None:
    with superuser() as owner:
        owner.execute("DELETE FROM school_unit WHERE id = %s", [row.pk])
        owner.execute(
            "INSERT INTO school_unit SELECT (jsonb_populate_record(u, jsonb_build_object('id', 99999, "
            "'public_id', gen_random_uuid(), 'name', '戊'))).* FROM school_unit u WHERE name = '丁'"
        )
    assert {(one.kind, one.row) for one in found()} == {("live_missing", row.pk), ("live_unrecorded", 99999)}


def test_an_event_changed_behind_a_disabled_trigger_is_named(row: Unit) -> None:
    event = Event.objects.order_by("pk").first()
    assert event is not None
    with superuser() as owner:
        owner.execute("SET session_replication_role = origin")
        owner.execute("ALTER TABLE ledger_event DISABLE TRIGGER ledger_kept")
        owner.execute(f"ALTER TABLE {month()} DISABLE TRIGGER ledger_kept")
        owner.execute("UPDATE ledger_event SET reason = '无' WHERE id = %s", [event.pk])
    seen = {(one.kind, one.table, one.row) for one in found()}
    assert ("row_changed", month(), event.pk) in seen
    assert ("guard_off", "ledger_event", None) in seen and ("guard_off", month(), None) in seen


def test_the_last_seal_rewritten_is_named_and_sealing_goes_on(row: Unit) -> None:
    with superuser() as owner:
        owner.execute(
            "UPDATE ledger_seal SET header = replace(header, '\"rows\":', '\"rows\":1') WHERE number = 3"
        )
    assert ("seal_unsigned", 3) in {(one.kind, one.seal) for one in found()}
    unit("庚")
    assert sealed().number == 4


def test_without_a_seal_under_a_known_key_nothing_is_sealed(row: Unit, settings: Any) -> None:
    settings.LEDGER_SEAL_KEY = f"other:{'A' * 43}="
    with pytest.raises(SealingStopped, match="No seal"):
        seal()


def test_ids_of_a_part_rewritten_are_named(row: Unit) -> None:
    with superuser() as owner:
        owner.execute(
            "UPDATE ledger_sealpart SET ids = ids[2:] || 99999::bigint "
            "WHERE id = (SELECT max(id) FROM ledger_sealpart)"
        )
    assert ("seal_changed", 3) in {(one.kind, one.seal) for one in found()}


def test_a_seal_that_is_not_copied_in_time_is_named(row: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    unit("庚")
    assert seal() is not None
    assert found() == []
    with superuser() as owner:
        owner.execute(
            "INSERT INTO ledger_sealcopy (seal_id, name, at, xid, salt) SELECT s.id, c.name, now(), "
            "pg_current_xact_id(), gen_random_uuid() FROM ledger_seal s, ledger_sealcopy c WHERE s.number = 4 LIMIT 1"
        )
    monkeypatch.setattr(copies, "COPIED_WITHIN", timedelta(0))
    assert [(one.kind, one.seal) for one in found()] == [("copy_missing", 4)]


def test_a_table_that_lost_a_column_is_named_and_the_rest_is_looked_at(row: Unit) -> None:
    with superuser() as owner:
        owner.execute("ALTER TABLE school_historicalunit DROP COLUMN salt")
        owner.execute("UPDATE ledger_event SET reason = '无' WHERE id = (SELECT min(id) FROM ledger_event)")
    seen = {(one.kind, one.table) for one in found()}
    assert {("table_missing", HISTORY), ("row_changed", month())} <= seen


def test_a_row_of_a_transaction_that_is_to_come_is_named(row: Unit) -> None:
    first = Unit.history.filter(id=row.pk).order_by("history_id")[0]
    with superuser() as owner:
        asked = {"key": -7, "xid": str(10**12), "at": timezone.now().isoformat(), "of": first.history_id}
        owner.execute(COPY, asked)
    assert seal() is None
    assert [(one.kind, one.row) for one in found()] == [("row_added", -7)]


def test_leaves_rewritten_to_fit_a_changed_row_are_named(row: Unit) -> None:
    with superuser() as owner:
        owner.execute(
            "UPDATE ledger_sealpart SET leaves = decode(repeat('00', length(leaves)), 'hex') "
            "WHERE id = (SELECT max(id) FROM ledger_sealpart)"
        )
    assert [(one.kind, one.seal) for one in found()] == [("seal_changed", 3)]


def test_the_last_seals_taken_away_with_their_rows_are_named_by_the_copies(row: Unit) -> None:
    last = Seal.objects.get(number=3)
    with superuser() as owner:
        for part in SealPart.objects.filter(seal=last).select_related("shape"):
            owner.execute(f"DELETE FROM {part.shape.table} WHERE {part.shape.key} = ANY (%s)", [part.ids])
        owner.execute("DELETE FROM ledger_sealpart WHERE seal_id = %s", [last.pk])
        owner.execute("DELETE FROM ledger_sealcopy WHERE seal_id = %s", [last.pk])
        owner.execute("DELETE FROM ledger_seal WHERE id = %s", [last.pk])
    assert ("copy_unknown", 3) in {(one.kind, one.seal) for one in found()}


def test_a_copy_that_was_changed_or_lost_is_named(
    row: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "COPIED_WITHIN", timedelta(0))
    first, second, _third = sorted((tmp_path / "seals").rglob("*.json"))
    first.write_text(first.read_text().replace('\\"rows\\":', '\\"rows\\":1'))
    second.unlink()
    assert {(one.kind, one.seal) for one in found()} == {("copy_differs", 1), ("copy_missing", 2)}


def test_a_clock_that_was_turned_back_is_named(row: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    past = timezone.now() - timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: past)
    monkeypatch.setattr(making, "NOW", making.NOW.replace("clock_timestamp()", "now() - interval '2 days'"))
    late = unit("庚")
    sealed()
    monkeypatch.undo()
    assert ("seal_backdated", 4) in {(one.kind, one.seal) for one in found()}
    assert "row_misdated" in {one.kind for one in found() if one.row == newest_history(late)}


def test_functions_of_the_database_are_not_chosen_by_its_superuser(row: Unit) -> None:
    """A search path that is set for the application's role would bring in another SHA-256 than PostgreSQL's own."""
    changed = Unit.history.filter(id=row.pk).order_by("history_id")[0].history_id
    with superuser() as owner:
        owner.execute("CREATE SCHEMA evil")
        owner.execute(
            "CREATE FUNCTION evil.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT pg_catalog.sha256(''x''::bytea)'"
        )
        owner.execute("GRANT USAGE ON SCHEMA evil TO PUBLIC")
        owner.execute("UPDATE school_historicalunit SET name = '戊' WHERE history_id = %s", [changed])
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = evil, public, pg_catalog")
        assert [(one.kind, one.row) for one in found()] == [("row_changed", changed)]


def test_a_planted_seal_stops_nothing_from_being_verified(row: Unit) -> None:
    with superuser() as owner:
        owner.execute(
            "INSERT INTO ledger_seal (number, at, header, key_id, signature, xid, salt) "
            "VALUES (7, now(), 'x', 'nobody', '\\x00', pg_current_xact_id(), gen_random_uuid())"
        )
        owner.execute("UPDATE school_unit SET name = '己' WHERE id = %s", [row.pk])
    seen = {(one.kind, one.seal) for one in found()}
    assert {("seal_unsigned", 7), ("seal_missing", 4), ("live_changed", None)} <= seen


def test_eight_writers_and_a_sealer_leave_nothing_out_and_seal_nothing_twice() -> None:
    service_account()
    assert seal() is not None
    made: list[Seal] = []
    writing = threading.Event()
    writing.set()

    def write(place: int) -> None:
        for turn in range(1000):
            if len(made) > 6 and turn > 10:
                return
            with transaction.atomic():
                with acting(service_account()):
                    Unit(kind=Unit.Kind.DEPARTMENT, name=f"{place}-{turn}").save()
                time.sleep(0.01 * ((place * 7 + turn) % 5))

    def keep_sealing() -> None:
        while writing.is_set():
            if one := seal():
                made.append(one)
        connection.close()

    sealer = threading.Thread(target=keep_sealing)
    sealer.start()
    assert at_once(*(lambda place=place: write(place) for place in range(8))) == [None] * 8
    writing.clear()
    sealer.join()
    seal()
    assert len(made) > 6
    ids = [key for part in SealPart.objects.filter(shape__table=HISTORY) for key in part.ids]
    assert len(ids) == len(set(ids)) == Unit.history.count()
    assert found() == []


def test_a_transaction_that_is_slow_is_sealed_after_its_commit() -> None:
    unit("甲")
    first = threading.Event()
    go = threading.Event()

    def slow() -> None:
        with transaction.atomic(), acting(service_account()):
            Unit(kind=Unit.Kind.DEPARTMENT, name="慢").save()
            first.set()
            go.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert first.wait(20)
    unit("快")
    sealed()
    go.set()
    thread.join()
    late = Unit.history.get(name="慢").history_id
    assert all(late not in part.ids for part in SealPart.objects.filter(shape__table=HISTORY))
    made = sealed()
    assert any(late in part.ids for part in SealPart.objects.filter(seal=made, shape__table=HISTORY))
    assert found() == []


def test_only_one_seals_at_a_time() -> None:
    unit("甲")
    made = at_once(*[seal] * 4)
    assert not [one for one in made if isinstance(one, Exception)]
    assert sum(one is not None for one in made) >= 1
    numbers = list(Seal.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_old_keys_prove_what_they_sealed(row: Unit, settings: Any) -> None:
    old = settings.LEDGER_SEAL_KEY
    settings.LEDGER_SEAL_KEY = f"new:{'A' * 43}=,{old}"
    unit("庚")
    assert sealed().key_id == "new"
    assert found() == []
    settings.LEDGER_SEAL_KEY = f"new:{'A' * 43}="
    assert {one.kind for one in found()} >= {"seal_unsigned"}
