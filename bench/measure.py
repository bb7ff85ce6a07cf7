"""Timing in turns, and what a table of results says."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

Work = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison: median seconds of the floor and of the subject, their ratio and what is aimed at (0: nothing)."""

    what: str
    floor: float
    subject: float
    aim: float = 0.0
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.subject / self.floor

    @property
    def verdict(self) -> str:
        if not self.aim:
            return ""
        return "met" if self.ratio <= self.aim else "missed"

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": round(self.ratio, 2), "verdict": self.verdict}


def timed(work: Work) -> float:
    """Seconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(floor: Work, subject: Work, *, repeat: int, warm: int = 2) -> tuple[float, float]:
    """Medians of floor and subject, run A B A B to meet the same load, after ``warm`` rounds that do not count."""
    for _round in range(warm):
        floor()
        subject()
    pairs = [(timed(floor), timed(subject)) for _round in range(repeat)]
    return median([one for one, _ in pairs]), median([other for _, other in pairs])


def median(values: list[float]) -> float:
    return statistics.median(values)


def shown_seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"


def table(lines: list[Line]) -> str:
    """The lines as columns of text."""
    rows = [("what", "floor", "subject", "ratio", "aim", "", "note")]
    for line in lines:
        aim = f"<= {line.aim:g}" if line.aim else ""
        seconds = shown_seconds(line.floor), shown_seconds(line.subject)
        rows.append((line.what, *seconds, f"{line.ratio:.2f}", aim, line.verdict, line.note))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
