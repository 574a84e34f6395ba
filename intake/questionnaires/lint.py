"""What a form breaks, and may it be published? Import is lenient with a report, publishing is strict.

`que-*` are the invariants of R4 4.0.1 (que-12 by its text: more than one condition). Errors keep a form a
draft; warnings are ticked as seen by whoever publishes; notes only inform.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from intake.questionnaires import extensions as ext
from intake.questionnaires.lint_conditions import comparable, examine_conditions, in_cycles
from intake.questionnaires.model import (
    ERROR,
    ITEM_TYPES,
    NOTE,
    WARNING,
    Finding,
    Item,
    Questionnaire,
    Value,
)
from intake.questionnaires.parse import parse
from intake.questionnaires.patterns import UnsafePattern, compile_pattern
from intake.questionnaires.values import compare, equal, is_well_formed

REFUSED, DRAFT, PUBLISHABLE = "refused", "draft", "publishable"

STATUSES = frozenset({"draft", "active", "retired", "unknown"})
LISTABLE = frozenset(
    {"choice", "open-choice", "decimal", "integer", "date", "dateTime", "time", "string", "quantity"}
)
MEASURABLE = frozenset({"boolean", "decimal", "integer", "string", "text", "url", "open-choice"})
OPTION_KINDS = {
    "choice": {"Coding", "Integer", "Date", "Time", "String", "Reference"},
    "open-choice": {"Coding", "Integer", "Date", "Time", "String", "Reference"},
    "integer": {"Integer"},
    "date": {"Date"},
    "time": {"Time"},
    "string": {"String"},
}


@dataclass(slots=True)
class Report:
    level: str
    findings: list[Finding]
    item_count: int
    questionnaire: Questionnaire | None = None


def lint(content: bytes, *, today: date | None = None) -> Report:
    """A file's bytes -> level and findings. Never raises for bad input.

    `today` is the clinic's date, for forms that say from when until when they are to be used.
    """
    parsed = parse(content)
    if parsed.questionnaire is None:
        return Report(REFUSED, parsed.findings, parsed.item_count)
    findings = [*parsed.findings, *examine(parsed.questionnaire), *_period(parsed.questionnaire, today)]
    blocked = any(finding.severity == ERROR for finding in findings)
    return Report(DRAFT if blocked else PUBLISHABLE, findings, parsed.item_count, parsed.questionnaire)


def examine(form: Questionnaire) -> Iterator[Finding]:
    yield from _root(form)
    yield from _modifiers(form.raw, "")
    yield from _whole_extensions(form)
    counts = Counter(item.link_id for item in form.walk())
    for link_id in (link_id for link_id, count in counts.items() if link_id and count > 1):
        yield _say("que-2", ERROR, f"The linkId “{link_id}” is used {counts[link_id]} times.", link_id)
    for item in form.walk():
        yield from _item(item)
        yield from _unanswerable(form, item)
        yield from _lists(item, is_asked=not form.is_hidden(item))
        yield from _limits(item)
        yield from _ranges(item)
        yield from _item_extensions(item)
        yield from examine_conditions(form, item)
    for link_id in in_cycles(form):
        yield _say("enable-when-cycle", ERROR, "The conditions go round in a circle.", link_id)


def _root(form: Questionnaire) -> Iterator[Finding]:
    if not form.items:
        yield _say("no-items", ERROR, "The form has no items to answer.")
    if not form.raw.get("status"):
        yield _say("status-missing", WARNING, "The form states no status; it is taken as a draft.")
    elif form.status not in STATUSES:
        yield _say("status-unknown", ERROR, f"“{form.status}” is no status of a form.")
    elif form.status not in ("draft", "active"):
        yield _say("status", WARNING, f"The form's own status is “{form.status}”.")
    if not form.url:
        yield _say("url-missing", WARNING, "The form has no url; it gets one of ours.")
    if not form.version:
        yield _say("version-missing", WARNING, "The form has no version; it gets one of ours.")
    name = form.raw.get("name")
    if name is not None and not re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", str(name)):
        yield _say("que-0", WARNING, "The name cannot be used as an identifier.")
    if form.copyright:
        yield _say("copyright", WARNING, "The form names a copyright. Confirm the right to use it.")


def _period(form: Questionnaire, today: date | None) -> Iterator[Finding]:
    """Outside its own effectivePeriod, at the precision that the form writes."""
    period = form.raw.get("effectivePeriod")
    if today is None or not isinstance(period, dict):
        return
    day = Value("Date", today.isoformat())
    start, end = (Value("DateTime", period.get(name)) for name in ("start", "end"))
    if is_well_formed(start) and (compare(day, start) or 0) < 0:
        yield _say("effective-period", WARNING, f"The form is meant for use from {start.raw} on.")
    if is_well_formed(end) and (compare(day, end) or 0) > 0:
        yield _say("effective-period", WARNING, f"The form was meant for use until {end.raw}.")


def _modifiers(element: Any, link_id: str) -> Iterator[Finding]:
    """Unknown modifier extensions anywhere in an element, but not in the items below it."""
    stack = [element]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            for extension in (*listed(node.get("modifierExtension")), *_style_matters(node)):
                yield from _modifier(extension, link_id)
            stack.extend(value for name, value in node.items() if name not in ("item", "modifierExtension"))


def _style_matters(element: dict[str, Any]) -> list[Any]:
    """Words have no place for modifiers, so that this one is found among plain extensions, too."""
    plain = listed(element.get("extension"))
    return [one for one in plain if isinstance(one, dict) and one.get("url") == ext.STYLE_MATTERS]


def _modifier(extension: Any, link_id: str) -> Iterator[Finding]:
    url = extension.get("url") if isinstance(extension, dict) else None
    value = ext.value_of(extension) if isinstance(extension, dict) else None
    if not isinstance(url, str) or url not in ext.KNOWN_MODIFIERS:
        yield _say(
            "modifier-unknown", ERROR, f"An unknown modifierExtension changes the meaning: {url}.", link_id
        )
    elif url == ext.STYLE_MATTERS and value is not None and value.raw is True:
        yield _say("style-sensitive", WARNING, "The form says its styles matter; we drop them.", link_id)
    elif url == ext.CRITICAL and value is not None and str(value.raw) in ext.BLOCKING:
        yield _say(
            "modifier-unknown", ERROR, f"The form depends on {value.raw}, which we do not run.", link_id
        )


def _whole_extensions(form: Questionnaire) -> Iterator[Finding]:
    yield from _extensions(form.raw, "")


def _item_extensions(item: Item) -> Iterator[Finding]:
    yield from _modifiers(item.raw, item.link_id)
    yield from _extensions(item.raw, item.link_id)
    has_link = any(True for url in ext.SUPPORT_LINKS for _ in ext.all_of(item.raw, url))
    if has_link and not item.look.link:
        yield _say("link-dropped", NOTE, "Only https links are shown; this one is left out.", item.link_id)
    if any(text.styled for text in (item.text, item.prefix, *(o.label for o in item.options))):
        yield _say("style-dropped", NOTE, "Styles (CSS) of this item are dropped.", item.link_id)
    if item.text.xhtml or item.text.markdown:
        yield _say("markup-cleaned", NOTE, "Markup of this item is shown cleaned.", item.link_id)


def _extensions(element: Any, link_id: str) -> Iterator[Finding]:
    for url, code in ext.BLOCKING.items():
        if any(True for _ in ext.all_of(element, url)):
            yield _say(code, ERROR, f"This needs {url.rsplit('/', 1)[-1]}, which we do not run.", link_id)
    for url in ext.CONSTRAINTS:
        if any(True for _ in ext.all_of(element, url)):
            yield _say(
                "constraint-not-enforced", WARNING, "A FHIRPath constraint is kept, not enforced.", link_id
            )
    for url in ext.NOT_COMPUTED:
        if any(True for _ in ext.all_of(element, url)):
            yield _say("not-computed", NOTE, "A value that an expression computes stays empty here.", link_id)


def _item(item: Item) -> Iterator[Finding]:
    link_id, raw = item.link_id, item.raw
    if not link_id:
        yield _say("linkid-missing", ERROR, "An item has no linkId.")
    if item.type not in ITEM_TYPES:
        yield _say("type-unknown", ERROR, f"“{item.type}” is no item type of R4.", link_id)
    if item.is_group and not item.items:
        yield _say("que-1", ERROR, "A group has no items.", link_id)
    if item.is_display:
        yield from _display(item)
    if item.is_group and raw.get("initial"):
        yield _say("que-8", ERROR, "A group cannot have an initial value.", link_id)
    if raw.get("maxLength") is not None and item.type not in MEASURABLE:
        yield _say("que-10", ERROR, f"maxLength does not fit a {item.type}.", link_id)
    if raw.get("answerOption") and raw.get("initial"):
        yield _say("que-11", ERROR, "Both initial and answerOption; use initialSelected.", link_id)
    if len(listed(raw.get("initial"))) > 1 and not item.repeats:
        yield _say("que-13", ERROR, "Several initial values for a single answer.", link_id)
    if item.type == "reference":
        severity = ERROR if item.required else WARNING
        yield _say("reference-unsupported", severity, "A reference cannot be answered by a client.", link_id)
    if item.is_question and not item.text.plain:
        yield _say("text-missing", WARNING, "The question has no words.", link_id)
    if any(ext.all_of(raw, ext.UNIT_VALUE_SET)) and not item.look.units:
        yield _say(
            "unit-list-unknown", WARNING, "The list of units is not known; any unit is taken.", link_id
        )


def _unanswerable(form: Questionnaire, item: Item) -> Iterator[Finding]:
    """Required, but a client never gets to answer it and it starts empty: nobody could complete the form."""
    has_value = item.initial or any(option.initially_selected for option in item.options)
    if item.is_question and item.required and not has_value and item.place in form.unasked():
        yield _say("required-not-asked", ERROR, "Required, yet hidden or read-only, and empty.", item.link_id)


def _display(item: Item) -> Iterator[Finding]:
    raw, link_id = item.raw, item.link_id
    if item.items:
        yield _say("que-1", ERROR, "A display item has items below it.", link_id)
    if raw.get("code"):
        yield _say("que-3", ERROR, "A display item cannot have a code.", link_id)
    if "required" in raw or "repeats" in raw:
        yield _say("que-6", ERROR, "A display item cannot be required or repeat.", link_id)
    if raw.get("initial"):
        yield _say("que-8", ERROR, "A display item cannot have an initial value.", link_id)
    if "readOnly" in raw:
        yield _say("que-9", ERROR, "A display item cannot be read-only.", link_id)


def _lists(item: Item, *, is_asked: bool) -> Iterator[Finding]:
    raw, link_id = item.raw, item.link_id
    if raw.get("answerOption") and raw.get("answerValueSet"):
        yield _say("que-4", ERROR, "Both answerOption and answerValueSet.", link_id)
    if item.has_option_list and item.type not in LISTABLE:
        yield _say("que-5", ERROR, f"An answer list does not fit a {item.type}.", link_id)
    if item.option_list_missing.startswith("#"):
        yield _say(
            "valueset-missing", ERROR, f"No usable value set {item.option_list_missing} inside.", link_id
        )
    elif item.option_list_missing:
        yield _say(
            "valueset-external",
            ERROR if is_asked else NOTE,
            f"No answers known: {item.option_list_missing}.",
            link_id,
        )
    elif item.type in ("choice", "open-choice") and not item.options:
        severity = ERROR if item.type == "choice" and is_asked else NOTE
        yield _say("options-missing", severity, "The question has no answers to choose from.", link_id)
    allowed = OPTION_KINDS.get(item.type)
    if allowed and any(option.value.kind not in allowed for option in item.options):
        yield _say("option-type", ERROR, f"An option's type does not fit a {item.type}.", link_id)
    if len({option.value.kind for option in item.options}) > 1:
        yield _say("option-type", ERROR, "The options are of different types.", link_id)
    if _has_twins(item):
        yield _say("option-twice", WARNING, "Two answers of the list have the same code.", link_id)
    if sum(option.initially_selected for option in item.options) > 1 and not item.repeats:
        yield _say("initial-selected", ERROR, "Several options are selected for a single answer.", link_id)


def _has_twins(item: Item) -> bool:
    """Are two options the same answer? Compared only where a code or a plain value is written twice."""
    seen: dict[str, list[Value]] = {}
    for option in item.options:
        raw = option.value.raw
        key = str(raw.get("code") or raw.get("display") if isinstance(raw, dict) else raw)
        seen.setdefault(key, []).append(option.value)
    return any(equal(one, other) for same in seen.values() for one, other in pairwise(same))


def _limits(item: Item) -> Iterator[Finding]:
    limits, link_id = item.limits, item.link_id
    if limits.pattern:
        try:
            compile_pattern(limits.pattern)
        except UnsafePattern as problem:
            yield _say("regex-unsafe", ERROR, f"The pattern cannot be used: {problem}.", link_id)
    least, most = limits.min_occurs, limits.max_occurs
    if least is not None and most is not None and least > most:
        yield _say("occurs-range", ERROR, "minOccurs is above maxOccurs.", link_id)
    if least is not None and least > 1 and not item.repeats:
        yield _say("occurs-no-repeats", ERROR, "minOccurs above 1, yet the item does not repeat.", link_id)
    elif most is not None and most > 1 and not item.repeats:
        yield _say("occurs-no-repeats", WARNING, "maxOccurs above 1, yet the item does not repeat.", link_id)


def listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _ranges(item: Item) -> Iterator[Finding]:
    """Bounds that nothing can keep to, and bounds that no answer can be compared with."""
    limits, link_id = item.limits, item.link_id
    low, high = limits.min_value, limits.max_value
    if low is not None and high is not None and (compare(low, high) or 0) > 0:
        yield _say("bounds-range", ERROR, "The smallest value allowed is above the largest.", link_id)
    if (
        limits.min_length is not None
        and limits.max_length is not None
        and limits.min_length > limits.max_length
    ):
        yield _say("bounds-range", ERROR, "minLength is above maxLength.", link_id)
    for bound in (low, high):
        if bound is not None and item.is_question and not comparable(item.kind, bound.kind):
            yield _say("bound-type", WARNING, "A bound of another type than the answer.", link_id)


def _say(code: str, severity: str, message: str, link_id: str = "") -> Finding:
    return Finding(code, severity, message, link_id)
