"""Every time that may be offered."""

from collections.abc import Iterable
from datetime import date

from scheduling.openings.clock import GRID, day_segments, days_between, wall_of, wall_spans
from scheduling.openings.rules import (
    closed_spans,
    closed_where,
    first_visits_full,
    last_bookable,
    open_stretches,
    shut,
    suits,
)
from scheduling.openings.spans import NONE, free_starts, subtract
from scheduling.openings.values import Calendar, Key, Opening, Person, RoomPlan, ServicePlan

STEP = 15  # minutes between the times we suggest; others of `GRID` may still be asked for


def find_openings(
    calendar: Calendar,
    service: ServicePlan,
    *,
    first_day: date,
    last_day: date,
    people: Iterable[Key] | None = None,
    rooms: Iterable[Key] | None = None,
    party: int = 1,
) -> list[Opening]:
    """Every time from `first_day` to `last_day` (local, both included) that may be offered, earliest first.

    Starts lie on a grid of `STEP` minutes, and also right after another visit. `party` is how many seats of
    a class are wanted.
    """
    allowed = [calendar.rooms[key] for key in service.rooms if key in calendar.rooms]
    if rooms is not None:
        wanted = set(rooms)
        allowed = [room for room in allowed if room.key in wanted]
    if service.rooms and not allowed:
        return []
    found = _sessions(calendar, service, first_day, last_day, party) if service.seats is not None else []
    if service.seats is not None and party > service.seats:
        return found
    last_day = last_bookable(calendar, last_day)
    if not service.needs_person:
        for day in days_between(first_day, last_day):
            found += _openings_of_day(calendar, service, None, allowed, day)
    else:
        chosen = None if people is None else set(people)
        for person in calendar.people.values():
            if (
                not person.active
                or service.key not in person.services
                or (chosen is not None and person.key not in chosen)
            ):
                continue
            for day in days_between(first_day, last_day):
                found += _openings_of_day(calendar, service, person, allowed, day)
    found.sort(key=_by_start)
    return found


def _by_start(opening: Opening) -> int:
    return opening.start


def _sessions(calendar: Calendar, service: ServicePlan, first: date, last: date, party: int) -> list[Opening]:
    openings = []
    for session in calendar.sessions:
        if session.service != service.key or session.seats_left < party:
            continue
        person = calendar.people.get(session.person) if session.person is not None else None
        if session.start < calendar.now + (person.minimum_notice if person else 0):
            continue
        if shut(calendar, service, session.start, person, None):
            continue
        day, wall = wall_of(session.start, calendar.zone)
        if first <= day <= last:
            end = session.start + service.minutes
            openings.append(Opening(session.start, end, session.person, (), day, wall, session.key))
    return openings


def _openings_of_day(
    calendar: Calendar, service: ServicePlan, person: Person | None, rooms: list[RoomPlan], day: date
) -> list[Opening]:
    if person is None:
        stretches = [(hours.start, hours.end, hours.location) for hours in service.bookable if hours.on(day)]
        notice, off, own_busy = 0, NONE, NONE
    else:
        stretches = open_stretches(calendar, person, day)
        notice, off, own_busy = person.minimum_notice, person.time_off, calendar.busy.get(person.key, ())
    if not stretches:
        return []
    if person is not None and first_visits_full(calendar, service, person, day):
        return []
    earliest = calendar.now + notice
    lead, length = service.before, service.minutes + service.after
    free_rooms: dict[int, list[Key]] = {}
    for wall_start, wall_end, where in stretches:
        usable = [room for room in rooms if suits(calendar, service, where, room)]
        if service.rooms and not usable:
            continue
        if not service.rooms and not suits(calendar, service, where, None):
            continue
        spans = wall_spans(day, wall_start, wall_end, calendar.zone)
        if calendar.closures:
            room = usable[0] if usable else None
            spans = subtract(spans, closed_spans(calendar, day, closed_where(service, room, where)))
        if off:
            spans = subtract(spans, off)
        for open_from, open_to in spans:
            low, high = max(open_from, earliest), open_to - service.minutes
            if low > high:
                continue
            for first, last in free_starts(low, high, own_busy, lead, length):
                if not service.rooms:
                    for start in _grid(first, last):
                        free_rooms.setdefault(start, [])
                    continue
                for room in usable:
                    for start in _room_starts(calendar, service, room, first, last, lead, length):
                        free_rooms.setdefault(start, []).append(room.key)
    segments = day_segments(day, calendar.zone)
    split, to_add = segments[-1][0], segments[-1][2]
    early = segments[0][2]
    key = None if person is None else person.key
    minutes = service.minutes
    return [
        Opening(start, start + minutes, key, tuple(keys), day, start + (to_add if start >= split else early))
        for start, keys in free_rooms.items()
    ]


def _room_starts(
    calendar: Calendar, service: ServicePlan, room: RoomPlan, first: int, last: int, lead: int, length: int
) -> Iterable[int]:
    busy = calendar.busy
    if service.uses_machine:
        starts: set[int] = set()
        for machine in room.machines:
            for low, high in free_starts(first, last, busy.get(room.key, ()), lead, length):
                for free_low, free_high in free_starts(low, high, busy.get(machine, ()), lead, length):
                    starts.update(_grid(free_low, free_high))
        return sorted(starts)
    ranges = [(first, last)]
    for key in room.whole:
        taken = busy.get(key)
        if taken:
            ranges = [free for low, high in ranges for free in free_starts(low, high, taken, lead, length)]
    return [start for low, high in ranges for start in _grid(low, high)]


def _grid(low: int, high: int) -> list[int]:
    """Starts in `[low, high]`, both included: the first on the fine grid, then every quarter of an hour."""
    first = -(-low // STEP) * STEP
    starts = list(range(first, high + 1, STEP))
    flush = -(-low // GRID) * GRID
    if flush != first and flush <= high:
        starts.insert(0, flush)
    return starts
