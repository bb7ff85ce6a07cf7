"""A column of search tokens: a list of strings in Python, a ``tsvector`` in the database."""

import re
from collections.abc import Iterable
from typing import Any

from django.db import models

_LEXEME = re.compile(r"'((?:[^'\\]|''|\\.)*)'")
_ESCAPED = re.compile(r"''|\\(.)")


def tokens_to_text(tokens: Iterable[str]) -> str:
    """Tokens in the notation that PostgreSQL reads as a ``tsvector``; blank ones are left out."""
    escaped = {
        token if token.isalnum() else token.replace("\\", "\\\\").replace("'", "''")
        for token in tokens
        if token and not token.isspace()
    }
    return " ".join([f"'{token}'" for token in sorted(escaped)])


def text_to_tokens(text: str) -> list[str]:
    """Undo `tokens_to_text`; positions and weights are dropped."""
    return [_ESCAPED.sub(lambda found: found.group(1) or "'", token) for token in _LEXEME.findall(text)]


class TokensField(models.Field):  # type: ignore[type-arg]  # generic in the stubs only
    """Search tokens, written as they are (no parser, no stemming); blank means none.

    Ask with ``field__matches="'明' & 'pwang':*"`` (a raw ``tsquery``); give it a `GinIndex`. Leave it out of lists with
    ``defer`` and out of history with ``History(excluded_fields=[...])``.
    """

    description = "Search tokens"
    empty_strings_allowed = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", list)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str:
        return "tsvector"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "%s::tsvector"

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value is None or isinstance(value, str) else tokens_to_text(value)

    def prepare_many(self, values: list[Any]) -> list[Any]:
        """`get_prep_value` for a whole column."""
        return [self.get_prep_value(value) for value in values]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> list[str] | None:
        return None if value is None else text_to_tokens(value)

    def to_python(self, value: Any) -> list[str]:
        if value is None:
            return []
        return text_to_tokens(value) if isinstance(value, str) else list(value)


@TokensField.register_lookup
class Matches(models.Lookup):
    """``column @@ raw tsquery``."""

    lookup_name = "matches"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return "%s::tsquery", (value,)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} @@ {right}", (*left_params, *right_params)
