"""Every error that a stored response can have, and the responses near by that have none."""

import json
from typing import Any

import pytest

from intake.questionnaires.model import Questionnaire
from intake.questionnaires.parse import parse
from intake.questionnaires.reading import read_json
from intake.questionnaires.validate import validate
from tests.intake.questionnaires import real

FORMS = {path.stem: path for path in real.handwritten()}
HL7 = "http://hl7.org/fhir/StructureDefinition/"
Json = dict[str, Any]


def form(name: str) -> Questionnaire:
    found = parse(FORMS[name].read_bytes()).questionnaire
    assert found is not None
    return found


def form_of(*items: Json, **root: Any) -> Questionnaire:
    raw = {"resourceType": "Questionnaire", "url": "http://x.example/q", "version": "1", "item": list(items)}
    found = parse(json.dumps({**raw, **root}).encode()).questionnaire
    assert found is not None
    return found


def ask(link_id: str, type_: str = "string", **more: Any) -> Json:
    return {"linkId": link_id, "text": link_id, "type": type_, **more}


def said(link_id: str, *answers: Json, **more: Any) -> Json:
    return {"linkId": link_id, **({"answer": list(answers)} if answers else {}), **more}


def response(*items: Json, **root: Any) -> Json:
    return {"resourceType": "QuestionnaireResponse", "status": "completed", "item": list(items), **root}


def errors(questionnaire: Questionnaire, answers: Any) -> list[tuple[str, str]]:
    return [(f.code, f.link_id) for f in validate(questionnaire, answers) if f.severity == "error"]


def bounded(kind: str, url: str, value: Any, type_: str) -> Json:
    return ask("a", type_, extension=[{"url": url, f"value{kind}": value}])


CHOICE = [{"valueCoding": {"system": "http://s", "code": code, "display": code.upper()}} for code in "ab"]
NONE = {
    "extension": [{"url": HL7 + "questionnaire-optionExclusive", "valueBoolean": True}],
    "valueCoding": {"code": "none", "display": "None"},
}
A, B = (
    {"valueCoding": {"system": "http://s", "code": "a"}},
    {"valueCoding": {"system": "http://s", "code": "b"}},
)
WORD = {"valueString": "x"}
UNITS = [{"url": HL7 + "questionnaire-unitOption", "valueCoding": {"code": "kg", "display": "kilograms"}}]

