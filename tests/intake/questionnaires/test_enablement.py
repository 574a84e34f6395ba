"""Which questions are asked: every operator, any and all, disabled parents, repeats; server and page agree."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from intake.questionnaires import sheet, validate
from intake.questionnaires.model import Questionnaire
from intake.questionnaires.parse import parse

SCRIPT = Path(__file__).parents[3] / "config/static/js/questionnaire.js"
NUMBERS = {"minValue": 0, "maxValue": 10}


def form(*items: dict[str, Any]) -> Questionnaire:
    raw = {"resourceType": "Questionnaire", "url": "http://x.example/q", "version": "1", "item": list(items)}
    found = parse(json.dumps(raw).encode()).questionnaire
    assert found is not None
    return found


def ask(link_id: str, type_: str = "string", **more: Any) -> dict[str, Any]:
    return {"linkId": link_id, "text": link_id, "type": type_, **more}


def when(question: str, operator: str, **answer: Any) -> dict[str, Any]:
    return {"question": question, "operator": operator, **answer}


def asked(questionnaire: Questionnaire, **answers: Any) -> set[str]:
    read = sheet.read(questionnaire, sheet.fields_for(questionnaire, answers))
    return {node.item.link_id for node in read.tree.walk() if node.enabled}


@pytest.mark.parametrize(
    ("operator", "met_without", "met_at_4", "met_at_5", "met_at_6"),
    [
        ("=", False, False, True, False),
        ("!=", True, True, False, True),
        (">", False, False, False, True),
        ("<", False, True, False, False),
        (">=", False, False, True, True),
        ("<=", False, True, True, False),
    ],
)
def test_an_operator_follows_the_specification(
    operator: str, met_without: bool, met_at_4: bool, met_at_5: bool, met_at_6: bool
) -> None:
    questionnaire = form(ask("n", "integer"), ask("b", enableWhen=[when("n", operator, answerInteger=5)]))

    results = ["b" in asked(questionnaire, **answers) for answers in ({}, {"n": 4}, {"n": 5}, {"n": 6})]

    assert results == [met_without, met_at_4, met_at_5, met_at_6]


@pytest.mark.parametrize("exists", [True, False])
def test_exists_asks_whether_there_is_an_answer(exists: bool) -> None:
    questionnaire = form(ask("a"), ask("b", enableWhen=[when("a", "exists", answerBoolean=exists)]))

    assert ("b" in asked(questionnaire, a="x"), "b" in asked(questionnaire)) == (exists, not exists)


@pytest.mark.parametrize(("behavior", "expected"), [("all", False), ("any", True)])
def test_all_or_any_condition(behavior: str, expected: bool) -> None:
    conditions = [when("a", "=", answerString="x"), when("a", "=", answerString="y")]
    questionnaire = form(ask("a"), ask("b", enableWhen=conditions, enableBehavior=behavior))

    assert ("b" in asked(questionnaire, a="x")) is expected


def test_a_disabled_question_counts_as_unanswered_and_disables_what_is_below() -> None:
    questionnaire = form(
        ask("a", "boolean"),
        ask("b", enableWhen=[when("a", "=", answerBoolean=True)]),
        ask("c", enableWhen=[when("b", "exists", answerBoolean=True)]),
        ask("g", "group", enableWhen=[when("a", "=", answerBoolean=True)], item=[ask("d")]),
    )

    assert asked(questionnaire, a=False, b="kept", d="kept") == {"a"}
    read = sheet.read(questionnaire, sheet.fields_for(questionnaire, {"a": False, "b": "kept"}))
    assert [item["linkId"] for item in read.response()["item"]] == ["a"]


def test_in_a_repeating_group_the_own_repetition_counts() -> None:
    questionnaire = form(
        ask(
            "g",
            "group",
            repeats=True,
            item=[ask("a"), ask("b", enableWhen=[when("a", "=", answerString="x")])],
        )
    )

    read = sheet.read(questionnaire, {"i0~n": ["2"], "i0#0.0": ["y"], "i0#1.0": ["x"]})

    assert [node.enabled for node in read.tree.by_link_id["b"]] == [False, True]


def test_an_answer_to_a_hidden_question_and_a_tampered_name_are_not_taken() -> None:
    questionnaire = form(ask("a"))

    read = sheet.read(questionnaire, {"i0": ["x"], "i7": ["y"]})

    assert [error.code for error in read.errors] == ["qr-tampered"]
    assert [item["linkId"] for item in read.response()["item"]] == ["a"]


CHOICES = [{"valueCoding": {"code": code, "display": code}} for code in "abc"]


@st.composite
def questionnaires(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """A small form whose conditions look anywhere, and what a person might have typed."""
    count = draw(st.integers(2, 7))
    items, data = [], {}
    types = [
        draw(st.sampled_from(["boolean", "integer", "decimal", "string", "date", "choice", "many"]))
        for _ in range(count)
    ]
    for number, kind in enumerate(types):
        item = ask(f"q{number}", "choice" if kind == "many" else kind)
        if kind in ("choice", "many"):
            item |= {"answerOption": CHOICES, "repeats": kind == "many"}
        sources = [n for n in range(count) if n != number]
        chosen = draw(st.lists(st.sampled_from(sources), max_size=2))
        if chosen:
            item["enableWhen"] = [draw(conditions(source, types[source])) for source in chosen]
            item["enableBehavior"] = draw(st.sampled_from(["any", "all"]))
        items.append(item)
        data[f"i{number}"] = draw(typed(kind))
    return {"resourceType": "Questionnaire", "url": "http://x.example/q", "item": items}, data


def typed(kind: str) -> st.SearchStrategy[list[str]]:
    words = {
        "boolean": st.sampled_from(["true", "false"]),
        "integer": st.sampled_from(["0", "5", "6", "-1", "x", "5.0"]),
        "decimal": st.sampled_from(["0", "5", "5.5", "5,50", "."]),
        "string": st.sampled_from(["x", "y", " x "]),
        "date": st.sampled_from(["2024-05-17", "2024-02-29", "2023-01-01"]),
        "choice": st.sampled_from(["0", "1", "2"]),
    }
    if kind == "many":
        return st.lists(st.sampled_from(["0", "1", "2"]), unique=True)
    return st.lists(words[kind], max_size=1)


@st.composite
def conditions(draw: st.DrawFn, source: int, kind: str) -> dict[str, Any]:
    answers = {
        "boolean": ("answerBoolean", st.booleans()),
        "integer": ("answerInteger", st.sampled_from([0, 5])),
        "decimal": ("answerDecimal", st.sampled_from([5, 5.5])),
        "string": ("answerString", st.sampled_from(["x", "y"])),
        "date": ("answerDate", st.sampled_from(["2024-05-17", "2024"])),
        "choice": ("answerCoding", st.sampled_from([{"code": "a"}, {"code": "c"}])),
    }
    operator = draw(st.sampled_from(["exists", "=", "!=", ">", "<", ">=", "<="]))
    if operator == "exists":
        return when(f"q{source}", operator, answerBoolean=draw(st.booleans()))
    name, values = answers["choice" if kind == "many" else kind]
    return when(f"q{source}", operator, **{name: draw(values)})


@settings(max_examples=200, deadline=None)
@given(questionnaires())
def test_whatever_is_typed_the_answers_that_are_kept_validate(
    made: tuple[dict[str, Any], dict[str, list[str]]],
) -> None:
    raw, data = made
    questionnaire = parse(json.dumps(raw).encode()).questionnaire
    assert questionnaire is not None

    read = sheet.read(questionnaire, data)

    codes = {f.code for f in validate.validate(questionnaire, read.response()) if f.severity == "error"}
    assert codes <= {error.code for error in read.errors}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    found = browser.new_page()
    yield found
    found.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=questionnaires())
def test_server_and_page_agree_on_what_is_asked(
    page: Page, made: tuple[dict[str, Any], dict[str, list[str]]]
) -> None:
    raw, data = made
    questionnaire = parse(json.dumps(raw).encode()).questionnaire
    assert questionnaire is not None
    blank = sheet.opened(questionnaire)
    drawn = render_to_string("intake/questionnaire/form.html", {"sheet": blank, "controls": blank.controls()})
    page.set_content(f"<!doctype html><form>{drawn}</form><script>{SCRIPT.read_text()}</script>")

    seen = page.evaluate(FILL, data)

    read = sheet.read(questionnaire, data)
    assert seen == {node.path: node.enabled for node in read.tree.walk()}


FILL = """data => {
  for (const [name, values] of Object.entries(data)) {
    for (const field of document.getElementsByName(name)) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
      else field.value = values.length ? values[0] : "";
    }
  }
  document.querySelector("[data-questionnaire]").dispatchEvent(new Event("input"));
  return Object.fromEntries([...document.querySelectorAll("[data-q-node]")].map(n => [n.dataset.qNode, n.dataset.qEnabled === "true"]));
}"""
