"""Import is lenient with a report, publishing is strict; what is refused says why in one sentence."""

import json
from typing import Any

import pytest
from django.core.management import call_command

from intake.questionnaires import markup, sheet
from intake.questionnaires.lint import lint
from intake.questionnaires.model import Text
from intake.questionnaires.parse import parse

PATTERN = "http://hl7.org/fhir/StructureDefinition/regex"


def form(*items: dict[str, Any], **root: Any) -> bytes:
    base = {"resourceType": "Questionnaire", "url": "http://x.example/q", "version": "1", "status": "active"}
    return json.dumps({**base, "item": list(items), **root}).encode()


def question(link_id: str = "a", type_: str = "string", **more: Any) -> dict[str, Any]:
    return {"linkId": link_id, "text": "A?", "type": type_, **more}


def nested(depth: int) -> dict[str, Any]:
    return {
        "linkId": str(depth),
        "type": "group",
        "text": "g",
        "item": [nested(depth - 1) if depth else question()],
    }


def codes(content: bytes) -> set[str]:
    return {finding.code for finding in lint(content).findings}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "not-json"),
        (b'{"a": NaN}', "not-json"),
        (b'{"a": 1,}', "not-json"),
        (b"\xff\xfe", "not-json"),
        (b"[" * 100_000, "not-json"),
        (form(question(text="half a sign: \ud83d")), "not-json"),
        (form(question("a\0")), "not-json"),
        (b"[]", "not-questionnaire"),
        (b'{"resourceType": "Patient"}', "not-questionnaire"),
        (b'{"resourceType": "Bundle", "entry": []}', "bundle"),
        (b" " * 1_000_001, "too-large"),
        (form(*[question(str(n)) for n in range(1001)]), "too-many-items"),
        (form(nested(11)), "too-deep"),
        (form(question("x" * 256)), "linkid-too-long"),
        (
            form(question(type_="choice", answerOption=[{"valueString": str(n)} for n in range(501)])),
            "too-many-options",
        ),
        (form(question(type_="coding")), "r5"),
        (form(question(answerConstraint="optionsOnly")), "r5"),
        (form(question(type_="choice", option=[{"valueString": "x"}])), "stu3"),
        (form(question(enableWhen=[{"question": "b", "hasAnswer": True}])), "stu3"),
    ],
)
def test_a_file_that_is_refused_says_why(content: bytes, code: str) -> None:
    report = lint(content)

    assert report.level == "refused"
    assert code in {finding.code for finding in report.findings}


