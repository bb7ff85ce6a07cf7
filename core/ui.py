"""Small values that views hand to the components of ``templates/components``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from django.utils.functional import Promise

Label = str | Promise
Kind = Literal["grey", "blue", "amber", "orange", "green", "red", "purple"]
StepState = Literal["done", "current", "waiting", "returned", "skipped"]


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the breadcrumb; the last one usually has no ``url``."""

    label: Label
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab.

    ``locked`` shows a lock and does not open. With ``fragment`` the tab's part is loaded into ``#tab-
    panel``.
    """

    label: Label
    url: str
    active: bool = False
    count: int | None = None
    locked: bool = False
    fragment: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a request: who does it, until when, and how it stands."""

    label: Label
    state: StepState = "waiting"
    person: str = ""
    due: date | None = None
    at: datetime | None = None
    note: Label = ""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A line of a timeline.

    ``changes``: (field, before, after), already masked where the reader may not see them.
    """

    at: datetime
    sentence: Label
    actor: str = ""
    role: Label = ""
    kind: Kind = "grey"
    icon: str = ""
    request_no: str = ""
    note: Label = ""
    changes: Sequence[tuple[Label, str, str]] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers of a chart."""

    name: Label
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of numbers with its table beside.

    ``kind``: bar, hbar (names at the left), stacked, line or ring.
    """

    key: str
    title: Label
    labels: Sequence[Label]
    series: Sequence[Series]
    kind: Literal["bar", "hbar", "stacked", "line", "ring"] = "bar"
    unit: Label = ""
    note: Label = ""

    @property
    def rows(self) -> list[tuple[Label, list[float]]]:
        """The same numbers as lines of a table."""
        return [
            (label, [one.values[index] for one in self.series]) for index, label in enumerate(self.labels)
        ]

    @property
    def spec(self) -> dict[str, object]:
        """What the page's script draws from."""
        return {
            "kind": self.kind,
            "unit": str(self.unit),
            "labels": [str(label) for label in self.labels],
            "series": [{"name": str(one.name), "values": list(one.values)} for one in self.series],
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long job is.

    ``url`` gives the same fragment again every two seconds until ``state`` is an end.
    """

    done: int
    total: int
    state: Literal["waiting", "running", "done", "failed"] = "running"
    label: Label = ""
    message: Label = ""
    url: str = ""

    @property
    def percent(self) -> int:
        if self.state == "done":
            return 100
        return min(100, self.done * 100 // self.total) if self.total else 0

    @property
    def open(self) -> bool:
        return self.state in {"waiting", "running"}


@dataclass(frozen=True, slots=True)
class BulkAct:
    """A button of the bulk bar:

    it posts the ticked ``ids`` to ``url``. ``dialog`` names a confirm dialog to open first.
    """

    label: Label
    url: str
    icon: str = "check"
    primary: bool = False
    danger: bool = False
    dialog: str = ""


@dataclass(frozen=True, slots=True)
class Empty:
    """What a list says when it has no rows of its own to show; ``url`` is the first action."""

    title: Label
    text: Label = ""
    url: str = ""
    action: Label = ""
    icon: str = "inbox"


@dataclass(slots=True)
class Marks:
    """Fields that a reviewer marked when returning: field name to reason."""

    reasons: dict[str, Label] = field(default_factory=dict)

    def get(self, name: str) -> Label:
        return self.reasons.get(name, "")
