"""The search and its reasons against a second reading of the rules, minute by minute and without spans.

Two practitioners at three places, weeks that differ, overrides, closures of one place, visits by video, elsewhere and
on machines, services nobody has to be there for, and classes that are planned already.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import event, given, settings
from hypothesis import strategies as st

from scheduling.openings import (
    DAY,
    Calendar,
    Closed,
    Hours,
    Mode,
    Override,
    Person,
    Place,
    RoomPlan,
    ServicePlan,
    Session,
    explain,
    find_openings,
    minute_of,
    moment_of,
)

PLACES = {"main": Place.CLINIC, "video": Place.VIDEO, "studio": Place.OFFSITE}
ROOMS = {"A": RoomPlan("A", "main"), "B": RoomPlan("B", "main", ("B1", "B2"))}
ZONES = [ZoneInfo(name) for name in ("America/Denver", "Australia/Lord_Howe", "America/Havana")]
DAYS = [date(2027, 3, 14), date(2026, 11, 1), date(2028, 2, 29), date(2027, 4, 4), date(2027, 3, 3)]
KINDS = ["room", "room", "video", "offsite", "machine", "alone", "class", "walk"]
# Drawn from a seed: hypothesis would spend ten times as long on drawing each of these values as we on judging them.
SEEDS = st.integers(0, 2**32)


@dataclass(frozen=True)
class Minute:
    """What the clock on the wall shows."""

    day: date
    wall: int


def minutes_of(calendar: Calendar, start: int, end: int) -> list[Minute]:
    local = [moment_of(minute).astimezone(calendar.zone) for minute in range(start, end)]
    return [Minute(moment.date(), moment.hour * 60 + moment.minute) for moment in local]


def works(person: Person, day: date) -> list[tuple[int, int, str]]:
    for override in person.overrides:
        if override.day == day:
            return list(override.stretches)
    found = []
    for hours in person.hours:
        this_week, first_week = (
            each - timedelta(days=each.weekday()) for each in (day, hours.starting or day)
        )
        in_its_week = (this_week - first_week).days % (7 * hours.every_weeks) == 0
        if hours.weekday == day.weekday() and day >= (hours.starting or day) and in_its_week:
            found.append((hours.start, hours.end, hours.location))
    return found


def fits_place(service: ServicePlan, where: str, room: RoomPlan | None) -> bool:
    if room is not None:
        return where == room.location
    if service.mode == Mode.OFFSITE:
        return where == service.location
    return where == "main" or (service.mode == Mode.VIDEO and where == "video")


def reason(
    calendar: Calendar, service: ServicePlan, start: int, who: str | None, room_key: str | None
) -> str | None:
    """The first reason of the list against this time with this person and room; None when there is none."""
    person = calendar.people.get(who) if who else None
    room = calendar.rooms.get(room_key) if room_key else None
    seen = minutes_of(calendar, start, start + service.minutes)
    today = seen[0].day
    if service.needs_person and (person is None or service.key not in person.services):
        return "service_not_offered_by_practitioner"
    if (room_key or service.rooms) and room_key not in service.rooms:
        return "room_not_allowed"
    place = room.location if room else service.location
    if place is None and service.mode != Mode.VIDEO and person:
        place = next(
            (
                where
                for low, high, where in works(person, today)
                if low <= seen[0].wall < high and fits_place(service, where, None)
            ),
            None,
        )
    for closed in calendar.closures:
        if closed.location in {None, place} and any(
            closed.first_day <= minute.day <= closed.last_day and closed.start <= minute.wall < closed.end
            for minute in seen
        ):
            return "closed"
    if person and any(
        low <= minute < high
        for low, high in person.time_off
        for minute in range(start, start + service.minutes)
    ):
        return "time_off"
    planned = next((each for each in calendar.sessions if each.start == start and each.person == who), None)
    if planned is None:
        hours = (
            works(person, today)
            if person
            else [
                (each.start, each.end, each.location)
                for each in service.bookable
                if each.weekday == today.weekday()
            ]
        )
        inside = {
            where
            for low, high, where in hours
            if all(minute.day == today and low <= minute.wall < high for minute in seen)
        }
        if not any(fits_place(service, where, room) for where in inside):
            elsewhere = inside or (
                hours and not any(fits_place(service, where, room) for _, _, where in hours)
            )
            return "wrong_location" if elsewhere else "outside_hours"
    if start < calendar.now + (person.minimum_notice if person else 0):
        return "too_soon"
    if planned is not None:
        return None if planned.seats_left >= 1 else "room_full"
    taken = range(start - service.before, start + service.minutes + service.after)

    def busy(key: str) -> bool:
        return any(low <= minute < high for low, high in calendar.busy.get(key, ()) for minute in taken)

    if who and busy(who):
        return "practitioner_busy"
    if room and (busy(room.key) or (not service.uses_machine and any(map(busy, room.machines)))):
        return "room_busy"
    if room and service.uses_machine and all(map(busy, room.machines)):
        return "room_full"
    limit = person.max_first_visits if person else None
    if service.is_first_visit and limit is not None and calendar.first_visits.get((who, today), 0) >= limit:
        return "first_visits_full"
    last = moment_of(calendar.now).astimezone(calendar.zone).date() + timedelta(
        days=calendar.horizon_days or 9999
    )
    return "too_far_ahead" if today > last else None


class Drawn:
    """A clinic, a service and a day, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.draw = draw = Random(seed)
        self.zone, self.day, self.kind = draw.choice(ZONES), draw.choice(DAYS), draw.choice(KINDS)
        self.midnight = minute_of(datetime.combine(self.day, datetime.min.time(), self.zone))
        self.service = self._service()
        people = {key: self._person(key) for key in ("P", "Q")}
        offering = [key for key, who in people.items() if "S" in who.services and self.kind == "class"]
        planned = {who: self.midnight + draw.randrange(44) * 30 for who in offering}
        self.calendar = Calendar(
            zone=self.zone,
            now=self.midnight + draw.choice([-DAY, 0, 600]),
            people=people,
            rooms=ROOMS,
            places=PLACES,
            closures=tuple(
                Closed(self.day, self.day, *pair, draw.choice([None, "main", "studio", "video"]))
                for pair in self._stretches(draw.choice([0, 0, 1]))
            ),
            busy={
                **{key: self._spans(2) for key in ("P", "Q", "A", "B", "B1", "B2")},
                **{
                    who: [(start - self.service.before, start + self.service.minutes + self.service.after)]
                    for who, start in planned.items()
                },
            },
            sessions=tuple(
                Session(f"C{who}", "S", who, start, draw.choice([0, 2])) for who, start in planned.items()
            ),
            first_visits={("P", self.day): draw.randint(0, 1)},
            horizon_days=draw.choice([None, None, 1]),
        )

    def _stretches(self, most: int) -> list[tuple[int, int]]:
        edges = sorted(self.draw.sample(range(DAY // 30 + 1), 2 * most))
        return [(low * 30, high * 30) for low, high in zip(edges[::2], edges[1::2], strict=True)]

    def _spans(self, most: int) -> list[tuple[int, int]]:
        """Short ones, so that much of the day stays free."""
        starts = sorted(self.draw.sample(range(0, DAY // 30, 4), self.draw.randint(0, most)))
        return [
            (self.midnight + start * 30, self.midnight + (start + self.draw.randint(1, 4)) * 30)
            for start in starts
        ]

    def _person(self, key: str) -> Person:
        draw, day = self.draw, self.day
        weeks = [
            (1, None),
            (1, None),
            (1, day),
            (2, day),
            (2, day - timedelta(days=7)),
            (2, day + timedelta(days=1)),
        ]
        where = (
            ["main", "main", "main", "video", "studio"]
            if self.service.mode != Mode.OFFSITE
            else ["studio", "main"]
        )
        changed = [(*pair, draw.choice(where)) for pair in self._stretches(draw.randint(0, 2))]
        return Person(
            key,
            frozenset({draw.choice(["S"] * 5 + ["other"])}),
            tuple(
                Hours(day.weekday(), *pair, draw.choice(where), *draw.choice(weeks))
                for pair in self._stretches(draw.randint(1, 3))
            ),
            overrides=(Override(day, tuple(changed)),) if draw.random() < 0.2 else (),
            time_off=tuple(self._spans(1)),
            minimum_notice=draw.choice([0, 0, 120]),
            max_first_visits=draw.choice([None, 1]),
        )

    def _service(self) -> ServicePlan:
        draw, kind = self.draw, self.kind
        mode = {"video": Mode.VIDEO, "offsite": Mode.OFFSITE, "class": Mode.OFFSITE}.get(kind, Mode.IN_PERSON)
        hours = [Hours(self.day.weekday(), *pair, "main") for pair in self._stretches(draw.randint(1, 2))]
        return ServicePlan(
            "S",
            minutes=draw.choice([25, 60]),
            before=draw.choice([0, 10]),
            after=draw.choice([0, 15]),
            rooms={"room": ("A", "B"), "machine": ("B",), "alone": ("B",)}.get(kind, ()),
            mode=mode,
            location="studio" if mode == Mode.OFFSITE else None,
            needs_person=kind != "alone",
            uses_machine=kind in {"machine", "alone"},
            bookable=tuple(hours) if kind == "alone" else (),
            is_first_visit=draw.choice([True, False]),
            seats=3 if kind == "class" else None,
        )

    @property
    def people(self) -> list[str | None]:
        return [*self.calendar.people] if self.service.needs_person else [None]

    @property
    def rooms(self) -> list[str | None]:
        return list(self.service.rooms) or [None]

    @property
    def quarters(self) -> list[int]:
        first = -(-self.midnight // 15) * 15
        local = [
            (start, moment_of(start).astimezone(self.zone)) for start in range(first, first + DAY + 120, 15)
        ]
        return [start for start, moment in local if moment.date() == self.day]


@settings(deadline=None)
@given(SEEDS)
def test_every_reason_is_the_one_that_a_second_reading_finds(seed):
    drawn = Drawn(seed)
    for start in drawn.draw.sample(drawn.quarters, 12):
        who, room = drawn.draw.choice(drawn.people), drawn.draw.choice([*drawn.rooms, *drawn.rooms, "A"])

        verdict = explain(drawn.calendar, drawn.service, start=start, person=who, room=room)

        expected = reason(drawn.calendar, drawn.service, start, who, room)
        event(f"{drawn.kind}: {expected}")
        assert (verdict.why, verdict.ok) == (expected, expected is None), start


@settings(deadline=None, max_examples=50)
@given(SEEDS)
def test_what_is_found_on_a_day_is_what_a_second_reading_allows(seed):
    drawn = Drawn(seed)
    openings = find_openings(drawn.calendar, drawn.service, first_day=drawn.day, last_day=drawn.day)
    found = {(one.start, one.person, room) for one in openings for room in (one.rooms or (None,))}

    def allowed(start: int, who: str | None, room: str | None) -> bool:
        return reason(drawn.calendar, drawn.service, start, who, room) is None

    expected = {
        (start, who, room)
        for start in drawn.quarters
        for who in drawn.people
        for room in drawn.rooms
        if allowed(start, who, room)
    }
    assert {one for one in found if one[0] % 15 == 0} == expected
    assert all(allowed(*one) for one in found)
