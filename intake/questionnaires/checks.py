"""Does one answer keep to its question's type, list and limits? Used for posted fields and for responses."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from intake.questionnaires import wording
from intake.questionnaires.attachments import fits
from intake.questionnaires.model import ERROR, Finding, Item, Option, Value
from intake.questionnaires.patterns import UnsafePattern, compile_pattern
from intake.questionnaires.values import as_number, compare, equal, is_well_formed

MAX_ATTACHMENT_BYTES = 10_000_000
TEXT_TYPES = frozenset({"string", "text", "url", "open-choice"})


def option_of(item: Item, value: Value) -> Option | None:
    return next((option for option in item.options if equal(option.value, value)), None)


def check_value(item: Item, value: Value, path: str, language: str = "en") -> Iterator[Finding]:
    """Findings for one answer by itself."""

    def say(code: str, **parts: object) -> Finding:
        return Finding(code, ERROR, wording.message(code, language, **parts), item.link_id, path)

    if not _kind_fits(item, value) or not is_well_formed(value):
        typed = f"qr-type-{item.kind}"
        yield Finding(
            "qr-type",
            ERROR,
            wording.message(typed if typed in wording.EN else "qr-type", language),
            item.link_id,
            path,
        )
        return
    if item.options and not option_of(item, value) and not (item.is_open and value.kind == "String"):
        yield say("qr-not-an-option")
    if value.kind in ("String", "Uri"):
        yield from _check_text(item, value.raw, say)
    yield from _check_bounds(item, value, say)
    if value.kind == "Quantity":
        yield from _check_unit(item, value.raw, say)
    if value.kind == "Attachment":
        yield from _check_attachment(item, value.raw, say)


def check_set(item: Item, values: list[Value], path: str, language: str = "en") -> Iterator[Finding]:
    """Findings for the answers of one question together."""
    if len(values) > 1 and not item.repeats:
        yield Finding("qr-too-many", ERROR, wording.message("qr-too-many", language), item.link_id, path)
    exclusive = [o for o in (option_of(item, v) for v in values) if o is not None and o.exclusive]
    if exclusive and len(values) > 1:
        found = exclusive[0].label.in_language(language)
        text = wording.message("qr-option-exclusive", language, found=found)
        yield Finding("qr-option-exclusive", ERROR, text, item.link_id, path)


def check_count(item: Item, count: int, path: str, language: str = "en") -> Iterator[Finding]:
    """minOccurs and maxOccurs, inclusive. Nothing at all is the business of `required`."""
    least, most = item.limits.min_occurs, item.limits.max_occurs
    if least is not None and 0 < count < least:
        text = wording.message("qr-min-occurs", language, limit=least)
        yield Finding("qr-min-occurs", ERROR, text, item.link_id, path)
    if most is not None and count > most:
        text = wording.message("qr-max-occurs", language, limit=most)
        yield Finding("qr-max-occurs", ERROR, text, item.link_id, path)


def _kind_fits(item: Item, value: Value) -> bool:
    if item.type == "open-choice":
        return value.kind in (item.kind, "Coding", "String")
    return value.kind == item.kind


def _check_text(item: Item, text: str, say: Any) -> Iterator[Finding]:
    limits = item.limits
    if item.type == "string" and ("\n" in text or "\r" in text):
        yield say("qr-line-break")
    if limits.max_length is not None and len(text) > limits.max_length:
        yield say("qr-max-length", limit=limits.max_length, over=len(text) - limits.max_length)
    if limits.min_length is not None and len(text) < limits.min_length:
        yield say("qr-min-length", limit=limits.min_length)
    if limits.pattern and not _matches(limits.pattern, text):
        yield say("qr-regex")


def _matches(pattern: str, text: str) -> bool:
    try:
        return compile_pattern(pattern).matches(text)
    except UnsafePattern:
        return True  # such a form cannot be published; nobody is held up by a pattern we refuse to run


def _check_bounds(item: Item, value: Value, say: Any) -> Iterator[Finding]:
    low, high = item.limits.min_value, item.limits.max_value
    if low is not None and (compare(value, low) or 0) < 0:
        yield say("qr-min-value", limit=shown(low))
    if high is not None and (compare(value, high) or 0) > 0:
        yield say("qr-max-value", limit=shown(high))
    places = item.limits.max_decimals
    number = as_number(value.raw) if value.kind == "Decimal" else None
    if places is not None and number is not None and _decimals(number) > places:
        yield say("qr-decimals", limit=places)
    if item.limits.max_length is not None and value.kind in ("Integer", "Decimal"):
        over = len(str(value.raw)) - item.limits.max_length
        if over > 0:
            yield say("qr-max-length", limit=item.limits.max_length, over=over)


def _check_unit(item: Item, quantity: Any, say: Any) -> Iterator[Finding]:
    units = item.look.units
    if not units or item.look.unit_open or not (quantity.get("code") or quantity.get("unit")):
        return
    if not any(
        (quantity.get("code") and quantity.get("code") == unit.raw.get("code"))
        or (quantity.get("unit") and quantity.get("unit") in (unit.raw.get("display"), unit.raw.get("code")))
        for unit in units
    ):
        yield say("qr-unit")


def _check_attachment(item: Item, attachment: Any, say: Any) -> Iterator[Finding]:
    allowed, limit = item.limits.mime_types, most_bytes(item)
    if not fits(str(attachment.get("contentType") or ""), allowed):
        yield say("qr-attachment-type", limit=", ".join(allowed))
    data, size = attachment.get("data"), as_number(attachment.get("size")) or Decimal(0)
    if isinstance(data, str):
        try:
            size = max(size, Decimal(len(base64.b64decode(data, validate=True))))
        except (binascii.Error, ValueError):
            yield say("qr-attachment-content")
    if size > limit:
        yield say("qr-attachment-size", limit=bytes_in_words(limit))


def most_bytes(item: Item) -> int:
    """The largest file that the question takes; a form can ask for less than we take, never for more."""
    return min(item.limits.max_bytes or MAX_ATTACHMENT_BYTES, MAX_ATTACHMENT_BYTES)


def bytes_in_words(limit: int | Decimal) -> str:
    return f"{limit // 1_000_000} MB" if limit >= 1_000_000 else f"{limit // 1000} kB"


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def shown(value: Value) -> str:
    """A bound in words."""
    if isinstance(value.raw, dict):
        unit = value.raw.get("unit") or value.raw.get("code") or ""
        return f"{value.raw.get('value', '')} {unit}".strip()
    return str(value.raw)
