"""A decided tree -> what a template needs: one `Control` an item, with names, words, state and conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from intake.questionnaires import wording
from intake.questionnaires.checks import bytes_in_words, most_bytes, shown
from intake.questionnaires.control import Below, Choice, Control, KeptFile, Row
from intake.questionnaires.in_words import plain, value_in_words
from intake.questionnaires.kinds import kind_of, scale_of
from intake.questionnaires.markup import Html, block, escaped, inline
from intake.questionnaires.model import Finding, Item, Value
from intake.questionnaires.page_conditions import PageConditions
from intake.questionnaires.posted import unit_of
from intake.questionnaires.tree import Node, Slot, Tree
from intake.questionnaires.values import as_number, equal

Alarms = Mapping[str, Mapping[str, str]]  # linkId -> option code -> level that one answer raises by itself
Typed = Mapping[str, list[str]]


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
    unasked = tree.questionnaire.unasked()
    maker = _Maker(
        tree=tree,
        language=language,
        prefix=prefix,
        wrong=wrong,
        typed=typed or {},
        alarms=alarms or {},
        marks_optional=any(item.required for item in tree.questionnaire.walk()),
        unasked=unasked,
        conditions=PageConditions(tree, prefix, unasked),
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
    conditions: PageConditions

    def controls(self, nodes: Iterable[Node], heading: int) -> list[Control]:
        return [self.control(node, heading) for node in nodes if not node.item.look.hidden]

    def say(self, word: str, **parts: object) -> str:
        return wording.page(word, self.language, **parts)

    def control(self, node: Node, heading: int) -> Control:
        item, name = node.item, self.prefix + node.path
        kind = kind_of(item, self.unasked)
        control = Control(
            kind=kind,
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
            when=self.conditions.when(node),
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
        control.hints.append(escaped(self.say("file_takes", limit=bytes_in_words(most_bytes(node.item)))))
        raws = [v.raw for v in node.values if isinstance(v.raw, dict)]
        control.files = [KeptFile(str(r.get("title") or ""), str(r.get("url") or "")) for r in raws]

    def fill_computed(self, control: Control, node: Node) -> None:
        control.value = ", ".join(value_in_words(node.item, v, self.language) for v in node.values)

    def typed_or(self, path: str, values: list[Value]) -> str:
        """What was typed wrong stays as it was typed."""
        if path in self.typed:
            return self.typed[path][0]
        return plain(values[0]) if values else ""

    def bounds(self, control: Control, item: Item) -> None:
        if control.input_type == "date":
            low, high = item.limits.min_value, item.limits.max_value
            control.least = str(low.raw) if low and len(str(low.raw)) == 10 else ""
            control.most = str(high.raw) if high and len(str(high.raw)) == 10 else ""

    def unit(self, control: Control, item: Item) -> None:
        if item.look.unit is not None:
            control.unit = str(unit_of(item.look.unit).get("unit", ""))


_INPUTS = {
    "integer": ("text", "numeric"),
    "decimal": ("text", "decimal"),
    "date": ("date", ""),
    "dateTime": ("datetime-local", ""),
    "time": ("time", ""),
    "url": ("url", "url"),
}


def _fits_native(kind: str, value: str) -> bool:
    return len(value) == {"date": 10, "dateTime": 16, "time": 5}.get(kind, 0) or (
        kind == "time" and len(value) == 8
    )
