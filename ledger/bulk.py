"""Bulk writing of recorded models: live rows and history rows together, in a handful of statements.

This is the one way round `Model.save` for business data. Signals are not sent and ``full_clean`` is not run; database
constraints raise IntegrityError as usual, and then nothing was written. Rows come as instances (`write_rows`) or, where
thousands are made at once, as columns (`NewRows`, `write_columns`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import repeat
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections, models, router, transaction
from django.db.models.expressions import DatabaseDefault
from django.utils import timezone
from psycopg import sql

from ledger.context import acting, current, current_actor

Row = TypeVar("Row", bound=models.Model)
STAGING = "ledger_update"
AT_ONCE = 5000


def history_model(model: type[models.Model]) -> type[models.Model]:
    """The history table of a recorded model. Raises TypeError for a model without history."""
    attribute = getattr(model._meta, "simple_history_manager_attribute", None)
    if attribute is None:
        raise TypeError(f"{model._meta.label} keeps no history")
    historical: type[models.Model] = getattr(model, attribute).model
    return historical


def _columns(fields: Sequence[Any]) -> list[sql.Identifier]:
    return [sql.Identifier(field.column) for field in fields]


def _key(model: type[models.Model]) -> sql.Identifier:
    return sql.Identifier(str(model._meta.pk.column))


def _listed(parts: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(parts)


def _key_array(connection: Any, model: type[models.Model]) -> sql.SQL:
    """Type of an array of the model's keys."""
    return sql.SQL(f"{model._meta.pk.rel_db_type(connection)}[]")


def _subject(row: Any) -> Any:
    find = getattr(row, "ledger_subject", None)
    return find() if find else None


def history_insert(
    connection: Any, model: type[models.Model], rows: Sequence[Any], history_type: str, at: datetime
) -> None:
    """`_insert_history` for instances."""
    keys, subjects = [row.pk for row in rows], [_subject(row) for row in rows]
    _insert_history(connection, model, keys, subjects, history_type, at)


def _insert_history(
    connection: Any,
    model: type[models.Model],
    keys: Sequence[Any],
    subjects: Sequence[UUID | None],
    history_type: str,
    at: datetime,
) -> None:
    """Copy the stored state of rows into the history table, with the circumstances of the current context.

    ``subjects`` says for each key whose file the row is about. Raises NoActor when nobody acts.
    """
    actor = current_actor()
    context = current()
    historical = history_model(model)
    circumstances = {
        "history_date": at,
        "history_type": history_type,
        "history_user_id": actor.pk,
        "history_change_reason": context.reason,
        "history_request_no": context.request_no,
        "history_request_id": context.request_id,
        "history_role": context.role,
        "history_address": context.address,
    }
    columns = _columns(historical.tracked_fields)  # type: ignore[attr-defined]  # set by simple-history
    placeholders = [sql.SQL("%s::inet" if name == "history_address" else "%s") for name in circumstances]
    statement = sql.SQL(
        "INSERT INTO {history} ({into}, history_subject) SELECT {copied}, {given}, told.subject "
        "FROM unnest(%s::{keys}, %s::uuid[]) AS told(id, subject) JOIN {live} live ON live.{key} = told.id"
    ).format(
        history=sql.Identifier(historical._meta.db_table),
        into=_listed([*columns, *map(sql.Identifier, circumstances)]),
        copied=_listed(sql.SQL("live.") + column for column in columns),
        given=_listed(placeholders),
        keys=_key_array(connection, model),
        live=sql.Identifier(model._meta.db_table),
        key=_key(model),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*circumstances.values(), list(keys), list(subjects)])
        if cursor.rowcount != len(keys):
            raise RuntimeError(
                f"{model._meta.label}: {len(keys)} rows were changed, {cursor.rowcount} stand there"
            )


