"""The legal dates, to the day, whatever the time zone of the machine."""

import os
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.estimates import deadlines
from scheduling.estimates.deadlines import Due, Event, Tier

DENVER = ZoneInfo("America/Denver")

VECTORS = Path(__file__).with_name("deadline_vectors.txt")

# Federal holidays on the weekday they are observed, as the Office of Personnel Management lists them.
HOLIDAYS = {
    2026: "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
    2027: "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
}

ANY_DAY = st.dates(min_value=date(2025, 1, 1), max_value=date(2035, 12, 31))


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def rows() -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in VECTORS.read_text().splitlines()[1:]]


@pytest.fixture(params=["UTC", "America/Denver", "Pacific/Kiritimati", "Pacific/Niue"])
def machine_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]} {row[-1]}")
def test_every_vector_gives_its_tier_and_both_dates(row: list[str], machine_zone: str) -> None:
    _, event, at, visit, lead, tier, legal, target, _ = row
    event_on = deadlines.local_date(datetime.fromisoformat(at), DENVER)

    found = deadlines.due(Event(event), event_on=event_on, visit_on=day(visit))

    assert found == Due(Tier(tier), day(legal), day(target))
    if lead:
        visit_on = date.fromisoformat(visit)
        forward, back = deadlines.lead_forward(event_on, visit_on), deadlines.lead_back(event_on, visit_on)
        assert lead == f"{forward}/{back}"


@pytest.mark.parametrize("year", sorted(HOLIDAYS))
def test_federal_holidays_are_those_observed_on_weekdays(year: int) -> None:
    observed = {date.fromisoformat(f"{year}-{month_day}") for month_day in HOLIDAYS[year].split()}

    weekdays = {day for day in deadlines.federal_holidays(year) if day.weekday() < 5}

    assert weekdays == observed


@given(day=ANY_DAY, count=st.integers(1, 30))
def test_counting_never_ends_on_a_weekend_or_holiday(day: date, count: int) -> None:
    assert deadlines.is_business_day(deadlines.add_business_days(day, count))
    assert deadlines.is_business_day(deadlines.subtract_business_days(day, count))


@given(day=ANY_DAY, ahead=st.integers(0, 40), count=st.integers(1, 12))
def test_so_many_days_before_is_the_same_counted_either_way(day: date, ahead: int, count: int) -> None:
    visit = day + timedelta(days=ahead)

    enough = deadlines.lead_back(day, visit) >= count

    assert enough == (day <= deadlines.subtract_business_days(visit, count))


@given(event=st.sampled_from(Event), day=ANY_DAY, ahead=st.integers(0, 40))
def test_the_target_is_never_after_the_legal_date(event: Event, day: date, ahead: int) -> None:
    found = deadlines.due(event, event_on=day, visit_on=day + timedelta(days=ahead))

    if found.legal_due_on:
        assert found.target_due_on
        assert found.target_due_on <= found.legal_due_on


def test_a_weekend_booking_has_a_target_even_where_the_literal_count_asks_for_none() -> None:
    # Sunday to Wednesday: three business days counted forward, two counted back.
    found = deadlines.due(Event.SCHEDULED, event_on=date(2026, 3, 8), visit_on=date(2026, 3, 11))

    assert found == Due(Tier.NONE, None, date(2026, 3, 9))


def test_a_change_on_the_day_of_the_visit_is_late_and_sent_at_once() -> None:
    found = deadlines.due(Event.CHANGED, event_on=date(2026, 3, 12), visit_on=date(2026, 3, 12))

    assert found == Due(Tier.LATE, None, date(2026, 3, 12))


def test_half_past_eleven_at_night_belongs_to_the_clinics_day(machine_zone: str) -> None:
    late = datetime.fromisoformat("2026-07-07T05:30:00+00:00")

    assert deadlines.local_date(late, DENVER) == date(2026, 7, 6)


def test_a_moment_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        deadlines.local_date(datetime(2026, 7, 6, 23, 30), DENVER)  # noqa: DTZ001


@pytest.mark.parametrize("event", [Event.SCHEDULED, Event.RESCHEDULED, Event.SWITCHED, Event.CHANGED])
def test_an_event_about_a_visit_needs_its_day(event: Event) -> None:
    with pytest.raises(deadlines.VisitNeeded):
        deadlines.due(event, event_on=date(2026, 3, 2))


@pytest.mark.parametrize("event", list(Event))
def test_a_visit_before_the_event_is_refused(event: Event) -> None:
    with pytest.raises(deadlines.VisitInPast):
        deadlines.due(event, event_on=date(2026, 3, 2), visit_on=date(2026, 3, 1))


@pytest.mark.parametrize("event_on", [date(1, 1, 1), date(2020, 12, 31), date(9999, 12, 31)])
def test_dates_without_rules_are_refused(event_on: date) -> None:
    with pytest.raises(deadlines.UnknownDate):
        deadlines.due(Event.REQUESTED, event_on=event_on)


@pytest.mark.parametrize(
    ("issued", "last"),
    [("2026-03-02", "2027-03-01"), ("2026-11-22", "2027-11-21"), ("2028-02-29", "2029-02-27")],
)
def test_recurring_care_is_covered_for_twelve_months(issued: str, last: str) -> None:
    assert deadlines.last_covered_visit_on(date.fromisoformat(issued)) == date.fromisoformat(last)


