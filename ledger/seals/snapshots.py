"""Snapshots of the database (`pg_snapshot`): which transactions had been committed at a seal."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Transactions below ``xmin`` had ended, those from ``xmax`` on had not begun; ``running`` had not ended."""

    xmin: int
    xmax: int
    running: frozenset[int]

    @classmethod
    def read(cls, text: str) -> "Snapshot":
        """From PostgreSQL's form ``xmin:xmax:running,running``. Raises ValueError."""
        low, high, running = text.split(":")
        return cls(int(low), int(high), frozenset(int(one) for one in running.split(",") if one))

    def sees(self, xid: int) -> bool:
        """Whether a committed transaction had been committed then."""
        return xid < self.xmax and xid not in self.running