def copy_in(connection: Any, table: str, fields: Sequence[Any], values: Iterator[Sequence[Any]]) -> None:
    """``COPY table (fields) FROM STDIN``; values as `Field.get_db_prep_save` gives them."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _listed(_columns(fields)))
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in values:
            copy.write_row(row)


_AS_THEY_ARE: dict[type, tuple[type, ...]] = {
    models.CharField: (str,),
    models.TextField: (str,),
    models.BooleanField: (bool,),
    models.SmallIntegerField: (int,),
    models.PositiveSmallIntegerField: (int,),
    models.IntegerField: (int,),
    models.PositiveIntegerField: (int,),
    models.BigIntegerField: (int,),
    models.BigAutoField: (int,),
    models.ForeignKey: (int,),
    models.OneToOneField: (int,),
    models.DateField: (date,),
    models.UUIDField: (UUID,),
}
"""Values that need no preparing: for these fields, of exactly these types, None besides."""


def _column(connection: Any, field: Any, rows: Sequence[Any], *, add: bool) -> list[Any]:
    """One column of ``rows`` as it is stored."""
    if type(field).pre_save is not models.Field.pre_save:
        return _stored(connection, field, [field.pre_save(row, add) for row in rows])
    attname = field.attname
    return _stored(connection, field, [getattr(row, attname) for row in rows])


def _stored(connection: Any, field: Any, values: list[Any]) -> list[Any]:
    """Values of one field as `Field.get_db_prep_save` would give them.

    A field may prepare many values at once by a method ``prepare_many(values) -> list``.
    """
    if prepare_many := getattr(field, "prepare_many", None):
        return list(prepare_many(values))
    plain = (*_AS_THEY_ARE.get(type(field), ()), type(None)) if type(field) in _AS_THEY_ARE else ()
    prepare = field.get_db_prep_save
    return [value if type(value) in plain else prepare(value, connection=connection) for value in values]


def _prepared(
    connection: Any, fields: Sequence[Any], rows: Sequence[Any], *, add: bool
) -> Iterator[Sequence[Any]]:
    return zip(*[_column(connection, field, rows, add=add) for field in fields], strict=True)


def _one_model(rows: Sequence[Row]) -> type[Row]:
    model = type(rows[0])
    if any(type(row) is not model for row in rows):
        raise TypeError("The rows are of several models")
    if model._meta.parents:
        raise TypeError(f"{model._meta.label} is spread over several tables")
    return model


def _new_keys(connection: Any, model: type[models.Model], count: int) -> list[int]:
    """Keys from the table's sequence, in rising order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(found.sequence) FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS sequence OFFSET 0)"
            " found, generate_series(1, %s)",
            [connection.ops.quote_name(model._meta.db_table), model._meta.pk.column, count],
        )
        return [number for (number,) in cursor.fetchall()]


def _set_keys(connection: Any, model: type[models.Model], rows: Sequence[Any]) -> None:
    missing = [row for row in rows if row.pk is None]
    if missing:
        for row, number in zip(missing, _new_keys(connection, model, len(missing)), strict=True):
            row.pk = number


