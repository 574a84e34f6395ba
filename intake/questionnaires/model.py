"""What a questionnaire is, once read: immutable values, the raw JSON kept beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

ERROR, WARNING, NOTE = "error", "warning", "note"

# item type -> the `value[x]` of its answers
ANSWER_KIND = {
    "boolean": "Boolean",
    "decimal": "Decimal",
    "integer": "Integer",
    "date": "Date",
    "dateTime": "DateTime",
    "time": "Time",
    "string": "String",
    "text": "String",
    "url": "Uri",
    "choice": "Coding",
    "open-choice": "Coding",
    "attachment": "Attachment",
    "reference": "Reference",
    "quantity": "Quantity",
}
ITEM_TYPES = frozenset(ANSWER_KIND) | {"group", "display"}
OPERATORS = frozenset({"exists", "=", "!=", ">", "<", ">=", "<="})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth saying about a file, an item or an answer. `link_id` is empty for the whole form."""

    code: str
    severity: str
    message: str
    link_id: str = ""
    path: str = ""  # the field on the page, where there is one: i0.2#1

    def as_json(self) -> dict[str, str]:
        return {
            "code": self.code,
            "severity": self.severity,
            "link_id": self.link_id,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Value:
    """One answer, option or bound: `kind` is the x of `value[x]`, `raw` its JSON (decimals as Decimal)."""

    kind: str
    raw: Any

    def as_json(self) -> dict[str, Any]:
        return {f"value{self.kind}": self.raw}


@dataclass(frozen=True, slots=True)
class Text:
    """Words for people with what the file says about their form. All of it is untrusted."""

    plain: str = ""
    markdown: str = ""
    xhtml: str = ""
    translations: Mapping[str, str] = field(default_factory=dict)
    styled: bool = False  # carried CSS, which we drop

    def in_language(self, language: str) -> str:
        """The words for a page language (`es`, `es-MX`), else as written."""
        short = language.split("-")[0].lower()
        for tag, words in self.translations.items():
            if tag.lower() == language.lower() or tag.split("-")[0].lower() == short:
                return words
        return self.plain


@dataclass(frozen=True, slots=True)
class Option:
    value: Value
    label: Text
    prefix: str = ""
    exclusive: bool = False
    initially_selected: bool = False
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    question: str
    operator: str
    answer: Value | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer must keep to, beyond its type. Bounds are inclusive; sizes in bytes."""

    max_length: int | None = None
    min_length: int | None = None
    pattern: str | None = None
    min_value: Value | None = None
    max_value: Value | None = None
    max_decimals: int | None = None
    min_occurs: int | None = None
    max_occurs: int | None = None
    mime_types: tuple[str, ...] = ()
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """How the form asks to be shown."""

    control: str = ""
    hidden: bool = False
    computed: bool = False  # the form's own expression fills it in, so nobody is asked
    hint: str = ""
    unit: Value | None = None
    units: tuple[Value, ...] = ()
    unit_open: bool = False
    orientation: str = ""
    category: str = ""
    link: str = ""
    open_label: str = ""
    short_text: str = ""
    step: int | None = None
    shown_when_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    link_id: str
    type: str
    text: Text
    prefix: Text
    place: tuple[int, ...]  # index path in the form; never changes within a version
    raw: Mapping[str, Any] = field(repr=False)
    conditions: tuple[Condition, ...] = ()
    any_suffices: bool = True  # enableBehavior "any"; also the reading of a missing one
    required: bool = False
    repeats: bool = False
    read_only: bool = False
    options: tuple[Option, ...] = ()
    has_option_list: bool = False  # a list was named, whether or not we could read it
    option_list_missing: str = ""  # the value set we do not have
    initial: tuple[Value, ...] = ()
    limits: Limits = Limits()
    look: Look = Look()
    items: tuple[Item, ...] = ()

    @property
    def is_group(self) -> bool:
        return self.type == "group"

    @property
    def is_display(self) -> bool:
        return self.type == "display"

    @property
    def is_question(self) -> bool:
        return self.type in ANSWER_KIND

    @property
    def is_open(self) -> bool:
        """May be answered in own words beside the list."""
        return self.type == "open-choice"

    @property
    def kind(self) -> str:
        """The `value[x]` of an answer: Coding for a choice, unless its options are of another type."""
        if self.type in ("choice", "open-choice") and self.options:
            return self.options[0].value.kind
        return ANSWER_KIND.get(self.type, "")

    def walk(self) -> Iterator[Item]:
        yield self
        for child in self.items:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Questionnaire:
    url: str
    version: str
    status: str
    title: Text
    language: str
    copyright: str
    items: tuple[Item, ...]
    raw: Mapping[str, Any] = field(repr=False)
    by_link_id: Mapping[str, Item] = field(repr=False, default_factory=dict)
    parents: Mapping[tuple[int, ...], Item] = field(repr=False, default_factory=dict)

    @property
    def canonical(self) -> str:
        return f"{self.url}|{self.version}" if self.version else self.url

    def walk(self) -> Iterator[Item]:
        for item in self.items:
            yield from item.walk()

    def parent(self, item: Item) -> Item | None:
        return self.parents.get(item.place)

    def unasked(self) -> frozenset[tuple[int, ...]]:
        """Places of items that a page never asks: hidden ones with all below, read-only and computed ones.

        `readOnly` on a group holds for everything in it; on a question it does not reach its children.
        """
        found: set[tuple[int, ...]] = set()
        for item in self.walk():
            parent = self.parent(item)
            inherited = (
                parent is not None and parent.place in found and (parent.is_group or self.is_hidden(parent))
            )
            if item.read_only or item.look.computed or item.look.hidden or inherited:
                found.add(item.place)
        return frozenset(found)

    def is_hidden(self, item: Item) -> bool:
        """By itself or by anything above it."""
        step: Item | None = item
        while step is not None:
            if step.look.hidden:
                return True
            step = self.parent(step)
        return False