# item(s) of the form, items of the response, code
CASES: list[tuple[str, list[Json], list[Json], str]] = [
    ("no linkId", [ask("a")], [{"answer": [WORD]}], "qr-linkid-missing"),
    ("linkId is a list", [ask("a")], [{"linkId": ["a"], "answer": [WORD]}], "qr-linkid-missing"),
    ("unknown linkId", [ask("a")], [said("zz", WORD)], "qr-linkid-unknown"),
    ("misplaced", [ask("g", "group", item=[ask("a")])], [said("a", WORD)], "qr-misplaced"),
    ("order", [ask("a"), ask("b")], [said("b", WORD), said("a", WORD)], "qr-order"),
    ("group answer", [ask("g", "group", item=[ask("a")])], [said("g", WORD)], "qr-group-answer"),
    ("display", [ask("d", "display")], [said("d", WORD)], "qr-display-content"),
    ("item under question", [ask("a", item=[ask("b")])], [said("a", item=[said("b", WORD)])], "qr-item-under-question"),
    ("item and answer", [ask("a", item=[ask("b")])], [said("a", WORD, item=[said("b", WORD)])], "qr-item-and-answer"),
    ("disabled", [ask("a", "boolean"), ask("b", enableWhen=[{"question": "a", "operator": "=", "answerBoolean": True}])],
     [said("a", {"valueBoolean": False}), said("b", WORD)], "qr-not-enabled"),
    ("disabled parent", [ask("a"), ask("g", "group", item=[ask("b")], enableWhen=[{"question": "a", "operator": "exists", "answerBoolean": True}])],
     [said("g", item=[said("b", WORD)])], "qr-not-enabled"),
    ("required", [ask("a", required=True)], [], "qr-required"),
    ("required, empty answer", [ask("a", required=True)], [said("a")], "qr-required"),
    ("required group", [ask("g", "group", required=True, item=[ask("a")])], [], "qr-required"),
    ("required in a repetition", [ask("g", "group", repeats=True, item=[ask("a", required=True), ask("b")])],
     [said("g", item=[said("a", WORD)]), said("g", item=[said("b", WORD)])], "qr-required"),
    ("two answers", [ask("a")], [said("a", WORD, {"valueString": "y"})], "qr-too-many"),
    ("two items", [ask("a")], [said("a", WORD), said("a", WORD)], "qr-too-many"),
    ("two groups", [ask("g", "group", item=[ask("a")])], [said("g", item=[said("a", WORD)])] * 2, "qr-too-many"),
    ("too few", [ask("a", repeats=True, extension=[{"url": HL7 + "questionnaire-minOccurs", "valueInteger": 2}])], [said("a", WORD)], "qr-min-occurs"),
    ("too many groups", [ask("g", "group", repeats=True, item=[ask("a")], extension=[{"url": HL7 + "questionnaire-maxOccurs", "valueInteger": 1}])],
     [said("g", item=[said("a", WORD)])] * 2, "qr-max-occurs"),
    ("wrong type", [ask("a", "boolean")], [said("a", WORD)], "qr-type"),
    ("no value", [ask("a")], [said("a", {})], "qr-type"),
    ("two values", [ask("a")], [said("a", {"valueString": "x", "valueInteger": 1})], "qr-type"),
    ("integer with a point", [ask("a", "integer")], [said("a", {"valueInteger": 1.5})], "qr-type"),
    ("integer too large", [ask("a", "integer")], [said("a", {"valueInteger": 2**31})], "qr-type"),
    ("a truth is no number", [ask("a", "integer")], [said("a", {"valueInteger": True})], "qr-type"),
    ("number as text", [ask("a", "decimal")], [said("a", {"valueDecimal": "1"})], "qr-type"),
    ("no such day", [ask("a", "date")], [said("a", {"valueDate": "2023-02-29"})], "qr-type"),
    ("moment without zone", [ask("a", "dateTime")], [said("a", {"valueDateTime": "2024-01-01T10:00:00"})], "qr-type"),
    ("time without seconds", [ask("a", "time")], [said("a", {"valueTime": "10:00"})], "qr-type"),
    ("empty text", [ask("a")], [said("a", {"valueString": ""})], "qr-type"),
    ("url with a blank", [ask("a", "url")], [said("a", {"valueUri": "http://a b"})], "qr-type"),
    ("not an option", [ask("a", "choice", answerOption=CHOICE)], [said("a", {"valueCoding": {"system": "http://s", "code": "z"}})], "qr-not-an-option"),
    ("other system", [ask("a", "choice", answerOption=CHOICE)], [said("a", {"valueCoding": {"system": "http://t", "code": "a"}})], "qr-not-an-option"),
    ("unlisted coding in open-choice", [ask("a", "open-choice", answerOption=CHOICE)], [said("a", {"valueCoding": {"code": "z"}})], "qr-not-an-option"),
    ("not a listed number", [ask("a", "integer", answerOption=[{"valueInteger": 1}])], [said("a", {"valueInteger": 2})], "qr-not-an-option"),
    ("exclusive", [ask("a", "choice", repeats=True, answerOption=[*CHOICE, NONE])], [said("a", A, {"valueCoding": {"code": "none"}})], "qr-option-exclusive"),
    ("too long", [ask("a", maxLength=2)], [said("a", {"valueString": "abc"})], "qr-max-length"),
    ("too short", [bounded("Integer", HL7 + "minLength", 3, "string")], [said("a", WORD)], "qr-min-length"),
    ("pattern", [bounded("String", HL7 + "regex", "[0-9]+", "string")], [said("a", {"valueString": "1x"})], "qr-regex"),
    ("line break", [ask("a")], [said("a", {"valueString": "a\nb"})], "qr-line-break"),
    ("below", [bounded("Integer", HL7 + "minValue", 1, "integer")], [said("a", {"valueInteger": 0})], "qr-min-value"),
    ("above", [bounded("Decimal", HL7 + "maxValue", 2.5, "decimal")], [said("a", {"valueDecimal": 2.51})], "qr-max-value"),
    ("too early", [bounded("Date", HL7 + "minValue", "2024-01-01", "date")], [said("a", {"valueDate": "2023-12-31"})], "qr-min-value"),
    ("digits", [bounded("Integer", HL7 + "maxDecimalPlaces", 1, "decimal")], [said("a", {"valueDecimal": 1.25})], "qr-decimals"),
    ("unit", [ask("a", "quantity", extension=UNITS)], [said("a", {"valueQuantity": {"value": 1, "unit": "stones"}})], "qr-unit"),
    ("file type", [bounded("Code", HL7 + "mimeType", "image/png", "attachment")], [said("a", {"valueAttachment": {"contentType": "text/html"}})], "qr-attachment-type"),
    ("file size", [bounded("Decimal", HL7 + "maxSize", 3, "attachment")], [said("a", {"valueAttachment": {"contentType": "text/plain", "data": "QUJDRA=="}})], "qr-attachment-size"),
    ("file content", [ask("a", "attachment")], [said("a", {"valueAttachment": {"data": "***"}})], "qr-attachment-content"),
    ("read-only", [ask("a", readOnly=True, initial=[WORD])], [said("a", {"valueString": "changed"})], "qr-read-only"),
    ("items are no list", [ask("g", "group", item=[ask("a")])], [{"linkId": "g", "item": {"linkId": "a"}}], "qr-structure"),
    ("answers are no list", [ask("a")], [{"linkId": "a", "answer": WORD}], "qr-structure"),
    ("an answer is no object", [ask("a")], [{"linkId": "a", "answer": ["x"]}], "qr-structure"),
]  # fmt: skip


