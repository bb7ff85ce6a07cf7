"""``python -m bench``: measure, print a table, keep the figures under ``var/bench``. See docs/bench.md."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.measure import Line, median, shown_seconds, table
from tests.support import servers
from tests.support.clones import BASE_DIR, Clones, opened, renamed
from tools import services

PARTS = ("import", "search", "pages", "events")
IMPORT_AIM, PAGE_AIM, MEMORY_AIM_MB = 6.0, 3.0, 600.0


@dataclass(slots=True)
class Bench:
    """One run: its servers, its databases, a directory for its files, and what it was asked for."""

    taken: servers.Servers
    clones: Clones
    directory: Path
    rows: int
    students: int
    events: int
    explains: bool
    repeat: int

    def python(self, database: str, *arguments: str) -> str:
        """Run a module of the benchmark in a fresh process on a database; what it printed. Raises RuntimeError."""
        environment = {
            **os.environ,
            "DATABASE_URL": renamed(self.taken.app_url, database),
            "DATABASE_OWNER_URL": renamed(self.taken.owner_url, database),
            "REDIS_URL": self.taken.redis_url,
            "XUEJI_VAR": str(self.directory),
            "DATABASE_POOL_SIZE": "0",
        }
        command = [sys.executable, "-m", *arguments]
        done = subprocess.run(
            command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def lines(self, database: str, *arguments: str) -> list[Line]:
        """The comparisons that a module prints as JSON."""
        return [Line(**one) for one in json.loads(self.python(database, *arguments))]


def say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S}  {text}", file=sys.stderr, flush=True)


@contextmanager
def prepared(arguments: argparse.Namespace) -> Iterator[Bench]:
    """Servers, databases and a directory, all given back at the end."""
    taken = servers.take()
    try:
        with tempfile.TemporaryDirectory(prefix="xueji-bench-") as directory:
            for clones in opened(taken.owner_url, taken.app_url):
                yield Bench(
                    taken,
                    clones,
                    Path(directory),
                    arguments.rows,
                    arguments.students,
                    arguments.events,
                    arguments.explain,
                    arguments.repeat,
                )
    finally:
        taken.release()


def measure_import(bench: Bench, base: str, file: Path) -> tuple[str, list[Line]]:
    """Floor and import in turns, each on a fresh copy of the database; the copy of the last import, and the line."""
    results: dict[str, list[dict[str, Any]]] = {"floor": [], "subject": []}
    last = ""
    for _round in range(bench.repeat):
        for what, found in results.items():
            if last:
                bench.clones.drop(last)
            last = bench.clones.make(of=base)
            found.append(json.loads(bench.python(last, "bench.imports", what, str(file))))
            say(f"{what} {found[-1]}")
    check_import(results["subject"], bench.rows)
    seconds = {what: median([one["seconds"] for one in found]) for what, found in results.items()}
    parts = {key: median([one[key] for one in results["subject"]]) for key in ("check", "import")}
    peak = max(one["peak_mb"] for one in results["subject"])
    note = (
        f"check {shown_seconds(parts['check'])}, import {shown_seconds(parts['import'])}, "
        f"peak {peak:.0f} MB (aim < {MEMORY_AIM_MB:.0f}: {'met' if peak < MEMORY_AIM_MB else 'missed'})"
    )
    return last, [
        Line(f"import of {bench.rows:,} rows", seconds["floor"], seconds["subject"], IMPORT_AIM, note)
    ]


def measure_events(bench: Bench, base: str) -> list[Line]:
    """Questions to a database of its own with so many events."""
    database = bench.clones.make(of=base)
    say(f"filling in {bench.events:,} events")
    bench.python(database, "bench.events", "fill", str(bench.events))
    say("measuring events")
    lines = bench.lines(database, "bench.events", "measure")
    if bench.explains:
        print(bench.python(database, "bench.events", "explain"))
    bench.clones.drop(database)
    return lines


def check_import(results: list[dict[str, Any]], rows: int) -> None:
    """Raise RuntimeError unless every import did the whole work: an import that refuses rows would be fast."""
    faulty = rows // 100
    for one in results:
        if (one["rows"], one["errors"], one["imported"]) != (rows, faulty, rows - faulty):
            raise RuntimeError(f"The import did something else: {one}")


def run(bench: Bench, parts: list[str]) -> list[Line]:
    """All that was asked for."""
    file = bench.directory / "bench.xlsx"
    database = bench.clones.make()
    say("making people, classes and the workbook")
    bench.python(database, "bench.load", "base", str(file), str(bench.rows))
    bench.python(database, "bench.bare")
    lines: list[Line] = []
    if "import" in parts:
        database, found = measure_import(bench, database, file)
        lines += found
    if "events" in parts:
        lines += measure_events(bench, database)
    if "search" in parts or "pages" in parts:
        say(f"loading {bench.students:,} students")
        bench.python(database, "bench.load", "students", str(bench.students))
    for part in ("search", "pages"):
        if part in parts:
            say(f"measuring {part}")
            lines += bench.lines(database, f"bench.{part}")
    return lines


def keep(lines: list[Line], arguments: argparse.Namespace) -> Path:
    """Write the figures as JSON beside those of earlier runs."""
    now = datetime.now(UTC)
    directory = services.var_dir() / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{now:%Y%m%dT%H%M%SZ}.json"
    kept = {
        "at": now.isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "load": os.getloadavg(),
        "rows": arguments.rows,
        "students": arguments.students,
        "events": arguments.events,
        "repeat": arguments.repeat,
        "lines": [line.as_dict() for line in lines],
    }
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="rows of the imported workbook")
    parser.add_argument(
        "--students", type=int, default=100_000, help="students in the database for search and pages"
    )
    parser.add_argument(
        "--events", type=int, default=1_000_000, help="events in the database for their search"
    )
    parser.add_argument(
        "--explain", action="store_true", help="print how the database answers each question to them"
    )
    parser.add_argument("--repeat", type=int, default=3, help="rounds of the import")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS)
    )
    arguments = parser.parse_args()
    with prepared(arguments) as bench:
        lines = run(bench, arguments.only)
    path = keep(lines, arguments)
    print(table(lines))
    print(
        f"\nOne-minute load at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores. Kept in {path.name}."
    )


if __name__ == "__main__":
    main()
