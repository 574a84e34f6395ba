"""Rows that many tests begin with, made once a process and put back by plain INSERTs.

The sample clinic takes 500 statements to load; several hundred tests start from it. What the loader itself does is
the subject of `test_load_clinic.py`, which never comes here.
"""

from collections.abc import Callable
from datetime import time
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.models import Model

from tests.test_conventions import our_models

Rows = list[tuple[type[Model], list[str], list[tuple[Any, ...]]]]
_kept: dict[str, Rows] = {}


def put_back(name: str, make: Callable[[], None]) -> None:
    """Run `make`, or put back what it wrote the first time. Whatever is in the tables already is left alone.

    With rows in the tables `make` runs as it is, since it may update them.
    """
    if _holds_anything():
        make()
    elif name in _kept:
        _insert(_kept[name])
    else:
        make()
        _kept[name] = _read()


def _holds_anything() -> bool:
    tables = " UNION ALL ".join(
        f"SELECT 1 WHERE EXISTS (SELECT 1 FROM {_quoted(model._meta.db_table)})"  # noqa: S608 (names of our tables)
        for model in our_models()
    )
    with connection.cursor() as cursor:
        cursor.execute(tables)
        return cursor.fetchone() is not None


def _read() -> Rows:
    found: Rows = []
    with connection.cursor() as cursor:
        for model in our_models():
            columns = [field.column for field in model._meta.local_concrete_fields]
            cursor.execute(f"SELECT {_names(columns)} FROM {_quoted(model._meta.db_table)}")  # noqa: S608
            if rows := [tuple(_storable(value) for value in row) for row in cursor.fetchall()]:
                found.append((model, columns, rows))
    return found


@transaction.atomic
def _insert(kept: Rows) -> None:
    with connection.cursor() as cursor:
        for model, columns, rows in kept:
            places = ", ".join(["%s"] * len(columns))
            table = _quoted(model._meta.db_table)
            cursor.executemany(f"INSERT INTO {table} ({_names(columns)}) VALUES ({places})", rows)  # noqa: S608
        counted = [model for model, *_ in kept if isinstance(model._meta.pk, models.AutoField)]
        for statement in connection.ops.sequence_reset_sql(no_style(), counted):
            cursor.execute(statement)


def _storable(value: Any) -> Any:
    """SQLite reads hours of the day back as an object that it does not take as a parameter."""
    return str(value) if isinstance(value, time) else value


def _names(columns: list[str]) -> str:
    return ", ".join(_quoted(column) for column in columns)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
