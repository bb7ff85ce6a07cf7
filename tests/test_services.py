"""The embedded servers, each time a second set in a directory of its own: really started, killed and stopped."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from tools import services
from tools.services import postgres, state
from tools.services.processes import NOBODY, free_port, is_running, pids_in

ROOT = os.geteuid() == 0
pytestmark = [
    pytest.mark.services,
    pytest.mark.xdist_group("services"),
]  # one set at a time: they share ports


class Set:
    """A set of servers in its own directory, driven as a user would from the command line."""

    def __init__(self, var: Path, *, python: str = sys.executable, user: int | None = None) -> None:
        self.var = var
        self._python = python
        self._ids = {} if user is None else {"user": user, "group": user, "extra_groups": []}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "XUEJI_VAR": str(self.var),
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(
            [self._python, "-m", "tools.services", *arguments],
            cwd=services.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            **self._ids,
        )

    def up(self) -> str:
        done = self.run("up")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def state(self) -> dict[str, Any]:
        return json.loads((self.var / "services.json").read_text())

    def sql(self, statement: str, *, role: str = "database_url") -> list[tuple[Any, ...]]:
        with psycopg.connect(self.state[role], autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def valkey(self) -> redis.Redis:
        return redis.Redis.from_url(self.state["redis_url"], decode_responses=True)

    def pids(self) -> set[int]:
        """Every process that works in one of the two data directories."""
        return pids_in(self.var / "postgres") | pids_in(self.var / "valkey")

    def kill_all(self) -> None:
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _until(lambda: not self.pids())


def _until(done: Any, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that any user may pass through, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="xueji-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def own_set(directory: Path) -> Iterator[Set]:
    made = Set(directory / "var")
    yield made
    made.run("down")
    made.kill_all()


def _occupy(port: int) -> socket.socket:
    """Listen on the port. Raises OSError when somebody else does."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    listener.listen()
    return listener


@contextlib.contextmanager
def _taken(port: int) -> Iterator[None]:
    """Somebody listens on the port all the time: we, as soon as whoever has it leaves."""
    done = threading.Event()
    answered = threading.Event()

    def hold() -> None:
        while not done.is_set():
            with contextlib.suppress(OSError), _occupy(port):
                answered.set()
                done.wait()
            answered.set()
            done.wait(0.005)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert answered.wait(5)
        yield
    finally:
        done.set()
        holder.join()


def test_both_servers_answer_on_other_ports_when_theirs_are_taken(own_set: Set) -> None:
    with _taken(5432), _taken(6379):
        said = own_set.up()
        assert "Port 5432 is taken" in said
        assert "Port 6379 is taken" in said
        assert own_set.state["postgres_port"] != 5432
        assert own_set.sql("SELECT 1") == [(1,)]
        with own_set.valkey() as client:
            assert client.set("key", "value")
        with (
            pytest.raises(redis.exceptions.AuthenticationError),
            redis.Redis(port=own_set.state["valkey_port"]) as stranger,
        ):
            stranger.ping()


