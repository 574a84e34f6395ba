"""Answers as people read them."""

from __future__ import annotations

from decimal import Decimal

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
        return str(value.raw.get("display") or value.raw.get("code") or shown(value))
    unit = str(unit_of(item.look.unit).get("unit", "")) if item.look.unit else ""
    return f"{plain(value)} {unit}".strip()


def plain(value: Value) -> str:
    """As it would be typed."""
    if isinstance(value.raw, Decimal):
        return format(value.raw, "f")
    if isinstance(value.raw, bool):
        return str(value.raw).lower()
    return shown(value)
