"""What every act of the room shares: the lock, the version that the reader saw, and faults of the database in words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scope import NotPermitted, units_with
from ledger.models import RecordedModel
from school.models import Unit

M = TypeVar("M", bound=RecordedModel)

CLASHES = {
    "unit_code_unique": ("code", _("Another unit has this school code.")),
    "unit_name_unique": ("name", _("The unit above has a unit of this name already.")),
    "programme_unique": ("code", _("This unit has a programme with this code already.")),
    "class_no_unique": ("class_no", _("This school has a class with this number already.")),
    "class_staff_once": ("user", _("This person has this duty in these days already.")),
    "class_has_one_adviser": ("user", _("The class has an adviser in these days; end that duty first.")),
    "term_unique": ("number", _("This term exists already.")),
    "terms_do_not_overlap": ("valid_from", _("Another term of this school lies in these days.")),
    "term_dates": ("valid_until", _("The last day lies before the first.")),
    "calendar_dates": ("valid_until", _("The last day lies before the first.")),
    "class_staff_dates": ("valid_until", _("The last day lies before the first.")),
    "code_unique": ("code", _("The list has this code already.")),
    "school_region_code_key": ("code", _("This region exists already.")),
}
"""Constraint: the field that it concerns, and what to tell."""


class Stale(ValidationError):
    """Somebody saved a newer version meanwhile; ``current`` is the row as it stands."""

    def __init__(self, current: Any) -> None:
        last = current.history.select_related("history_user").latest()
        text = _("%(name)s changed this meanwhile. Nothing was saved; both values are shown.")
        super().__init__(text, params={"name": last.history_user.name})
        self.current = current


def version_of(row: Any) -> int:
    """The version of a row: the number of its newest line of history."""
    newest = row.history.order_by("-history_id").values_list("history_id", flat=True).first()
    return int(newest or 0)


def locked(row: M, seen: int | None = None) -> M:
    """The row, locked. Raises Stale when it is newer than what the reader saw (None: whatever stands is meant)."""
    found: M = type(row).objects.select_for_update(of=("self",)).get(pk=row.pk)
    if seen is not None and seen != version_of(found):
        raise Stale(found)
    return found


def put(row: models.Model, values: Mapping[str, Any]) -> list[str]:
    """Set values; the names of the fields that changed."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


@contextmanager
def clashes_told() -> Iterator[None]:
    """Turn what a constraint of the database refuses into a ValidationError with the field's name."""
    try:
        yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        if constraint not in CLASHES:
            raise
        field, text = CLASHES[constraint]
        raise ValidationError({field: text}, code=constraint) from error


def demand_top(actor: User, perm: str) -> Unit:
    """The top unit on which ``actor`` holds ``perm``: what serves every school is kept there. Raises NotPermitted."""
    top: Unit | None = (
        Unit.objects.filter(parent=None, pk__in=list(units_with(actor, perm))).order_by("pk").first()
    )
    if top is None:
        raise NotPermitted(perm)
    return top


def check_days(first: Any, last: Any) -> None:
    """Raise ValidationError when the last day lies before the first."""
    if last is not None and last < first:
        raise ValidationError({"valid_until": _("The last day lies before the first.")})
