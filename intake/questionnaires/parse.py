"""An R4 Questionnaire as JSON -> `Questionnaire`, leniently, with a finding for everything odd."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from intake.questionnaires import extensions as ext
from intake.questionnaires import reading, valuesets
from intake.questionnaires.model import (
    ANSWER_KIND,
    ERROR,
    OPERATORS,
    WARNING,
    Condition,
    Finding,
    Item,
    Limits,
    Look,
    Option,
    Questionnaire,
    Text,
    Value,
)
from intake.questionnaires.primitives import Primitives
from intake.questionnaires.values import is_well_formed


@dataclass(slots=True)
class Parsed:
    """`questionnaire` is None when the file is refused; `findings` then says why."""

    questionnaire: Questionnaire | None
    findings: list[Finding]
    item_count: int = 0


def parse(content: bytes) -> Parsed:
    """A file's bytes. Never raises for bad input."""
    loaded = reading.load(content)
    if loaded.refused or loaded.raw is None:
        return Parsed(None, loaded.refused + loaded.findings, loaded.item_count)
    builder = _Builder(loaded.findings, loaded.raw)
    return Parsed(builder.questionnaire(), builder.findings, loaded.item_count)


@dataclass(slots=True)
class _Builder(Primitives):
    raw: dict[str, Any] = field(default_factory=dict)
    contained: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: dict[str, tuple[Option, ...] | None] = field(default_factory=dict)

    def questionnaire(self) -> Questionnaire:
        for resource in self.objects(self.raw, "contained"):
            if isinstance(resource.get("id"), str):
                self.contained[resource["id"]] = resource
        items = self._items(self.raw, ())
        by_link_id: dict[str, Item] = {}
        parents: dict[tuple[int, ...], Item] = {}
        for top in items:
            for item in top.walk():
                by_link_id.setdefault(item.link_id, item)
                parents.update({child.place: item for child in item.items})
        return Questionnaire(
            url=self.string(self.raw, "url"),
            version=self.string(self.raw, "version"),
            status=self.string(self.raw, "status"),
            title=ext.text_of(self.raw, "title" if self.raw.get("title") else "name"),
            language=self.string(self.raw, "language"),
            copyright=self.string(self.raw, "copyright"),
            items=items,
            raw=self.raw,
            by_link_id=by_link_id,
            parents=parents,
        )

    def _items(self, holder: Mapping[str, Any], place: tuple[int, ...]) -> tuple[Item, ...]:
        children = self.objects(holder, "item")
        return tuple(self._item(raw, (*place, index)) for index, raw in enumerate(children))

    def _item(self, raw: Mapping[str, Any], place: tuple[int, ...]) -> Item:
        link_id = self.string(raw, "linkId")
        kind = self.string(raw, "type", link_id)
        options, missing = self._options(raw, link_id)
        behavior = raw.get("enableBehavior")
        if behavior not in (None, "any", "all"):  # `in` on a tuple compares, so any JSON will do
            self.say(
                "enable-behavior", ERROR, f"enableBehavior “{behavior}” is neither all nor any.", link_id
            )
        return Item(
            link_id=link_id,
            type=kind,
            text=ext.text_of(raw, "text"),
            prefix=ext.text_of(raw, "prefix"),
            place=place,
            raw=raw,
            conditions=tuple(self._conditions(raw, link_id)),
            any_suffices=behavior != "all",
            required=self.switch(raw, "required", link_id),
            repeats=self.switch(raw, "repeats", link_id),
            read_only=self.switch(raw, "readOnly", link_id),
            options=options,
            has_option_list=bool(raw.get("answerOption") or raw.get("answerValueSet")),
            option_list_missing=missing,
            initial=tuple(self._initial(raw, kind, link_id)),
            limits=self._limits(raw, link_id),
            look=self._look(raw),
            items=self._items(raw, place),
        )

    # --- lists ---------------------------------------------------------------------------------------

    def _options(self, raw: Mapping[str, Any], link_id: str) -> tuple[tuple[Option, ...], str]:
        """The answer list and, when it cannot be known, the name of the value set it should come from."""
        listed = raw.get("answerOption")
        if isinstance(listed, list):
            found = [self._option(option, link_id) for option in self.objects(raw, "answerOption")]
            return tuple(option for option in found if option is not None), ""
        canonical = raw.get("answerValueSet")
        if not isinstance(canonical, str) or not canonical:
            return (), ""
        if canonical not in self.lists:
            concepts = valuesets.concepts(canonical, self.contained)
            self.lists[canonical] = None if concepts is None else tuple(self._of_concepts(concepts))
        known = self.lists[canonical]
        if known is not None and len(known) > reading.MAX_OPTIONS:
            self.say("too-many-options", ERROR, f"The value set has {len(known)} answers.", link_id)
            known = known[: reading.MAX_OPTIONS]
        return (known, "") if known is not None else ((), canonical)

    def _option(self, raw: Mapping[str, Any], link_id: str) -> Option | None:
        value = self.put_right(ext.value_of(raw), link_id)
        if value is None or not is_well_formed(value):
            self.say("option-value", ERROR, "An answer option has no usable value.", link_id)
            return None
        inner = value.raw if isinstance(value.raw, dict) else {}
        if value.kind == "Coding":
            label = ext.text_of(inner, "display" if inner.get("display") else "code")
        else:
            label = ext.text_of(raw, f"value{value.kind}")
        return Option(
            value=value,
            label=label,
            prefix=ext.words(raw, ext.OPTION_PREFIX) or ext.words(inner, ext.OPTION_PREFIX),
            exclusive=ext.switch(raw, ext.EXCLUSIVE) or ext.switch(inner, ext.EXCLUSIVE),
            initially_selected=self.switch(raw, "initialSelected", link_id),
            weight=_first_number(raw, inner),
        )

    def _of_concepts(self, concepts: Iterable[Mapping[str, Any]]) -> Iterable[Option]:
        for concept in concepts:
            coding = {k: concept[k] for k in ("system", "version", "code", "display") if k in concept}
            text = ext.text_of(concept, "display" if concept.get("display") else "code")
            spoken = {
                d["language"]: d["value"]
                for d in self.objects(concept, "designation")
                if isinstance(d.get("language"), str) and isinstance(d.get("value"), str)
            }
            label = Text(text.plain, text.markdown, text.xhtml, {**spoken, **text.translations}, text.styled)
            yield Option(Value("Coding", coding), label, weight=_first_number(concept, {}))

    # --- conditions and first values ------------------------------------------------------------------

    def _conditions(self, raw: Mapping[str, Any], link_id: str) -> Iterable[Condition]:
        for condition in self.objects(raw, "enableWhen"):
            operator, answers = condition.get("operator"), [k for k in condition if k.startswith("answer")]
            stated = Value(answers[0][len("answer") :], condition[answers[0]]) if answers else None
            answer = self.put_right(stated, link_id)
            if not isinstance(operator, str) or operator not in OPERATORS:
                self.say(
                    "enable-when-operator", ERROR, f"A condition has the operator “{operator}”.", link_id
                )
                continue
            if len(answers) != 1:
                self.say(
                    "enable-when-answer", ERROR, "A condition needs exactly one answer to compare.", link_id
                )
            elif answer is not None and not is_well_formed(answer):
                self.say(
                    "enable-when-answer", ERROR, "A condition's answer does not fit its own type.", link_id
                )
            yield Condition(self.string(condition, "question"), operator, answer)

    def _initial(self, raw: Mapping[str, Any], kind: str, link_id: str) -> Iterable[Value]:
        for initial in self.objects(raw, "initial"):
            value = self.put_right(ext.value_of(initial), link_id)
            if value is None:
                continue
            if not is_well_formed(value):
                self.say("initial-type", WARNING, "The initial value is malformed; it is not used.", link_id)
                continue
            wanted = ANSWER_KIND.get(kind)
            if wanted and value.kind != wanted and kind not in ("choice", "open-choice", "reference"):
                self.say(
                    "initial-type", WARNING, f"The initial value is a {value.kind}; it is not used.", link_id
                )
                continue
            yield value

    # --- limits and look ---------------------------------------------------------------------------------

    def _limits(self, raw: Mapping[str, Any], link_id: str) -> Limits:
        mime_types = (ext.value_of(e) for e in ext.all_of(raw, ext.MIME_TYPE))
        return Limits(
            max_length=self.whole(raw, "maxLength", link_id),
            min_length=ext.whole(raw, ext.MIN_LENGTH),
            pattern=ext.words(raw, ext.REGEX) or None,
            min_value=self._bound(raw, link_id, ext.MIN_VALUE, ext.MIN_QUANTITY),
            max_value=self._bound(raw, link_id, ext.MAX_VALUE, ext.MAX_QUANTITY),
            max_decimals=ext.whole(raw, ext.MAX_DECIMALS),
            min_occurs=ext.whole(raw, ext.MIN_OCCURS),
            max_occurs=ext.whole(raw, ext.MAX_OCCURS),
            mime_types=tuple(v.raw for v in mime_types if v is not None and isinstance(v.raw, str)),
            max_bytes=ext.whole(raw, ext.MAX_SIZE),
        )

    def _bound(self, raw: Mapping[str, Any], link_id: str, *urls: str) -> Value | None:
        bound = self.put_right(ext.first(raw, *urls), link_id)
        if bound is None:
            if any(True for url in urls for _ in ext.all_of(raw, url)):
                self.say("bound-computed", WARNING, "A bound that is computed is not enforced.", link_id)
            return None
        if not is_well_formed(bound):
            self.say("bound-type", WARNING, "A bound is malformed; it is not enforced.", link_id)
            return None
        return bound

    def _units(self, raw: Mapping[str, Any]) -> tuple[Value, ...]:
        """The units offered: listed one by one, or those of a value set that we have."""
        listed = [ext.value_of(extension) for extension in ext.all_of(raw, ext.UNIT_OPTION)]
        canonical = ext.words(raw, ext.UNIT_VALUE_SET)
        known = valuesets.concepts(canonical, self.contained) if canonical and not listed else None
        listed += [option.value for option in self._of_concepts(known or ())]
        return tuple(unit for unit in listed if unit is not None and isinstance(unit.raw, dict))

    def _look(self, raw: Mapping[str, Any]) -> Look:
        unit = ext.first(raw, ext.UNIT)
        return Look(
            control=ext.code(raw, ext.ITEM_CONTROL),
            hidden=ext.switch(raw, ext.HIDDEN),
            computed=ext.first(raw, ext.CALCULATED) is not None,
            hint=ext.words(raw, ext.ENTRY_FORMAT),
            unit=unit if unit is not None and isinstance(unit.raw, dict) else None,
            units=self._units(raw),
            unit_open=bool(ext.code(raw, ext.UNIT_OPEN)),
            orientation=ext.code(raw, ext.ORIENTATION),
            category=ext.code(raw, ext.CATEGORY),
            link=_support_link(raw),
            open_label=ext.words(raw, ext.OPEN_LABEL),
            short_text=ext.words(raw, ext.SHORT_TEXT),
            step=ext.whole(raw, ext.SLIDER_STEP),
            shown_when_disabled=ext.code(raw, ext.DISABLED_DISPLAY) == "protected",
        )


def _first_number(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> Decimal | None:
    """The weight, on the option or inside its Coding; itemWeight wins over ordinalValue."""
    for url in ext.WEIGHTS:
        for holder in (outer, inner):
            found = ext.number(holder, url)
            if found is not None:
                return found
    return None


def _support_link(raw: Mapping[str, Any]) -> str:
    """Only https leaves the page; anything else is dropped (lint says so)."""
    for url in ext.SUPPORT_LINKS:
        for extension in ext.all_of(raw, url):
            value = ext.value_of(extension) or ext.first(extension, "link")
            if value is not None and isinstance(value.raw, str) and value.raw.startswith("https://"):
                return value.raw
    return ""
