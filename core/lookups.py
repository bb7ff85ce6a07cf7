"""Lookups that Django lacks."""

from typing import Any

from django.db import models


class AnyOf(models.Lookup[Any]):
    """``filter(AnyOf(F("column"), values))``: as ``in``, for thousands of values, which go over as one parameter.

    Whole numbers go over as they are; the column must hold such.
    """

    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> Any:
        prepare = self.lhs.output_field.get_db_prep_value
        plain = [one if type(one) is int else prepare(one, connection, prepared=False) for one in value]
        return "%s", (plain,)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} = ANY({right})", (*left_params, *right_params)
