"""Starting, finding and stopping server processes: ports, user ids, stale process ids."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

NOBODY = 65534
HOST = "127.0.0.1"
LAST_MOMENT = 0.5


class ServiceError(RuntimeError):
    """A server could not be started or stopped; the message says what to do."""


def port_is_free(port: int) -> bool:
    """Whether nothing listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(preferred: int) -> int:
    """The preferred port, else the next free one among the following fifty, else any.

    Whoever holds the preferred one may be just about to end, so it is given a moment.
    """
    deadline = time.monotonic() + LAST_MOMENT
    while not port_is_free(preferred) and time.monotonic() < deadline:
        time.sleep(0.05)
    for port in range(preferred, preferred + 50):
        if port_is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def open_to_others(path: Path) -> bool:
    """Whether every directory above the path may be passed by any user."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


@dataclass(frozen=True)
class Identity:
    """As whom a server runs: the caller, another user id, or nobody inside a user namespace."""

    uid: int | None = None
    wrapper: tuple[str, ...] = ()

    def own(self, *paths: Path) -> None:
        """Give the server's files to the user that it will run as (only root needs to)."""
        if os.geteuid() != 0:
            return
        uid = self.uid or 0
        for path in paths:
            inside = path.rglob("*") if path.is_dir() else ()
            for item in (path, *inside):
                if item.lstat().st_uid != uid:
                    os.chown(item, uid, uid, follow_symlinks=False)

    def popen(self, command: Sequence[str], *, cwd: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a server in its own session, so that Ctrl-C in this terminal does not reach it."""
        ids = {} if self.uid is None else {"user": self.uid, "group": self.uid, "extra_groups": []}
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # ids is a plain mapping
            [*self.wrapper, *command],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=server_environment(),
            **ids,
        )


def server_environment() -> dict[str, str]:
    """A small environment: no PG* variable of the caller's may bend the server."""
    kept = {
        name: os.environ[name] for name in ("PATH", "TZ", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ
    }
    return {**kept, "LC_ALL": "C.UTF-8"}


def _namespaces_allowed() -> bool:
    if not shutil.which("unshare"):
        return False
    probe = [
        "unshare",
        "--user",
        f"--map-user={NOBODY}",
        f"--map-group={NOBODY}",
        "true",
    ]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def identity_for(data: Path, program: Path) -> Identity:
    """Choose as whom to run a server that refuses root.

    An ordinary user runs it as themselves. Root drops to the data directory's owner (nobody for a new one) when
    that user can reach both paths, else maps itself to nobody in a user namespace. Raises ServiceError
    if neither works.
    """
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise ServiceError(
                f"{data} belongs to another user (it was made as root?). Run this as that user, or remove it."
            )
        return Identity()
    if open_to_others(data) and open_to_others(program):
        owner = data.stat().st_uid if data.exists() else 0
        return Identity(uid=owner or NOBODY)
    if _namespaces_allowed():
        return Identity(
            wrapper=(
                "unshare",
                "--user",
                f"--map-user={NOBODY}",
                f"--map-group={NOBODY}",
                "--",
            )
        )
    raise ServiceError(
        f"PostgreSQL does not run as root, and another user cannot reach {program} or {data}. "
        "Open the directories above them (chmod o+x), or run this as an ordinary user."
    )


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return fields[0] not in {"Z", "X"}


def works_in(pid: int, directory: Path) -> bool:
    """Whether the running process is known to have this working directory; false when that cannot be read."""
    if not is_running(pid):
        return False
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == directory.resolve()
    except OSError:
        return False


def serves(pid: int, directory: Path, *names: str) -> bool:
    """Whether a server's process id still is our server and not a process that got the number later.

    Where a container hides other users' working directories, its name and user decide.
    """
    if works_in(pid, directory):
        return True
    process = Path(f"/proc/{pid}")
    try:
        (process / "cwd").readlink()
    except PermissionError:
        same_user = process.stat().st_uid == directory.stat().st_uid
        return same_user and (process / "comm").read_text().strip().startswith(names)
    except OSError:
        return False
    return False


def pids_in(directory: Path) -> set[int]:
    """Every process that is known to have this working directory."""
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {pid for pid in numbers if works_in(pid, directory)}


def end_leftovers(directory: Path) -> None:
    """End what a killed server left behind: children that would hold its memory and its files."""
    for pid in pids_in(directory):
        stop(pid, signal.SIGQUIT, seconds=3)


def stop(pid: int, first: signal.Signals, *, seconds: float) -> None:
    """Ask a process to end, wait, and end it by force when it does not."""
    for sign, patience in (
        (first, seconds),
        (signal.SIGQUIT, 3.0),
        (signal.SIGKILL, 5.0),
    ):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not is_running(pid):
                return
            time.sleep(0.02)
    raise ServiceError(f"Process {pid} does not end.")


def last_lines(path: Path, count: int = 8) -> str:
    """The end of a log, for an error message."""
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""