def _left_to_database(row: Any, fields: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(field for field in fields if isinstance(row.__dict__.get(field.attname), DatabaseDefault))


def copy_rows(
    connection: Any, model: type[models.Model], rows: Sequence[Any], *, read_back: bool = True
) -> None:
    """Insert unsaved instances with COPY: keys from the sequence, ``auto_now`` and database defaults as on save.

    Works for any single-table model; it writes no history. ``read_back`` asks for the values the database filled in.
    """
    _set_keys(connection, model, rows)
    fields = [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]
    with_default = [field for field in fields if field.has_db_default()]
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        groups.setdefault(_left_to_database(row, with_default), []).append(row)
    for omitted, members in groups.items():
        written = [field for field in fields if field not in omitted]
        copy_in(connection, model._meta.db_table, written, _prepared(connection, written, members, add=True))
        if omitted and read_back:
            _read_back(connection.alias, model, members, omitted)
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


def _read_back(alias: str, model: type[models.Model], rows: Sequence[Any], fields: Sequence[Any]) -> None:
    names = [field.attname for field in fields]
    found = model._base_manager.using(alias).filter(pk__in=[row.pk for row in rows]).values_list("pk", *names)
    values = {pk: rest for pk, *rest in found.iterator()}
    for row in rows:
        for name, value in zip(names, values[row.pk], strict=True):
            setattr(row, name, value)


def write_rows(rows: Sequence[Row], *, actor: Any, reason: str = "", role: str = "") -> list[Row]:
    """Insert new rows of one recorded model together with their history, and return them with their keys set.

    All or nothing. Rows of an `InsertOnlyModel`, which names its operator itself, are written the same way but without
    history. Raises IntegrityError when a constraint of the database says no, TypeError for any other model.
    """
    rows = list(rows)
    if not rows:
        return []
    model = _one_model(rows)
    with _writing(model, actor, reason, role) as connection:
        at = timezone.now()
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            copy_rows(connection, model, part)
            if not getattr(model, "insert_only", False):
                history_insert(connection, model, part, "+", at)
    return rows


class NewRows:
    """New rows of one single-table model, in columns ready to be stored. Making them asks the database nothing.

    ``columns`` maps attribute names (``unit_id``) to a value for each row, ``common`` to a value that all rows share. A
    field that stands in neither gets its default, as in a new instance, and an ``auto_now`` one the present moment.
    ``subjects`` says for each row whose file it is about: what ``ledger_subject()`` would say.
    """

    def __init__(
        self,
        model: type[models.Model],
        count: int,
        columns: Mapping[str, list[Any]],
        common: Mapping[str, Any],
        subjects: Sequence[UUID | None] = (),
    ) -> None:
        if model._meta.parents:
            raise TypeError(f"{model._meta.label} is spread over several tables")
        self.model, self.count = model, count
        self.subjects = subjects or [None] * count
        self._connection = connections[router.db_for_write(model)]
        fields = [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]
        self._fields: dict[str, Any] = {field.attname: field for field in fields}
        self._columns: dict[str, list[Any]] = {}
        self._common: dict[str, Any] = {}
        if unknown := (columns.keys() | common.keys()) - self._fields.keys():
            raise TypeError(f"{model._meta.label} has no {', '.join(sorted(unknown))}")
        for name, field in self._fields.items():
            if name in columns:
                self.put(name, columns[name])
            elif name in common:
                self._share(field, common[name])
            elif not (field.primary_key or field.has_db_default()):
                self._put_default(field)

    def put(self, name: str, values: list[Any]) -> None:
        """Set a column. Raises ValueError unless it has a value for each row."""
        if len(values) != self.count:
            raise ValueError(f"{name}: {len(values)} values for {self.count} rows")
        self._common.pop(name, None)
        self._columns[name] = _stored(self._connection, self._fields[name], values)

    def values(self, name: str) -> list[Any]:
        """A column as it will be stored; None throughout where the model has no such field."""
        return self._columns.get(name) or [self._common.get(name)] * self.count

    def _share(self, field: Any, value: Any) -> None:
        (self._common[field.attname],) = _stored(self._connection, field, [value])

    def _put_default(self, field: Any) -> None:
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            self._share(field, field.pre_save(self.model(), True))
        elif field.has_default() and callable(field.default) and field.default not in (list, dict):
            self.put(field.attname, [field.get_default() for _ in range(self.count)])
        else:
            self._share(field, field.get_default())

    def copy(self, connection: Any) -> None:
        """Send the rows with COPY. What is NULL throughout and has no default in the database is left out."""
        sent: dict[Any, Iterable[Any]] = {}
        for name, field in self._fields.items():
            if name in self._columns:
                if field.has_db_default() or any(value is not None for value in self._columns[name]):
                    sent[field] = self._columns[name]
            elif name in self._common and (field.has_db_default() or self._common[name] is not None):
                sent[field] = repeat(self._common[name], self.count)
        copy_in(connection, self.model._meta.db_table, list(sent), zip(*sent.values(), strict=True))


def write_columns(rows: NewRows, *, actor: Any, reason: str = "", role: str = "") -> list[int]:
    """`write_rows` for rows given in columns; their keys, in order."""
    if not rows.count:
        return []
    with _writing(rows.model, actor, reason, role) as connection:
        keys = _new_keys(connection, rows.model, rows.count)
        rows.put(rows.model._meta.pk.attname, keys)
        rows.copy(connection)
        if not getattr(rows.model, "insert_only", False):
            _insert_history(connection, rows.model, keys, rows.subjects, "+", timezone.now())
    return keys


def update_rows(
    rows: Sequence[Row],
    fields: Sequence[str],
    *,
    actor: Any,
    reason: str = "",
    role: str = "",
) -> list[Row]:
    """Save the named fields of many rows of one recorded model, and one history row for each.

    The caller has locked the rows (``select_for_update``) and re-checked them. An ``auto_now`` field is written when it
    is named. Raises RuntimeError when a row is gone and IntegrityError when a constraint says no: nothing was written.
    """
    rows = list(rows)
    if not rows:
        return []
    model = _one_model(rows)
    chosen = [model._meta.get_field(name) for name in fields]
    if any(getattr(field, "primary_key", False) for field in chosen):
        raise ValueError("The key of a row cannot be changed")
    recorded = set(chosen) & set(history_model(model).tracked_fields)  # type: ignore[attr-defined]  # set by simple-history
    with _writing(model, actor, reason, role) as connection:
        at = timezone.now()
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            _update_part(connection, model, chosen, part)
            if recorded:
                history_insert(connection, model, part, "~", at)
    return rows


def _update_part(
    connection: Any, model: type[models.Model], chosen: Sequence[Any], rows: Sequence[Any]
) -> None:
    columns = [model._meta.pk, *chosen]
    key, *changed = _columns(columns)
    parts = {
        "staging": sql.Identifier(STAGING),
        "live": sql.Identifier(model._meta.db_table),
        "key": key,
        "columns": _listed([key, *changed]),
        "changes": _listed(sql.SQL("{0} = told.{0}").format(column) for column in changed),
    }
    with connection.cursor() as cursor:
        make = "CREATE TEMPORARY TABLE {staging} AS SELECT {columns} FROM {live} WITH NO DATA"
        cursor.execute(sql.SQL(make).format(**parts))
        copy_in(connection, STAGING, columns, _prepared(connection, columns, rows, add=False))
        change = "UPDATE {live} live SET {changes} FROM {staging} told WHERE live.{key} = told.{key}"
        cursor.execute(sql.SQL(change).format(**parts))
        if cursor.rowcount != len(rows):
            raise RuntimeError(
                f"{model._meta.label}: {len(rows)} rows to change, {cursor.rowcount} stand there"
            )
        cursor.execute(sql.SQL("DROP TABLE {staging}").format(**parts))


def delete_rows(rows: Sequence[Row], *, actor: Any, reason: str = "", role: str = "") -> int:
    """Delete many rows of one recorded model, leaving one history row for each; returns how many.

    Rows that point at them must be gone before: no cascade is followed, and the database refuses.
    """
    rows = list(rows)
    if not rows:
        return 0
    model = _one_model(rows)
    with _writing(model, actor, reason, role) as connection:
        statement = sql.SQL("DELETE FROM {live} WHERE {key} = ANY(%s::{keys})").format(
            live=sql.Identifier(model._meta.db_table),
            key=_key(model),
            keys=_key_array(connection, model),
        )
        at = timezone.now()
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            history_insert(connection, model, part, "-", at)
            with connection.cursor() as cursor:
                cursor.execute(statement, [[row.pk for row in part]])
    return len(rows)


@contextmanager
def _writing(model: type[models.Model], actor: Any, reason: str, role: str) -> Iterator[Any]:
    """Opens the transaction and the acting context of one bulk write; gives the connection."""
    if not getattr(model, "insert_only", False):
        history_model(model)
    alias = router.db_for_write(model)
    with transaction.atomic(using=alias), acting(actor, reason=reason, role=role):
        yield connections[alias]