@pytest.mark.parametrize(("issued", "kept"), [("2026-03-02", "2032-03-02"), ("2028-02-29", "2034-03-01")])
def test_copies_are_kept_six_years_and_never_less(issued: str, kept: str) -> None:
    assert deadlines.keep_through(date.fromisoformat(issued)) == date.fromisoformat(kept)
    assert deadlines.keep_through(date.fromisoformat(issued), years=1) == date.fromisoformat(kept)


@pytest.mark.parametrize(
    ("received", "last"),
    [("2026-01-15", "2026-05-15"), ("2026-03-02", "2026-06-30"), ("2026-11-22", "2027-03-22")],
)
def test_a_bill_may_be_disputed_for_120_days(received: str, last: str) -> None:
    assert deadlines.dispute_until(date.fromisoformat(received)) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("notice", "due"),
    [("2026-03-02", "2026-03-16"), ("2026-06-12", "2026-06-29"), ("2026-12-21", "2027-01-06")],
)
def test_evidence_is_due_ten_business_days_after_the_notice(notice: str, due: str) -> None:
    assert deadlines.evidence_due_on(date.fromisoformat(notice)) == date.fromisoformat(due)


def test_a_settlement_is_reported_in_three_business_days() -> None:
    assert deadlines.settlement_notice_due_on(date(2027, 6, 30)) == date(2027, 7, 6)


@pytest.mark.parametrize(
    ("estimated", "billed", "disputable"),
    [
        (500_00, 899_99, False),
        (500_00, 900_00, True),
        (300_00, 600_00, False),  # provider A; together with B it would be 500 above,
        (300_00, 500_00, False),  # but the test is per provider
        (200_00, 200_00 + 400_00, True),  # unlisted items count as billed
    ],
)
def test_four_hundred_dollars_above_one_providers_estimate(
    estimated: int, billed: int, disputable: bool
) -> None:
    assert deadlines.is_disputable(estimated_cents=estimated, billed_cents=billed) is disputable


# --- the same rules written a second time, step by step as the law counts ----------------------------


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


@cache
def _holidays(year: int) -> set[date]:
    """5 U.S.C. 6103: days of the month are observed on a weekday, next New Year's Day perhaps in this year."""
    fixed = [(year, 1, 1), (year, 6, 19), (year, 7, 4), (year, 11, 11), (year, 12, 25), (year + 1, 1, 1)]
    moving = [(1, 0, 3), (2, 0, 3), (9, 0, 1), (10, 0, 2), (11, 3, 4)]
    memorial = max(_nth(year, 5, 0, number) for number in (4, 5) if _nth(year, 5, 0, number).month == 5)
    days = {_observed(date(*parts)) for parts in fixed} | {_nth(year, *rest) for rest in moving} | {memorial}
    return {day for day in days if day.year == year}


def _is_work(day: date) -> bool:
    return day.weekday() < 5 and day not in _holidays(day.year)


def _step(day: date, count: int, by: int) -> date:
    while count:
        day += timedelta(days=by)
        count -= _is_work(day)
    return day


def _expected(event: Event, on: date, visit: date) -> Due:
    if event == Event.REQUESTED:
        legal = _step(on, 3, 1)
        return Due(Tier.REQ, legal, max(on, min(legal, _step(visit, 1, -1))))
    if event == Event.CHANGED:
        legal = _step(visit, 1, -1)
        return Due(Tier.LATE, None, on) if on > legal else Due(Tier.CHG, legal, min(legal, _step(on, 1, 1)))
    back = 0
    while on <= _step(visit, back + 1, -1):
        back += 1
    forward = sum(_is_work(on + timedelta(days=ahead)) for ahead in range(1, (visit - on).days + 1))
    target = _step(on, 1, 1) if max(back, forward) >= 3 else None
    if back >= 10:
        return Due(Tier.T3, _step(on, 3, 1), target)
    return Due(Tier.T1, _step(on, 1, 1), target) if back >= 3 else Due(Tier.NONE, None, target)


@pytest.mark.parametrize("year", range(2021, 2099))
def test_holidays_of_every_year_are_those_of_the_statute(year: int) -> None:
    assert {day for day in deadlines.federal_holidays(year) if day.weekday() < 5} == _holidays(year)


# Around every edge there is: years' ends, 31 December observed, leap days, clock changes, long weekends.
EDGES = [date(2027, 12, 20), date(2026, 12, 18), date(2028, 2, 21), date(2026, 3, 2), date(2026, 6, 12)]
EDGES += [date(2026, 6, 29), date(2026, 10, 26), date(2026, 11, 19), date(2032, 12, 20), date(2026, 1, 12)]


@pytest.mark.parametrize("first", EDGES)
def test_both_ways_of_writing_the_rules_agree_on_every_pair_of_days(first: date) -> None:
    for event in Event:
        for start in range(18):
            on = first + timedelta(days=start)
            for ahead in range(22):
                visit = on + timedelta(days=ahead)
                assert deadlines.due(event, event_on=on, visit_on=visit) == _expected(event, on, visit)
