"""Ten nasty forms through everything: taken in, drawn, filled in, sent nonsense, validated, read by staff."""

import json
import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import html5lib
import pytest
from django.template.loader import render_to_string

from intake.questionnaires import response as writing
from intake.questionnaires import sheet, summary, validate
from intake.questionnaires.attachments import Upload, attachment_of
from intake.questionnaires.lint import PUBLISHABLE, lint
from intake.questionnaires.model import Questionnaire
from tests.intake.questionnaires import nasty
from tests.intake.questionnaires.filler import filled

Build = Callable[[], dict[str, Any]]
JUNK = ["", "0", "-1", "999999999999", "1e9", "NaN", "true", "other", "<b>", "\0", "2020-02-30", "2020-02-29", "2020-02", "25:00",
        "09:30", "🙂" * 30, "1,5", "１２", "0.15", "a" * 30_000, "AB-123", " ", "x\ny", "https://e.x/ a", "2020-02-29T25:30",
        "2020-02-29T09:30", "\u202e", "+1", ".5", "0x10", "t3", "kg", "\ud800"]  # fmt: skip
every = pytest.mark.parametrize("build", nasty.FORMS, ids=lambda build: build.__name__)


@cache
def read(build: Build) -> Questionnaire:
    report = lint(json.dumps(build()).encode())
    assert report.level == PUBLISHABLE, [f for f in report.findings if f.severity == "error"]
    assert report.questionnaire is not None
    return report.questionnaire


def errors_of(form: Questionnaire, response: Any) -> list[str]:
    return [f"{f.code} {f.link_id}" for f in validate.validate(form, response) if f.severity == "error"]


@every
def test_it_is_drawn_as_valid_html_with_one_id_each(build: Build) -> None:
    shown = sheet.opened(read(build))
    drawn = render_to_string("intake/questionnaire/form.html", {"sheet": shown, "controls": shown.controls()})

    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    page = parser.parse(f'<!doctype html><html lang="en"><title>x</title><form>{drawn}</form></html>')
    assert parser.errors == []
    ids = Counter(one.get("id") for one in page.iter() if one.get("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    assert all(one.get("for") in ids for one in page.iter("label") if one.get("for"))


@every
def test_filled_in_it_validates_and_comes_back_as_it_was(build: Build) -> None:
    form = read(build)
    done = filled(form)

    stored = writing.dumps(done.response())

    assert done.errors == []
    assert errors_of(form, writing.loads(stored)) == []
    assert writing.dumps(sheet.opened(form, response=writing.loads(stored)).response()) == stored


@every
def test_staff_read_every_answer_that_was_asked_for(build: Build) -> None:
    done = filled(read(build))

    lines = summary.lines_of(done.tree)

    answered = [line.link_id for line in lines if line.answer]
    assert set(done.answers()) == set(answered)
    assert not [line.answer for line in lines if "{" in line.answer]


@every
@pytest.mark.parametrize("seed", range(3))
def test_nonsense_gets_findings_or_a_response_that_validates(build: Build, seed: int) -> None:
    form, some = read(build), random.Random(seed)
    shown, data, files = sheet.opened(form), {}, {}
    for _page in range(3):
        for control in sheet.flattened(shown.controls()):
            offered = [*JUNK, *(choice.value for choice in control.choices)]
            data[control.name] = [some.choice(offered) for _each in range(some.choice([1, 1, 2]))]
            data[f"{control.name}~unit"] = [some.choice(["0", "7", "kg", ""])]
            data[f"{control.name}~n"] = [some.choice(["1", "3", "999", "-1"])]
            if control.repeats_from:
                data[f"{control.repeats_from}~n"] = [some.choice(["1", "2", "999"])]
            if control.kind == "file":
                files[control.name] = [
                    attachment_of(Upload("a", "text/plain", some.choice([b"words", b"\xff\xd8"])))
                ]
        data["~add"] = [some.choice(["", "i0", "i0#0.2", "i9999", "x"])]
        data[shown.shown_field[0]] = [shown.shown_field[1]]
        shown = sheet.read(form, data, files=files)
        assert all(text for _where, text in shown.error_links())

    assert shown.errors or errors_of(form, writing.loads(writing.dumps(shown.response()))) == []


def only(build: Build, **typed: list[str]) -> sheet.Sheet:
    form = read(build)
    names = {link_id: sheet.field_name(form, link_id) for link_id in form.by_link_id}
    named = {name.partition("__") for name in typed}
    return sheet.read(
        form, {names[link_id.replace("_", " ")] + (f"~{part}" if part else ""): typed[link_id + sep + part]
               for link_id, sep, part in named}
    )  # fmt: skip


def test_a_number_with_a_unit_is_read_with_both() -> None:
    done = only(nasty.limits, weight=["70.5"], weight__unit=["0"])

    assert [line.answer for line in summary.lines_of(done.tree) if line.link_id == "weight"] == [
        "70.5 Called kg"
    ]


def test_a_number_whose_unit_was_not_chosen_is_asked_for_it() -> None:
    done = only(nasty.limits, weight=["70.5"])

    assert [(e.code, e.link_id) for e in done.errors if e.link_id == "weight"] == [("qr-unit", "weight")]
    assert done.typed[sheet.field_name(read(nasty.limits), "weight")] == ["70.5"]


def test_operators_that_make_no_sense_for_a_type_are_never_true() -> None:
    done = filled(read(nasty.every_condition))

    enabled = {node.item.link_id for node in done.tree.walk() if node.enabled}
    senseless = {
        f"{kind} {op}"
        for kind in ("boolean", "string", "choice", "reference")
        for op in ("<", ">", "<=", ">=")
    }
    assert not enabled & senseless


def test_what_is_hidden_counts_in_conditions_and_asks_nothing() -> None:
    done = filled(read(nasty.hidden_parts))

    assert [one.raw for one in done.answers()["in g"]] == [4]
    assert "more than 3" in done.answers()
    assert "more than 5" not in done.answers()
