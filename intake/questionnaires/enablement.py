"""Which items may be asked, given the answers: enableWhen, enableBehavior, disabled parents, cycles.

R4 names the operators, R5 words them better; where implementations differ (`!=`) we follow the
specification: `!=` is true when no answer equals, so also when there is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from intake.questionnaires.model import Condition, Value
from intake.questionnaires.tree import Node, Tree
from intake.questionnaires.values import compare, equal


def decide(tree: Tree) -> None:
    """Set `enabled` on every node.

    Starts from "all enabled" and goes round in the form's order until nothing changes: without cycles that
    ends at the one answer there is. With a cycle that never settles, rounds beyond the number of nodes only take
    away, so that it ends all the same and no answer that is kept stands under a condition that is not met.
    """
    nodes = list(tree.walk())
    sources = {node.path: [source_of(tree, node, c.question) for c in node.item.conditions] for node in nodes}
    for node in nodes:
        node.enabled = True
    for number in range(2 * len(nodes) + 2):
        changed, only_takes_away = False, number > len(nodes)
        for node in nodes:
            enabled = _is_enabled(node, sources[node.path]) and (node.enabled or not only_takes_away)
            if enabled != node.enabled:
                node.enabled, changed = enabled, True
        if not changed:
            return


def _is_enabled(node: Node, sources: list[Node | None]) -> bool:
    if node.parent is not None and not node.parent.enabled:
        return False
    if node.slot is not None and node.slot.value is None:
        return False  # a question's children belong to its answer
    conditions = node.item.conditions
    if not conditions:
        return True
    met = (is_met(condition, source) for condition, source in zip(conditions, sources, strict=True))
    return any(met) if node.item.any_suffices else all(met)


def is_met(condition: Condition, source: Node | None) -> bool:
    values = source.values if source is not None and source.enabled else []
    if condition.operator == "exists":
        wanted = condition.answer is None or condition.answer.raw is not False
        return bool(values) == wanted
    if condition.answer is None:
        return False
    return OPERATORS[condition.operator](values, condition.answer)


def source_of(tree: Tree, node: Node, link_id: str) -> Node | None:
    """The occurrence a condition looks at: nearest by ancestor axis, then preceding, then following."""
    candidates = tree.by_link_id.get(link_id, [])
    if len(candidates) <= 1:
        return candidates[0] if candidates else None
    within = tree.within.get(link_id)
    if within is None:
        within = tree.within[link_id] = _by_container(candidates)
    near = next((within[above] for above in reversed(_lineage(node)) if above in within), candidates)
    preceding = [candidate for candidate in near if candidate.item.place <= node.item.place]
    return preceding[-1] if preceding else near[0]


def _by_container(candidates: list[Node]) -> dict[int, list[Node]]:
    """For every container, the occurrences in it: so that the nearest needs no search through all of them."""
    found: dict[int, list[Node]] = {}
    for candidate in candidates:
        for above in _lineage(candidate):
            found.setdefault(above, []).append(candidate)
    return found


def _lineage(node: Node) -> list[int]:
    """Identities of the containers above a node and of itself, outermost first: nodes and answer slots."""
    line: list[int] = []
    step: Node | None = node
    while step is not None:
        line.append(id(step))
        if step.slot is not None:
            line.append(id(step.slot))
        step = step.parent
    return line[::-1]


def _ordered(test: Callable[[int], bool]) -> Callable[[list[Value], Value], bool]:
    def any_compares(values: list[Value], wanted: Value) -> bool:
        return any((sign := compare(value, wanted)) is not None and test(sign) for value in values)

    return any_compares


OPERATORS: Mapping[str, Callable[[list[Value], Value], bool]] = {
    "=": lambda values, wanted: any(equal(value, wanted) for value in values),
    "!=": lambda values, wanted: not any(equal(value, wanted) for value in values),
    ">": _ordered(lambda sign: sign > 0),
    "<": _ordered(lambda sign: sign < 0),
    ">=": _ordered(lambda sign: sign >= 0),
    "<=": _ordered(lambda sign: sign <= 0),
}
