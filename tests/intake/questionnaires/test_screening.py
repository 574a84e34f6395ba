"""Flags and priorities that rest on screeners, for the 40 sample requests and for single rules."""

from pathlib import Path
from typing import Any

import pytest

from intake import screening
from intake.questionnaires import sheet
from intake.questionnaires.model import Questionnaire
from intake.questionnaires.parse import parse
from intake.questionnaires.rules import BadRules, read_rules
from intake.questionnaires.tree import Tree
from tests.factories import sample_file

ROOT = Path(__file__).parents[3]
CLINIC = sample_file()
SCREENERS = {service["code"]: service["screeners"] for service in CLINIC["services"]}
SCREENER_FLAGS = {
    "urgent_medical", "call_before_offering", "postpartum", "pregnant", "weak_bones", "spine_hardware",
    "spine_slip", "implant_electrical", "equipment_blocked", "ask_practitioner", "safety_not_answered",
}  # fmt: skip


def form(slug: str) -> Questionnaire:
    questionnaire = parse((ROOT / "intake/data/questionnaires" / f"{slug}.json").read_bytes()).questionnaire
    assert questionnaire is not None
    return questionnaire


def answered(slug: str, answers: dict[str, Any], **known: Any) -> Tree:
    questionnaire = form(slug)
    read = sheet.read(questionnaire, sheet.fields_for(questionnaire, answers), known=known)
    assert read.errors == []
    return read.tree


def sample_trees(request: dict[str, Any]) -> list[Tree]:
    """The forms of the service (of a first visit when the person is not sure), answered as in the sample."""
    typed = request["form"]
    slugs = SCREENERS.get(typed["service"], ["safety", "precautions", "pelvic", "back"])
    status = typed.get("pregnancy", {}).get("status", "no")
    return [_answer(slug, typed, status) for slug in slugs]


def _answer(slug: str, typed: dict[str, Any], pregnancy: str) -> Tree:
    questionnaire = form(slug)
    asked = {i.link_id for i in questionnaire.walk() if i.is_question and not i.look.hidden}
    given: dict[str, Any] = {}
    for block in ("safety", "precautions", "answers", "changes"):
        if slug != "safety" and block == "safety":
            continue
        answers = typed.get(block, {})
        if answers == "skipped":
            continue
        if answers == "all_no" or "others" in answers:
            given |= {c: "no" for c in asked if questionnaire.by_link_id[c].type == "choice"}
            given.pop("bladder_bowel_when", None)
            given.pop("pregnancy_warning", None)
        if answers != "all_no":
            given |= {c: a for c, a in answers.items() if c in asked and a != "skipped"}
    return answered(slug, given, pregnancy_status=pregnancy)


@pytest.mark.parametrize("request_", [r for r in CLINIC["requests"] if "form" in r], ids=lambda r: r["id"])
def test_a_sample_request_gets_the_flags_and_priority_it_should(request_: dict[str, Any]) -> None:
    expected = request_["expect"]
    flags = screening.flags_for(
        sample_trees(request_),
        facts=screening.facts_of(pregnancy_status=request_["form"].get("pregnancy", {}).get("status", "")),
    )

    if expected["stored"] == "not_stored" or expected["stored"] == "quarantined":
        return  # its flags are never decided; that it was read without an error is enough
    found = {flag.code for flag in flags}
    assert found & SCREENER_FLAGS == set(expected["flags"]) & SCREENER_FLAGS
    assert found <= SCREENER_FLAGS
    other_reasons = {"low", "same_day"} if not found & {"urgent_medical", "call_before_offering"} else set()
    assert (
        screening.priority_of({flag.level for flag in flags}) == expected["priority"]
        or expected["priority"] in other_reasons
    )


def test_night_pain_alone_is_a_note() -> None:
    flags = screening.flags_for([answered("safety", {"night_pain": "yes", "fever_unwell": "no"})])

    assert [(flag.code, flag.level) for flag in flags] == [("night_pain", "note")]


