"""The whole database in one file, and back into an empty one, on either engine.

The file is gzipped lines of JSON: a head (format, time, applied migrations), each table with its columns and
rows, and a last line with the number of rows, so that a file cut short is noticed. It is read in one snapshot
while the clinic works. Values are written the same way whichever engine they come from, so a backup of
PostgreSQL restores into SQLite and the other way round. Nothing is decrypted: encrypted columns travel as they are.
"""

import base64
import gzip
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from config.foundation.encryption import DecryptionError, EncryptedField

FORMAT = "clinic-backup/1"
AT_ONCE = 500  # rows
KEYS = (
    "Encrypted columns are in the file as they are: without the FIELD_KEYS of this clinic nobody can read them. "
    "Keep the keys, and keep them apart from this file."
)


class Refused(Exception):
    """The file or the database is not what it should be; nothing was changed."""


def tables() -> list[type[models.Model]]:
    """Every table of ours and of what we build on, in a stable order; views and proxies have none."""
    found = apps.get_models(include_auto_created=True)
    return sorted((m for m in found if m._meta.managed and not m._meta.proxy), key=lambda m: m._meta.db_table)


# --- writing ------------------------------------------------------------------------------------------


def write(file: Path, *, now: datetime) -> int:
    """Write a backup; how many rows. The file appears whole or not at all, readable by its owner only."""
    half = file.with_name(f"{file.name}.part")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as out, _snapshot():
                count = _write_all(out, now=now)
            raw.flush()
            os.fsync(raw.fileno())
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)
    return count


def _write_all(out: gzip.GzipFile, *, now: datetime) -> int:
    def line(value: Any) -> None:
        out.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")

    line({"format": FORMAT, "at": now.isoformat(), "engine": connection.vendor, "migrations": _migrations()})
    count = 0
    for model in tables():
        fields = model._meta.concrete_fields
        line({"table": model._meta.db_table, "columns": [field.column for field in fields]})
        for row in _rows(model):
            line([_plain(value, field) for value, field in zip(row, fields, strict=True)])
            count += 1
    line({"rows": count})
    return count


def _rows(model: type[models.Model]) -> Iterator[Sequence[Any]]:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in model._meta.concrete_fields)
    key = quote(str(model._meta.pk.column))
    with connection.chunked_cursor() as cursor:
        # Names are those of our models.
        cursor.execute(f"SELECT {columns} FROM {quote(model._meta.db_table)} ORDER BY {key}")  # noqa: S608
        while rows := cursor.fetchmany(AT_ONCE):
            yield from rows


@contextmanager
def _snapshot() -> Iterator[None]:
    """All tables as of one moment; writers are not kept waiting."""
    connection.ensure_connection()
    if connection.in_atomic_block:  # somebody else's transaction is the moment then
        yield
        return
    with connection.cursor() as cursor:
        postgresql = connection.vendor == "postgresql"
        if postgresql:
            with transaction.atomic():
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                yield
            return
        # Not atomic(): that would take the one write lock there is.
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _plain(value: Any, field: "models.Field[Any, Any]") -> Any:
    """A stored value the same way from either engine."""
    if value is None:
        return None
    kind = _kind(field)
    if kind == "BinaryField":
        return base64.b64encode(bytes(value)).decode()
    if kind == "UUIDField":
        return str(value if isinstance(value, UUID) else UUID(value))
    if kind == "DateTimeField":
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat()
    if kind == "BooleanField":
        return bool(value)
    if kind == "JSONField":
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value.isoformat() if isinstance(value, (date, time)) else value


def _kind(field: Any) -> str:
    """What is stored: of a foreign key, what it points to."""
    while field.is_relation:
        field = field.target_field
    return str(field.get_internal_type())


# --- reading ------------------------------------------------------------------------------------------


def restore(file: Path, *, force: bool) -> int:
    """Fill the database from a backup; how many rows. All or nothing.

    Raises Refused: not a backup, cut short, another version of the product, a database that holds rows (unless
    `force` empties it first), or keys that do not open what is in it.
    """
    lines = _lines(file)
    head: Any = next(lines, {})
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise Refused("This is not a backup of this product.")
    executor = MigrationExecutor(connection)
    if not executor.loader.applied_migrations:
        call_command("migrate", verbosity=0, interactive=False)
    if head.get("migrations") != _migrations():
        raise Refused("The backup is of another version: install that version, restore, then update.")
    with transaction.atomic():
        _make_room(force=force)
        count = _read_all(lines)
        _set_sequences()
        _keys_fit()
    return count


