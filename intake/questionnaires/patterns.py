"""Regular expressions from strangers, matched in linear time.

Python's engine backtracks and can be made to run for years (`(a+)+$`). This one simulates the automaton:
each character is looked at once for every state. What cannot be done so (backreferences, looking around)
is refused at import.
"""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as sre_parse  # type: ignore[import-not-found]
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

MAX_STATES = 5_000
MAX_PATTERN = 1_000
MAX_STEPS = 3_000_000  # states times characters, about a second; more than that is not matched

Test = Callable[[str], bool]


class UnsafePattern(ValueError):
    """The pattern does not compile, or cannot be matched in linear time."""


@dataclass(slots=True)
class _State:
    test: Test | None = None  # consumes one character; None: moves on without one
    at: str = ""  # "start", "end": passes only there
    after: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Pattern:
    states: list[_State]
    first: int
    last: int

    def matches(self, text: str) -> bool:
        """Does the whole text match? A text far too long for the pattern does not."""
        if len(self.states) * len(text) > MAX_STEPS:
            return False
        here = self._reach({self.first}, 0, len(text))
        for position, character in enumerate(text):
            moved = {
                after
                for number in here
                if (test := self.states[number].test) is not None and test(character)
                for after in self.states[number].after
            }
            if not moved:
                return False
            here = self._reach(moved, position + 1, len(text))
        return self.last in here

    def _reach(self, numbers: Iterable[int], position: int, length: int) -> set[int]:
        seen: set[int] = set()
        stack = list(numbers)
        while stack:
            number = stack.pop()
            if number in seen:
                continue
            seen.add(number)
            state = self.states[number]
            blocked = (state.at == "start" and position) or (state.at == "end" and position != length)
            if state.test is None and not blocked:
                stack.extend(state.after)
        return seen


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """Raises UnsafePattern with a reason for staff."""
    if len(pattern) > MAX_PATTERN:
        raise UnsafePattern(f"the pattern is longer than {MAX_PATTERN} characters")
    try:
        parsed = sre_parse.parse(pattern)
    except (re.error, RecursionError, OverflowError) as problem:
        raise UnsafePattern(f"the pattern does not compile ({problem})") from None
    builder = _Builder(ignore_case=bool(parsed.state.flags & re.IGNORECASE))
    first = builder.add(_State())
    last = builder.sequence(parsed, first)
    return Pattern(builder.states, first, last)


@dataclass(slots=True)
class _Builder:
    ignore_case: bool
    states: list[_State] = field(default_factory=list)

    def add(self, state: _State) -> int:
        if len(self.states) >= MAX_STATES:
            raise UnsafePattern("the pattern is too large")
        self.states.append(state)
        return len(self.states) - 1

    def follow(self, start: int, state: _State) -> int:
        number = self.add(state)
        self.states[start].after.append(number)
        if state.test is None:
            return number
        after = self.add(_State())
        state.after.append(after)
        return after

    def sequence(self, parts: Iterable[Any], start: int) -> int:
        for operator, argument in parts:
            start = self.part(operator, argument, start)
        return start

    def part(self, operator: Any, argument: Any, start: int) -> int:
        if operator in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            return self.follow(start, _State(test=self.test(operator, argument)))
        if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            return self.repeat(argument[0], argument[1], argument[2], start)
        if operator is sre.SUBPATTERN and not argument[1] and not argument[2]:
            return self.sequence(argument[3], start)
        if operator is sre.BRANCH:
            return self.branch(argument[1], start)
        if operator is sre.AT and argument in _EDGES:
            return self.follow(start, _State(at=_EDGES[argument]))
        raise UnsafePattern("the pattern uses a feature that cannot be checked in bounded time")

    def branch(self, branches: Iterable[Any], start: int) -> int:
        end = self.add(_State())
        for parts in branches:
            self.states[self.sequence(parts, start)].after.append(end)
        return end

    def repeat(self, least: int, most: Any, parts: Any, start: int) -> int:
        for _ in range(least):
            start = self.sequence(
                parts, self.follow(start, _State())
            )  # a state each, so that the limit holds
        end = self.add(_State())
        if most is sre.MAXREPEAT:
            loop = self.follow(start, _State())
            self.states[self.sequence(parts, loop)].after.append(loop)
            self.states[loop].after.append(end)
            return end
        for _ in range(most - least):
            self.states[start].after.append(end)
            start = self.sequence(parts, self.follow(start, _State()))
        self.states[start].after.append(end)
        return end

    def test(self, operator: Any, argument: Any) -> Test:
        if operator is sre.ANY:
            return lambda character: character != "\n"
        if operator is sre.IN:
            return self.members(argument)
        wanted = chr(argument)
        same = self.same(wanted)
        return same if operator is sre.LITERAL else lambda character: not same(character)

    def same(self, wanted: str) -> Test:
        if self.ignore_case:
            folded = wanted.casefold()
            return lambda character: character.casefold() == folded
        return lambda character: character == wanted

    def members(self, members: Any) -> Test:
        negated = bool(members) and members[0][0] is sre.NEGATE
        tests = [self.member(operator, argument) for operator, argument in members[1 if negated else 0 :]]
        return lambda character: any(test(character) for test in tests) != negated

    def member(self, operator: Any, argument: Any) -> Test:
        if operator is sre.LITERAL:
            return self.same(chr(argument))
        if operator is sre.RANGE:
            low, high = argument
            if self.ignore_case:
                return lambda c: low <= ord(c.lower()) <= high or low <= ord(c.upper()[0]) <= high
            return lambda c: low <= ord(c) <= high
        if operator is sre.CATEGORY and argument in _CATEGORIES:
            return _CATEGORIES[argument]
        raise UnsafePattern("the pattern uses a character class that is not supported")


_EDGES = {
    sre.AT_BEGINNING: "start",
    sre.AT_BEGINNING_STRING: "start",
    sre.AT_END: "end",
    sre.AT_END_STRING: "end",
}


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_CATEGORIES: dict[Any, Test] = {
    sre.CATEGORY_DIGIT: str.isdecimal,
    sre.CATEGORY_NOT_DIGIT: lambda c: not c.isdecimal(),
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
    sre.CATEGORY_WORD: _is_word,
    sre.CATEGORY_NOT_WORD: lambda c: not _is_word(c),
}
