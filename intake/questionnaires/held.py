"""Answers held at the start: initial values, what the request already knows, or an earlier response."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from intake.questionnaires.model import Item, Option, Questionnaire, Value
from intake.questionnaires.values import equal, is_well_formed

MAX_REPETITIONS = 50


def option_value(option: Option) -> Value:
    """The value as it is stored in an answer: codings without their decorations."""
    if option.value.kind != "Coding":
        return option.value
    kept = {k: option.value.raw[k] for k in ("system", "version", "code", "display") if k in option.value.raw}
    return Value("Coding", kept)


def keyed(item: Item, values: Iterable[Value]) -> dict[int, Value]:
    """Answers by slot: an option's number where a list is ticked, else the row."""
    listed = list(values)
    if not (item.repeats and item.options):
        return dict(enumerate(listed))
    found: dict[int, Value] = {}
    for value in listed:
        matches = (
            n for n, option in enumerate(item.options) if n not in found and equal(option.value, value)
        )
        found[next(matches, len(item.options) + len(found))] = value
    return found


@dataclass(frozen=True, slots=True)
class Starting:
    """An unanswered form: its initial values, then what is handed in by linkId."""

    known: Mapping[str, Sequence[Value]] = field(default_factory=dict)

    def repetitions(self, item: Item, path: str) -> int:
        return min(item.limits.min_occurs or 1, MAX_REPETITIONS)

    def answers(self, item: Item, path: str) -> Mapping[int, Value]:
        if item.link_id in self.known:
            return keyed(item, self.known[item.link_id])
        selected = [option_value(option) for option in item.options if option.initially_selected]
        values = selected or [v for v in item.initial if is_well_formed(v)]
        return keyed(item, values if item.repeats else values[:1])


def plain_values(item: Item, given: Any) -> list[Value]:
    """Values from what a program holds: a code, a number, a truth, or a list of them."""
    return [_plain_value(item, one) for one in (given if isinstance(given, (list, tuple)) else [given])]


def _plain_value(item: Item, given: Any) -> Value:
    if isinstance(given, Value):
        return given
    for option in item.options:
        raw = option.value.raw
        if (raw.get("code") if isinstance(raw, dict) else raw) == given:
            return option_value(option)
    return Value("String" if item.type == "open-choice" else item.kind, given)


def starting(questionnaire: Questionnaire, known: Mapping[str, Any] | None = None) -> Starting:
    """`known`: linkId -> code or value the request has already; linkIds the form lacks are passed over."""
    found = {}
    for link_id, given in (known or {}).items():
        item = questionnaire.by_link_id.get(link_id)
        if item is not None and given not in (None, "", []):
            found[link_id] = plain_values(item, given)
    return Starting(found)


class FromResponse:
    """Answers of a QuestionnaireResponse. What does not fit the form is left to validation."""

    def __init__(self, questionnaire: Questionnaire, response: Mapping[str, Any]) -> None:
        self.counts: dict[str, int] = {}
        self.found: dict[str, dict[int, Value]] = {}
        self.present: set[str] = set()  # paths of the items that the response has
        self._read(questionnaire.items, response.get("item"), "i")

    def repetitions(self, item: Item, path: str) -> int:
        return self.counts.get(path, 1)

    def answers(self, item: Item, path: str) -> Mapping[int, Value]:
        return self.found.get(path, {})

    def _read(self, items: Iterable[Item], raw_items: Any, prefix: str) -> None:
        by_link_id: dict[str, list[Mapping[str, Any]]] = {}
        for raw in objects(raw_items):
            by_link_id.setdefault(str(raw.get("linkId")), []).append(raw)
        for item in items:
            self._read_item(item, by_link_id.get(item.link_id, []), f"{prefix}{item.place[-1]}")

    def _read_item(self, item: Item, raws: list[Mapping[str, Any]], path: str) -> None:
        if not raws:
            return
        self.present.add(path)
        if item.is_group and item.repeats:
            self.counts[path] = len(raws)
            for repetition, raw in enumerate(raws):
                self.present.add(f"{path}#{repetition}")
                self._read(item.items, raw.get("item"), f"{path}#{repetition}.")
        elif item.is_group:
            self._read(item.items, raws[0].get("item"), f"{path}.")
        elif item.is_question:
            self._read_answers(item, objects(raws[0].get("answer")), path)

    def _read_answers(self, item: Item, answers: list[Mapping[str, Any]], path: str) -> None:
        valued = [(value, answer) for answer in answers if (value := answer_value(answer)) is not None]
        slots = keyed(item, [value for value, _ in valued])
        self.found[path] = slots
        asked = [child for child in item.items if not child.is_display]
        for key, (_, answer) in zip(slots, valued, strict=True):
            self._read(asked, answer.get("item"), f"{path}@{key}.")


def values_in(answer: Mapping[str, Any]) -> list[Value]:
    """Every `value[x]` of an answer; there should be one."""
    names = (name for name in answer if name.startswith("value") and len(name) > len("value"))
    return [Value(name[len("value") :], answer[name]) for name in names]


def answer_value(answer: Mapping[str, Any]) -> Value | None:
    return next(iter(values_in(answer)), None)


def objects(found: Any) -> list[Mapping[str, Any]]:
    return [o for o in found if isinstance(o, dict)] if isinstance(found, list) else []
