"""The answers of a form as a QuestionnaireResponse, and a stored one as exact JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from intake.questionnaires.model import Text
from intake.questionnaires.tree import Node, Tree

COMPLETED, IN_PROGRESS = "completed", "in-progress"


def build(
    tree: Tree,
    *,
    status: str = COMPLETED,
    language: str = "en",
    authored: str = "",
) -> dict[str, Any]:
    """The QuestionnaireResponse of a decided tree; disabled items leave nothing behind."""
    response: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": tree.questionnaire.canonical,
        "status": status,
        "language": language,
    }
    if authored:
        response["authored"] = authored
    items = list(_items(tree.roots, language))
    if items:
        response["item"] = items
    return response


def _items(nodes: Iterable[Node], language: str) -> Iterable[dict[str, Any]]:
    for node in nodes:
        if node.item.is_display or not node.enabled:
            continue
        content = _group(node, language) if node.item.is_group else _answers(node, language)
        if content:
            words = spoken(node.item.text, language)
            yield {"linkId": node.item.link_id, **({"text": words} if words else {}), **content}


def _group(node: Node, language: str) -> dict[str, Any]:
    items = list(_items(node.children, language))
    return {"item": items} if items else {}


def _answers(node: Node, language: str) -> dict[str, Any]:
    answers = []
    for slot in node.slots:
        if slot.value is None:
            continue
        below = list(_items(slot.children, language))
        answers.append({**slot.value.as_json(), **({"item": below} if below else {})})
    return {"answer": answers} if answers else {}


def spoken(text: Text, language: str) -> str:
    return text.in_language(language)


def dumps(document: Any) -> str:
    """JSON text with decimals digit for digit, which the json module cannot write."""
    if isinstance(document, Decimal):
        return format(document, "f")
    if isinstance(document, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {dumps(v)}" for k, v in document.items()) + "}"
    if isinstance(document, (list, tuple)):
        return "[" + ", ".join(map(dumps, document)) + "]"
    return json.dumps(document, ensure_ascii=False)


def loads(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)
