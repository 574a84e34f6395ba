"""The answers of one form for staff: in the form's order, what was not asked left out, skips said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from intake.questionnaires.in_words import value_in_words
from intake.questionnaires.tree import Node, Tree


@dataclass(frozen=True, slots=True)
class Line:
    link_id: str
    question: str
    answer: str  # empty: asked and skipped
    depth: int = 0
    is_heading: bool = False

    @property
    def is_skipped(self) -> bool:
        return not self.answer and not self.is_heading


def lines_of(tree: Tree, language: str = "en") -> list[Line]:
    """Enabled questions only; a hidden one only when it holds an answer."""
    return list(_lines(tree.roots, language, 0))


def _lines(nodes: Iterable[Node], language: str, depth: int) -> Iterator[Line]:
    for node in nodes:
        item = node.item
        if not node.enabled or item.is_display:
            continue
        words = item.look.short_text or item.text.in_language(language) or item.link_id
        if item.is_group:
            below = list(_lines(node.children, language, depth + 1))
            if below and item.text.plain:
                yield Line(item.link_id, words, "", depth, is_heading=True)
            yield from below
            continue
        if item.look.hidden and not node.values:
            continue
        answer = ", ".join(value_in_words(item, value, language) for value in node.values)
        yield Line(item.link_id, words, answer, depth)
        for slot in node.slots:
            yield from _lines(slot.children, language, depth + 1)