def test_night_pain_with_weight_loss_is_a_call_today() -> None:
    flags = screening.flags_for([answered("safety", {"night_pain": "yes", "weight_loss": "yes"})])

    assert {(flag.code, flag.level) for flag in flags} == {("call_before_offering", "same_day")}


def test_leaking_since_birth_is_a_note() -> None:
    tree = answered("safety", {"bladder_bowel_change": "yes", "bladder_bowel_when": "2_weeks_to_3_months"})

    after_birth = screening.flags_for([tree], facts={"pregnancy.status": "gave_birth"})
    otherwise = screening.flags_for([tree])

    assert [(flag.code, flag.level) for flag in after_birth] == [("postpartum", "note")]
    assert [(flag.code, flag.level) for flag in otherwise] == [("call_before_offering", "same_day")]


def test_every_flag_names_its_rule_and_version() -> None:
    (flag,) = screening.flags_for([answered("safety", {"saddle_numb": "yes"})])

    assert (flag.rule, flag.rule_version, flag.link_id) == ("safety/saddle_numb", "1.0.0", "saddle_numb")


def test_the_psoas_result_is_silent_while_an_urgent_flag_is_open() -> None:
    trees = [answered("stand_and_move", {"curve": "yes", "tuck": "not_sure"})]
    urgent = screening.flags_for([answered("safety", {"leg_weak_new": "yes"})])

    (shown,) = screening.scores_for(trees, [])

    assert (shown.value, shown.answered, shown.rule.audience) == (1, 2, "therapist")
    assert screening.scores_for(trees, urgent) == []


def test_a_score_on_too_few_answers_is_not_computable() -> None:
    (phq,) = screening.scores_for([answered("phq2", {"phq_mood": "nearly_every_day"})], [])
    (peg,) = screening.scores_for([answered("peg", {"peg_pain": 4, "peg_enjoyment": 5})], [])

    assert (phq.value, phq.is_computable, peg.value) == (None, False, None)


def test_scores_and_their_bands() -> None:
    (phq,) = screening.scores_for(
        [answered("phq2", {"phq_mood": "nearly_every_day", "phq_interest": "several_days"})], []
    )
    (peg,) = screening.scores_for(
        [answered("peg", {"peg_pain": 4, "peg_enjoyment": 5, "peg_activity": 5})], []
    )

    assert (phq.value, phq.band["en"] if phq.band else None) == (4, "at or above the usual cut-off")
    assert (str(peg.value), peg.band["en"] if peg.band else None) == ("4.7", "moderate")


def test_rules_of_ours_fit_the_forms_of_ours() -> None:
    for path in sorted(screening.RULES.glob("*.json")):
        assert read_rules(screening.json.loads(path.read_text()), form(path.stem)).id == path.stem


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": "x"}, "schema"),
        ({"flags": [{"id": "a", "flag": "b", "level": "loud"}]}, "flags[0].level"),
        ({"flags": [{"id": "a", "flag": "b", "level": "note", "when": {"code": "yes"}}]}, "flags[0].when"),
        (
            {"flags": [{"id": "a", "flag": "b", "level": "note", "say": {"en": "x"},
                        "when": {"link_id": "nope", "code": "yes"}}]},
            "nope",
        ),
        ({"scores": [{"id": "s", "kind": "guess", "of": ["a"]}]}, "scores[0].kind"),
    ],
)  # fmt: skip
def test_bad_rules_say_where(change: dict[str, Any], says: str) -> None:
    safety = form("safety")
    raw = {
        "schema": "screener-rules/1",
        "id": "x",
        "version": "1",
        "questionnaire": safety.canonical,
        **change,
    }

    with pytest.raises(BadRules, match=says.replace("[", r"\[").replace("]", r"\]")):
        read_rules(raw, safety)


def test_single_urgent_answers_are_known_to_the_page() -> None:
    alarms = screening.alarms_for(form("safety"))

    assert alarms["saddle_numb"] == {"yes": "urgent"}
    assert alarms["fever_unwell"] == {"yes": "same_day"}
    assert "night_pain" not in alarms
