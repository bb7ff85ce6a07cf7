"""Rules 6 and 7: every business change leaves history, and nobody rewrites what the ledger holds."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.test.utils import isolate_apps
from psycopg import errors, sql

from ledger import roles
from ledger.checks import faults_of, our_models
from ledger.context import acting
from ledger.events import record
from ledger.exempt import EXEMPT
from ledger.models import Event, InsertOnlyModel, RecordedModel, Unrecorded
from ledger.partitions import ensure_partitions
from school.models import Unit
from tests.ledger.people import service_account


def test_every_model_keeps_history_or_says_why_not() -> None:
    models_of_ours = our_models()
    assert len(models_of_ours) > 10
    assert {model._meta.label: faults_of(model) for model in models_of_ours if faults_of(model)} == {}


def test_the_exempt_list_names_real_models_and_gives_reasons() -> None:
    labels = {model._meta.label for model in our_models()}
    assert set(EXEMPT) <= labels
    assert all(len(reason.split()) > 3 for reason in EXEMPT.values())


@isolate_apps("school")
def test_a_model_without_history_is_noticed() -> None:
    class Careless(models.Model):
        class Meta:
            app_label = "school"

        def __str__(self) -> str:
            return ""

    class HalfCareless(RecordedModel):
        class Meta:
            app_label = "school"

    class Written(InsertOnlyModel):
        class Meta:
            app_label = "school"

    assert faults_of(Careless) and faults_of(HalfCareless)
    assert faults_of(Careless, exempt={"school.Careless"}) == [] == faults_of(Written)


def test_a_loose_way_of_keeping_history_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults_of(Unit) == []
    parent = Unit._meta.get_field("parent")
    monkeypatch.setattr(parent.remote_field, "on_delete", models.SET_NULL)
    assert any("parent" in fault for fault in faults_of(Unit))
    monkeypatch.undo()
    monkeypatch.setattr(Unit._meta, "default_manager", models.Manager(), raising=False)
    Unit._default_manager.model = Unit
    assert any("manager" in fault for fault in faults_of(Unit))


def test_the_queryset_of_a_recorded_model_refuses_bulk_writes(db: None) -> None:
    for model in our_models():
        if model._meta.label not in EXEMPT:
            with pytest.raises(Unrecorded):
                model._default_manager.all().update(pk=1)
            with pytest.raises(Unrecorded):
                model._default_manager.all().delete()


BYPASSES = re.compile(
    r"_raw_delete|save_without_historical_record|skip_history_when_saving|SIMPLE_HISTORY_ENABLED"
    r"|_base_manager|bulk_(create|update)_with_history|\bsave_base\(|loaddata|session_replication_role"
)


def bypasses(text: str) -> list[str]:
    return [found.group() for found in BYPASSES.finditer(text)]


def test_no_room_goes_behind_the_back_of_history() -> None:
    found = {}
    for config in apps.get_app_configs():
        if Path(config.path).parent == settings.BASE_DIR and config.name != "ledger":
            for path in Path(config.path).rglob("*.py"):
                if "migrations" not in path.parts and (used := bypasses(path.read_text(encoding="utf-8"))):
                    found[str(path)] = used
    assert found == {}
    assert bypasses("Student._base_manager.update(name='x')") == ["_base_manager"]


@pytest.fixture
def ledger_rows(db: None) -> Any:
    somebody = service_account()
    with acting(somebody):
        Unit(kind="department", name="kept").save()
    return record("request.refused", actor=somebody, result="refused")


@pytest.fixture
def owner(db: None) -> Iterator[psycopg.Connection[Any]]:
    """A real connection as the owner of the tables; whatever it does is rolled back."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as opened:
        opened.execute("SET lock_timeout = '5s'")
        yield opened
        opened.rollback()


PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ledger_event'::regclass"


def kept_tables(run: Any) -> list[str]:
    return [*roles.kept_tables(), *(name for (name,) in run.execute(PARTITIONS).fetchall())]


@pytest.fixture
def app(db: None) -> Any:
    """The connection of the application's role, inside the test's transaction."""
    connection.ensure_connection()
    return connection.connection


def test_every_history_table_is_among_the_kept(app: Any) -> None:
    kept = kept_tables(app)
    assert "school_historicalunit" in kept and "ledger_event_default" in kept
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert {name for name in tables if "historical" in name} <= set(kept)


def changes(run: Any, table: str) -> list[str]:
    columns = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attname IN ('xid', 'id') ORDER BY 1"
    column = run.execute(columns, [table]).fetchall()[-1][0]
    return [
        f'UPDATE "{table}" SET "{column}" = "{column}"',
        f'DELETE FROM "{table}"',
        f'TRUNCATE "{table}" CASCADE',
    ]


def test_the_application_can_neither_change_nor_remove_ledger_rows(ledger_rows: Event, app: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        name, is_superuser = cursor.fetchone()
    assert name == "xueji_app" and not is_superuser
    for table in kept_tables(app):
        for statement in changes(app, table):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                connection.cursor().execute(statement)
    assert Event.objects.filter(pk=ledger_rows.pk).exists() and Unit.history.filter(name="kept").exists()


def test_not_even_the_owner_changes_or_removes_ledger_rows(db: None, owner: psycopg.Connection[Any]) -> None:
    for table in kept_tables(owner):
        for statement in changes(owner, table):
            with (
                pytest.raises(errors.InsufficientPrivilege, match="never changed or removed"),
                owner.transaction(),
            ):
                owner.execute(statement)


def test_without_the_trigger_the_owner_could(owner: psycopg.Connection[Any]) -> None:
    """The planted violation: it is the trigger that stops the owner."""
    owner.execute("ALTER TABLE school_historicalunit DISABLE TRIGGER ledger_kept")
    owner.execute("DELETE FROM school_historicalunit")


def test_the_application_makes_no_tables_and_touches_no_triggers(db: None) -> None:
    for statement in (
        "CREATE TABLE public.mine (id int)",
        "ALTER TABLE school_historicalunit DISABLE TRIGGER ledger_kept",
        "DROP TRIGGER ledger_kept ON ledger_event",
        "SET session_replication_role = replica",
        "DELETE FROM django_migrations",
        "SELECT setval('ledger_event_id_seq', 1)",
        "CREATE OR REPLACE FUNCTION public.ledger_refuse_change() RETURNS trigger LANGUAGE sql AS ''",
    ):
        with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
            connection.cursor().execute(statement)


def test_a_new_partition_is_kept_as_well(db: None) -> None:
    (made,) = ensure_partitions(25)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(made)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass", [made])
        assert cursor.fetchone()[0] >= 1