def _lines(file: Path) -> Iterator[Any]:
    try:
        with gzip.open(file, "rb") as packed:
            for line in packed:
                yield json.loads(line)
    except (OSError, EOFError, ValueError) as error:
        raise Refused("The file cannot be read: it is damaged or no backup.") from error


def _read_all(lines: Iterator[Any]) -> int:
    known = {model._meta.db_table: model for model in tables()}
    insert, count, ended = "", 0, False
    rows: list[list[Any]] = []
    fields: list[models.Field[Any, Any]] = []

    def flush() -> None:
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(insert, rows)
            rows.clear()

    for line in lines:
        if isinstance(line, list):
            rows.append([_stored(value, field) for value, field in zip(line, fields, strict=True)])
            count += 1
            if len(rows) >= AT_ONCE:
                flush()
        elif "table" in line:
            flush()
            insert, fields = _insert(known, line)
        else:
            ended = line.get("rows") == count
    flush()
    if not ended:
        raise Refused("The file was cut short.")
    return count


def _insert(
    known: dict[str, type[models.Model]], line: dict[str, Any]
) -> "tuple[str, list[models.Field[Any, Any]]]":
    model = known.get(line["table"])
    by_column = {field.column: field for field in model._meta.concrete_fields} if model else {}
    if not model or set(line["columns"]) != set(by_column):
        raise Refused(f"The table {line['table']} is another one here.")
    quote = connection.ops.quote_name
    columns = ", ".join(quote(column) for column in line["columns"])
    marks = ", ".join(["%s"] * len(line["columns"]))
    return (
        f"INSERT INTO {quote(line['table'])} ({columns}) VALUES ({marks})",  # noqa: S608 (checked above)
        [by_column[column] for column in line["columns"]],
    )


def _stored(value: Any, field: "models.Field[Any, Any]") -> Any:
    """The value as this engine stores it."""
    if value is None:
        return None
    kind = _kind(field)
    if kind == "BinaryField":
        return base64.b64decode(value)
    if kind == "UUIDField":
        return UUID(value) if connection.features.has_native_uuid_field else UUID(value).hex
    if kind == "DateTimeField":
        return connection.ops.adapt_datetimefield_value(datetime.fromisoformat(value))
    return value


def _make_room(*, force: bool) -> None:
    """What migrating itself wrote (permissions, content types) goes; anything more only with `force`."""
    own = {"auth_permission", "django_content_type"}
    names = [model._meta.db_table for model in tables()]
    with connection.cursor() as cursor:
        if not force:
            for model in tables():
                if model._meta.db_table not in own and model._base_manager.exists():
                    raise Refused("The database is not empty. With --force everything in it is lost.")
        if connection.vendor == "postgresql":
            quoted = ", ".join(connection.ops.quote_name(name) for name in names)
            cursor.execute(f"TRUNCATE {quoted} CASCADE")  # row triggers of what is never deleted stay silent
            return
        # SQLite has no TRUNCATE: triggers that forbid deleting step aside, inside this transaction.
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")
        for table in names:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 (our models)
        for _name, sql in triggers:
            cursor.execute(sql)


def _set_sequences() -> None:
    """Numbers that the database gives out go on where they stopped."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables()):
            cursor.execute(statement)


def _keys_fit() -> None:
    """One value of each encrypted column can be opened with the keys given here."""
    for model in tables():
        for field in model._meta.concrete_fields:
            if not isinstance(field, EncryptedField):
                continue
            row = model._base_manager.exclude(**{f"{field.name}__isnull": True}).first()
            if row is None:
                continue
            try:
                getattr(row, field.attname)
            except DecryptionError as error:
                raise Refused("The FIELD_KEYS given here do not open this backup. " + KEYS) from error


def _migrations() -> list[list[str]]:
    return sorted([app, name] for app, name in MigrationRecorder(connection).applied_migrations())
