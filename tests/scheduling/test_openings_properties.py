"""What is true of openings for any clinic, any zone and any day, the days of a clock change above all."""

import os
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, example, given
from hypothesis import strategies as st

from scheduling.openings import (
    DAY,
    Calendar,
    Closed,
    Hours,
    Person,
    Place,
    RoomPlan,
    ServicePlan,
    explain,
    find_openings,
    minute_of,
    moment_of,
    overlapping,
    wall_spans,
)

ZONES = [
    ZoneInfo(name)
    for name in (
        "America/Denver",
        "America/Phoenix",
        "America/New_York",
        "Europe/Berlin",
        "Australia/Lord_Howe",  # shifts by half an hour
        "Asia/Kathmandu",
        "America/Havana",  # changes at midnight
        "Pacific/Auckland",
    )
]
CHANGE_DAYS = [
    date(2026, 11, 1),
    date(2027, 3, 14),
    date(2027, 11, 7),
    date(2027, 3, 28),
    date(2027, 10, 31),
    date(2027, 4, 4),
    date(2027, 10, 3),
    date(2028, 2, 29),
    date(2026, 12, 31),
]
zones = st.sampled_from(ZONES)
days = st.sampled_from(CHANGE_DAYS) | st.dates(date(2020, 1, 1), date(2037, 12, 31))
wall_pairs = st.tuples(st.integers(0, DAY // 5 - 1), st.integers(1, DAY // 5)).filter(
    lambda pair: pair[0] < pair[1]
)
stretches = wall_pairs.map(lambda pair: (pair[0] * 5, pair[1] * 5))


def minutes_when_the_clock_shows(day: date, start: int, end: int, zone: ZoneInfo) -> list[int]:
    """The slow way: look at the clock every minute of two days."""
    first = minute_of(datetime.combine(day, datetime.min.time(), UTC)) - DAY
    shown = []
    for minute in range(first, first + 3 * DAY):
        local = moment_of(minute).astimezone(zone)
        if local.date() == day and start <= local.hour * 60 + local.minute < end:
            shown.append(minute)
    return shown


@given(day=days, stretch=stretches, zone=zones)
@example(day=date(2027, 3, 14), stretch=(150, 300), zone=ZONES[0])
@example(day=date(2026, 11, 1), stretch=(90, 180), zone=ZONES[0])
@example(day=date(2026, 11, 1), stretch=(60, 90), zone=ZONES[0])
def test_open_time_is_when_the_clock_shows_it_and_its_sum_is_right(day, stretch, zone):
    spans = wall_spans(day, *stretch, zone)

    assert [minute for low, high in spans for minute in range(low, high)] == minutes_when_the_clock_shows(
        day, *stretch, zone
    )
    assert not overlapping(spans)


@st.composite
def clinics(draw: st.DrawFn) -> tuple[Calendar, ServicePlan, date]:
    zone, day = draw(zones), draw(days)
    hours = draw(st.lists(st.tuples(st.integers(0, 6), stretches), max_size=10))
    weekly = tuple(Hours(weekday, *stretch, "main") for weekday, stretch in hours)
    weekly += (Hours(day.weekday(), *draw(stretches), "main"),)
    midnight = minute_of(datetime.combine(day, datetime.min.time(), zone))

    def spans(count: int) -> list[tuple[int, int]]:
        edges = draw(st.lists(st.integers(0, 2 * DAY // 5), unique=True, max_size=count * 2).map(sorted))
        return [
            (midnight + low * 5, midnight + high * 5)
            for low, high in zip(edges[::2], edges[1::2], strict=False)
        ]

    closures = tuple(Closed(day, day, *stretch) for stretch in draw(st.lists(stretches, max_size=1)))
    uses_machine = draw(st.booleans())
    service = ServicePlan(
        "S",
        minutes=draw(st.integers(1, 24)) * 5,
        before=draw(st.sampled_from([0, 5, 30])),
        after=draw(st.sampled_from([0, 10, 15])),
        rooms=draw(st.sampled_from([(), ("A",), ("A", "B")])) if not uses_machine else ("B",),
        uses_machine=uses_machine,
        is_first_visit=draw(st.booleans()),
    )
    person = Person(
        "P",
        frozenset({"S"}),
        weekly,
        time_off=tuple(spans(1)),
        minimum_notice=draw(st.sampled_from([0, 60])),
        max_first_visits=draw(st.sampled_from([None, 1])),
    )
    calendar = Calendar(
        zone=zone,
        now=midnight - draw(st.sampled_from([0, DAY, -600])),
        people={"P": person},
        rooms={"A": RoomPlan("A", "main"), "B": RoomPlan("B", "main", ("B1", "B2"))},
        places={"main": Place.CLINIC},
        closures=closures,
        busy={key: spans(4) for key in ("P", "A", "B1", "B2")},
        first_visits={("P", day): draw(st.integers(0, 1))},
        horizon_days=draw(st.sampled_from([None, 1])),
    )
    return calendar, service, day


@given(clinics())
def test_no_opening_is_outside_wall_clock_hours_or_on_top_of_another_visit(clinic):
    calendar, service, day = clinic
    found = find_openings(calendar, service, first_day=day, last_day=day + timedelta(days=1))

    assert len({(one.start, one.person) for one in found}) == len(found)
    for one in found:
        shown = [moment_of(minute).astimezone(calendar.zone) for minute in range(one.start, one.end)]
        stretches_of_day = [hours for hours in calendar.people["P"].hours if hours.on(one.day)]
        assert any(
            all(
                moment.date() == one.day and hours.start <= moment.hour * 60 + moment.minute < hours.end
                for moment in shown
            )
            for hours in stretches_of_day
        )
        claim = (one.start - service.before, one.end + service.after)
        assert not overlapping([*calendar.busy["P"], claim])
        assert (shown[0].hour * 60 + shown[0].minute, shown[0].date()) == (one.wall, one.day)


@given(clinics())
def test_what_is_found_is_what_may_be_offered_and_nothing_is_missed(clinic):
    calendar, service, day = clinic
    found = {one.start: one.rooms for one in find_openings(calendar, service, first_day=day, last_day=day)}
    quarter = -(-minute_of(datetime.combine(day, datetime.min.time(), calendar.zone)) // 15) * 15

    for start, rooms in found.items():
        assert explain(calendar, service, start=start, person="P").ok
        for room in rooms:
            assert explain(calendar, service, start=start, person="P", room=room).ok
    for start in range(quarter, quarter + DAY, 15):
        local = moment_of(start).astimezone(calendar.zone)
        if local.date() == day and explain(calendar, service, start=start, person="P").ok:
            assert start in found


@given(clinics(), st.integers(0, 6))
def test_a_range_is_the_sum_of_its_parts(clinic, cut):
    calendar, service, day = clinic
    last, middle = day + timedelta(days=6), day + timedelta(days=cut)
    assume(middle < last)

    whole = find_openings(calendar, service, first_day=day, last_day=last)
    first = find_openings(calendar, service, first_day=day, last_day=middle)
    second = find_openings(calendar, service, first_day=middle + timedelta(days=1), last_day=last)

    assert whole == first + second


@given(clinics())
def test_the_zone_of_the_server_changes_nothing(clinic):
    calendar, service, day = clinic
    here = find_openings(calendar, service, first_day=day, last_day=day)
    before = os.environ.get("TZ")
    try:
        for zone in ("Pacific/Auckland", "America/Los_Angeles"):
            os.environ["TZ"] = zone
            time.tzset()
            assert find_openings(calendar, service, first_day=day, last_day=day) == here
    finally:
        if before is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = before
        time.tzset()
