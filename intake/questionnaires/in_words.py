"""Answers as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from intake.questionnaires import wording
from intake.questionnaires.checks import shown
from intake.questionnaires.model import Item, Value
from intake.questionnaires.posted import unit_of
from intake.questionnaires.values import equal


def value_in_words(item: Item, value: Value, language: str = "en") -> str:
    """An answer for people: the option's words, yes or no, a number with its unit."""
    option = next((o for o in item.options if equal(o.value, value)), None)
    if option is not None:
        return option.label.in_language(language) or shown(option.value)
    if value.kind == "Boolean":
        return wording.page("yes" if value.raw else "no", language)
    if isinstance(value.raw, dict):
        if value.kind == "Attachment":
            return str(value.raw.get("title") or value.raw.get("contentType") or "")
        if value.kind == "Quantity":
            return _quantity(value.raw)
        return str(value.raw.get("display") or value.raw.get("code") or shown(value))
    if value.kind == "DateTime" and "T" in str(value.raw):
        return str(value.raw)[:16].replace("T", " ")  # as it was typed, by the clinic's clock
    unit = str(unit_of(item.look.unit).get("unit", "")) if item.look.unit else ""
    return f"{plain(value)} {unit}".strip()


def _quantity(raw: Mapping[str, Any]) -> str:
    parts = (raw.get("comparator"), raw.get("value"), raw.get("unit") or raw.get("code"))
    return " ".join(
        format(part, "f") if isinstance(part, Decimal) else str(part) for part in parts if part is not None
    )


def plain(value: Value) -> str:
    """As it would be typed."""
    if isinstance(value.raw, Decimal):
        return format(value.raw, "f")
    if isinstance(value.raw, bool):
        return str(value.raw).lower()
    return shown(value)
