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


KINDS: dict[str, dict[str, Any]] = {
    "boolean": {"type_": "boolean"},
    "integer": {"type_": "integer"},
    "decimal": {"type_": "decimal"},
    "string": {"type_": "string"},
    "date": {"type_": "date"},
    "time": {"type_": "time"},
    "choice": {"type_": "choice", "answerOption": CHOICES},
    "many": {"type_": "choice", "answerOption": CHOICES, "repeats": True},
    "open": {"type_": "open-choice", "answerOption": CHOICES},
    "scale": {
        "type_": "integer",
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueInteger": 0},
            {"url": "http://hl7.org/fhir/StructureDefinition/maxValue", "valueInteger": 10},
        ],
    },
}


@st.composite
def questionnaires(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """A small form whose conditions look anywhere, in groups and under answers, and what might be typed."""
    count = draw(st.integers(2, 7))
    items: list[dict[str, Any]] = []
    said: dict[str, list[str]] = {}
    types = [draw(st.sampled_from(sorted(KINDS))) for _ in range(count)]
    for number, kind in enumerate(types):
        item = ask(f"q{number}", **KINDS[kind])
        sources = [n for n in range(count) if n != number]
        chosen = draw(st.lists(st.sampled_from(sources), max_size=2))
        if chosen:
            item["enableWhen"] = [draw(conditions(source, types[source])) for source in chosen]
            item["enableBehavior"] = draw(st.sampled_from(["any", "all"]))
        holder = draw(st.sampled_from([None, *items])) if draw(st.booleans()) else None
        (items if holder is None else holder.setdefault("item", [])).append(item)
        if draw(st.integers(0, 4)) == 0 and holder is None:  # in a group that may have a condition of its own
            moved = items.pop()
            items.append(ask(f"g{number}", "group", item=[moved]))
            if sources:
                source = draw(st.sampled_from(sources))
                items[-1]["enableWhen"] = [draw(conditions(source, types[source]))]
        said[f"q{number}"] = draw(typed(kind))
    raw = {"resourceType": "Questionnaire", "url": "http://x.example/q", "item": items}
    questionnaire = parse(json.dumps(raw).encode()).questionnaire
    assert questionnaire is not None
    data = {sheet.field_name(questionnaire, link_id): values for link_id, values in said.items()}
    for name, values in list(data.items()):
        if "own words" in values:
            data |= {name: ["other"], f"{name}~other": ["mine"]}
    return raw, data


def typed(kind: str) -> st.SearchStrategy[list[str]]:
    words = {
        "boolean": st.sampled_from(["true", "false"]),
        "integer": st.sampled_from(["0", "5", "6", "-1", "x", "5.0"]),
        "decimal": st.sampled_from(["0", "5", "5.5", "5,50", "."]),
        "string": st.sampled_from(["x", "y", " x "]),
        "date": st.sampled_from(["2024-05-17", "2024-02-29", "2023-01-01"]),
        "time": st.sampled_from(["08:00", "08:00:01", "07:59"]),
        "choice": st.sampled_from(["0", "1", "2"]),
        "open": st.sampled_from(["0", "1", "own words"]),
        "scale": st.sampled_from(["0", "5", "10"]),
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
        "time": ("answerTime", st.just("08:00:00")),
        "choice": ("answerCoding", st.sampled_from([{"code": "a"}, {"code": "c"}])),
        "open": ("answerString", st.sampled_from(["mine", "other words"])),
        "scale": ("answerInteger", st.sampled_from([0, 5, 11])),
    }
    operator = draw(st.sampled_from(["exists", "=", "!=", ">", "<", ">=", "<="]))
    if operator == "exists":
        return when(f"q{source}", operator, answerBoolean=draw(st.booleans()))
    name, values = answers["choice" if kind == "many" else kind]
    return when(f"q{source}", operator, **{name: draw(values)})


@pytest.mark.parametrize("others", [0, 1])  # an odd and an even number of rounds
def test_a_cycle_that_never_settles_keeps_no_answer_whose_condition_is_not_met(others: int) -> None:
    late = {
        "linkId": "g1",
        "text": "g1",
        "type": "group",
        "item": [{"linkId": "q1", "text": "q1", "type": "time"}],
    }
    raw = {
        "resourceType": "Questionnaire",
        "url": "http://x.example/q",
        "item": [
            {
                **{"linkId": "q0", "text": "q0", "type": "boolean"},
                "enableWhen": [when("q1", "=", answerTime="08:00:00")],
            },
            {**late, "enableWhen": [when("q0", "exists", answerBoolean=False)]},
            *({"linkId": f"z{number}", "text": "z", "type": "string"} for number in range(others)),
        ],
    }
    questionnaire = parse(json.dumps(raw).encode()).questionnaire
    assert questionnaire is not None

    typed = sheet.fields_for(questionnaire, {"q0": True, "q1": "08:00:00"})
    kept = sheet.read(questionnaire, typed).response()

    assert "qr-not-enabled" not in {found.code for found in validate.validate(questionnaire, kept)}


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


BROWSER = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=25, deadline=None, suppress_health_check=BROWSER)
@given(made=questionnaires())
def test_server_and_page_agree_on_what_is_asked(
    page: Page, made: tuple[dict[str, Any], dict[str, list[str]]]
) -> None:
    assert seen_by_page(page, *made) == seen_by_server(*made)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@settings(max_examples=500, deadline=None, suppress_health_check=BROWSER)
@given(made=questionnaires())
def test_server_and_page_agree_on_hundreds_of_forms(
    page: Page, made: tuple[dict[str, Any], dict[str, list[str]]]
) -> None:
    assert seen_by_page(page, *made) == seen_by_server(*made)


def test_the_page_alone_opens_and_closes_questions(page: Page) -> None:
    """The control of the two tests above: what the browser says comes from the script, not from the server."""
    made = [ask("a", "boolean"), ask("b", enableWhen=[when("a", "=", answerBoolean=True)])]
    raw = {"resourceType": "Questionnaire", "url": "http://x.example/q", "item": made}

    closed, opened = seen_by_page(page, raw, {"i0": ["false"]}), seen_by_page(page, raw, {"i0": ["true"]})

    assert (closed["i1"], opened["i1"]) == (False, True)


def seen_by_page(page: Page, raw: dict[str, Any], data: dict[str, list[str]]) -> dict[str, bool]:
    """What a browser shows of the blank form once these answers are typed into it."""
    questionnaire = parse(json.dumps(raw).encode()).questionnaire
    assert questionnaire is not None
    blank = sheet.opened(questionnaire)
    drawn = render_to_string("intake/questionnaire/form.html", {"sheet": blank, "controls": blank.controls()})
    page.set_content(f"<!doctype html><form>{drawn}</form><script>{SCRIPT.read_text()}</script>")
    seen: dict[str, bool] = page.evaluate(FILL, data)
    return seen


def seen_by_server(raw: dict[str, Any], data: dict[str, list[str]]) -> dict[str, bool]:
    questionnaire = parse(json.dumps(raw).encode()).questionnaire
    assert questionnaire is not None
    return {node.path: node.enabled for node in sheet.read(questionnaire, data).tree.walk()}


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
