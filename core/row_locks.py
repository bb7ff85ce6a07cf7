"""Locking rows that are read with others joined to them."""

from typing import TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def locked_rows(rows: QuerySet[M]) -> QuerySet[M]:
    """Lock ``rows``, which join nothing, in the order of their keys; the same rows to be read with whatever is joined.

    A query that joins and locks at once loses a row that somebody changed while it waited: PostgreSQL checks the new
    row against the old joined one.
    """
    keys = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    return rows.model._default_manager.filter(pk__in=keys)
