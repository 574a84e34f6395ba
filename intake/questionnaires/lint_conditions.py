"""What stands against a form's conditions: questions that are not there, comparisons that never hold, circles."""

from __future__ import annotations

from collections.abc import Iterator

from intake.questionnaires.model import ERROR, WARNING, Condition, Finding, Item, Questionnaire, Value
from intake.questionnaires.values import DATES, NUMBERS, equal

ORDERED = NUMBERS | DATES | {"Time", "Quantity"}


def examine_conditions(form: Questionnaire, item: Item) -> Iterator[Finding]:
    """What stands against the conditions of one item."""
    if len(item.conditions) > 1 and not item.raw.get("enableBehavior"):
        yield say("que-12", ERROR, "Several conditions, and not said whether all or any.", item.link_id)
    for condition in item.conditions:
        yield from _condition(form, item, condition)


def _condition(form: Questionnaire, item: Item, condition: Condition) -> Iterator[Finding]:
    link_id, source = item.link_id, form.by_link_id.get(condition.question)
    if source is None:
        text = f"A condition asks for “{condition.question}”, which is not in the form."
        yield say("enable-when-dangling", ERROR, text, link_id)
        return
    if not source.is_question:
        yield say(
            "enable-when-no-question", WARNING, "A condition looks at an item without answers.", link_id
        )
    if source.place == item.place:
        yield say("enable-when-self", ERROR, "A condition looks at its own item.", link_id)
    if condition.operator == "exists":
        if condition.answer is None or condition.answer.kind != "Boolean":
            yield say("que-7", ERROR, "“exists” needs true or false.", link_id)
    elif condition.answer is not None and source.is_question and not _fits(source, condition.answer.kind):
        yield say("enable-when-type", WARNING, "A condition compares with another type of value.", link_id)
    if condition.operator in ("=", "!=") and not _is_offered(source, condition.answer):
        text = "A condition asks for an answer that the question does not offer."
        yield say("enable-when-not-an-option", WARNING, text, link_id)
    if condition.operator == "!=" and not _must_exist(item, condition.question):
        yield say("enable-when-not-equal", WARNING, "“!=” is also true without an answer.", link_id)
    if condition.operator in ("<", ">", "<=", ">=") and source.kind not in ORDERED:
        yield say("enable-when-order", WARNING, "This kind of answer has no order; never true.", link_id)
    if _in_other_repetition(form, item, source):
        yield say("enable-when-repetition", ERROR, "A condition looks into another repeating group.", link_id)


def comparable(left: str, right: str) -> bool:
    """May values of these kinds be compared with each other?"""
    return left == right or {left, right} <= NUMBERS or {left, right} <= DATES


def _fits(source: Item, kind: str) -> bool:
    return comparable(source.kind, kind) or (source.is_open and kind == "String")


def _is_offered(source: Item, answer: Value | None) -> bool:
    """May the question be answered so? Undecided for lists that we do not have and for own words."""
    if answer is None or not source.options or (source.is_open and answer.kind == "String"):
        return True
    return answer.kind != source.kind or any(equal(option.value, answer) for option in source.options)


def _must_exist(item: Item, question: str) -> bool:
    return any(c.operator == "exists" and c.question == question for c in item.conditions)


def _in_other_repetition(form: Questionnaire, item: Item, source: Item) -> bool:
    """Is the question inside a repeating group that the item is not in?"""
    own = {item.place[:depth] for depth in range(len(item.place) + 1)}
    above = form.parent(source)
    while above is not None:
        if above.is_group and above.repeats and above.place not in own:
            return True
        above = form.parent(above)
    return False


def in_cycles(form: Questionnaire) -> list[str]:
    """LinkIds whose enablement depends on itself, by conditions and by parents. Without recursion."""
    edges = {item.place: _depends_on(form, item) for item in form.walk()}
    state: dict[tuple[int, ...], int] = {}
    found: list[str] = []
    by_place = {item.place: item for item in form.walk()}
    for start in edges:
        stack = [(start, iter(edges[start]))] if start not in state else []
        state.setdefault(start, 1)
        while stack:
            place, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[place] = 2
                stack.pop()
            elif following not in state:
                state[following] = 1
                stack.append((following, iter(edges[following])))
            elif state[following] == 1 and by_place[following].conditions:
                found.append(by_place[following].link_id)
    return sorted(set(found))


def _depends_on(form: Questionnaire, item: Item) -> list[tuple[int, ...]]:
    sources = (form.by_link_id.get(condition.question) for condition in item.conditions)
    parent = form.parent(item)
    return [source.place for source in sources if source is not None] + ([parent.place] if parent else [])


def say(code: str, severity: str, message: str, link_id: str = "") -> Finding:
    return Finding(code, severity, message, link_id)
