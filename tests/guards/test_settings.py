"""What the environment may and must say: each case starts Django's settings afresh in a process of its own."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings as running

from config.logs import scrub, without_personal_data
from tools.production_secrets import values

BASE_DIR = Path(__file__).resolve().parent.parent.parent
PRINTED = """
import json
from django.conf import settings
names = json.loads({names!r})
print(json.dumps({{name: getattr(settings, name) for name in names}}, default=str))
"""


def production(tmp_path: Path) -> dict[str, str]:
    """A complete production environment."""
    made = values()
    return {
        "XUEJI_MODE": "production",
        "XUEJI_VAR": str(tmp_path),
        "ALLOWED_HOSTS": "xueji.example.edu.cn",
        "SECRET_KEY": made["secret_key"],
        "FIELD_KEYS": made["field_keys"],
        "BLIND_INDEX_KEY": made["blind_index_key"],
        "LEDGER_SEAL_KEY": made["ledger_seal_key"],
        "PACKAGE_SIGNING_KEY": made["package_signing_key"],
        "DATABASE_URL": "postgresql://xueji_app:p%40ss@db.example:5433/xueji",
        "DATABASE_OWNER_URL": "postgresql://xueji_owner:p@db.example:5433/xueji",
        "REDIS_URL": "redis://:p@cache.example:6379/0",
    }


def settings(environment: dict[str, str], *names: str) -> subprocess.CompletedProcess[str]:
    """Print these settings in a process that has this environment alone."""
    return subprocess.run(
        [sys.executable, "-c", PRINTED.format(names=json.dumps(names))],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def read(environment: dict[str, str], *names: str) -> dict[str, object]:
    done = settings(environment, *names)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "FIELD_KEYS",
        "BLIND_INDEX_KEY",
        "LEDGER_SEAL_KEY",
        "PACKAGE_SIGNING_KEY",
        "DATABASE_URL",
        "REDIS_URL",
        "ALLOWED_HOSTS",
    ],
)
def test_production_does_not_start_without(name: str, tmp_path: Path) -> None:
    environment = production(tmp_path)
    del environment[name]
    done = settings(environment, "DEBUG")
    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr
    assert name in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "FIELD_KEYS", "BLIND_INDEX_KEY", "LEDGER_SEAL_KEY", "PACKAGE_SIGNING_KEY"]
)
def test_production_does_not_start_with_a_demonstration_secret(name: str, tmp_path: Path) -> None:
    demonstration = tmp_path / "demonstration"
    read({"XUEJI_VAR": str(demonstration)}, "DEBUG")
    made = json.loads((demonstration / "demonstration-secrets.json").read_text())
    made["PACKAGE_SIGNING_KEY"] = (demonstration / "demonstration-signing-key.txt").read_text().strip()
    done = settings({**production(tmp_path), name: made[name]}, "DEBUG")
    assert done.returncode != 0
    assert "Demonstration secrets cannot be used in production" in done.stderr
    assert made[name] not in done.stderr


def test_production_is_strict_about_cookies_and_transport(tmp_path: Path) -> None:
    found = read(
        production(tmp_path),
        "DEBUG",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SECURE_HSTS_SECONDS",
        "DATABASES",
    )
    assert found["DEBUG"] is False
    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["CSRF_COOKIE_SECURE"] is True
    assert found["SECURE_HSTS_SECONDS"] == 365 * 24 * 3600
    database = found["DATABASES"]["default"]
    assert (database["USER"], database["PASSWORD"], database["HOST"], database["PORT"]) == (
        "xueji_app",
        "p@ss",
        "db.example",
        "5433",
    )


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    environment = production(tmp_path)
    (tmp_path / "key").write_text("from-the-file\n")
    del environment["SECRET_KEY"]
    environment["SECRET_KEY_FILE"] = str(tmp_path / "key")
    assert read(environment, "SECRET_KEY") == {"SECRET_KEY": "from-the-file"}
    environment["SECRET_KEY_FILE"] = str(tmp_path / "nothing")
    assert "cannot be read" in settings(environment, "SECRET_KEY").stderr


def test_tables_are_changed_only_as_their_owner(tmp_path: Path) -> None:
    environment = {**production(tmp_path), "XUEJI_DATABASE_ROLE": "owner"}
    found = read(environment, "DATABASES", "DATABASE_APP_ROLE")
    assert found["DATABASES"]["default"]["USER"] == "xueji_owner"
    assert found["DATABASE_APP_ROLE"] == "xueji_app"
    del environment["DATABASE_OWNER_URL"]
    assert "DATABASE_OWNER_URL must be set" in settings(environment, "DEBUG").stderr


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DATABASE_URL", "mysql://localhost/xueji", "DATABASE_URL must look like"),
        ("DATABASE_URL", "postgresql://localhost", "DATABASE_URL must look like"),
        ("DATABASE_POOL_SIZE", "many", "DATABASE_POOL_SIZE must be a whole number"),
        ("XUEJI_MODE", "prod", "XUEJI_MODE must be production or demonstration"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, message: str, tmp_path: Path) -> None:
    done = settings({**production(tmp_path), name: value}, "DEBUG")
    assert done.returncode != 0
    assert message in done.stderr


def test_demonstration_makes_its_secrets_once_even_when_many_start_together(tmp_path: Path) -> None:
    found: list[object] = []

    def start() -> None:
        found.append(read({"XUEJI_VAR": str(tmp_path)}, "SECRET_KEY")["SECRET_KEY"])

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    kinds = ("secrets.json", "signing-key.txt", "snapshot-identity.txt")
    made = [f"demonstration-{kind}" for kind in kinds]
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in made] == [0o600] * 3
    assert sorted(item.name for item in tmp_path.iterdir()) == [*made, "static"]


def test_demonstration_uses_the_embedded_servers_when_the_environment_names_none(tmp_path: Path) -> None:
    addresses = {
        "database_url": "postgresql://xueji_app:a@127.0.0.1:5444/xueji",
        "database_owner_url": "postgresql://xueji_owner:o@127.0.0.1:5444/xueji",
        "redis_url": "redis://:p@127.0.0.1:6444/0",
    }
    (tmp_path / "services.json").write_text(json.dumps(addresses))
    found = read({"XUEJI_VAR": str(tmp_path)}, "DATABASES", "REDIS_URL")
    assert found["DATABASES"]["default"]["PORT"] == "5444"
    assert found["REDIS_URL"] == addresses["redis_url"]
    given = {"XUEJI_VAR": str(tmp_path), "DATABASE_URL": "postgresql://me@elsewhere/mine"}
    assert read(given, "DATABASES")["DATABASES"]["default"]["HOST"] == "elsewhere"


def test_static_files_can_be_collected_for_production(tmp_path: Path) -> None:
    environment = {**os.environ, "STATIC_ROOT": str(tmp_path / "static"), "XUEJI_VAR": str(tmp_path / "var")}
    done = subprocess.run(
        [sys.executable, "-m", "tools.collect_static"],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "static/staticfiles.json").exists()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("number 110101201001011234 refused", "number [withheld] refused"),
        ("phone 13800138000", "phone [withheld]"),
        ("duplicate key\nDETAIL:  Key (name)=(王小明) already exists.", "duplicate key\nDETAIL: [withheld]"),
        ("4f1c13800138000a is part of an id", "4f1c13800138000a is part of an id"),
        ("took 1380013800 ns", "took 1380013800 ns"),
    ],
)
def test_logs_withhold_personal_data(text: str, kept: str) -> None:
    assert without_personal_data(text) == kept


def test_logs_withhold_values_under_telling_names() -> None:
    event = scrub(None, "info", {"event": "saved", "id_number": "x", "name": "王小明", "count": 3})
    assert event == {"event": "saved", "id_number": "[withheld]", "name": "[withheld]", "count": 3}


def test_a_failing_query_leaves_no_personal_data_in_the_log(tmp_path: Path) -> None:
    script = (
        "import django, logging; django.setup()\n"
        "try:\n    raise ValueError('bad row\\nDETAIL:  Key (name)=(王小明) 110101201001011234')\n"
        "except ValueError:\n    logging.getLogger('records').exception('import failed for 13800138000')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings", **production(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    line = json.loads(done.stderr.splitlines()[-1])
    assert line["event"] == "import failed for [withheld]"
    assert "ValueError: bad row" in line["exception"]
    for secret in ("王小明", "110101201001011234", "13800138000"):
        assert secret not in done.stderr


@pytest.mark.django_db
def test_health_says_that_database_and_cache_answer(client, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = client.get("/health/")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "cache": "ok"})
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.set", _refuse)
    answer = client.get("/health/")
    assert (answer.status_code, answer.json()) == (503, {"database": "ok", "cache": "failed"})


def _refuse(*_args: object, **_kwargs: object) -> None:
    raise ConnectionError


def test_messages_between_processes_are_json_and_survive_a_lost_worker() -> None:
    from config.celery import app

    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_acks_late is True
    assert app.conf.task_reject_on_worker_lost is True
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit
    assert app.conf.task_time_limit < app.conf.broker_transport_options["visibility_timeout"]


def test_what_is_due_often_does_not_pile_up_while_no_worker_takes_it() -> None:
    for entry in running.CELERY_BEAT_SCHEDULE.values():
        if isinstance(entry["schedule"], float) and entry["schedule"] < 60:
            assert entry["options"]["expires"] <= entry["schedule"]
