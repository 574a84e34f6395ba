"""In tests a mail may name nothing that its context lacks. Elsewhere a hole is left blank, and a mail still leaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.template import Context, Template
from django.template.base import Variable, VariableDoesNotExist

from notifications import rendering

MARK = (
    "\N{REPLACEMENT CHARACTER}%s\N{REPLACEMENT CHARACTER}"  # what the engine puts in place of a missing word
)
_found: list[set[str]] = []  # one for each part of a mail that is being rendered


class Hole(Exception):
    """Names what is missing."""


class Whole:
    """A part of a mail that raises Hole when a name it uses is missing, even where the engine would not say so."""

    def __init__(self, part: Template) -> None:
        self.part = part

    def render(self, context: Context) -> str:
        with _watched(self.part) as holes:
            text = self.part.render(context)
        if holes or MARK[0] in text:
            raise Hole(f"{self.part.name} names {sorted(holes) or text}")
        return text


@contextmanager
def _watched(part: Template) -> Iterator[set[str]]:
    engine: Any = part.engine
    before, engine.string_if_invalid = engine.string_if_invalid, MARK
    _found.append(set())
    try:
        yield _found[-1]
    finally:
        _found.pop()
        engine.string_if_invalid = before


def are_errors() -> None:
    """From now on, in this process."""
    look_up, part_of = Variable._resolve_lookup, rendering._part

    def noticed(self: Variable, context: Any) -> Any:
        try:
            return look_up(self, context)
        except VariableDoesNotExist:
            if _found:  # an `if` or a `for` goes on as if it were false or empty
                _found[-1].add(str(self.var))
            raise

    Variable._resolve_lookup = noticed  # type: ignore[method-assign]
    rendering._part = lambda name: Whole(part_of(name))  # type: ignore[assignment, return-value]
