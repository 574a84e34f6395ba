"""Openings over the sample clinic, by example."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from scheduling import openings
from scheduling.openings import (
    Closed,
    Override,
    Reason,
    Refusal,
    Verdict,
    Wishes,
    choose,
    explain,
    find_openings,
    rank,
)
from tests.scheduling.sample_calendar import NOW, SAMPLE, SERVICES, ZONE, local_minute, sample_calendar

CALENDAR = sample_calendar()


def ask(
    service: str,
    start: str,
    *,
    person: str | None = None,
    room: str | None = None,
    calendar=CALENDAR,
    party=1,
) -> Verdict:
    return explain(
        calendar, SERVICES[service], start=local_minute(start), person=person, room=room, party=party
    )


@pytest.mark.parametrize("check", SAMPLE["slot_checks"], ids=lambda check: check["code"])
def test_every_slot_check_of_the_sample_comes_out_as_stated(check: dict[str, Any]):
    verdict = ask(check["service"], check["start"], person=check["practitioner"], room=check["room"])

    assert (verdict.ok, verdict.why) == (check["ok"], check.get("why"))


def test_a_video_only_day_refuses_a_visit_in_a_room():
    assert ask("PT-FU", "2027-03-05T10:00", person="P2", room="maple").why == Refusal.WRONG_LOCATION


def test_a_video_visit_may_be_given_from_the_clinic():
    assert ask("PT-VIDEO", "2027-03-08T15:00", person="P1").ok


def test_a_shift_of_every_second_week_is_there_in_its_week_only():
    assert ask("WORKSHOP", "2027-03-20T09:30", person="P3").ok
    assert ask("WORKSHOP", "2027-03-13T09:30", person="P3").why == Refusal.OUTSIDE_HOURS


def test_two_machines_take_two_sessions_and_no_third():
    assert ask("EQUIP", "2027-03-02T12:00", room="cedar").why == Refusal.ROOM_FULL


def test_a_machine_is_not_free_while_somebody_works_in_its_room():
    assert ask("EQUIP", "2027-03-03T09:30", room="cedar").ok
    busy = dict(CALENDAR.busy)
    span = (local_minute("2027-03-02T14:00"), local_minute("2027-03-02T15:10"))
    for key in CALENDAR.rooms["cedar"].whole:
        busy[key] = sorted([*busy.get(key, []), span])

    assert (
        ask("EQUIP", "2027-03-02T14:30", room="cedar", calendar=replace(CALENDAR, busy=busy)).why
        == Refusal.ROOM_BUSY
    )


def test_a_session_on_a_machine_keeps_a_practitioner_out_of_the_room():
    calendar = replace(
        CALENDAR, busy={"cedar#2": [(local_minute("2027-03-03T09:00"), local_minute("2027-03-03T09:35"))]}
    )

    assert (
        ask("PT-FU", "2027-03-03T09:30", person="P1", room="cedar", calendar=calendar).why
        == Refusal.ROOM_BUSY
    )


def test_notice_counts_from_now_to_the_start():
    calendar = replace(CALENDAR, busy={})  # Monday 09:00; P1 wants 18 hours

    assert ask("PT-FU", "2027-03-01T14:00", person="P1", calendar=calendar).why == Refusal.TOO_SOON
    assert ask("PT-FU", "2027-03-02T07:30", person="P1", calendar=calendar).ok


def test_a_time_in_the_past_is_too_soon_even_without_notice():
    assert ask("EQUIP", "2027-02-23T10:00", room="cedar").why == Refusal.TOO_SOON


def test_a_day_takes_no_more_first_visits_than_the_practitioner_wants():
    calendar = replace(CALENDAR, busy={}, first_visits={("P1", date(2027, 3, 8)): 2})

    assert (
        ask("ORTHO-EVAL", "2027-03-08T14:00", person="P1", calendar=calendar).why == Refusal.FIRST_VISITS_FULL
    )
    assert ask("PT-FU", "2027-03-08T14:00", person="P1", calendar=calendar).ok
    assert not find_openings(
        calendar, SERVICES["ORTHO-EVAL"], first_day=date(2027, 3, 8), last_day=date(2027, 3, 8), people=["P1"]
    )


def test_there_is_no_horizon_unless_one_is_set():
    assert ask("PT-FU", "2028-06-01T08:00", person="P1").ok
    assert (
        ask("PT-FU", "2028-06-01T08:00", person="P1", calendar=replace(CALENDAR, horizon_days=90)).why
        == Refusal.TOO_FAR_AHEAD
    )


def test_a_date_override_replaces_the_weekly_hours():
    person = replace(
        CALENDAR.people["P1"],
        overrides=(Override(date(2027, 3, 5), ((600, 720, "main"),)), Override(date(2027, 3, 4))),
    )
    calendar = replace(CALENDAR, people={**CALENDAR.people, "P1": person})

    assert ask(
        "PT-FU", "2027-03-05T10:00", person="P1", calendar=calendar
    ).ok  # a Friday, never worked otherwise
    assert ask("PT-FU", "2027-03-04T08:00", person="P1", calendar=calendar).why == Refusal.OUTSIDE_HOURS


def test_a_closure_of_one_location_leaves_the_others_open():
    closure = Closed(date(2027, 3, 5), date(2027, 3, 6), location="main")
    calendar = replace(CALENDAR, closures=(closure,), busy={}, sessions=())

    assert ask("WORKSHOP", "2027-03-06T09:30", person="P3", calendar=calendar).ok
    assert ask("PT-VIDEO", "2027-03-05T11:00", person="P2", calendar=calendar).ok
    assert ask("EQUIP", "2027-03-05T09:30", room="cedar", calendar=calendar).why == Refusal.CLOSED


def test_buffers_may_run_past_the_end_of_the_shift_and_client_time_may_not():
    calendar = replace(CALENDAR, busy={})

    assert ask(
        "PT-FU", "2027-03-04T10:30", person="P1", calendar=calendar
    ).ok  # ends with the shift, ten minutes after it
    assert ask("PT-FU", "2027-03-04T10:31", person="P1", calendar=calendar).why == Refusal.OUTSIDE_HOURS


def test_two_shifts_that_touch_are_two_shifts():
    monday = openings.Hours(0, 540, 720, "main"), openings.Hours(0, 720, 900, "main")
    person = replace(CALENDAR.people["P1"], hours=monday)
    calendar = replace(CALENDAR, people={"P1": person}, busy={})

    assert ask("PT-FU", "2027-03-08T11:30", person="P1", calendar=calendar).why == Refusal.OUTSIDE_HOURS


def test_somebody_who_left_offers_nothing():
    calendar = replace(CALENDAR, people={"P1": replace(CALENDAR.people["P1"], active=False)})

    assert ask("PT-FU", "2027-03-04T08:00", person="P1", calendar=calendar).why == Refusal.SERVICE_NOT_OFFERED
    assert (
        find_openings(calendar, SERVICES["PT-FU"], first_day=date(2027, 3, 1), last_day=date(2027, 3, 31))
        == []
    )


def test_without_names_any_practitioner_and_room_that_fit_will_do():
    assert ask("PT-FU", "2027-03-03T11:40") == Verdict(True, None, "P1", "maple", None, None)


def test_a_class_is_joined_while_seats_are_left():
    assert ask("WORKSHOP", "2027-03-06T09:30", party=7) == Verdict(True, None, "P3", None, None, "A12")
    assert ask("WORKSHOP", "2027-03-06T09:30", party=8).why == Refusal.ROOM_FULL
    assert ask("WORKSHOP", "2027-03-20T09:30", party=13).why == Refusal.ROOM_FULL


def test_planned_classes_are_found_with_their_seats():
    found = find_openings(
        CALENDAR, SERVICES["WORKSHOP"], first_day=date(2027, 3, 1), last_day=date(2027, 3, 7), party=2
    )

    assert [(one.session, one.start) for one in found] == [("A12", local_minute("2027-03-06T09:30"))]


def test_a_time_right_after_another_visit_is_suggested():
    found = find_openings(
        CALENDAR, SERVICES["PT-FU"], first_day=date(2027, 3, 2), last_day=date(2027, 3, 2), people=["P1"]
    )
    afternoon = [one for one in found if one.wall >= 15 * 60]

    assert afternoon[0].start == local_minute("2027-03-02T16:10")  # another visit ends there, buffer included
    assert afternoon[1].start == local_minute("2027-03-02T16:15")


def test_wishes_come_first_and_every_place_has_its_reasons():
    found = find_openings(
        CALENDAR, SERVICES["ORTHO-EVAL"], first_day=date(2027, 3, 1), last_day=date(2027, 3, 21)
    )
    wishes = Wishes(days=frozenset({0, 2}), parts=frozenset({"morning"}), earliest=date(2027, 3, 3))

    best = choose(rank(found, wishes, CALENDAR, SERVICES["ORTHO-EVAL"]), SERVICES["ORTHO-EVAL"], count=3)

    assert len({one.opening.day for one in best}) == 3
    for one in best:
        assert {Reason.WITHIN_DATES, Reason.WISHED_DAY, Reason.WISHED_PART} <= set(one.reasons)
        assert one.opening.day.weekday() in {0, 2}
        assert one.opening.wall < 12 * 60
        assert one.opening.day >= date(2027, 3, 3)


def test_a_language_wish_finds_who_speaks_it():
    found = find_openings(
        CALENDAR, SERVICES["ORTHO-EVAL"], first_day=date(2027, 3, 1), last_day=date(2027, 3, 14)
    )
    wishes = Wishes(days=frozenset({2}), parts=frozenset({"late_afternoon"}), language="es")

    best = rank(found, wishes, CALENDAR, SERVICES["ORTHO-EVAL"])[0]

    assert best.opening.person == "P2"
    assert Reason.SPEAKS_LANGUAGE in best.reasons


def test_between_times_that_suit_equally_the_one_that_leaves_no_hole_wins():
    calendar = replace(
        CALENDAR, busy={"P1": [(local_minute("2027-03-08T10:00"), local_minute("2027-03-08T11:10"))]}
    )
    found = find_openings(
        calendar, SERVICES["PT-FU"], first_day=date(2027, 3, 8), last_day=date(2027, 3, 8), people=["P1"]
    )

    best = rank(found, Wishes(), calendar, SERVICES["PT-FU"])[0]

    assert best.opening.start == local_minute("2027-03-08T11:10")
    assert best.reasons[0] == Reason.FILLS_GAP


def test_chosen_times_can_all_be_held_at_once():
    found = find_openings(CALENDAR, SERVICES["PT-FU"], first_day=date(2027, 3, 4), last_day=date(2027, 3, 4))
    best = choose(rank(found, Wishes(), CALENDAR, SERVICES["PT-FU"]), SERVICES["PT-FU"], count=5)

    spans = [(one.opening.start, one.opening.end + SERVICES["PT-FU"].after) for one in best]
    assert len(best) > 1
    assert not openings.overlapping(spans)


def test_the_skipped_hour_is_told_apart_from_the_hours_that_exist():
    assert not openings.exists(datetime.fromisoformat("2027-03-14T02:30"), ZONE)
    assert openings.exists(datetime.fromisoformat("2027-03-14T03:00"), ZONE)
    assert openings.exists(datetime.fromisoformat("2027-11-07T01:30"), ZONE)  # twice, even


def test_now_is_the_anchor():
    assert local_minute("2027-03-01T09:00") == NOW
