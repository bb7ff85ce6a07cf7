"""What the database holds about persons: two that must differ, and the requester of a typed request."""

from typing import Any

from django.db import models
from django.db.models import F, Q


def never_same(first: str, second: str, name: str) -> models.CheckConstraint:
    """Two columns never name the same person; an empty one is nobody."""
    condition = Q(**{f"{first}__isnull": True}) | Q(**{f"{second}__isnull": True}) | ~Q(**{first: F(second)})
    return models.CheckConstraint(condition=condition, name=name)


class SameRequester(models.BaseConstraint):
    """The requester of a typed row is the one of its request: a foreign key over both columns."""

    _KEY = (
        "CONSTRAINT {name} FOREIGN KEY (request_id, requester_id) "
        "REFERENCES approvals_request (id, requester_id) DEFERRABLE INITIALLY DEFERRED"
    )

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        """The constraint inside CREATE TABLE."""
        return self._KEY.format(name=schema_editor.quote_name(self.name))

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        """The statement that adds it."""
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        """The statement that takes it away."""
        table, name = schema_editor.quote_name(model._meta.db_table), schema_editor.quote_name(self.name)
        return f"ALTER TABLE {table} DROP CONSTRAINT {name}"

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "default") -> None:
        """The database alone holds it: no form has both columns."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameRequester) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)
