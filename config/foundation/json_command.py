"""Management commands that answer in JSON: one place for how they answer and exit."""

import json
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser

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

    def answer(self, value: dict[str, Any]) -> None:
        """One line of JSON."""
        self.stdout.write(json.dumps(value, ensure_ascii=False, default=str))

    def fail(self, error: str, *, code: int = WRONG_USE, **more: Any) -> NoReturn:
        """Say what is wrong and exit."""
        self.answer({"error": error, **more})
        raise SystemExit(code)
