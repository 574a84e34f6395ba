"""Fields of a page -> answers. Names are index paths (`tree.py`), so no linkId is ever trusted or leaked.

Beside a question's own field there may be `~other` (own words beside a list), `~unit`, and for what repeats
`~n` (how many stand on the page). Hidden and read-only questions are never read from a page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from intake.questionnaires import wording
from intake.questionnaires.held import MAX_REPETITIONS, Starting, keyed, option_value
from intake.questionnaires.model import ERROR, Finding, Item, Value
from intake.questionnaires.values import is_well_formed

OTHER = "other"
MAX_FIELD = 20_000  # characters read of one field; the form's own limits come after


@dataclass(slots=True)
class Posted:
    """`data` is name -> values as posted; `prefix` sets the form's fields apart from others on the page."""

    data: Mapping[str, Sequence[str]]
    unasked: frozenset[tuple[int, ...]] = frozenset()  # places of hidden and read-only items
    start: Starting = field(default_factory=Starting)
    prefix: str = ""
    language: str = "en"
    zone: tzinfo = UTC
    files: Mapping[str, Sequence[Value]] = field(default_factory=dict)  # attachments, by the field's name
    errors: list[Finding] = field(default_factory=list)
    typed: dict[str, list[str]] = field(default_factory=dict)  # by path, what was typed where it did not fit
    read: set[str] = field(default_factory=set)

    # --- Held ------------------------------------------------------------------------------------------

    def repetitions(self, item: Item, path: str) -> int:
        least = self.start.repetitions(item, path)
        stated = self._first(f"{path}~n")
        wanted = int(stated) if stated.isdecimal() and len(stated) < 4 else least
        return max(1, min(wanted, item.limits.max_occurs or MAX_REPETITIONS, MAX_REPETITIONS))

    def answers(self, item: Item, path: str) -> Mapping[int, Value]:
        if item.place in self.unasked:
            return self.start.answers(item, path)
        if item.type == "attachment":
            return self._attachments(item, path)
        if item.options:
            return self._listed(item, path)
        if item.has_option_list and not item.is_open:
            return {}  # a list we do not have: the question is not asked on a page
        if item.repeats:
            return self._rows(item, path)
        value = self._scalar(item, path)
        return {} if value is None else {0: value}

    def unread(self) -> list[str]:
        """Names of this form's fields that no question of the form has: tampered, or of another version."""
        ours = re.compile(re.escape(self.prefix) + r"i\d")
        names = (name for name in self.data if ours.match(name))
        return sorted({name for name in names if name not in self.read})

    # --- reading --------------------------------------------------------------------------------------------

    def _all(self, name: str) -> list[str]:
        full = self.prefix + name
        self.read.add(full)
        return [clean(value) for value in self.data.get(full, ())]

    def _first(self, name: str) -> str:
        values = [value for value in self._all(name) if value]
        return values[0] if values else ""

    def _wrong(self, item: Item, path: str, code: str, typed: Sequence[str] = ()) -> None:
        family = code.split("-")
        found = "-".join(family[:2]) if code.startswith("qr-type") else code
        text = wording.message(code if code in wording.EN else found, self.language)
        self.errors.append(Finding(found, ERROR, text, item.link_id, path))
        if typed:
            self.typed[path] = list(typed)

    def _listed(self, item: Item, path: str) -> Mapping[int, Value]:
        chosen, other = [c for c in self._all(path) if c], self._first(f"{path}~{OTHER}")
        if item.is_open and item.look.control in ("autocomplete", "lookup") and not item.repeats:
            return self._typed_in_list(item, chosen)
        found: list[Value] = []
        for one in dict.fromkeys(chosen):
            if one == OTHER and item.is_open:
                continue
            if not one.isdecimal() or len(one) > 4 or int(one) >= len(item.options):
                self._wrong(item, path, "qr-not-an-option")
            else:
                found.append(option_value(item.options[int(one)]))
        if item.is_open and other and (item.repeats or OTHER in chosen or not found):
            found.append(Value("String", other))
        return keyed(item, found)

    def _typed_in_list(self, item: Item, chosen: Sequence[str]) -> Mapping[int, Value]:
        """One field with suggestions: the words of an option mean the option, others stand for themselves."""
        for words in chosen[:1]:
            for option in item.options:
                if words in (option.label.plain, option.label.in_language(self.language)):
                    return {0: option_value(option)}
            return {0: Value("String", words)}
        return {}

    def _rows(self, item: Item, path: str) -> Mapping[int, Value]:
        stated = self._first(f"{path}~n")
        count = int(stated) if stated.isdecimal() and len(stated) < 4 else 1
        found = {}
        for row in range(min(max(count, 1), MAX_REPETITIONS)):
            value = self._scalar(item, f"{path}#{row}")
            if value is not None:
                found[row] = value
        return found

    def _scalar(self, item: Item, path: str) -> Value | None:
        values = [value for value in self._all(path) if value]
        if item.type == "quantity":
            return self._quantity(item, path, values)
        if len(values) > 1:
            self._wrong(item, path, "qr-too-many", values)
        if not values or item.type == "reference":
            return None
        value = parse_value(item, values[0], self.zone)
        if value is None:
            self._wrong(item, path, f"qr-type-{item.kind}", values)
        return value

    def _quantity(self, item: Item, path: str, values: Sequence[str]) -> Value | None:
        unit = self._first(f"{path}~unit")
        if not values:
            return None
        number = _number(values[0])
        if number is None:
            self._wrong(item, path, "qr-type-Quantity", values)
            return None
        quantity: dict[str, object] = {"value": number}
        units = item.look.units or ((item.look.unit,) if item.look.unit else ())
        if unit.isdecimal() and len(unit) < 4 and int(unit) < len(units):
            quantity |= unit_of(units[int(unit)])
        elif unit and not item.look.unit_open:
            self._wrong(item, path, "qr-unit", values)
        elif unit:
            quantity["unit"] = unit
        elif len(units) == 1:
            quantity |= unit_of(units[0])
        elif units:
            self._wrong(item, path, "qr-unit", values)  # a number without its unit says nothing
        return Value("Quantity", quantity)

    def _attachments(self, item: Item, path: str) -> Mapping[int, Value]:
        self.read.add(self.prefix + path)
        given = self.files.get(self.prefix + path, ())
        return dict(enumerate(given or self.start.answers(item, path).values()))


