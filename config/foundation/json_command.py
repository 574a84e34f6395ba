"""Management commands that answer in JSON: one place for how they answer and exit."""

import json
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

DONE, NO, WRONG_USE = 0, 1, 2


class _JSONParser(CommandParser):
    """Wrong arguments are told as JSON as well."""

    def error(self, message: str) -> NoReturn:
        print(json.dumps({"error": message}, ensure_ascii=False))  # noqa: T201 (the answer itself)
        raise SystemExit(WRONG_USE)


class JSONCommand(BaseCommand):
    """Answers on standard output as JSON, everything else goes to standard error.

    Exit codes: 0 done, 1 the answer is no, 2 wrong use or an unknown code with `{"error"}`.
    """

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = _JSONParser
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        """What no database can hold and no calendar has is wrong use, not a crash."""
        said = [
            part for value in options.values() for part in (value if isinstance(value, list) else [value])
        ]
        if any(isinstance(part, str) and not _is_text(part) for part in said):
            self.fail("An argument holds bytes that are no text.")
        try:
            return super().execute(*args, **options)
        except DatabaseError as error:
            self.fail(f"The database cannot answer ({type(error).__name__}). Has manage.py migrate been run?")
        except OverflowError:
            self.fail("A date or time is out of range.")

    def answer(self, value: dict[str, Any]) -> None:
        """One line of JSON."""
        self.stdout.write(json.dumps(value, ensure_ascii=False, default=str))

    def fail(self, error: str, *, code: int = WRONG_USE, **more: Any) -> NoReturn:
        """Say what is wrong and exit."""
        self.answer({"error": error, **more})
        raise SystemExit(code)


def _is_text(value: str) -> bool:
    """Without NUL, and without what stands for a byte that was no UTF-8."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