def test_the_two_roles_have_only_their_rights(own_set: Set) -> None:
    own_set.up()
    rights = "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert own_set.sql(rights) == [(False, False, False)]
    assert own_set.sql(rights, role="database_owner_url") == [(False, False, True)]
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert own_set.sql(owner) == [("xueji_owner",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        own_set.sql("CREATE TABLE mine (id int)")
    own_set.sql("CREATE TABLE ours (id int)", role="database_owner_url")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        own_set.sql("DROP TABLE ours")


def test_chinese_names_have_trigrams_and_the_extensions_are_there(own_set: Set) -> None:
    own_set.up()
    assert len(own_set.sql("SELECT unnest(show_trgm('王小明'))")) > 2
    found = {name for (name,) in own_set.sql("SELECT extname FROM pg_extension")}
    assert {"pg_trgm", "btree_gist", "unaccent"} <= found


def test_only_this_machine_and_only_passwords_get_in(own_set: Set) -> None:
    own_set.up()
    assert own_set.sql("SHOW listen_addresses") == [("127.0.0.1",)]
    port = own_set.state["postgres_port"]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://xueji_owner:wrong@127.0.0.1:{port}/xueji")
    for name in ("services.json", "services-secrets.json"):
        assert (own_set.var / name).stat().st_mode & 0o077 == 0


def test_a_second_start_finds_the_first_and_stop_keeps_the_data(own_set: Set) -> None:
    own_set.up()
    before = own_set.state
    own_set.sql("CREATE TABLE kept AS SELECT 7 AS n", role="database_owner_url")
    with own_set.valkey() as client:
        client.set("kept", "seven")
    own_set.up()
    assert own_set.state == before
    assert own_set.run("status").returncode == 0

    assert own_set.run("down").stdout == "Servers stopped.\n"
    assert own_set.pids() == set()
    assert own_set.run("down").stdout == "No server was running.\n"
    assert own_set.run("status").returncode == 3

    own_set.up()
    assert own_set.state["postgres_port"] == before["postgres_port"]
    assert own_set.sql("SELECT n FROM kept", role="database_owner_url") == [(7,)]
    with own_set.valkey() as client:
        assert client.get("kept") == "seven"


def test_two_starts_at_the_same_moment_make_one_set(own_set: Set) -> None:
    command = [sys.executable, "-m", "tools.services", "up"]
    environment = {**os.environ, "XUEJI_VAR": str(own_set.var)}
    both = [
        subprocess.Popen(command, cwd=services.BASE_DIR, env=environment, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    assert own_set.sql("SELECT 1") == [(1,)]
    log = (own_set.var / "log" / "postgres.log").read_text()
    assert log.count("ready to accept connections") == 1, "a start whose port was taken meanwhile is none"


@pytest.mark.kill
def test_everything_killed_at_once_starts_again_with_what_was_committed(own_set: Set) -> None:
    own_set.up()
    own_set.sql("CREATE TABLE kept AS SELECT 7 AS n", role="database_owner_url")
    own_set.kill_all()
    assert (own_set.var / "postgres" / "postmaster.pid").exists()
    own_set.up()
    assert own_set.sql("SELECT n FROM kept", role="database_owner_url") == [(7,)]


@pytest.mark.kill
def test_a_killed_postmaster_with_a_busy_child_starts_again(own_set: Set) -> None:
    own_set.up()
    first = own_set.state["postgres_pid"]
    connection = psycopg.connect(own_set.state["database_url"], autocommit=True)
    try:
        connection.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 300000000)")
        time.sleep(0.2)
        os.kill(first, signal.SIGKILL)
        own_set.up()
    finally:
        connection.close()
    assert own_set.state["postgres_pid"] != first
    assert own_set.sql("SELECT 1") == [(1,)]


@pytest.mark.kill
def test_a_process_id_that_now_belongs_to_somebody_else_does_not_stop_a_start(own_set: Set) -> None:
    own_set.up()
    own_set.kill_all()
    for name in ("postgres/postmaster.pid", "valkey/valkey.pid"):
        path = own_set.var / name
        lines = path.read_text().splitlines()
        path.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    own_set.up()
    assert own_set.sql("SELECT 1") == [(1,)]
    assert os.getpid() not in own_set.pids()


@pytest.mark.kill
def test_a_set_up_broken_off_halfway_is_made_anew(own_set: Set) -> None:
    half = own_set.var / "postgres.new"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("17")
    own_set.up()
    assert not half.exists()
    assert own_set.sql("SELECT 1") == [(1,)]


def test_a_remembered_port_that_is_taken_meanwhile_is_given_up(own_set: Set) -> None:
    own_set.up()
    old = own_set.state["postgres_port"]
    own_set.run("down")
    with _taken(old):
        assert f"Port {old} is taken" in own_set.up()
        assert own_set.state["postgres_port"] != old
        assert own_set.sql("SELECT 1") == [(1,)]


def test_missing_programs_are_named(own_set: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUEJI_POSTGRES_BIN", str(own_set.var))
    with pytest.raises(services.ServiceError, match="postgres was not found"):
        postgres.program("postgres")


def _python_for_anybody() -> str:
    """A Python of our version that an ordinary user may run (root's own may lie in a private home)."""
    ids: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if ROOT else {}
    environment = {"PYTHONPATH": sysconfig.get_path("purelib"), "PATH": os.environ["PATH"]}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        command = [candidate, "-c", "import psycopg"]
        with contextlib.suppress(OSError):
            tried = subprocess.run(command, env=environment, cwd="/", capture_output=True, check=False, **ids)
            if tried.returncode == 0:
                return candidate
    pytest.fail(f"No Python {version} that an ordinary user may run was found.")


def test_an_ordinary_user_runs_a_set_that_root_can_stop_and_use(directory: Path) -> None:
    user = NOBODY if ROOT else None
    if ROOT:
        os.chown(directory, NOBODY, NOBODY)
    ordinary = Set(directory / "var", python=_python_for_anybody(), user=user)
    try:
        ordinary.up()
        assert ordinary.sql("SELECT 1") == [(1,)]
        process = Path(f"/proc/{ordinary.state['postgres_pid']}")
        assert process.stat().st_uid == (NOBODY if ROOT else os.geteuid())
        assert ordinary.run("down").returncode == 0
        same = Set(directory / "var")
        same.up()
        assert same.sql("SELECT 1") == [(1,)]
        assert same.run("down").returncode == 0
        assert same.pids() == set()
    finally:
        Set(directory / "var").kill_all()


def test_servers_of_another_user_are_refused_in_plain_words(
    own_set: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_set.var / "postgres").mkdir(parents=True)
    other = own_set.var.stat().st_uid + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    with pytest.raises(services.ServiceError, match="belongs to another user"):
        services.up(var=own_set.var)


def test_root_under_a_private_home_uses_a_user_namespace(directory: Path) -> None:
    """For an ordinary user the same directory simply works."""
    directory.chmod(0o700)
    hidden = Set(directory / "var")
    try:
        hidden.up()
        assert hidden.sql("SELECT 1") == [(1,)]
        assert (hidden.var / "postgres").stat().st_uid == os.geteuid()
        hidden.up()
    finally:
        hidden.run("down")
        hidden.kill_all()


def test_servers_started_for_tests_go_with_their_last_user(own_set: Set) -> None:
    own_set.run("up", "--for", "tests")
    first, second = services.Lease(own_set.var), services.Lease(own_set.var)
    assert first.release() is False
    assert services.down_if_unused(var=own_set.var) is False
    assert second.release() is True
    assert services.down_if_unused(var=own_set.var) is True
    assert own_set.pids() == set()


def test_servers_started_by_hand_stay(own_set: Set) -> None:
    own_set.run("up", "--for", "tests")
    own_set.up()
    assert services.down_if_unused(var=own_set.var) is False
    assert is_running(own_set.state["postgres_pid"])


def test_a_secret_file_is_never_seen_half_written(directory: Path) -> None:
    path = directory / "secret.json"
    state.write_private(path, "first", keep_existing=True)
    state.write_private(path, "second", keep_existing=True)
    assert path.read_text() == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in directory.iterdir()] == ["secret.json"]


def test_the_next_free_port_is_chosen() -> None:
    taken = free_port(20_000)
    with _taken(taken):
        assert taken < free_port(taken) < taken + 50