def test_a_byte_order_mark_is_skipped_and_said() -> None:
    report = lint(b"\xef\xbb\xbf" + form(question()))

    assert (report.level, [f.code for f in report.findings]) == ("publishable", ["byte-order-mark"])


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (question(""), "linkid-missing"),
        (question(type_="foo"), "type-unknown"),
        ({"linkId": "g", "type": "group"}, "que-1"),
        (question(type_="display", item=[question("b")]), "que-1"),
        (question(type_="display", code=[{"code": "x"}]), "que-3"),
        (question(answerOption=[{"valueString": "x"}], answerValueSet="http://x"), "que-4"),
        (question(type_="boolean", answerOption=[{"valueString": "x"}]), "que-5"),
        (question(type_="display", required=True), "que-6"),
        (question(enableWhen=[{"question": "a", "operator": "exists", "answerString": "x"}]), "que-7"),
        (question(type_="display", initial=[{"valueString": "x"}]), "que-8"),
        (question(type_="display", readOnly=True), "que-9"),
        (question(type_="date", maxLength=3), "que-10"),
        (question(answerOption=[{"valueString": "x"}], initial=[{"valueString": "x"}]), "que-11"),
        (question(initial=[{"valueString": "x"}, {"valueString": "y"}]), "que-13"),
        (question(enableWhen=[{"question": "zz", "operator": "=", "answerString": "x"}]), "enable-when-dangling"),
        (question(enableWhen=[{"question": "a", "operator": "~", "answerString": "x"}]), "enable-when-operator"),
        (question(type_="choice", answerValueSet="http://elsewhere.example/vs"), "valueset-external"),
        (question(type_="choice", answerValueSet="#gone"), "valueset-missing"),
        (question(type_="choice"), "options-missing"),
        (question(extension=[{"url": PATTERN, "valueString": r"(a)\1"}]), "regex-unsafe"),
        (question(extension=[{"url": PATTERN, "valueString": "["}]), "regex-unsafe"),
        (question(modifierExtension=[{"url": "http://x.example/turns-it-round", "valueBoolean": True}]), "modifier-unknown"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_stays_a_draft(item: dict[str, Any], code: str) -> None:
    report = lint(form(item))

    assert report.level == "draft"
    assert code in {finding.code for finding in report.findings if finding.severity == "error"}


def test_a_linkid_used_twice_stays_a_draft() -> None:
    assert "que-2" in codes(form(question(), question()))


def test_conditions_in_a_circle_stay_a_draft_and_end() -> None:
    def when(other: str) -> list[dict[str, Any]]:
        return [{"question": other, "operator": "!=", "answerBoolean": True}]

    circle = form(*(question(a, "boolean", enableWhen=when(b)) for a, b in ("ab", "bc", "ca")))
    questionnaire = parse(circle).questionnaire
    assert questionnaire is not None

    assert lint(circle).level == "draft"
    assert "enable-when-cycle" in codes(circle)
    assert sheet.opened(questionnaire).controls()


def test_a_switch_written_as_text_is_read_with_a_warning() -> None:
    report = lint(form(question(repeats="true")))

    assert report.questionnaire is not None
    assert report.questionnaire.items[0].repeats
    assert {f.code: f.severity for f in report.findings} == {"coerced": "warning"}


def test_a_pattern_that_would_explode_is_matched_in_a_moment() -> None:
    questionnaire = parse(form(question(extension=[{"url": PATTERN, "valueString": "(a+)+$"}]))).questionnaire
    assert questionnaire is not None

    read = sheet.read(questionnaire, {"i0": ["a" * 5_000 + "!"]})

    assert [error.code for error in read.errors] == ["qr-regex"]


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>ok",
        "<img src=x onerror=alert(1)>ok",
        "<a href='javascript:alert(1)'>ok</a>",
        "<p style='position:fixed' onclick='x()'>ok</p>",
        "<svg><script>alert(1)</script></svg>ok",
        "<iframe src='https://x.example'></iframe>ok",
        "<style>body{display:none}</style>ok",
    ],
)
def test_hostile_markup_leaves_only_its_words(hostile: str) -> None:
    for text in (Text("plain", xhtml=hostile), Text("plain", markdown=hostile)):
        for shown in (markup.block(text), markup.inline(text)):
            live = shown.replace("&lt;", "").replace("&gt;", "")
            assert "ok" in shown
            for tag in ("<script", "<img", "<svg", "<iframe", "<style", "<a ", " style=", " onclick="):
                assert tag not in live or text.markdown
            assert not any(
                tag in shown for tag in ("<script", "<img", "<svg", "<iframe", "<style", 'href="java')
            )


def test_lint_command_prints_one_line_a_file(tmp_path: Any, capsys: Any) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(form(question()))
    bad.write_text("no")

    with pytest.raises(SystemExit) as stopped:
        call_command("lint_questionnaire", str(good), str(bad))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert stopped.value.code == 1
    assert [(line["level"], line["items"]) for line in lines] == [("publishable", 1), ("refused", 0)]
    assert set(lines[1]["findings"][0]) == {"code", "severity", "link_id", "message"}


def test_validate_command_prints_findings_and_exits_1(tmp_path: Any, capsys: Any) -> None:
    (tmp_path / "q.json").write_bytes(form(question(required=True)))
    answers = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "http://x.example/q|1",
    }
    (tmp_path / "r.json").write_text(json.dumps(answers))

    with pytest.raises(SystemExit) as stopped:
        call_command("validate_response", str(tmp_path / "q.json"), str(tmp_path / "r.json"))

    assert stopped.value.code == 1
    assert [json.loads(line)["code"] for line in capsys.readouterr().out.splitlines()] == ["qr-required"]
