"""The conditions of a form as the page script applies them (`static/js/questionnaire.js`). The server is the truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from intake.questionnaires import enablement
from intake.questionnaires.kinds import kind_of, scale_of
from intake.questionnaires.model import Condition, Item, Value
from intake.questionnaires.tree import Node, Tree
from intake.questionnaires.values import compare, equal

COMPARED_IN_PAGE = {
    "Integer": "number",
    "Decimal": "number",
    "Date": "date",
    "Time": "time",
    "String": "text",
    "Uri": "text",
}


@dataclass(frozen=True, slots=True)
class PageConditions:
    """`prefix` sets the form's fields apart; `unasked`: places of what no page asks."""

    tree: Tree
    prefix: str
    unasked: frozenset[tuple[int, ...]]

    def when(self, node: Node) -> str:
        """JSON for the page script; empty without conditions."""
        if not node.item.conditions:
            return ""
        rules = [self._rule(node, condition) for condition in node.item.conditions]
        return json.dumps({"any": node.item.any_suffices, "rules": rules}, default=str)

    def _rule(self, node: Node, condition: Condition) -> dict[str, Any]:
        """What the page needs to decide one condition: `empty` when the question counts as unanswered."""
        source = enablement.source_of(self.tree, node, condition.question)
        empty = enablement.is_met(condition, None)
        if source is None:
            return {"empty": empty, "fixed": empty}
        rule: dict[str, Any] = {"at": self.prefix + source.path, "empty": empty}
        if condition.operator == "exists":
            rule["exists"] = not empty
            if self._is_fixed(source):
                rule["fixed"] = rule["exists"] == bool(source.values)
            return rule
        keys = self._keys_meeting(source.item, condition)
        if self._is_fixed(source):
            return rule | {"fixed": self._met_if_enabled(condition, source)}
        if keys is not None:
            answer = condition.answer if condition.operator in ("=", "!=") else None  # words have no order
            text = answer.raw if answer is not None and answer.kind == "String" else None
            return rule | {"keys": keys, "not": condition.operator == "!=", "text": text}
        kind = COMPARED_IN_PAGE.get(source.item.kind)
        if kind is None or condition.answer is None or not _comparable(source.item, condition.answer):
            return rule | {"fixed": self._met_if_enabled(condition, source)}  # decided again at Continue
        return rule | {"op": condition.operator, "kind": kind, "than": str(condition.answer.raw)}

    def _is_fixed(self, source: Node) -> bool:
        return source.item.place in self.unasked or kind_of(source.item, self.unasked) in (
            "unavailable",
            "computed",
            "group",
            "display",
        )

    def _met_if_enabled(self, condition: Condition, source: Node) -> bool:
        enabled, source.enabled = source.enabled, True
        try:
            return enablement.is_met(condition, source)
        finally:
            source.enabled = enabled

    def _keys_meeting(self, item: Item, condition: Condition) -> list[str] | None:
        """For questions answered by choosing: the fields' values that meet the condition one by one."""
        kind = kind_of(item, self.unasked)
        if kind not in ("radios", "checkboxes", "select", "scale"):
            return None
        if item.options:
            offered = [(str(n), option.value) for n, option in enumerate(item.options)]
        elif item.type == "boolean":
            offered = [("true", Value("Boolean", True)), ("false", Value("Boolean", False))]
        else:
            offered = [(str(step), Value(item.kind, step)) for step in scale_of(item)]
        wanted, answer = condition.operator, condition.answer
        if answer is None:
            return []
        if wanted in ("=", "!="):
            return [key for key, value in offered if equal(value, answer)]
        return [key for key, value in offered if enablement.OPERATORS[wanted]([value], answer)]


def _comparable(item: Item, answer: Value) -> bool:
    """May the page compare? Only like with like, and dates only when both are whole."""
    if item.kind in ("Integer", "Decimal"):
        return answer.kind in ("Integer", "Decimal")
    return (
        (answer.kind == item.kind and compare(answer, answer) is not None)
        or answer.kind == item.kind == "String"
        or (answer.kind == item.kind == "Uri")
    )