def unit_of(unit: Value) -> dict[str, object]:
    raw = unit.raw
    parts = {
        "unit": raw.get("display") or raw.get("code"),
        "system": raw.get("system"),
        "code": raw.get("code"),
    }
    return {name: part for name, part in parts.items() if part}


def clean(text: str) -> str:
    """Line ends made one kind, control characters dropped, no blanks around. Letters stay as typed."""
    text = text[: MAX_FIELD * 2].replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def parse_value(item: Item, text: str, zone: tzinfo = UTC) -> Value | None:
    """What was typed as the question's kind of value; None when it does not fit."""
    kind = item.kind if item.type != "open-choice" else "String"
    if kind == "Boolean":
        return Value(kind, text == "true") if text in ("true", "false") else None
    if kind == "Integer":
        return _well_formed(Value(kind, _whole(text)))
    if kind == "Decimal":
        return _well_formed(Value(kind, _number(text)))
    if kind == "DateTime":
        return _well_formed(Value(kind, _date_time(text, zone)))
    if kind == "Time":
        return _well_formed(Value(kind, f"{text}:00" if re.fullmatch(r"\d\d:\d\d", text) else text))
    if kind in ("Date", "String", "Uri"):
        return _well_formed(Value(kind, text))
    return None


def _well_formed(value: Value) -> Value | None:
    return value if is_well_formed(value) else None


def _whole(text: str) -> int | None:
    plain = unicodedata.normalize("NFKC", text).replace("−", "-")
    return int(plain) if re.fullmatch(r"[+-]?\d{1,12}", plain) else None


def _number(text: str) -> Decimal | None:
    """A decimal with the digits given; a comma is taken as the point."""
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})", plain):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def _date_time(text: str, zone: tzinfo) -> str | None:
    """The browser sends clinic wall time without a zone; FHIR wants one. A bare date stays a date."""
    if "T" not in text:
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat(timespec="seconds")
