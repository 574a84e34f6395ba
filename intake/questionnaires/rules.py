"""Screener rules as data: read from JSON with errors that name the place, never code.

A rule set belongs to one `url|version` of a form. `docs/decisions/` says who must approve it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from intake.questionnaires.model import Questionnaire
from intake.questionnaires.scoring import KINDS, Band, ScoreRule, Words

SCHEMA = "screener-rules/1"
URGENT, SAME_DAY, WITH_OTHER, NOTE = "urgent", "same_day", "same_day_if_with_other", "note"
LEVELS = (URGENT, SAME_DAY, WITH_OTHER, NOTE)

Condition = Mapping[str, Any]
_CONDITIONS = (
    {"link_id", "code"},
    {"fact", "is"},
    {"none_answered"},
    {"any"},
    {"all"},
    {"link_id", "at_least"},
)


class BadRules(ValueError):
    """The rule set is not usable; the message names where."""


@dataclass(frozen=True, slots=True)
class Lowering:
    when: Condition
    level: str
    flag: str


@dataclass(frozen=True, slots=True)
class FlagRule:
    id: str
    level: str
    flag: str
    when: Condition
    say: Words
    alone: str = ""  # the flag when a same_day_if_with_other stands alone, as a note
    lower: Lowering | None = None
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class RuleSet:
    id: str
    version: str
    questionnaire: str  # url|version
    flags: tuple[FlagRule, ...]
    scores: tuple[ScoreRule, ...]


def read_rules(raw: Any, questionnaire: Questionnaire | None = None) -> RuleSet:
    """Raises BadRules. With the form at hand, every linkId and code must be one of its own."""
    _need(isinstance(raw, dict) and raw.get("schema") == SCHEMA, f"schema: must be “{SCHEMA}”")
    for name in ("id", "version", "questionnaire"):
        _need(isinstance(raw.get(name), str) and raw[name], f"{name}: must be text")
    _need(isinstance(raw.get("flags", []), list), "flags: must be a list")
    _need(isinstance(raw.get("scores", []), list), "scores: must be a list")
    flags = tuple(_flag(r, f"flags[{n}]") for n, r in enumerate(raw.get("flags", [])))
    scores = tuple(_score(r, f"scores[{n}]") for n, r in enumerate(raw.get("scores", [])))
    found = RuleSet(raw["id"], raw["version"], raw["questionnaire"], flags, scores)
    ids = [rule.id for rule in flags] + [rule.id for rule in scores]
    _need(len(ids) == len(set(ids)), "an id is used twice")
    if questionnaire is not None:
        _fits(found, questionnaire)
    return found


def _flag(raw: Any, where: str) -> FlagRule:
    _need(isinstance(raw, dict), f"{where}: must be an object")
    for name in ("id", "flag"):
        _need(isinstance(raw.get(name), str) and raw[name], f"{where}.{name}: must be text")
    _need(raw.get("level") in LEVELS, f"{where}.level: must be one of {', '.join(LEVELS)}")
    _check_condition(raw.get("when"), f"{where}.when")
    lower = raw.get("lower")
    if lower is not None:
        _need(isinstance(lower, dict), f"{where}.lower: must be an object")
        _check_condition(lower.get("when"), f"{where}.lower.when")
        _need(lower.get("level") in LEVELS, f"{where}.lower.level: unknown")
        lower = Lowering(lower["when"], lower["level"], str(lower.get("flag") or raw["flag"]))
    if raw["level"] == WITH_OTHER:
        _need(isinstance(raw.get("alone"), str), f"{where}.alone: name the note it is by itself")
    return FlagRule(
        raw["id"],
        raw["level"],
        raw["flag"],
        raw["when"],
        _words(raw.get("say"), f"{where}.say"),
        raw.get("alone", ""),
        lower,
        raw.get("blocks") is True,
    )


def _score(raw: Any, where: str) -> ScoreRule:
    _need(isinstance(raw, dict), f"{where}: must be an object")
    _need(isinstance(raw.get("id"), str), f"{where}.id: must be text")
    _need(raw.get("kind") in KINDS, f"{where}.kind: must be one of {', '.join(sorted(KINDS))}")
    of = raw.get("of")
    _need(
        isinstance(of, list) and of and all(isinstance(o, str) for o in of), f"{where}.of: must list linkIds"
    )
    return ScoreRule(
        id=raw["id"],
        kind=raw["kind"],
        of=tuple(of),
        label=_words(raw.get("label"), f"{where}.label"),
        minimum_answered=int(raw.get("minimum_answered", 1)),
        maximum=Decimal(str(raw["maximum"])) if "maximum" in raw else None,
        bands=tuple(_band(b, f"{where}.bands[{n}]") for n, b in enumerate(raw.get("bands", []))),
        audience=str(raw.get("audience", "staff")),
        silent_while=tuple(raw.get("silent_while", ())),
    )


def _band(raw: Any, where: str) -> Band:
    _need(isinstance(raw, dict) and "from" in raw and "to" in raw, f"{where}: needs from and to")
    low, high = Decimal(str(raw["from"])), Decimal(str(raw["to"]))
    _need(low <= high, f"{where}: from is above to")
    return Band(low, high, _words(raw.get("label"), f"{where}.label"))


def _words(raw: Any, where: str) -> Words:
    _need(isinstance(raw, dict) and isinstance(raw.get("en"), str), f"{where}: needs words in “en”")
    return {str(language): str(words) for language, words in raw.items()}


def _check_condition(raw: Any, where: str) -> None:
    _need(isinstance(raw, dict), f"{where}: must be an object")
    _need(set(raw) in _CONDITIONS, f"{where}: unknown members {', '.join(sorted(raw))}")
    for name in ("any", "all"):
        if name in raw:
            _need(isinstance(raw[name], list) and bool(raw[name]), f"{where}.{name}: must be a list")
            for number, inner in enumerate(raw[name]):
                _check_condition(inner, f"{where}.{name}[{number}]")


def _fits(rules: RuleSet, questionnaire: Questionnaire) -> None:
    _need(rules.questionnaire == questionnaire.canonical, f"questionnaire: is for {rules.questionnaire}")
    conditions = [c for rule in rules.flags for c in _leaves(rule.when)]
    link_ids = {c["link_id"] for c in conditions if "link_id" in c}
    link_ids |= {link_id for c in conditions for link_id in c.get("none_answered", ())}
    link_ids |= {link_id for rule in rules.scores for link_id in rule.of}
    for link_id in sorted(link_ids):
        _need(link_id in questionnaire.by_link_id, f"linkId “{link_id}” is not in the form")
    for condition in conditions:
        if "code" in condition:
            options = questionnaire.by_link_id[condition["link_id"]].options
            codes = {o.value.raw.get("code") for o in options if isinstance(o.value.raw, dict)}
            _need(condition["code"] in codes, f"“{condition['link_id']}” has no answer “{condition['code']}”")


def _leaves(condition: Condition) -> Iterator[Condition]:
    for name in ("any", "all"):
        for inner in condition.get(name, ()):
            yield from _leaves(inner)
    if not {"any", "all"} & condition.keys():
        yield condition


def _need(holds: object, message: str) -> None:
    if not holds:
        raise BadRules(message)