@pytest.mark.parametrize(("items", "answers", "code"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_an_error_is_found_once_and_named(items: list[Json], answers: list[Json], code: str) -> None:
    found = [found for found, _ in errors(form_of(*items), response(*answers))]

    assert code in found
    assert set(found) <= {code, "qr-required", "qr-structure", "qr-item-under-question"}


@pytest.mark.parametrize(
    ("items", "answers"),
    [
        ([ask("g", "group", item=[ask("a", required=True)])], []),  # required inside an absent optional group
        ([ask("a", item=[ask("b", required=True)])], []),  # a question below an answer that is not there
        ([ask("a", "open-choice", answerOption=CHOICE)], [said("a", WORD)]),
        ([ask("a", "choice", answerOption=CHOICE)], [said("a", {"valueCoding": {"code": "a"}})]),  # no system
        ([ask("a", "choice", repeats=True, answerOption=CHOICE)], [said("a", B, A)]),
        ([ask("d", "display"), ask("a")], [said("d"), said("a", WORD)]),
        ([ask("a", "date")], [said("a", {"valueDate": "2024"})]),
        ([ask("a", "dateTime")], [said("a", {"valueDateTime": "2024-05"})]),
        ([ask("a", "decimal")], [said("a", {"valueDecimal": 1})]),
        ([ask("a", "choice", answerValueSet="http://elsewhere.example/vs")], [said("a", A)]),
        ([ask("a", repeats=True, extension=[{"url": HL7 + "questionnaire-maxOccurs", "valueInteger": 2}])],
         [said("a", WORD, {"valueString": "y"})]),  # inclusive
    ],
)  # fmt: skip
def test_what_fits_has_no_error(items: list[Json], answers: list[Json]) -> None:
    assert errors(form_of(*items), response(*answers)) == []


@pytest.mark.parametrize(
    ("root", "code"),
    [
        ({"status": "zzz"}, "qr-status"),
        ({"status": ["completed"]}, "qr-status"),
        ({"status": None}, "qr-status"),
        ({"questionnaire": "http://x.example/other|1"}, "qr-questionnaire-unknown"),
        ({"questionnaire": "http://x.example/q|2"}, "qr-questionnaire-unknown"),
        ({"subject": {"reference": "Group/1"}}, "qr-subject-type"),
        ({"item": "x"}, "qr-structure"),
        ({"resourceType": "Observation"}, "qr-structure"),
    ],
)
def test_the_frame_of_a_response(root: Json, code: str) -> None:
    questionnaire = form_of(ask("a"), subjectType=["Patient"])

    assert [found for found, _ in errors(questionnaire, response(**root))] == [code]


@pytest.mark.parametrize(
    "subject", ["Patient/1", "https://x.example/fhir/Patient/1/_history/2", "urn:uuid:0", "#p", None]
)
def test_a_subject_of_the_right_kind(subject: str | None) -> None:
    questionnaire = form_of(ask("a"), subjectType=["Patient"])

    assert errors(questionnaire, response(subject={"reference": subject})) == []


def test_while_answers_are_still_given_only_the_frame_must_hold() -> None:
    questionnaire = form_of(ask("a", required=True), ask("b", maxLength=1), ask("c", "boolean"))
    unfinished = response(said("b", {"valueString": "long"}), said("c", WORD), status="in-progress")

    found = {finding.code: finding.severity for finding in validate(questionnaire, unfinished)}

    assert found == {"qr-required": "warning", "qr-max-length": "warning", "qr-type": "error"}


@pytest.mark.parametrize("answers", [None, [], "x", 1, {"resourceType": "QuestionnaireResponse"}])
def test_whatever_json_stands_there_is_answered(answers: Any) -> None:
    assert errors(form("all_types"), answers)


def test_every_error_carries_where_and_words_for_people() -> None:
    questionnaire = form("repeating")
    two = [said("child", item=[said("twin", {"valueBoolean": True})])] * 2

    found = [f for f in validate(questionnaire, response(*two), language="es") if f.link_id == "name"]

    assert [(f.code, f.path, f.message) for f in found] == [
        ("qr-required", "i0#0.0", "Por favor, conteste esta pregunta."),
        ("qr-required", "i0#1.0", "Por favor, conteste esta pregunta."),
    ]


def test_a_number_is_kept_digit_for_digit() -> None:
    assert str(read_json(b'{"a": 1.2300}')["a"]) == "1.2300"
