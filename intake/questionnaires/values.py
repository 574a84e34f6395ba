"""Values of answers: are they well formed, are they equal, which is larger."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from intake.questionnaires.model import Value

NUMBERS = frozenset({"Integer", "Decimal"})
DATES = frozenset({"Date", "DateTime"})
MAX_INTEGER = 2**31 - 1

_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?\Z")
_DATE_TIME = re.compile(r"(\d{4}(?:-\d\d(?:-\d\d)?)?)(?:T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d))?\Z")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?\Z")


def is_well_formed(value: Value) -> bool:
    """Does the JSON of the value fit its kind? Strings may not be empty (R4 forbids it)."""
    check = _CHECKS.get(value.kind)
    return check is not None and check(value.raw)


def coerced(value: Value) -> Value:
    """A number or a truth that a file wrote as text (`"5"`, `"true"`), or `5.0` for a whole number, put right.

    What cannot be put right comes back as it was.
    """
    kind, raw = value.kind, value.raw
    if kind == "Boolean" and isinstance(raw, str) and raw.strip().lower() in ("true", "false"):
        return Value(kind, raw.strip().lower() == "true")
    if (kind in NUMBERS and isinstance(raw, str)) or (kind == "Integer" and isinstance(raw, Decimal)):
        return Value(kind, _number_meant(kind, raw))
    if kind == "String" and isinstance(raw, (int, Decimal)) and not isinstance(raw, bool):
        return Value(kind, str(raw))
    if kind == "Quantity" and isinstance(raw, dict) and isinstance(raw.get("value"), str):
        return Value(kind, {**raw, "value": _number_meant("Decimal", raw["value"])})
    return value


def _number_meant(kind: str, raw: str | Decimal) -> Any:
    try:
        number = Decimal(raw)
    except ArithmeticError:
        return raw
    if not number.is_finite() or abs(number.adjusted()) > 400:
        return raw
    return int(number) if kind == "Integer" and number == number.to_integral_value() else number


def as_number(raw: Any) -> Decimal | None:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, Decimal)):
        return None
    number = Decimal(str(raw))
    return number if number.is_finite() else None


def real_date(text: str) -> bool:
    """`YYYY`, `YYYY-MM` or `YYYY-MM-DD` that exists in the calendar."""
    if not _DATE.match(text):
        return False
    year, month, day = (*text.split("-"), "01", "01")[:3]
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def equal(left: Value, right: Value) -> bool:
    """Equality for conditions and answer lists: numbers as numbers, codings by system and code."""
    if left.kind in NUMBERS and right.kind in NUMBERS:
        return as_number(left.raw) == as_number(right.raw) is not None
    if left.kind in DATES and right.kind in DATES:
        return _compare_dates(str(left.raw), str(right.raw)) == 0
    if left.kind != right.kind:
        return False
    if not isinstance(left.raw, dict) or not isinstance(right.raw, dict):
        return bool(left.raw == right.raw)
    if left.kind == "Coding":
        return _same_coding(left.raw, right.raw)
    if left.kind == "Quantity":
        return _compare_quantities(left.raw, right.raw) == 0
    if left.kind == "Reference":
        return left.raw.get("reference") is not None and left.raw.get("reference") == right.raw.get(
            "reference"
        )
    return left.raw == right.raw


def compare(left: Value, right: Value) -> int | None:
    """-1, 0, 1; None when they cannot be ordered (codings, strings, booleans, unlike units)."""
    if left.kind in NUMBERS and right.kind in NUMBERS:
        a, b = as_number(left.raw), as_number(right.raw)
        return None if a is None or b is None else _sign(a, b)
    if left.kind in DATES and right.kind in DATES:
        return _compare_dates(str(left.raw), str(right.raw))
    if left.kind != right.kind:
        return None
    if left.kind == "Time":
        return _sign(str(left.raw), str(right.raw))
    if left.kind == "Quantity" and isinstance(left.raw, dict) and isinstance(right.raw, dict):
        return _compare_quantities(left.raw, right.raw)
    return None


def _same_coding(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """System and code; the code alone if either side names no system; the words if neither has a code."""
    if left.get("code") is None and right.get("code") is None:
        return left.get("display") is not None and left.get("display") == right.get("display")
    if left.get("code") != right.get("code"):
        return False
    return not left.get("system") or not right.get("system") or left.get("system") == right.get("system")


def _compare_quantities(left: Mapping[str, Any], right: Mapping[str, Any]) -> int | None:
    same_code = left.get("code") and (left.get("system"), left.get("code")) == (
        right.get("system"),
        right.get("code"),
    )
    same_unit = left.get("unit") is not None and left.get("unit") == right.get("unit")
    no_unit = not any(q.get(k) for q in (left, right) for k in ("code", "unit"))
    a, b = as_number(left.get("value")), as_number(right.get("value"))
    if a is None or b is None or not (same_code or same_unit or no_unit):
        return None
    return _sign(a, b)


def _compare_dates(left: str, right: str) -> int | None:
    """At the precision both have: 2024-05 and 2024-05-17 are equal in what they say."""
    if "T" in left and "T" in right:
        try:
            return _sign(datetime.fromisoformat(left), datetime.fromisoformat(right))
        except (TypeError, ValueError):
            return None
    a, b = left.split("T")[0].split("-"), right.split("T")[0].split("-")
    shared = min(len(a), len(b))
    return _sign(a[:shared], b[:shared])


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def _is_date_time(raw: Any) -> bool:
    match = _DATE_TIME.match(raw) if isinstance(raw, str) else None
    if match is None or not real_date(match[1]):
        return False
    return match[2] is None or (len(match[1]) == 10 and bool(_TIME.match(match[2])))


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "Boolean": lambda raw: isinstance(raw, bool),
    "Integer": lambda raw: isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) <= MAX_INTEGER,
    "Decimal": lambda raw: as_number(raw) is not None,
    "Date": lambda raw: isinstance(raw, str) and real_date(raw),
    "DateTime": _is_date_time,
    "Time": lambda raw: isinstance(raw, str) and bool(_TIME.match(raw)),
    "String": lambda raw: isinstance(raw, str) and bool(raw.strip()),
    "Uri": lambda raw: isinstance(raw, str) and bool(raw) and not re.search(r"\s", raw),
    "Coding": lambda raw: (
        isinstance(raw, dict) and any(isinstance(raw.get(k), str) for k in ("code", "display"))
    ),
    "Quantity": lambda raw: isinstance(raw, dict) and as_number(raw.get("value")) is not None,
    "Attachment": lambda raw: isinstance(raw, dict) and bool(raw),
    "Reference": lambda raw: isinstance(raw, dict) and bool(raw),
}
