"""Many query sets read by one statement: each comes back as one column of JSON.

The statement is made of query sets, so that it follows the models. Put it together once for each shape and keep it:
Django takes longer to put it into words than the database to answer it. What differs from call to call is a
parameter with a name (`Asked`), bound when the statement runs.
"""

import itertools
import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import (
    Aggregate,
    DateField,
    DateTimeField,
    Expression,
    Field,
    Func,
    IntegerField,
    JSONField,
    QuerySet,
    UUIDField,
)

Part = tuple[QuerySet[Any], tuple[Any, ...]]  # the rows, and what of each


class Statement(NamedTuple):
    """The names of the parts, the words, and the values that never change."""

    names: tuple[str, ...]
    words: str
    constants: dict[str, Any]

    def ask(self, **asked: Any) -> dict[str, list[Any]]:
        """Part -> its rows."""
        with connection.cursor() as cursor:
            given = {name: _bound(value) for name, value in asked.items()}
            cursor.execute(self.words, {**self.constants, **given})
            found = cursor.fetchone()
        return {name: _parsed(column) for name, column in zip(self.names, found or (), strict=True)}


def put_together(parts: Mapping[str, Part], *, vendor: str) -> Statement:
    gather = "json_agg(t.row)" if vendor == "postgresql" else "json_group_array(json(t.row))"
    columns, values = [], []
    for rows, what in parts.values():
        sql, params = rows.annotate(row=_Row(*what)).values("row").query.sql_with_params()
        columns.append(f"(SELECT {gather} FROM ({sql}) AS t)")  # noqa: S608 (SQL of our own query sets, values apart)
        values += params
    numbers = itertools.count()

    def named(found: re.Match[str]) -> str:
        return found.group() if found.group() == "%%" else f"%(constant_{next(numbers)})s"

    # A statement's parameters are either all named or all in order.
    words = re.sub(r"%%|%s", named, "SELECT " + ", ".join(columns))
    return Statement(
        tuple(parts), words, {f"constant_{number}": value for number, value in enumerate(values)}
    )


class Asked(Expression):
    """A value that is given when the statement runs, under its name."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return f"%({self.name})s", []


def _bound(value: Any) -> Any:
    """A parameter as this database's driver wants it."""
    field = next(field for kind, field in _FIELDS.items() if isinstance(value, kind))
    return field.get_db_prep_value(value, connection)


# A datetime is a date too, so it comes first.
_FIELDS: dict[type, "Field[Any, Any]"] = {datetime: DateTimeField(), date: DateField(), UUID: UUIDField()}


class EpochMinute(Func):
    """A moment as whole minutes since 1970, computed by the database: no datetime is built for each row."""

    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(
            compiler, connection, template="(EXTRACT(EPOCH FROM %(expressions)s)::bigint / 60)"
        )

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "(CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / 60)"
        return super().as_sql(compiler, connection, template=template)


class _Row(Func):
    """The columns of one row as a JSON array."""

    output_field = JSONField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, function="json_build_array")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, function="json_array")


class Gathered(Aggregate):
    """One value of all rows of a group as a JSON array."""

    output_field = JSONField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, function="json_agg")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, function="json_group_array")


def _parsed(column: Any) -> list[Any]:
    if column is None:
        return []
    return json.loads(column) if isinstance(column, str | bytes) else list(column)
