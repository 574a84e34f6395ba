"""A decided tree -> what a template needs: one `Control` an item, with names, words, state and conditions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from intake.questionnaires import enablement, wording
from intake.questionnaires.checks import shown
from intake.questionnaires.markup import Html, block, escaped, inline
from intake.questionnaires.model import Condition, Finding, Item, Value
from intake.questionnaires.posted import unit_of
from intake.questionnaires.tree import Node, Slot, Tree
from intake.questionnaires.values import as_number, compare, equal

MAX_RADIOS = 15  # more options than this become a select
MAX_SCALE = 21  # values of a scale shown as radios in a row
SELECTS = frozenset({"drop-down", "autocomplete", "lookup"})
QUIET_NOTES = frozenset({"help", "flyover", "legal"})  # folded away until wanted
COMPARED_IN_PAGE = {
    "Integer": "number",
    "Decimal": "number",
    "Date": "date",
    "Time": "time",
    "String": "text",
    "Uri": "text",
}

Alarms = Mapping[str, Mapping[str, str]]  # linkId -> option code -> level that one answer raises by itself


@dataclass(slots=True)
class Choice:
    value: str
    label: Html
    id: str
    checked: bool = False
    exclusive: bool = False
    alarm: str = ""  # urgent, same_day
    code: str = ""
    plain: str = ""  # for where no markup fits: an option of a select


@dataclass(slots=True)
class Row:
    name: str
    id: str
    label: str
    value: str


@dataclass(slots=True)
class Below:
    """Questions that belong to one answer of the question above them."""

    key: str  # the option's number; empty: any answer
    controls: list[Control]


@dataclass(slots=True)
class Control:
    kind: str
    path: str
    name: str
    id: str
    link_id: str
    label: Html
    enabled: bool = True
    optional_mark: bool = False
    required: bool = False
    heading: int = 2
    page: bool = False  # a top-level group that asks for a page of its own
    hints: list[Html] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    value: str = ""
    other: str = ""
    other_label: str = ""
    has_other: bool = False
    rows: list[Row] = field(default_factory=list)
    count: int = 0  # repetitions or rows on the page; 0: does not repeat
    may_add: bool = False
    number: int = 0  # which repetition this is, from 1; 0: does not repeat
    unit: str = ""
    units: list[Choice] = field(default_factory=list)
    unit_value: str = ""
    unit_open: bool = False
    input_type: str = "text"
    input_mode: str = ""
    max_length: int | None = None
    least: str = ""
    most: str = ""
    accept: str = ""
    ends: tuple[str, str] = ("", "")
    link: str = ""
    category: str = ""
    in_row: bool = False
    errors: list[str] = field(default_factory=list)
    notes: list[Control] = field(default_factory=list)
    children: list[Control] = field(default_factory=list)
    below: list[Below] = field(default_factory=list)
    when: str = ""  # JSON for the page script; empty without conditions
    language: str = "en"
    prefix: str = ""
    repeats: bool = False
    item_type: str = ""
    protected: bool = False  # stays on the page when disabled

    @property
    def is_quiet(self) -> bool:
        return self.category in QUIET_NOTES

    @property
    def is_short(self) -> bool:
        """Two tiles beside each other: yes and no, or what asks to lie in a row."""
        short = len(self.choices) <= 3 and all(len(choice.plain) <= 24 for choice in self.choices[:2])
        return short and not self.has_other and (self.in_row or len(self.choices) > 1)

    @property
    def alarm_raised(self) -> bool:
        return any(choice.checked and choice.alarm == "urgent" for choice in self.choices)

    @property
    def repeats_from(self) -> str:
        """For the first of a repeating group: the name that its count is kept under."""
        return self.name.rsplit("#", 1)[0] if self.kind == "group" and self.number == 1 else ""

    @property
    def add_name(self) -> str:
        return f"{self.prefix}~add"

    @property
    def add_value(self) -> str:
        return self.path.rsplit("#", 1)[0] if self.kind == "group" else self.path

    def say(self, word: str) -> str:
        return wording.page(word, self.language)

    @property
    def add_words(self) -> str:
        return self.say("add")

    @property
    def skip_words(self) -> str:
        return self.say("skip")

    @property
    def choose_words(self) -> str:
        return self.say("choose")

    @property
    def more_words(self) -> str:
        return self.say("more")

    @property
    def link_words(self) -> str:
        return self.say("link")

    @property
    def unit_words(self) -> str:
        return self.say("unit")

    @property
    def number_words(self) -> str:
        return self.say("number")

    @property
    def computed_words(self) -> str:
        return self.say("computed")

    @property
    def unavailable_words(self) -> str:
        return self.say("unavailable")

    @property
    def described_by(self) -> str:
        ids = [f"{self.id}-error"] if self.errors else []
        ids += [f"{self.id}-hint"] if self.hints else []
        ids += [note.id for note in self.notes if note.kind == "display" and note.category not in QUIET_NOTES]
        ids += [f"{self.id}-unit"] if self.unit else []
        return " ".join(ids)

    @property
    def has_words(self) -> bool:
        """Anything between the question and its field."""
        return bool(self.hints or self.notes or self.link or self.errors)

    @property
    def has_alarm(self) -> bool:
        return any(choice.alarm == "urgent" for choice in self.choices)

    @property
    def template(self) -> str:
        return f"intake/questionnaire/{self.kind}.html"

    @property
    def error_target(self) -> str:
        """The id that a link in the error summary goes to: something that takes focus."""
        if self.choices and self.kind != "select":
            return self.choices[0].id
        return self.rows[0].id if self.rows else self.id


def controls_of(
    tree: Tree,
    *,
    language: str = "en",
    prefix: str = "",
    findings: Iterable[Finding] = (),
    typed: Mapping[str, list[str]] | None = None,
    alarms: Alarms | None = None,
) -> list[Control]:
    """The whole form for a page. Hidden items are left out; disabled ones are there, marked so."""
    wrong: dict[str, list[str]] = {}
    for finding in findings:
        wrong.setdefault(
            finding.path.split("#")[0] if _is_row(tree, finding.path) else finding.path, []
        ).append(finding.message)
    maker = _Maker(
        tree=tree,
        language=language,
        prefix=prefix,
        wrong=wrong,
        typed=typed or {},
        alarms=alarms or {},
        marks_optional=any(item.required for item in tree.questionnaire.walk()),
        unasked=tree.questionnaire.unasked(),
    )
    return maker.controls(tree.roots, 2)


def _is_row(tree: Tree, path: str) -> bool:
    return path not in tree.by_path and path.split("#")[0] in tree.by_path


@dataclass(slots=True)
class _Maker:
    tree: Tree
    language: str
    prefix: str
    wrong: Mapping[str, list[str]]
    typed: Mapping[str, list[str]]
    alarms: Alarms
    marks_optional: bool
    unasked: frozenset[tuple[int, ...]]

    def controls(self, nodes: Iterable[Node], heading: int) -> list[Control]:
        return [self.control(node, heading) for node in nodes if not node.item.look.hidden]

    def say(self, word: str, **parts: object) -> str:
        return wording.page(word, self.language, **parts)

    def control(self, node: Node, heading: int) -> Control:
        item, name = node.item, self.prefix + node.path
        control = Control(
            kind=self.kind(item),
            path=node.path,
            name=name,
            id=name,
            link_id=item.link_id,
            label=self.label(item),
            enabled=node.enabled,
            heading=min(heading, 6),
            page=item.look.control == "page",
            required=item.required,
            optional_mark=self.marks_optional and item.is_question and not item.required,
            link=item.look.link,
            category=item.look.category or (item.look.control if item.is_display else ""),
            errors=self.wrong.get(node.path, []),
            when=self.when(node),
            language=self.language,
            prefix=self.prefix,
            repeats=item.repeats,
            item_type=item.type if item.is_question else "",
            protected=item.look.shown_when_disabled,
        )
        if item.is_group:
            self.group(control, node, heading)
        elif item.is_display:
            control.label = block(item.text, self.language)
        else:
            self.question(control, node, heading)
        return control

    def kind(self, item: Item) -> str:
        if item.is_group:
            return "group"
        if item.is_display:
            return "display"
        if item.type == "reference" or (item.has_option_list and not item.options and not item.is_open):
            return "unavailable"
        if item.type == "choice" and not item.options:
            return "unavailable"
        if item.place in self.unasked:
            return "computed"
        if item.options:
            return self.list_kind(item)
        if item.type == "boolean":
            return "radios"
        if scale_of(item):
            return "scale"
        if item.type in ("attachment", "quantity"):
            return {"attachment": "file", "quantity": "quantity"}[item.type]
        if item.repeats:
            return "rows"
        return "textarea" if item.type == "text" else "input"

    def list_kind(self, item: Item) -> str:
        if item.repeats:
            return "checkboxes"
        if item.is_open and item.look.control in ("autocomplete", "lookup"):
            return "suggest"
        wants_select = item.look.control in SELECTS or (len(item.options) > MAX_RADIOS and not item.is_open)
        return "select" if wants_select and not item.is_open else "radios"

    def label(self, item: Item) -> Html:
        words = inline(item.text, self.language)
        if not words:
            number = ".".join(str(step + 1) for step in item.place)
            words = (
                escaped(item.look.short_text or self.say("unnamed", number=number))
                if not item.is_group
                else Html("")
            )
        prefix = inline(item.prefix, self.language)
        return Html(f"{prefix} {words}".strip())

    # --- groups -----------------------------------------------------------------------------------------

    def group(self, control: Control, node: Node, heading: int) -> None:
        control.children = self.controls(node.children, heading + 1 if control.label else heading)
        if node.item.repeats:
            siblings = [
                n
                for n in self.tree.by_link_id[node.item.link_id]
                if n.parent is node.parent and n.slot is node.slot
            ]
            control.count, control.number = len(siblings), node.repetition + 1
            last = node.repetition == len(siblings) - 1
            control.may_add = last and len(siblings) < (node.item.limits.max_occurs or 50)

    # --- questions ----------------------------------------------------------------------------------------

    def question(self, control: Control, node: Node, heading: int) -> None:
        item = node.item
        control.notes = self.controls(node.children, heading)
        control.hints = self.hints(item)
        control.in_row = item.look.orientation == "horizontal"
        control.max_length = item.limits.max_length
        fill = getattr(self, f"fill_{control.kind}", None)
        if fill is not None:
            fill(control, node)
        if control.kind not in ("unavailable", "computed"):
            control.below = [self.below(node, slot, heading) for slot in node.slots if slot.children]

    def below(self, node: Node, slot: Slot, heading: int) -> Below:
        by_slot = node.item.repeats
        return Below(key=str(slot.key) if by_slot else "", controls=self.controls(slot.children, heading))

    def hints(self, item: Item) -> list[Html]:
        hints = [escaped(item.look.hint)] if item.look.hint else []
        if item.repeats and item.options:
            hints.append(escaped(self.say("tick_all")))
        return hints

    def fill_radios(self, control: Control, node: Node) -> None:
        item = node.item
        if item.type == "boolean" and not item.options:
            chosen = [str(v.raw).lower() for v in node.values]
            control.choices = [
                Choice(
                    word,
                    escaped(self.say(label)),
                    f"{control.id}-{word}",
                    word in chosen,
                    code=word,
                    plain=self.say(label),
                )
                for word, label in (("true", "yes"), ("false", "no"))
            ]
            for choice in control.choices:
                choice.alarm = self.alarms.get(item.link_id, {}).get(choice.code, "")
            return
        self.fill_listed(control, node)

    def fill_checkboxes(self, control: Control, node: Node) -> None:
        self.fill_listed(control, node)

    def fill_select(self, control: Control, node: Node) -> None:
        self.fill_listed(control, node)

    def fill_listed(self, control: Control, node: Node) -> None:
        item = node.item
        alarms = self.alarms.get(item.link_id, {})
        for number, option in enumerate(item.options):
            raw = option.value.raw
            code = str(raw.get("code", "") if isinstance(raw, dict) else raw)
            words = inline(option.label, self.language) or escaped(shown(option.value))
            control.choices.append(
                Choice(
                    value=str(number),
                    label=Html(f"{escaped(option.prefix)} {words}".strip()),
                    id=f"{control.id}-{number}",
                    checked=any(equal(option.value, v) for v in node.values),
                    exclusive=option.exclusive,
                    alarm=alarms.get(code, ""),
                    code=code,
                    plain=option.label.in_language(self.language) or shown(option.value),
                )
            )
        if item.is_open:
            own = [
                v.raw
                for v in node.values
                if v.kind == "String" and not any(equal(o.value, v) for o in item.options)
            ]
            control.has_other, control.other = True, str(own[0]) if own else ""
            ours = self.language.split("-")[0] in (self.tree.questionnaire.language or "en")
            control.other_label = (item.look.open_label if ours else "") or self.say("other")

    def fill_suggest(self, control: Control, node: Node) -> None:
        self.fill_listed(control, node)
        chosen = list(node.values)
        if chosen:
            option = next((o for o in node.item.options if equal(o.value, chosen[0])), None)
            control.value = option.label.in_language(self.language) if option else shown(chosen[0])

    def fill_scale(self, control: Control, node: Node) -> None:
        chosen = {as_number(v.raw) for v in node.values}
        control.choices = [
            Choice(
                str(step), escaped(str(step)), f"{control.id}-{step}", Decimal(step) in chosen, code=str(step)
            )
            for step in scale_of(node.item)
        ]
        ends = {n.item.look.control: n.item.text.in_language(self.language) for n in node.children}
        control.ends = (ends.get("lower", ""), ends.get("upper", ""))
        control.notes = [n for n in control.notes if n.category not in ("lower", "upper")]
        control.hints += (
            [escaped(f"{control.choices[0].value}: {control.ends[0]}")] if control.ends[0] else []
        )
        control.hints += (
            [escaped(f"{control.choices[-1].value}: {control.ends[1]}")] if control.ends[1] else []
        )

    def fill_input(self, control: Control, node: Node) -> None:
        item = node.item
        control.input_type, control.input_mode = _INPUTS.get(item.type, ("text", ""))
        control.value = self.typed_or(node.path, node.values)
        if item.type in ("date", "dateTime", "time"):
            control.value = control.value[:16] if item.type == "dateTime" else control.value
            if control.value and not _fits_native(item.type, control.value):
                control.input_type = "text"  # a partial date, or one that was typed wrong
        self.bounds(control, item)
        self.unit(control, item)

    def fill_textarea(self, control: Control, node: Node) -> None:
        control.value = self.typed_or(node.path, node.values)

    def fill_quantity(self, control: Control, node: Node) -> None:
        item, quantity = node.item, (node.values[0].raw if node.values else {})
        control.input_mode = "decimal"
        control.value = (self.typed.get(node.path) or [str(quantity.get("value", ""))])[0]
        units = item.look.units or ((item.look.unit,) if item.look.unit else ())
        held = {k: quantity.get(k) for k in ("unit", "system", "code")}
        if len(units) == 1 and not item.look.unit_open:
            control.unit = str(unit_of(units[0]).get("unit", ""))
            return
        for number, unit in enumerate(units):
            mine = unit_of(unit)
            chosen = bool(quantity) and all(held.get(k) == v for k, v in mine.items())
            control.units.append(
                Choice(str(number), escaped(str(mine.get("unit", ""))), f"{control.id}-unit-{number}", chosen)
            )
        control.unit_open = item.look.unit_open or not units
        if control.unit_open and not any(c.checked for c in control.units):
            control.unit_value = str(held.get("unit") or "")

    def fill_rows(self, control: Control, node: Node) -> None:
        item = node.item
        control.input_type, control.input_mode = _INPUTS.get(item.type, ("text", ""))
        held = {slot.key: slot.value for slot in node.slots if slot.value is not None}
        typed = [int(p.rsplit("#", 1)[1]) for p in self.typed if p.startswith(f"{node.path}#")]
        most = item.limits.max_occurs or 50
        control.count = min(max(max([*held, *typed], default=-1) + 1, item.limits.min_occurs or 1, 1), most)
        control.may_add = control.count < most
        for row in range(control.count):
            path = f"{node.path}#{row}"
            label = self.say("row", label=item.text.in_language(self.language), number=row + 1)
            value = self.typed_or(path, [held[row]] if row in held else [])
            control.rows.append(Row(self.prefix + path, self.prefix + path, label, value))
        self.unit(control, item)

    def fill_file(self, control: Control, node: Node) -> None:
        control.accept = ",".join(node.item.limits.mime_types)
        names = [str(v.raw.get("title") or "") for v in node.values if isinstance(v.raw, dict)]
        control.hints += [escaped(self.say("file_kept", name=name)) for name in names]

    def fill_computed(self, control: Control, node: Node) -> None:
        control.value = ", ".join(value_in_words(node.item, v, self.language) for v in node.values)

    def typed_or(self, path: str, values: list[Value]) -> str:
        """What was typed wrong stays as it was typed."""
        if path in self.typed:
            return self.typed[path][0]
        return _plain(values[0]) if values else ""

    def bounds(self, control: Control, item: Item) -> None:
        if control.input_type == "date":
            low, high = item.limits.min_value, item.limits.max_value
            control.least = str(low.raw) if low and len(str(low.raw)) == 10 else ""
            control.most = str(high.raw) if high and len(str(high.raw)) == 10 else ""

    def unit(self, control: Control, item: Item) -> None:
        if item.look.unit is not None:
            control.unit = str(unit_of(item.look.unit).get("unit", ""))

    # --- conditions for the page script ---------------------------------------------------------------------

    def when(self, node: Node) -> str:
        if not node.item.conditions:
            return ""
        rules = [self.rule(node, condition) for condition in node.item.conditions]
        return json.dumps({"any": node.item.any_suffices, "rules": rules}, default=str)

    def rule(self, node: Node, condition: Condition) -> dict[str, Any]:
        """What the page needs to decide one condition: `empty` when the question counts as unanswered."""
        source = enablement.source_of(self.tree, node, condition.question)
        empty = enablement.is_met(condition, None)
        if source is None:
            return {"empty": empty, "fixed": empty}
        rule: dict[str, Any] = {"at": self.prefix + source.path, "empty": empty}
        if condition.operator == "exists":
            rule["exists"] = not empty
            if self.is_fixed(source):
                rule["fixed"] = rule["exists"] == bool(source.values)
            return rule
        keys = self.keys_meeting(source.item, condition)
        if self.is_fixed(source):
            return rule | {"fixed": self.met_if_enabled(condition, source)}
        if keys is not None:
            answer = condition.answer if condition.operator in ("=", "!=") else None  # words have no order
            text = answer.raw if answer is not None and answer.kind == "String" else None
            return rule | {"keys": keys, "not": condition.operator == "!=", "text": text}
        kind = COMPARED_IN_PAGE.get(source.item.kind)
        if kind is None or condition.answer is None or not _comparable(source.item, condition.answer):
            return rule | {"fixed": self.met_if_enabled(condition, source)}  # decided again at Continue
        return rule | {"op": condition.operator, "kind": kind, "than": str(condition.answer.raw)}

    def is_fixed(self, source: Node) -> bool:
        return source.item.place in self.unasked or self.kind(source.item) in (
            "unavailable",
            "computed",
            "group",
            "display",
        )

    def met_if_enabled(self, condition: Condition, source: Node) -> bool:
        enabled, source.enabled = source.enabled, True
        try:
            return enablement.is_met(condition, source)
        finally:
            source.enabled = enabled

    def keys_meeting(self, item: Item, condition: Condition) -> list[str] | None:
        """For questions answered by choosing: the fields' values that meet the condition one by one."""
        kind = self.kind(item)
        if kind not in ("radios", "checkboxes", "select", "scale"):
            return None
        if item.options:
            offered = [(str(n), option.value) for n, option in enumerate(item.options)]
        elif item.type == "boolean":
            offered = [("true", Value("Boolean", True)), ("false", Value("Boolean", False))]
        else:
            offered = [(str(step), Value(item.kind, step)) for step in scale_of(item)]
        wanted, answer = condition.operator, condition.answer
        if answer is None:
            return []
        if wanted in ("=", "!="):
            return [key for key, value in offered if equal(value, answer)]
        return [key for key, value in offered if enablement._OPERATORS[wanted]([value], answer)]


_INPUTS = {
    "integer": ("text", "numeric"),
    "decimal": ("text", "decimal"),
    "date": ("date", ""),
    "dateTime": ("datetime-local", ""),
    "time": ("time", ""),
    "url": ("url", "url"),
}


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
    return f"{_plain(value)} {unit}".strip()


def _plain(value: Value) -> str:
    if isinstance(value.raw, Decimal):
        return format(value.raw, "f")
    if isinstance(value.raw, bool):
        return str(value.raw).lower()
    return shown(value)


def _fits_native(kind: str, value: str) -> bool:
    return len(value) == {"date": 10, "dateTime": 16, "time": 5}.get(kind, 0) or (
        kind == "time" and len(value) == 8
    )


def _comparable(item: Item, answer: Value) -> bool:
    """May the page compare? Only like with like, and dates only when both are whole."""
    if item.kind in ("Integer", "Decimal"):
        return answer.kind in ("Integer", "Decimal")
    return (
        (answer.kind == item.kind and compare(answer, answer) is not None)
        or answer.kind == item.kind == "String"
        or (answer.kind == item.kind == "Uri")
    )
