"""Files that the embedded servers leave in the variable directory: addresses, passwords, locks."""

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

BASE_DIR = Path(__file__).resolve().parent.parent.parent


def var_dir() -> Path:
    """The variable directory: ``XUEJI_VAR``, else ``var`` beside ``manage.py``."""
    return Path(os.environ.get("XUEJI_VAR") or BASE_DIR / "var").absolute()


def write_private(path: Path, text: str, *, keep_existing: bool = False) -> None:
    """Write a file of mode 0600 in one step, so that no reader ever sees half of it.

    With ``keep_existing`` the first writer wins and later calls change nothing.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        if keep_existing:
            try:
                os.link(name, path)
            except FileExistsError:
                return
        else:
            Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def read_state(var: Path) -> dict[str, Any]:
    """What the last start wrote (addresses, ports, who started); empty when there was none."""
    try:
        state: dict[str, Any] = json.loads((var / "services.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return state


def write_state(var: Path, state: dict[str, Any]) -> None:
    """Replace ``services.json``."""
    write_private(var / "services.json", json.dumps(state, indent=1, sort_keys=True))


def passwords(var: Path) -> dict[str, str]:
    """The servers' passwords, made once."""
    path = var / "services-secrets.json"
    made = {name: secrets.token_urlsafe(24) for name in ("postgres", "xueji_owner", "xueji_app", "valkey")}
    if not path.exists():
        write_private(path, json.dumps(made, indent=1), keep_existing=True)
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


@contextmanager
def exclusive(var: Path) -> Iterator[None]:
    """Let one process at a time start or stop the servers of this directory."""
    with (var / "services.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Lease:
    """A user's claim on the running servers: they are not stopped while anybody else holds one."""

    def __init__(self, var: Path) -> None:
        self._file: IO[str] = (var / "services.users").open("w")
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def release(self) -> bool:
        """Give the claim back; true when nobody else holds one."""
        with self._file as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True


def others_hold_a_lease(var: Path) -> bool:
    """Whether a test run or the product itself still uses the servers."""
    return not Lease(var).release()
