"""Files made to hang, crash or slip something through: whatever JSON stands in a form, the report says so."""

import copy
import json
import random
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from intake.questionnaires import markup, sheet, validate
from intake.questionnaires.lint import lint
from intake.questionnaires.model import Text
from tests.intake.questionnaires import real
from tests.intake.questionnaires.test_lint import codes, form, question
from tests.intake.questionnaires.test_shipped_forms import shipped

HL7 = "http://hl7.org/fhir/StructureDefinition/"
JUNK: list[Any] = [
    None, True, 0, -1, 3.5, 10**30, "", "x", "true", "5", "\x00", "(a+)+$", "2024-13-45", [], {}, [None], [1],
    ["x"], [{}], [[]], {"a": 1}, {"extension": [{}]}, {"coding": []}, [{"url": 5}], [{"linkId": None}],
]  # fmt: skip
SEED, MUTATIONS = 20260, 12


@pytest.mark.parametrize("path", [*shipped(), *real.handwritten()], ids=lambda path: path.stem)
def test_any_json_in_any_place_is_reported_never_raised(path: Path) -> None:
    chance = random.Random(f"{SEED} {path.stem}")
    for _ in range(MUTATIONS):
        broken = json.loads(path.read_bytes())
        for _ in range(chance.choice([1, 1, 2, 5])):
            holder, name = chance.choice(list(places(broken)))
            holder[name] = copy.deepcopy(chance.choice(JUNK))

        report = lint(json.dumps(broken).encode())

        assert report.level == "refused" or report.questionnaire is not None
        if report.questionnaire is not None:
            page = sheet.opened(report.questionnaire)
            posted = {control.name: ["0"] for control in sheet.flattened(page.controls())}
            read = sheet.read(report.questionnaire, posted)
            assert read.controls() is not None
            validate.validate(report.questionnaire, read.response())


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    for name, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield node, name
        if isinstance(value, (dict, list)):
            yield from places(value)


@pytest.mark.parametrize("half", ["<", "<a ", '<a href="', "<!--", "<!", "</", "<?", "<![", "&#", "<b>", "["])
def test_half_markup_is_cleaned_in_a_moment(half: str) -> None:
    source = half * (markup.MAX_MARKUP // len(half))
    started = time.perf_counter()

    for text in (Text("words", xhtml=source), Text("words", markdown=source)):
        shown = markup.block(text)
        assert "<a " not in shown

    assert time.perf_counter() - started < 3


def test_markup_without_end_is_shown_as_its_plain_words() -> None:
    endless = Text("the plain words", xhtml="<b>x</b>" * 10_000)

    assert markup.inline(endless) == "the plain words"


@pytest.mark.parametrize("digits", ["1e999999999", "-1e999999999", "1e-999999999"])
def test_a_number_that_would_fill_the_memory_is_no_json_of_ours(digits: str) -> None:
    file = form(question(type_="decimal")).replace(b'"linkId"', b'"x": ' + digits.encode() + b', "linkId"')

    assert codes(file) == {"not-json"}


@pytest.mark.parametrize(
    ("value", "level"), [("10", "publishable"), ("1e999999999", "publishable"), ("ten", "publishable")]
)
def test_a_bound_written_as_text_is_read_or_left_with_a_warning(value: str, level: str) -> None:
    report = lint(
        form(question(type_="integer", extension=[{"url": HL7 + "maxValue", "valueInteger": value}]))
    )

    assert report.level == level
    assert {finding.code for finding in report.findings} == {"coerced" if value == "10" else "bound-type"}


def test_a_pattern_as_large_as_it_may_be_is_matched_in_a_moment() -> None:
    large = form(question(extension=[{"url": HL7 + "regex", "valueString": "(a|b|c|d|e){0,400}"}]))
    questionnaire = lint(large).questionnaire
    assert questionnaire is not None
    started = time.perf_counter()

    read = sheet.read(questionnaire, {"i0": ["abcde" * 4_000]})

    assert [error.code for error in read.errors] == ["qr-regex"]
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("item", "code", "severity"),
    [
        (question(type_="integer", extension=[{"url": HL7 + "minValue", "valueInteger": 9},
                                              {"url": HL7 + "maxValue", "valueInteger": 3}]), "bounds-range", "error"),
        (question(maxLength=2, extension=[{"url": HL7 + "minLength", "valueInteger": 3}]), "bounds-range", "error"),
        (question(extension=[{"url": HL7 + "questionnaire-minOccurs", "valueInteger": 2}]), "occurs-no-repeats", "error"),
        (question(type_="date", extension=[{"url": HL7 + "maxValue", "valueInteger": 3}]), "bound-type", "warning"),
        (question(type_="choice", answerOption=[{"valueCoding": {"code": "x"}}] * 2), "option-twice", "warning"),
        (question(extension=[{"url": HL7 + "questionnaire-supportLink", "valueUri": "javascript:x"}]), "link-dropped", "note"),
        (question(type_="choice", answerOption=[{"valueCoding": "x"}]), "option-value", "error"),
        (question(_text={"extension": [{"url": HL7 + "rendering-styleSensitive", "valueBoolean": True}]}), "style-sensitive", "warning"),
    ],
)  # fmt: skip
def test_what_nobody_could_answer_is_said(item: dict[str, Any], code: str, severity: str) -> None:
    assert (code, severity) in {(f.code, f.severity) for f in lint(form(item)).findings}


def test_a_condition_that_never_holds_is_said() -> None:
    pick = question("p", "choice", answerOption=[{"valueCoding": {"code": "x"}}])
    never = question(enableWhen=[{"question": "p", "operator": "=", "answerCoding": {"code": "y"}}])

    assert "enable-when-not-an-option" in codes(form(pick, never))


def test_outside_its_own_period_a_form_is_warned_about() -> None:
    file = form(question(), effectivePeriod={"start": "2025-01-01", "end": "2026-06"})
    days = ["2024-12-31", "2025-01-01", "2026-06-30", "2026-07-01"]

    found = [[f.code for f in lint(file, today=date.fromisoformat(day)).findings] for day in days]

    assert found == [["effective-period"], [], [], ["effective-period"]]
    assert codes(file) == set()  # without a day nothing is decided


@pytest.mark.parametrize(
    ("root", "code"),
    [
        ({"status": "zzz"}, "status-unknown"),
        ({"versionAlgorithmString": "semver"}, "r5"),
        ({"copyrightLabel": "x"}, "r5"),
        ({"group": {}}, "stu3"),
    ],
)
def test_a_root_that_is_not_r4(root: dict[str, Any], code: str) -> None:
    assert codes(form(question("x" * 300 if code in ("r5", "stu3") else "x"), **root)) == {code}


def test_fifty_repetitions_within_fifty_are_decided_in_a_moment() -> None:
    """A page can claim so many; each condition looks only into its own repetition."""
    inner = [
        question("b", "boolean"),
        question("c", enableWhen=[{"question": "b", "operator": "=", "answerBoolean": True}]),
    ]
    group = {"type": "group", "text": "g", "repeats": True}
    file = form({"linkId": "g", **group, "item": [question("a"), {"linkId": "h", **group, "item": inner}]})
    questionnaire = lint(file).questionnaire
    assert questionnaire is not None
    posted = {"i0~n": ["50"], **{f"i0#{n}.1~n": ["50"] for n in range(50)}, "i0#49.1#49.0": ["true"]}
    started = time.perf_counter()

    read = sheet.read(questionnaire, posted)

    assert [node.path for node in read.tree.by_link_id["c"] if node.enabled] == ["i0#49.1#49.1"]
    assert time.perf_counter() - started < 3
