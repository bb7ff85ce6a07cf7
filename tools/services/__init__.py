"""Embedded PostgreSQL and Valkey under the variable directory, for demonstration, development and tests.

``up`` and ``down`` may be called twice, by several processes at once, and after a ``kill -9`` of everything.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.services import postgres, valkey
from tools.services.processes import HOST, ServiceError
from tools.services.state import (
    BASE_DIR,
    Lease,
    exclusive,
    others_hold_a_lease,
    passwords,
    read_state,
    var_dir,
    write_state,
)

__all__ = [
    "BASE_DIR",
    "BY_HAND",
    "Lease",
    "ServiceError",
    "down",
    "down_if_unused",
    "read_state",
    "status",
    "up",
    "var_dir",
]

BY_HAND = "hand"


def _quiet(_message: str) -> None:
    return None


def up(
    *,
    started_by: str = BY_HAND,
    say: Callable[[str], None] = _quiet,
    var: Path | None = None,
) -> dict[str, Any]:
    """Start what is not running and return the addresses.

    ``started_by`` is remembered: servers started by hand stay until ``down``; others go with their last user.
    Raises ServiceError with what to do when a server cannot run.
    """
    var = var or var_dir()
    var.mkdir(parents=True, exist_ok=True)
    (var / "log").mkdir(exist_ok=True)
    with exclusive(var):
        old = read_state(var)
        secret = passwords(var)
        ran = postgres.running_pid(var / "postgres") is not None
        pg_pid, pg_port = postgres.start(
            var / "postgres",
            secret,
            port=old.get("postgres_port", postgres.DEFAULT_PORT),
            log=var / "log" / "postgres.log",
            say=say,
        )
        vk_pid, vk_port = valkey.start(
            var / "valkey",
            secret["valkey"],
            port=old.get("valkey_port", valkey.DEFAULT_PORT),
            log=var / "log" / "valkey.log",
            say=say,
        )
        keeper = BY_HAND if BY_HAND in {started_by, old.get("started_by") if ran else ""} else started_by
        state = {
            "started_by": keeper,
            "postgres_port": pg_port,
            "postgres_pid": pg_pid,
            "valkey_port": vk_port,
            "valkey_pid": vk_pid,
            "database_url": _database_url(postgres.APP, secret, pg_port),
            "database_owner_url": _database_url(postgres.OWNER, secret, pg_port),
            "redis_url": f"redis://:{secret['valkey']}@{HOST}:{vk_port}/0",
        }
        if state != old:
            write_state(var, state)
    return state


def _database_url(role: str, secret: dict[str, str], port: int) -> str:
    return f"postgresql://{role}:{secret[role]}@{HOST}:{port}/{postgres.DATABASE}"


def down(*, var: Path | None = None) -> bool:
    """Stop both servers; false when neither ran."""
    var = var or var_dir()
    if not var.exists():
        return False
    with exclusive(var):
        stopped = [
            valkey.shut_down(var / "valkey"),
            postgres.shut_down(var / "postgres"),
        ]
    return any(stopped)


def down_if_unused(*, var: Path | None = None) -> bool:
    """Stop servers that were not started by hand, unless somebody still holds a lease; true when stopped."""
    var = var or var_dir()
    with exclusive(var):
        if read_state(var).get("started_by", BY_HAND) == BY_HAND or others_hold_a_lease(var):
            return False
        stopped = [
            valkey.shut_down(var / "valkey"),
            postgres.shut_down(var / "postgres"),
        ]
    return any(stopped)


def status(*, var: Path | None = None) -> dict[str, int | None]:
    """Process ids of the running servers, by name."""
    var = var or var_dir()
    return {
        "postgres": postgres.running_pid(var / "postgres"),
        "valkey": valkey.running_pid(var / "valkey"),
    }
