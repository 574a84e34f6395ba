"""Who pays, by what people tick and write; pure."""

import pytest

from intake.marking import Told, holds_for
from intake.models import CoverageType, Hold
from intake.payers import is_in_state, named_in
from tests.intake.test_samples import NOW_LOCAL


def held(**said: object) -> set[str]:
    values: dict[str, object] = {
        "now": NOW_LOCAL,
        "practice_state": "UT",
        "service_kind": "health_care",
        **said,
    }
    return {str(kind) for kind, _why in holds_for(Told(**values))}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("no need to tell Medicare, I pay cash", Hold.Kind.MEDICARE),
        ("i have medi-care advantage", Hold.Kind.MEDICARE),
        ("MEDICAIR part b", Hold.Kind.MEDICARE),
        ("I am on medicaid", Hold.Kind.MEDICAID),
        ("my husband is in the army, Tri-Care pays", Hold.Kind.TRICARE),
    ],
)
def test_a_payer_named_in_the_story_holds(text: str, kind: str) -> None:
    assert held(story=text, coverage="none") == {kind}


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("Medicare Advantage by Example", Hold.Kind.MEDICARE),
        ("1EG4-TE5-MK73", Hold.Kind.MEDICARE),
        ("1eg4te5mk73", Hold.Kind.MEDICARE),
        ("Tricare West", Hold.Kind.TRICARE),
        ("workers' comp", Hold.Kind.WORK_INJURY),
        ("Workman's Comp Fund", Hold.Kind.WORK_INJURY),
        ("Example auto insurance", Hold.Kind.AUTO_INJURY),
    ],
)
def test_a_payer_named_as_the_plan_holds_whatever_was_ticked(field: str, kind: str) -> None:
    assert held(coverage=CoverageType.PRIVATE_SEND_OWN_BILL, coverage_texts=[field]) == {kind}


@pytest.mark.parametrize(
    "text",
    ["I care for my mother", "medication and care", "hurt at work years ago", "EXM000000201", "car ride"],
)
def test_other_words_hold_nobody(text: str) -> None:
    assert named_in(text, [text]) == {}


@pytest.mark.parametrize("coverage", ["medicare", "medicaid", "tricare", "auto_injury", "work_injury"])
def test_every_payer_that_is_ticked_holds_care_but_not_a_class(coverage: str) -> None:
    assert held(coverage=coverage) == {f"{coverage}_hold"}
    assert held(coverage=coverage, service_kind="education") == set()


@pytest.mark.parametrize("coverage", ["", "none", "unsure", "same_as_before"])
def test_65_and_unsure_is_asked(coverage: str) -> None:
    assert held(coverage=coverage, age=65) == {Hold.Kind.AGE_65}
    assert held(coverage=coverage, age=64) == set()
    assert held(coverage=CoverageType.PRIVATE_SEND_OWN_BILL, age=80) == set()


def test_as_last_time_is_what_it_was_last_time() -> None:
    assert held(coverage="same_as_before", covered_before="medicaid") == {Hold.Kind.MEDICAID}


def test_who_once_had_medicare_is_held_though_they_tick_something_else() -> None:
    assert held(coverage="none", has_had_medicare=True) == {Hold.Kind.MEDICARE}
    assert held(coverage="none", has_had_medicare=True, service_kind="wellness") == set()


def test_details_of_a_claim_say_who_pays() -> None:
    assert held(coverage="unsure", claims="work_injury") == {Hold.Kind.WORK_INJURY}


@pytest.mark.parametrize("where", ["", "  ", "Utah", "Provo, UT", "at home in utah"])
def test_in_the_state_or_not_said(where: str) -> None:
    assert is_in_state(where, "UT")


@pytest.mark.parametrize(
    "where",
    ["Idaho", "Perth, Australia", "Not in Utah, in Nevada", "half Utah half Arizona", "not in UT", "SLC"],
)
def test_elsewhere_is_held(where: str) -> None:
    assert not is_in_state(where, "UT")
    assert held(service_modes=["video"], where_during_visit=where) == {Hold.Kind.OUT_OF_STATE}
    assert held(service_modes=["in_person", "video"], where_during_visit=where) == set()
