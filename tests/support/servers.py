"""Which servers a test run uses: those of the environment, else the embedded ones, started when they are down."""

import fcntl
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

import redis

from tools import services


@dataclass
class Servers:
    """Addresses for this process, with what must be given back at the end."""

    app_url: str
    owner_url: str
    redis_url: str
    lease: services.Lease | None = None
    slot: IO[str] | None = field(default=None, repr=False)

    def release(self) -> None:
        """Empty this process's Valkey database; stop the servers if tests started them and nobody else uses them."""
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushdb()
        if self.slot:
            self.slot.close()
        if self.lease and self.lease.release():
            services.down_if_unused()


def take() -> Servers:
    """Make sure of the servers and claim a Valkey database of our own."""
    var = services.var_dir()
    var.mkdir(parents=True, exist_ok=True)
    given = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL"), os.environ.get("REDIS_URL")
    if all(given):
        app_url, owner_url, redis_url = (value or "" for value in given)
        number, slot = _own_number(15)
        return Servers(app_url, owner_url, _numbered(redis_url, number), slot=slot)
    lease = services.Lease(var)
    command = [sys.executable, "-m", "tools.services", "up", "--for", "tests"]
    done = subprocess.run(command, cwd=services.BASE_DIR, capture_output=True, text=True, check=False)
    if done.returncode:
        lease.release()
        raise RuntimeError(f"The servers do not start: {done.stdout}{done.stderr}")
    state: dict[str, Any] = services.read_state(var)
    number, slot = _own_number(63)
    redis_url = _numbered(state["redis_url"], number)
    return Servers(state["database_url"], state["database_owner_url"], redis_url, lease, slot)


def _numbered(url: str, number: int) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


def _own_number(highest: int) -> tuple[int, IO[str]]:
    """A Valkey database number that no other test process holds (0 is the product's own)."""
    directory = services.var_dir() / "test-slots"
    directory.mkdir(exist_ok=True)
    for number in range(1, highest + 1):
        file = (directory / str(number)).open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        return number, file
    raise RuntimeError(f"More than {highest} test processes at once.")
