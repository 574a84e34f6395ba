"""A form with the answers held at one moment: every occurrence of every item is a `Node`.

One shape serves the page, enablement, the response and its validation. Paths are index paths into the
form, never linkIds: `i0.2` is item 2 of item 0, `i0#1.2` the same in the second repetition of group 0,
`i3@4.0` child 0 of the answer in slot 4 of question 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from intake.questionnaires.model import Item, Questionnaire, Value

MAX_NODES = 20_000  # repetitions and answers together; beyond it nothing more grows


@dataclass(slots=True)
class Slot:
    """A place for one answer. `key` is the option's number for a list, else the row."""

    key: int
    value: Value | None = None
    children: list[Node] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Node:
    item: Item
    path: str
    parent: Node | None = None
    slot: Slot | None = None  # the answer this node belongs to, under a question
    repetition: int = 0
    slots: list[Slot] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)  # of a group, or the display children of a question
    enabled: bool = True

    @property
    def values(self) -> list[Value]:
        return [slot.value for slot in self.slots if slot.value is not None]

    def below(self) -> Iterator[Node]:
        """Every node under this one, in the form's order."""
        for child in self.children:
            yield child
            yield from child.below()
        for slot in self.slots:
            for child in slot.children:
                yield child
                yield from child.below()


@dataclass(slots=True)
class Tree:
    questionnaire: Questionnaire
    roots: list[Node]
    by_path: dict[str, Node]
    by_link_id: dict[str, list[Node]]
    # linkId -> container -> its occurrences in there, filled in where a condition asks (`enablement.py`)
    within: dict[str, dict[int, list[Node]]] = field(default_factory=dict, repr=False)

    def walk(self) -> Iterator[Node]:
        return iter(self.by_path.values())

    def values_of(self, link_id: str) -> list[Value]:
        """The answers that count: of enabled occurrences only."""
        return [v for node in self.by_link_id.get(link_id, ()) if node.enabled for v in node.values]


class Held(Protocol):
    """Where answers come from: a response, or posted fields."""

    def repetitions(self, item: Item, path: str) -> int: ...

    def answers(self, item: Item, path: str) -> Mapping[int, Value]: ...


def slots_by_option(item: Item) -> bool:
    """A ticked list whose questions below belong to each option: a slot per option, ticked or not."""
    return item.repeats and bool(item.options) and any(not child.is_display for child in item.items)


def grow(questionnaire: Questionnaire, held: Held) -> Tree:
    """All nodes for the answers held. Enablement is not decided here."""
    grower = _Grower(held)
    roots = grower.nodes(questionnaire.items, "i", None, None)
    return Tree(questionnaire, roots, grower.by_path, grower.by_link_id)


@dataclass(slots=True)
class _Grower:
    held: Held
    by_path: dict[str, Node] = field(default_factory=dict)
    by_link_id: dict[str, list[Node]] = field(default_factory=dict)

    def nodes(
        self, items: tuple[Item, ...], prefix: str, parent: Node | None, slot: Slot | None
    ) -> list[Node]:
        found: list[Node] = []
        for item in items:
            path = f"{prefix}{item.place[-1]}"
            if item.is_group and item.repeats:
                count = max(1, self.held.repetitions(item, path))
                found.extend(self._node(item, f"{path}#{n}", parent, slot, n) for n in range(count))
            else:
                found.append(self._node(item, path, parent, slot, 0))
        return found

    def _node(self, item: Item, path: str, parent: Node | None, slot: Slot | None, repetition: int) -> Node:
        node = Node(item, path, parent, slot, repetition)
        self.by_path[path] = node
        self.by_link_id.setdefault(item.link_id, []).append(node)
        if len(self.by_path) > MAX_NODES:
            return node
        if item.is_question:
            notes = tuple(child for child in item.items if child.is_display)
            asked = tuple(child for child in item.items if not child.is_display)
            node.children = self.nodes(notes, f"{path}.", node, None)
            node.slots = self._slots(node, asked)
        else:
            node.children = self.nodes(item.items, f"{path}.", node, None)
        return node

    def _slots(self, node: Node, asked: tuple[Item, ...]) -> list[Slot]:
        answers = self.held.answers(node.item, node.path)
        keys = set(answers)
        if asked:  # a place for the questions below must be on the page before there is an answer
            keys |= set(range(len(node.item.options))) if slots_by_option(node.item) else {0}
        slots = [Slot(key, answers.get(key)) for key in sorted(keys)]
        for slot in slots:
            slot.children = self.nodes(asked, f"{node.path}@{slot.key}.", node, slot)
        return slots
