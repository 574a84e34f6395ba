"""Scores over the answers of a form: sum, mean, count, min, max. Unanswered is not 0.

A score that rests on too few answers is "not computable", never a bare 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from intake.questionnaires.checks import option_of
from intake.questionnaires.model import Value
from intake.questionnaires.tree import Tree
from intake.questionnaires.values import as_number

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Band:
    """From and to, both inclusive."""

    low: Decimal
    high: Decimal
    label: Words


@dataclass(frozen=True, slots=True)
class ScoreRule:
    id: str
    kind: str
    of: tuple[str, ...]
    label: Words
    minimum_answered: int = 1
    maximum: Decimal | None = None
    bands: tuple[Band, ...] = ()
    audience: str = "staff"
    silent_while: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is None when too few questions were answered."""

    rule: ScoreRule
    value: Decimal | None
    answered: int
    band: Words | None = None

    @property
    def is_computable(self) -> bool:
        return self.value is not None


def score(rule: ScoreRule, tree: Tree) -> Score:
    points = [p for link_id in rule.of if (p := points_of(tree, link_id)) is not None]
    if len(points) < max(rule.minimum_answered, 1):
        return Score(rule, None, len(points))
    value = _KINDS[rule.kind](points)
    band = next((b.label for b in rule.bands if b.low <= value <= b.high), None)
    return Score(rule, value, len(points), band)


def points_of(tree: Tree, link_id: str) -> Decimal | None:
    """The weights of the chosen options, or the number given; None when there is nothing to count."""
    item = tree.questionnaire.by_link_id.get(link_id)
    if item is None:
        return None
    found = [_points(v, o.weight if (o := option_of(item, v)) else None) for v in tree.values_of(link_id)]
    known = [p for p in found if p is not None]
    return sum(known, Decimal(0)) if known else None


def _points(value: Value, weight: Decimal | None) -> Decimal | None:
    return weight if weight is not None else as_number(value.raw)


def _mean(points: list[Decimal]) -> Decimal:
    return (sum(points, Decimal(0)) / len(points)).quantize(Decimal("0.1"), ROUND_HALF_UP)


_KINDS: Mapping[str, Callable[[list[Decimal]], Decimal]] = {
    "sum": lambda points: sum(points, Decimal(0)),
    "mean": _mean,
    "count": lambda points: Decimal(sum(1 for p in points if p)),
    "min": min,
    "max": max,
}
KINDS = frozenset(_KINDS)
