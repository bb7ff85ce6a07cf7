"""Test databases: one template for each state of the migrations, cloned for each run and for each test that commits.

Every process keeps one connection as the owner, whose advisory locks say that its databases are in use; what belongs to
no living process is dropped by the next one.
"""

import hashlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

BASE_DIR = Path(__file__).resolve().parent.parent.parent
BUILD_LOCK, RUN_LOCK, TEMPLATE_LOCK = 7712001, 7712002, 7712003
KEPT_TEMPLATES = 3
SHAPING: tuple[str, ...] = (
    "*/migrations/*.py",
    "*/apps.py",
    "*/models.py",
    "*/models/*.py",
    "ledger/*.py",
    "school/*.py",
    "accounts/*.py",
)
SHAPING += ("school/management/**/*.py", "school/data/**/*", "*/permissions.py", "requirements*.lock")


def shape() -> str:
    """Digest of everything that decides what a freshly migrated database holds."""
    digest = hashlib.sha256()
    paths = {path for pattern in SHAPING for path in BASE_DIR.glob(pattern) if path.is_file()}
    for path in sorted(paths):
        digest.update(str(path.relative_to(BASE_DIR)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def renamed(url: str, database: str) -> str:
    """The same server address with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


class Clones:
    """This process's databases. ``owner_url`` and ``app_url`` are the server's two roles."""

    def __init__(self, owner_url: str, app_url: str) -> None:
        self.owner_url = owner_url
        self.app_url = app_url
        # advisory locks are seen inside one database only: every run meets in the same one
        self._connection = psycopg.connect(renamed(owner_url, "postgres"), autocommit=True)
        self._run = secrets.randbelow(2**31)
        self._count = 0
        self._template = ""
        self._connection.execute("SELECT pg_advisory_lock(%s, %s)", [RUN_LOCK, self._run])

    def _names(self, prefix: str) -> list[str]:
        query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid"
        return [row[0] for row in self._connection.execute(query, [prefix])]

    def _drop(self, name: str) -> None:
        self._connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def _free(self, lock: int, key: int) -> bool:
        row = self._connection.execute("SELECT pg_try_advisory_lock(%s, %s)", [lock, key]).fetchone()
        return bool(row and row[0])

    def _unlock(self, lock: int, key: int) -> None:
        self._connection.execute("SELECT pg_advisory_unlock(%s, %s)", [lock, key])

    def sweep(self) -> list[str]:
        """Drop clones whose run has ended and templates that nobody uses, but for the newest three."""
        dropped = []
        stale = [(name, RUN_LOCK, int(name.split("_")[2])) for name in self._names("xueji_test_")]
        stale += [
            (name, TEMPLATE_LOCK, _key(name.rpartition("_")[2]))
            for name in self._names("xueji_template_")[:-KEPT_TEMPLATES]
        ]
        for name, lock, key in stale:
            if key != self._run and self._free(lock, key):
                self._drop(name)
                self._unlock(lock, key)
                dropped.append(name)
        return dropped

    def template(self) -> str:
        """Name of the template for the migrations as they stand, built when it is missing."""
        if self._template:
            return self._template
        current = shape()
        name = f"xueji_template_{current}"
        self._connection.execute("SELECT pg_advisory_lock(%s, 0)", [BUILD_LOCK])
        try:
            self._connection.execute("SELECT pg_advisory_lock_shared(%s, %s)", [TEMPLATE_LOCK, _key(current)])
            self.sweep()
            if name not in self._names("xueji_template_"):
                self._build(name)
        finally:
            self._unlock(BUILD_LOCK, 0)
        self._template = name
        return name

    def _build(self, name: str) -> None:
        building = self._new_name()
        self._connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
        environment = {
            **os.environ,
            "DATABASE_URL": renamed(self.app_url, building),
            "DATABASE_OWNER_URL": renamed(self.owner_url, building),
        }
        try:
            _manage(["migrate", "--verbosity=0"], environment)
            if (BASE_DIR / "school/management/commands/load_reference_data.py").exists():
                _manage(["load_reference_data", "--verbosity=0"], environment)
            self.rename(building, name)
        finally:
            self._drop(building)

    def _new_name(self) -> str:
        self._count += 1
        return f"xueji_test_{self._run}_{self._count}"

    def make(self, of: str = "") -> str:
        """A new clone of the template, or of another database of ours that nobody is connected to; its name."""
        template = of or self.template()
        name = self._new_name()
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        # who may enter a database is no part of its template (`ledger.roles.grant`)
        names = sql.Identifier(name), sql.Identifier(str(urlsplit(self.app_url).username))
        self._connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(names[0]))
        self._connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(*names))
        return name

    def rename(self, name: str, wanted: str) -> None:
        """Give a clone that nobody is connected to another name."""
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        self._connection.execute(rename.format(sql.Identifier(name), sql.Identifier(wanted)))

    def drop(self, name: str) -> None:
        """Drop a clone, whoever is still connected to it."""
        self._drop(name)

    def close(self) -> None:
        """Drop what this process still has and let its locks go."""
        for name in self._names(f"xueji_test_{self._run}_"):
            self._drop(name)
        self._connection.close()


def _key(digest: str) -> int:
    return int(digest[:7], 16)


def _manage(arguments: list[str], environment: dict[str, str]) -> None:
    command = [sys.executable, str(BASE_DIR / "manage.py"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=BASE_DIR)
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")


def opened(owner_url: str, app_url: str) -> Iterator[Clones]:
    """This process's clones, dropped at the end."""
    clones = Clones(owner_url, app_url)
    try:
        yield clones
    finally:
        clones.close()
