"""Answers and what the request knows -> flags and scores. Pure: no database, no clock.

It sorts and prompts; a clinician decides. Every flag names the rule, its version, the form and the question.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from intake.questionnaires.checks import option_of
from intake.questionnaires.controls import Alarms
from intake.questionnaires.model import Questionnaire, Value
from intake.questionnaires.rules import (
    NOTE,
    SAME_DAY,
    URGENT,
    WITH_OTHER,
    Condition,
    FlagRule,
    RuleSet,
    read_rules,
)
from intake.questionnaires.scoring import Score, score
from intake.questionnaires.tree import Tree
from intake.questionnaires.values import as_number

RULES = Path(__file__).parent / "data" / "rules"
Facts = Mapping[str, str]  # such as {"pregnancy.status": "gave_birth"}


@dataclass(frozen=True, slots=True)
class FoundFlag:
    code: str
    level: str  # urgent, same_day, note
    label: str
    label_es: str
    rule: str
    rule_version: str
    questionnaire: str
    link_id: str
    blocks: bool = False  # ask the practitioner first; no time is offered

    def as_finding(self) -> dict[str, object]:
        return asdict(self)


@cache
def shipped_rules() -> tuple[RuleSet, ...]:
    """The rule sets that come with the program, each for one url|version."""
    return tuple(read_rules(json.loads(path.read_text())) for path in sorted(RULES.glob("*.json")))


def rules_for(questionnaire: Questionnaire, rules: Iterable[RuleSet] | None = None) -> list[RuleSet]:
    every = shipped_rules() if rules is None else rules
    return [found for found in every if found.questionnaire == questionnaire.canonical]


def facts_of(*, pregnancy_status: str = "", **more: str) -> dict[str, str]:
    return {"pregnancy.status": pregnancy_status, **more} if pregnancy_status else dict(more)


def flags_for(
    responses: Sequence[Tree], rules: Iterable[RuleSet] | None = None, facts: Facts | None = None
) -> list[FoundFlag]:
    """All flags over the forms of one request, the most serious first.

    `responses` are decided trees (`Sheet.tree`). A `same_day_if_with_other` counts as same-day only beside
    another same-day answer (a second one of its own kind too); alone it is a note. Night pain or an old
    cancer by itself is never more than that.
    """
    raised = [
        (found, rule, tree)
        for tree in responses
        for found in rules_for(tree.questionnaire, rules)
        for rule in found.flags
        if _holds(rule.when, tree, facts or {})
    ]
    callers = [
        rule.id for _, rule, tree in raised if _level(rule, tree, facts or {}) in (SAME_DAY, WITH_OTHER)
    ]
    flags = [_found(found, rule, tree, facts or {}, callers) for found, rule, tree in raised]
    return sorted(flags, key=lambda flag: (URGENT, SAME_DAY, NOTE).index(flag.level))


def priority_of(levels: Collection[str]) -> str:
    """How soon flags of these levels ask for: urgent, same_day or normal."""
    return next((level for level in (URGENT, SAME_DAY) if level in levels), "normal")


def scores_for(
    responses: Sequence[Tree], flags: Iterable[FoundFlag], rules: Iterable[RuleSet] | None = None
) -> list[Score]:
    """Scores that may be shown now: one that is silent while an urgent or same-day flag is open is left out."""
    levels = {flag.level for flag in flags}
    return [
        score(rule, tree)
        for tree in responses
        for found in rules_for(tree.questionnaire, rules)
        for rule in found.scores
        if not levels & set(rule.silent_while)
    ]


def alarms_for(questionnaire: Questionnaire, rules: Iterable[RuleSet] | None = None) -> Alarms:
    """Answers that are urgent or same-day by themselves: the page reacts to them at once."""
    alarms: dict[str, dict[str, str]] = {}
    for found in rules_for(questionnaire, rules):
        for rule in found.flags:
            if rule.level in (URGENT, SAME_DAY) and rule.lower is None and "code" in rule.when:
                alarms.setdefault(rule.when["link_id"], {})[rule.when["code"]] = rule.level
    return alarms


def _level(rule: FlagRule, tree: Tree, facts: Facts) -> str:
    if rule.lower is not None and _holds(rule.lower.when, tree, facts):
        return rule.lower.level
    return rule.level


def _found(found: RuleSet, rule: FlagRule, tree: Tree, facts: Facts, callers: Sequence[str]) -> FoundFlag:
    level, code = _level(rule, tree, facts), rule.flag
    if rule.lower is not None and level != rule.level:
        code = rule.lower.flag
    if level == WITH_OTHER:
        alone = not any(other != rule.id for other in callers)
        level, code = (NOTE, rule.alone) if alone else (SAME_DAY, rule.flag)
    return FoundFlag(
        code=code,
        level=level,
        label=rule.say["en"],
        label_es=rule.say.get("es", ""),
        rule=f"{found.id}/{rule.id}",
        rule_version=found.version,
        questionnaire=found.questionnaire,
        link_id=str(rule.when.get("link_id", "")),
        blocks=rule.blocks,
    )


def _holds(condition: Condition, tree: Tree, facts: Facts) -> bool:
    if "any" in condition:
        return any(_holds(inner, tree, facts) for inner in condition["any"])
    if "all" in condition:
        return all(_holds(inner, tree, facts) for inner in condition["all"])
    if "fact" in condition:
        return bool(facts.get(condition["fact"]) == condition["is"])
    if "none_answered" in condition:
        return not any(tree.values_of(link_id) for link_id in condition["none_answered"])
    values = tree.values_of(condition["link_id"])
    if "at_least" in condition:
        numbers = [number for v in values if (number := as_number(v.raw)) is not None]
        return any(number >= Decimal(str(condition["at_least"])) for number in numbers)
    return any(_code(tree, condition["link_id"], v) == condition["code"] for v in values)


def _code(tree: Tree, link_id: str, value: Value) -> object:
    item = tree.questionnaire.by_link_id[link_id]
    option = option_of(item, value)
    raw = option.value.raw if option is not None else value.raw
    return raw.get("code") if isinstance(raw, dict) else raw
