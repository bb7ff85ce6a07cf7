"""Months of events leave the database for an archive off site, never too young, and stay provable."""

import gzip
import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import override
from pyrage import x25519

from config import environment
from ledger import events, months
from ledger.models import ArchivedMonth, Event, Seal
from ledger.seals import copies, rows
from ledger.seals.making import seal
from ledger.seals.verifying import verify
from ledger.tasks import archive_months
from tests.ledger.people import service_account
from tests.support.superuser import superuser

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.requirement("S0-1.3-1")]
OLD = "ledger_event_202001"


@pytest.fixture
def identity(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Who can open archives; copies go to a directory. Rows of long ago are written today, which is no fault here."""
    made = x25519.Identity.generate()
    settings.SNAPSHOT_RECIPIENTS = [str(made.to_public())]
    backend = "django.core.files.storage.FileSystemStorage"
    place = {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path / "seals")}}
    settings.STORAGES = {**settings.STORAGES, "seals": place}
    monkeypatch.setattr(rows, "SLACK", timedelta(days=9999))
    yield made
    storages._storages.clear()


def old_events(count: int = 3, table: str = OLD) -> None:
    """A month of long ago with so many events."""
    first = months.first_day(table)
    assert first is not None
    after = (first + timedelta(days=32)).replace(day=1)
    with superuser() as owner:
        owner.execute(
            f"CREATE TABLE {table} PARTITION OF ledger_event FOR VALUES FROM ('{first} +08') TO ('{after} +08')"
        )
        owner.execute(f"ALTER TABLE {table} OWNER TO xueji_owner")
        owner.execute(f"GRANT SELECT, INSERT ON {table} TO xueji_app")
        owner.execute(
            f"CREATE TRIGGER ledger_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
        )
    at = timezone.make_aware(datetime(first.year, first.month, 15))
    actor = service_account()
    for turn in range(count):
        Event(at=at, action="session.signed_in", actor=actor, reason=f'第"{turn}"次\\').save()


def sealed() -> None:
    assert seal() is not None
    copies.send()


def is_there(table: str = OLD) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        return bool(cursor.fetchone()[0])


def opened(identity: Any, tmp_path: Path) -> Path:
    """The archive, decrypted."""
    (found,) = (tmp_path / "seals" / "events").iterdir()
    path = tmp_path / "opened.jsonl.gz"
    path.write_bytes(pyrage.decrypt(found.read_bytes(), [identity]))
    return path


def told(path: Path) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("audit_verify", "--archive", str(path), stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_a_month_leaves_when_its_archive_is_proved_and_stays_provable(identity: Any, tmp_path: Path) -> None:
    old_events()
    archive_months()
    assert not ArchivedMonth.objects.exists(), "what is not sealed is not archived"
    sealed()
    archive_months()
    month = ArchivedMonth.objects.get()
    assert (month.table, month.rows) == (OLD, 3) and is_there(), "the archive itself is not sealed yet"
    stored = (tmp_path / "seals" / month.name).read_bytes()
    assert "第".encode() not in stored
    sealed()
    archive_months()
    assert not is_there() and not Event.objects.filter(at__year=2020).exists()
    assert verify().findings == []
    sealed()
    assert verify().findings == []
    acts = ("ledger.month_archived", "ledger.month_dropped")
    assert [Event.objects.get(action=one).detail["rows"] for one in acts] == [3, 3]
    assert told(opened(identity, tmp_path))[0] == 0


def test_an_archive_that_was_changed_is_named(identity: Any, tmp_path: Path) -> None:
    old_events()
    sealed()
    months.archive_due()
    sealed()
    months.drop_due()
    path = opened(identity, tmp_path)
    lines = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
    for wrong, word in (
        ([*lines[:1], lines[1].replace("第", "弟"), *lines[2:]], "changed"),
        (lines[:-1], "gone"),
        ([*lines, lines[1].replace('"id":', '"id":9')], "older"),
    ):
        path.write_bytes(gzip.compress("".join(wrong).encode()))
        with override("en"):
            status, words = told(path)
        assert status == 1 and word in words
    path.write_bytes(b"?")
    with pytest.raises(CommandError):
        told(path)
    (found,) = (tmp_path / "seals" / "events").iterdir()
    found.write_bytes(b"?")
    assert [(one.kind, one.table) for one in verify().findings] == [("archive_differs", OLD)]
    assert verify(timezone.now()).findings == [], "contents of archives are read when everything is looked at"
    found.unlink()
    assert [one.kind for one in verify(timezone.now()).findings] == ["archive_differs"]


def test_a_month_whose_file_was_lost_meanwhile_stays(identity: Any, tmp_path: Path) -> None:
    old_events()
    sealed()
    months.archive_due()
    sealed()
    (found,) = (tmp_path / "seals" / "events").iterdir()
    found.write_bytes(b"?")
    assert months.drop_due() == 0 and is_there()


def test_a_copy_of_a_seal_stands_for_no_archive(identity: Any) -> None:
    old_events()
    sealed()
    made = Seal.objects.get()
    content = copies.content_of(made)
    ArchivedMonth(
        table=OLD, rows=3, last_xid=10**18, name=copies.name_of(made), by=service_account(),
        sha256=hashlib.sha256(content).hexdigest(),
    ).save()  # fmt: skip
    sealed()
    assert months.drop_due() == 0 and is_there()
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_drop_month(%s)", [OLD])
    assert ("archive_differs", OLD) in {(one.kind, one.table) for one in verify().findings}


def test_a_month_dropped_without_an_archive_is_named(identity: Any) -> None:
    old_events()
    sealed()
    with superuser() as owner:
        owner.execute(f"DROP TABLE {OLD}")
    assert [(one.kind, one.table) for one in verify().findings] == [("table_missing", OLD)]


def test_nothing_young_leaves_whatever_is_written(identity: Any, settings: Any) -> None:
    """The application can say that a month was archived; the database still keeps what the law asks for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_ensure_partitions(1)")
    young = f"ledger_event_{timezone.localdate():%Y%m}"
    by = service_account()
    for table in (young, "accounts_user", "ledger_event", "ledger_event_default", OLD):
        rows_there = Event.objects.count() if table == young else 0
        if table != "ledger_event":
            values = {
                "table": table,
                "rows": rows_there,
                "last_xid": 1,
                "name": "x",
                "sha256": "",
                "content_sha256": "",
            }
            ArchivedMonth(**values, by=by).save()
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT ledger_drop_month(%s)", [table])
    settings.EVENTS_KEEP_DAYS = 1095
    assert not months.is_old(young) and not months.is_old("ledger_event_default") and months.is_old(OLD)


def test_a_month_that_got_another_event_after_its_archive_stays(identity: Any) -> None:
    old_events()
    sealed()
    months.archive_due()
    Event(
        at=timezone.make_aware(datetime(2020, 1, 20)), action="session.signed_in", actor=service_account()
    ).save()
    sealed()
    assert months.drop_due() == 0 and is_there()


def test_days_below_those_of_the_law_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.events_keep_days() == 1095
    monkeypatch.setenv("EVENTS_KEEP_DAYS", "180")
    assert environment.events_keep_days() == 180
    monkeypatch.setenv("EVENTS_KEEP_DAYS", "179")
    with pytest.raises(ImproperlyConfigured):
        environment.events_keep_days()


def test_without_keys_nothing_is_archived(identity: Any, settings: Any) -> None:
    old_events()
    sealed()
    settings.SNAPSHOT_RECIPIENTS = []
    assert months.archive_due() == 0 and is_there()
    assert "ledger.month_archived" in events.actions()
