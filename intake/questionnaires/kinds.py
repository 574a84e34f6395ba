"""Which kind of field an item becomes: radios, a select, a scale, rows, …"""

from __future__ import annotations

from decimal import Decimal

from intake.questionnaires.model import Item
from intake.questionnaires.values import as_number

MAX_RADIOS = 15  # more options than this become a select
MAX_SCALE = 21  # values of a scale shown as radios in a row
SELECTS = frozenset({"drop-down", "autocomplete", "lookup"})


def kind_of(item: Item, unasked: frozenset[tuple[int, ...]]) -> str:
    """Which template draws the item. `unasked`: places of what no page asks (`Questionnaire.unasked`)."""
    if item.is_group:
        return "group"
    if item.is_display:
        return "display"
    if item.type == "reference" or (item.has_option_list and not item.options and not item.is_open):
        return "unavailable"
    if item.type == "choice" and not item.options:
        return "unavailable"
    if item.place in unasked:
        return "computed"
    if item.options:
        return _list_kind(item)
    if item.type == "boolean":
        return "radios"
    if scale_of(item):
        return "scale"
    if item.type in ("attachment", "quantity"):
        return {"attachment": "file", "quantity": "quantity"}[item.type]
    if item.repeats:
        return "rows"
    return "textarea" if item.type == "text" else "input"


def _list_kind(item: Item) -> str:
    if item.repeats:
        return "checkboxes"
    if item.is_open and item.look.control in ("autocomplete", "lookup"):
        return "suggest"
    wants_select = item.look.control in SELECTS or (len(item.options) > MAX_RADIOS and not item.is_open)
    return "select" if wants_select and not item.is_open else "radios"


def scale_of(item: Item) -> list[int]:
    """The steps of a small whole-number scale, else nothing. A slider without bounds: 0 to 100."""
    if item.type != "integer" or item.options or item.repeats:
        return []
    low = as_number(item.limits.min_value.raw) if item.limits.min_value else None
    high = as_number(item.limits.max_value.raw) if item.limits.max_value else None
    if item.look.control == "slider":
        low, high = low if low is not None else Decimal(0), high if high is not None else Decimal(100)
        step = item.look.step or (1 if high - low <= MAX_SCALE else 10)
    elif low == 0 and high == 10:
        step = 1
    else:
        return []
    if low is None or high is None or step < 1 or high < low or (high - low) / step + 1 > MAX_SCALE:
        return []
    return list(range(int(low), int(high) + 1, step))
