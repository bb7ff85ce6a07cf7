"""The fixtures that every other test trusts."""

import os
import subprocess
import sys
import threading
import urllib.request
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from tests.conftest import SERVERS
from tests.support.clones import BASE_DIR, RUN_LOCK, Clones, renamed


def name_and_role() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_user")
        return cursor.fetchone()


def sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        return cursor.fetchone()[0]


def add_session(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_session VALUES (%s, 'x', now())", [key])


@pytest.mark.django_db
class TestRollback:
    def test_the_application_role_is_used(self) -> None:
        name, role = name_and_role()
        assert name.startswith("xueji_test_")
        assert role == "xueji_app"

    @pytest.mark.parametrize("turn", [1, 2])
    def test_nothing_is_left_for_the_next_test(self, turn: int) -> None:
        assert sessions() == 0
        add_session(f"turn-{turn}")
        assert sessions() == 1


class TestOwnDatabase:
    @pytest.mark.parametrize("turn", [1, 2])
    def test_commits_hold_for_other_threads_and_are_gone_afterwards(
        self, committed_db: str, turn: int
    ) -> None:
        assert name_and_role() == (committed_db, "xueji_app")
        assert sessions() == 0
        with transaction.atomic():
            add_session(f"turn-{turn}")
        seen: list[int] = []

        def look() -> None:
            seen.append(sessions())
            connection.close()

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert seen == [1]

    def test_a_subprocess_works_in_the_same_database(self, committed_db: str) -> None:
        script = (
            "import django; django.setup()\nfrom django.db import connection\n"
            "print(connection.settings_dict['NAME'], connection.settings_dict['USER'])"
        )
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == [committed_db, "xueji_app"]

    def test_the_live_server_shows_what_was_committed(self, live_server: Any, committed_db: str) -> None:
        with urllib.request.urlopen(f"{live_server.url}/health/") as answer:
            assert answer.status == 200
            assert b'"database": "ok"' in answer.read()


def test_databases_of_a_dead_run_are_dropped_and_those_of_a_living_one_are_not(
    clones: Clones, request: pytest.FixtureRequest
) -> None:
    owner_url = request.config.stash[SERVERS].owner_url
    dead, living = 1_999_999_998, 1_999_999_999
    with psycopg.connect(renamed(owner_url, "postgres"), autocommit=True) as owner:
        for run in (dead, living):
            owner.execute(f"CREATE DATABASE xueji_test_{run}_1")
        owner.execute("SELECT pg_advisory_lock(%s, %s)", [RUN_LOCK, living])
        try:
            dropped = clones.sweep()
            assert f"xueji_test_{dead}_1" in dropped
            assert f"xueji_test_{living}_1" not in dropped
        finally:
            owner.execute(f"DROP DATABASE IF EXISTS xueji_test_{dead}_1")
            owner.execute(f"DROP DATABASE xueji_test_{living}_1")


def test_each_process_has_a_cache_of_its_own(request: pytest.FixtureRequest) -> None:
    from django.conf import settings

    assert settings.CACHES["default"]["LOCATION"] == settings.CELERY_BROKER_URL == os.environ["REDIS_URL"]
    assert not settings.REDIS_URL.endswith("/0")


@pytest.mark.parametrize(
    "source",
    [
        "def test_it(transactional_db): pass",
        "import pytest\n@pytest.mark.django_db(transaction=True)\ndef test_it(): pass",
    ],
)
def test_truncating_fixtures_are_refused(source: str, request: pytest.FixtureRequest) -> None:
    folder = BASE_DIR / "tests" / f"planted_{os.getpid()}"
    folder.mkdir()
    try:
        (folder / "test_planted.py").write_text(source)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", str(folder)]
        done = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    finally:
        for path in folder.glob("*.py"):
            path.unlink()
        folder.rmdir()
    assert done.returncode == 1
    assert "Use the committed_db fixture instead" in done.stdout
