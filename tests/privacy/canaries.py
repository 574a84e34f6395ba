"""Words that occur nowhere else: typed into every field, then looked for wherever they must not be."""

import base64
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from django.apps import apps
from django.db import connection, models
from redis import Redis
from redis.exceptions import RedisError

# Who somebody is and how they are reached: plain columns of the database (docs/decisions), nothing else.
IDENTITY = {
    "first name": ["Zqfirstword"],
    "last name": ["Zqlastword"],
    "name to use": ["Zqcalledword"],
    "pronouns": ["zqpronounword"],
    "mail": ["zqmailword@example.com", "zqmailword"],
    "phone": ["8015550174", "801-555-0174", "(801) 555-0174", "801 555 0174"],
}
# What ails them, what they answered, who insures them, when they were born, whatever they wrote.
PRIVATE = {
    "story": ["zqstoryword"],
    "answer": ["zqanswerword"],
    "carrier": ["zqcarrierword"],
    "plan": ["zqplanword"],
    "member number": ["zqmemberword"],
    "group number": ["zqgroupword"],
    "policy holder": ["zqholderword"],
    "second carrier": ["zqsecondword"],
    "second member number": ["zqsecmemberword"],
    "birth date": ["1971-10-23", "10/23/1971", "19711023", "Oct 23, 1971", "October 23, 1971"],
    "policy holder's birth date": ["1968-04-27", "04/27/1968", "4/27/1968", "19680427", "April 27, 1968"],
    "mailing address": ["zqaddressword"],
    "best time": ["zqbesttimeword"],
    "say only": ["zqsayonlyword"],
    "wish": ["zqwishword"],
    "access": ["zqaccessword"],
    "file": ["zqfileword"],
    "name of a file": ["zqfilenameword"],
    "client's note": ["zqnoteword"],
    "staff's reason": ["zqreasonword"],
}
EVERYTHING = {**IDENTITY, **PRIVATE}


def found(text: str | bytes, words: Mapping[str, Iterable[str]]) -> set[str]:
    """Which of `words` are in `text`: as they are, in capitals, in base64, in hexadecimal."""
    haystack = (text.encode() if isinstance(text, str) else text).lower()
    return {
        name
        for name, spellings in words.items()
        if any(disguise in haystack for word in spellings for disguise in _disguises(word))
    }


def _disguises(word: str) -> Iterator[bytes]:
    raw = word.encode()
    yield raw.lower()
    yield raw.hex().encode()
    for before in range(3):  # where a word lies within base64's groups of three bytes
        encoded = base64.b64encode(b"\0" * before + raw)
        yield encoded[4 if before else 0 : -4].lower()


def columns() -> dict[str, str]:
    """Everything every table holds, as text: "table.column" → all its values."""
    held: dict[str, str] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT * FROM {name}")  # noqa: S608 (names come from the database itself)
            heads = [head[0] for head in cursor.description]
            for row in cursor.fetchall():
                for head, value in zip(heads, row, strict=True):
                    held[f"{table}.{head}"] = held.get(f"{table}.{head}", "") + f"\n{_text(value)}"
    return held


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    return str(value)


def identity_columns() -> set[str]:
    """The plain columns that may hold a name, an address or a number."""
    client = apps.get_model("intake", "Client")
    names = ["first_name", "last_name", "name_to_use", "pronouns", "email", "phone"]
    return {_column(client, name) for name in names}


def _column(model: type[models.Model], name: str) -> str:
    return f"{model._meta.db_table}.{model._meta.get_field(name).column}"


def database_files() -> dict[str, bytes]:
    """SQLite's file and its log, byte for byte: what was deleted or overwritten may still lie in them.

    Another process reads them: closing the file here would drop the locks this process holds on it.
    """
    if connection.vendor != "sqlite":
        return {}
    file = Path(str(connection.settings_dict["NAME"]))
    return {path.name: subprocess.check_output(["cat", path]) for path in file.parent.glob(f"{file.name}*")}


@contextmanager
def redis_tap(url: str) -> Iterator[list[str]]:
    """Every command any process sends to this database of Redis, as text: task messages, whatever they carry."""
    heard: list[str] = []
    server = Redis.from_url(url)
    with server.monitor() as tap:
        database = server.get_connection_kwargs().get("db", 0)
        threading.Thread(target=_listen, args=(tap, heard, database), daemon=True).start()
        server.ping()
        yield heard
        mark = f"end-{time.monotonic_ns()}"
        server.echo(mark)
        deadline = time.monotonic() + 5
        while not any(mark in line for line in heard) and time.monotonic() < deadline:
            time.sleep(0.02)
    server.close()


def _listen(tap: Any, heard: list[str], database: int) -> None:
    """The server tells of all databases; the others belong to tests that run beside this one."""
    try:
        heard.extend(
            _message(str(command["command"])) for command in tap.listen() if command["db"] == database
        )
    except (RedisError, OSError, ValueError, AttributeError):
        return  # the test has hung up


def _message(command: str) -> str:
    """A task's message with its body, which Celery puts in base64, beside it in the clear."""
    body = command.partition('"body": "')[2].partition('"')[0].partition("\\")[0]
    try:
        return command + "\n" + base64.b64decode(body + "==").decode("utf-8", "replace")
    except ValueError:
        return command


class Person(requests.Session):
    """A browser without scripts that remembers every address it asked for or was sent to."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.addresses: list[str] = []

    def opens(self, address: str) -> requests.Response:
        return self._noted(self.get(self._whole(address), timeout=30))

    def posts(
        self,
        address: str,
        data: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        files: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        sent = {**data, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")}
        return self._noted(
            self.post(self._whole(address), data=sent, headers=headers, files=files, timeout=30)
        )

    def _whole(self, address: str) -> str:
        return address if address.startswith("http") else f"{self.base}{address}"

    def _noted(self, response: requests.Response) -> requests.Response:
        self.addresses += [str(each.request.url) for each in [*response.history, response]]
        return response
