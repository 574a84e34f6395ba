"""Which times fit, in which order, and why another does not.

Pure: values in, values out. No database, no clock, no settings. An instant is an integer: whole minutes since
1970-01-01 00:00 UTC. A wall time is an integer too: minutes since local midnight. All spans are half-open,
`[start, end)`: a visit that ends at 10:00 and one that starts at 10:00 do not touch.

Hours are wall times in the clinic's zone. A minute is open when the clock on the wall shows an open time
at that minute: on the day the clocks go forward the missing hour is not there, on the day they go back the
repeated hour is open twice. Each local day is turned into minutes once (`day_segments`), never each slot.

A key names a practitioner, a room, a machine or a service; what it is made of is the caller's business.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

Key = Hashable
Span = tuple[int, int]
NONE: Sequence[Span] = ()

DAY = 24 * 60
EPOCH = date(1970, 1, 1)
EPOCH_ORDINAL = EPOCH.toordinal()
STEP = 15  # minutes between the times we suggest; any other minute may still be asked for
FINE_STEP = 5  # a suggestion right after another visit may sit on this grid
NEAR = 10  # minutes; a visit this close to its neighbour leaves no hole worth having


class Refusal(StrEnum):
    """Why a time may not be offered, in the order in which reasons are named when several apply."""

    SERVICE_NOT_OFFERED = "service_not_offered_by_practitioner"
    ROOM_NOT_ALLOWED = "room_not_allowed"
    CLOSED = "closed"
    TIME_OFF = "time_off"
    WRONG_LOCATION = "wrong_location"
    OUTSIDE_HOURS = "outside_hours"
    TOO_SOON = "too_soon"
    PRACTITIONER_BUSY = "practitioner_busy"
    ROOM_BUSY = "room_busy"
    ROOM_FULL = "room_full"
    FIRST_VISITS_FULL = "first_visits_full"
    TOO_FAR_AHEAD = "too_far_ahead"
    NO_SUCH_TIME = "no_such_time"  # the hour the clocks skip; named by the caller, who saw the wall time


ORDER = {code: place for place, code in enumerate(Refusal)}


class Mode(StrEnum):
    IN_PERSON = "in_person"
    VIDEO = "video"
    OFFSITE = "offsite"


class Place(StrEnum):
    CLINIC = "clinic"
    VIDEO = "video"
    OFFSITE = "offsite"


# --- what is put in -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly hours: one stretch of one weekday (Monday is 0) at one location, in wall minutes.

    With `every_weeks` above 1 the stretch counts in the week of `starting` and every n-th week after it.
    """

    weekday: int
    start: int
    end: int
    location: Key
    every_weeks: int = 1
    starting: date | None = None
    until: date | None = None  # the last day, included

    def on(self, day: date) -> bool:
        if day.weekday() != self.weekday or (self.until and day > self.until):
            return False
        if self.starting is None:
            return True
        weeks = (_monday(day) - _monday(self.starting)) // 7
        return day >= self.starting and weeks % self.every_weeks == 0


@dataclass(frozen=True, slots=True)
class Override:
    """What one date looks like instead of the weekly hours. No stretches: not at work that day."""

    day: date
    stretches: tuple[tuple[int, int, Key], ...] = ()  # wall start, wall end, location


@dataclass(frozen=True, slots=True)
class Closed:
    """The clinic, or one location, is closed: whole days, or the same stretch of each of them."""

    first_day: date
    last_day: date
    start: int = 0
    end: int = DAY
    location: Key | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A practitioner. `time_off` holds instants; `minimum_notice` is in minutes before the start."""

    key: Key
    services: frozenset[Key]
    hours: tuple[Hours, ...] = ()
    overrides: tuple[Override, ...] = ()
    time_off: tuple[Span, ...] = ()
    minimum_notice: int = 0
    max_first_visits: int | None = None  # a local day
    gender: str = ""
    languages: frozenset[str] = frozenset()
    active: bool = True


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """A room and its machines. Who works in the room takes it with every machine; a session takes one."""

    key: Key
    location: Key
    machines: tuple[Key, ...] = ()

    @property
    def whole(self) -> tuple[Key, ...]:
        return (self.key, *self.machines)


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """Minutes are the client's; `before` and `after` block people and rooms, and are not shown."""

    key: Key
    minutes: int
    before: int = 0
    after: int = 0
    rooms: tuple[Key, ...] = ()  # in the order in which they are filled
    mode: Mode = Mode.IN_PERSON
    location: Key | None = None  # where an offsite service is held
    needs_person: bool = True
    uses_machine: bool = False
    bookable: tuple[Hours, ...] = ()  # hours of a service without a practitioner
    is_first_visit: bool = False
    seats: int | None = None  # places in a class; None for a visit of one person


@dataclass(frozen=True, slots=True)
class Session:
    """A class that is already planned, and the seats that are left in it."""

    key: Key
    service: Key
    person: Key | None
    start: int
    seats_left: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that is known about the time asked for.

    `busy` holds each resource's claimed spans, buffers included, sorted and free of overlaps, without dead
    holds. `first_visits` counts those already on a practitioner's local day.
    """

    zone: ZoneInfo
    now: int
    people: Mapping[Key, Person]
    rooms: Mapping[Key, RoomPlan]
    places: Mapping[Key, Place] = field(default_factory=dict)  # location -> what kind of place it is
    closures: tuple[Closed, ...] = ()
    busy: Mapping[Key, Sequence[Span]] = field(default_factory=dict)
    sessions: tuple[Session, ...] = ()
    first_visits: Mapping[tuple[Key, date], int] = field(default_factory=dict)
    horizon_days: int | None = None  # how far ahead may be booked; None: no limit


# --- what comes out -------------------------------------------------------------------------------


class Opening(NamedTuple):
    """A time that may be offered. `rooms` are all that are free then, the first is the one to take."""

    start: int
    end: int
    person: Key | None
    rooms: tuple[Key, ...]
    day: date  # local
    wall: int  # local start, minutes since midnight as the clock shows it
    session: Key | None = None  # a class to join instead of a new one

    @property
    def room(self) -> Key | None:
        return self.rooms[0] if self.rooms else None


class Verdict(NamedTuple):
    """May this time be offered? `why` is empty when it may."""

    ok: bool
    why: Refusal | None = None
    person: Key | None = None
    room: Key | None = None
    machine: Key | None = None
    session: Key | None = None


class Reason(StrEnum):
    WITHIN_DATES = "within_dates"
    OUTSIDE_DATES = "outside_dates"
    WISHED_DAY = "wished_day"
    OTHER_DAY = "other_day"
    WISHED_PART = "wished_part"
    OTHER_PART = "other_part"
    WISHED_PRACTITIONER = "wished_practitioner"
    OTHER_PRACTITIONER = "other_practitioner"
    SPEAKS_LANGUAGE = "speaks_language"
    OTHER_LANGUAGE = "other_language"
    WISHED_GENDER = "wished_gender"
    OTHER_GENDER = "other_gender"
    JOINS_CLASS = "joins_class"
    FILLS_GAP = "fills_gap"
    SOONEST = "soonest"


# Points for a wish kept. A date outside what the person can do outweighs all else; leaving the diary tidy
# only decides between times that suit the person equally well.
POINTS = {
    Reason.WITHIN_DATES: 200,
    Reason.WISHED_GENDER: 60,
    Reason.WISHED_DAY: 40,
    Reason.WISHED_PART: 30,
    Reason.SPEAKS_LANGUAGE: 30,
    Reason.WISHED_PRACTITIONER: 25,
    Reason.JOINS_CLASS: 10,
    Reason.FILLS_GAP: 4,
}

PARTS_OF_DAY: Mapping[str, Span] = {
    "before_8am": (0, 8 * 60),
    "morning": (7 * 60, 12 * 60),
    "midday": (11 * 60, 14 * 60),
    "early_afternoon": (12 * 60, 15 * 60),
    "afternoon": (12 * 60, 17 * 60),
    "after_school": (15 * 60, 18 * 60),
    "late_afternoon": (15 * 60, 18 * 60),
    "evening": (17 * 60, DAY),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for. Empty means: anything is fine."""

    days: frozenset[int] = frozenset()  # Monday is 0
    parts: frozenset[str] = frozenset()  # names of PARTS_OF_DAY
    earliest: date | None = None
    latest: date | None = None
    person: Key | None = None
    gender: str = ""
    language: str = ""


class Ranked(NamedTuple):
    opening: Opening
    points: int
    reasons: tuple[Reason, ...]


# --- instants and wall time -----------------------------------------------------------------------


def minute_of(moment: datetime) -> int:
    """The minute a moment falls in. Aware datetimes only."""
    return int(moment.timestamp() // 60)


def moment_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, tz=UTC)


def exists(wall: datetime, zone: ZoneInfo) -> bool:
    """Does a clock in this zone ever show this naive wall time? The hour skipped in spring does not."""
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(
        tzinfo=None, fold=0
    ) == wall.replace(fold=0)


def local_day(minute: int, zone: ZoneInfo) -> date:
    return moment_of(minute).astimezone(zone).date()


@lru_cache(maxsize=4096)
def day_segments(day: date, zone: ZoneInfo) -> tuple[tuple[int, int, int], ...]:
    """One local day as `(from, to, wall minutes to add)`; two pieces on a day the clocks change.

    `instant + to_add` is the wall minute since this day's midnight.
    """
    start = minute_of(datetime.combine(day, datetime.min.time(), zone))
    end = minute_of(datetime.combine(day + timedelta(days=1), datetime.min.time(), zone))
    midnight = (day.toordinal() - EPOCH_ORDINAL) * DAY
    before, after = _offset(start, zone), _offset(end - 1, zone)
    if before == after:
        return ((start, end, before - midnight),)
    low, high = start, end - 1  # the change lies in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return ((start, high, before - midnight), (high, end, after - midnight))


def wall_spans(day: date, start: int, end: int, zone: ZoneInfo) -> list[Span]:
    """The instants of a local day at which the clock shows a wall time in `[start, end)`."""
    spans: list[Span] = []
    for first, last, to_add in day_segments(day, zone):
        low, high = max(first, start - to_add), min(last, end - to_add)
        if low < high:
            if spans and spans[-1][1] == low:
                spans[-1] = (spans[-1][0], high)
            else:
                spans.append((low, high))
    return spans


def _offset(minute: int, zone: ZoneInfo) -> int:
    offset = moment_of(minute).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() // 60)


def _monday(day: date) -> int:
    return day.toordinal() - day.weekday()


def _days(first: date, last: date) -> Iterator[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


# --- sets of minutes as sorted spans --------------------------------------------------------------


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of the spans. Both may be in any order; what touches only at an end takes nothing away."""
    left = sorted(spans)
    for hole_start, hole_end in holes:
        rest: list[Span] = []
        for start, end in left:
            if hole_end <= start or end <= hole_start:
                rest.append((start, end))
                continue
            if start < hole_start:
                rest.append((start, hole_start))
            if hole_end < end:
                rest.append((hole_end, end))
        left = rest
    return left


def is_free(busy: Sequence[Span], start: int, end: int) -> bool:
    """Does `[start, end)` miss every busy span? They are sorted and do not overlap one another."""
    place = bisect_left(busy, (end,)) - 1  # the last one that starts before our end
    return place < 0 or busy[place][1] <= start


def _free_starts(low: int, high: int, busy: Sequence[Span], lead: int, length: int) -> list[Span]:
    """The starts in `[low, high]`, both included, whose claim `[start - lead, start + length)` is free."""
    free: list[Span] = []
    at = bisect_left(busy, (low - lead,))
    if at and busy[at - 1][1] > low - lead:
        at -= 1
    for index in range(at, len(busy)):
        taken_from, taken_to = busy[index]
        if taken_from >= high + length:
            break
        last = taken_from - length
        if last >= low:
            free.append((low, last))
        low = max(low, taken_to + lead)
        if low > high:
            return free
    free.append((low, high))
    return free


def _open_stretches(calendar: Calendar, person: Person, day: date) -> list[tuple[int, int, Key]]:
    """A practitioner's stretches of one date: (wall start, wall end, location)."""
    for override in person.overrides:
        if override.day == day:
            return list(override.stretches)
    return [(hours.start, hours.end, hours.location) for hours in person.hours if hours.on(day)]


def _suits(calendar: Calendar, service: ServicePlan, where: Key, room: RoomPlan | None) -> bool:
    """Can this service be given by someone who works at `where`?

    A video visit is given from the clinic as well as from home; a room and an offsite place want the person
    there.
    """
    if room is not None:
        return where == room.location
    if service.mode == Mode.OFFSITE:
        return service.location is None or where == service.location
    if service.mode == Mode.VIDEO:
        return calendar.places.get(where, Place.CLINIC) in {Place.CLINIC, Place.VIDEO}
    return calendar.places.get(where, Place.CLINIC) == Place.CLINIC


def _where(calendar: Calendar, service: ServicePlan, room: RoomPlan | None) -> Key | None:
    """The location whose closures matter; None when only closures of the whole clinic do."""
    return room.location if room else service.location


def _closed_spans(calendar: Calendar, day: date, where: Key | None) -> list[Span]:
    return [
        span
        for closed in calendar.closures
        if closed.first_day <= day <= closed.last_day and closed.location in {None, where}
        for span in wall_spans(day, closed.start, closed.end, calendar.zone)
    ]


# --- the search -----------------------------------------------------------------------------------


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
    last_day = _last_bookable(calendar, last_day)
    if not service.needs_person:
        for day in _days(first_day, last_day):
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
            for day in _days(first_day, last_day):
                found += _openings_of_day(calendar, service, person, allowed, day)
    found.sort(key=_by_start)
    return found


def _by_start(opening: Opening) -> int:
    return opening.start


def _last_bookable(calendar: Calendar, last_day: date) -> date:
    if calendar.horizon_days is None:
        return last_day
    return min(last_day, local_day(calendar.now, calendar.zone) + timedelta(days=calendar.horizon_days))


def _sessions(calendar: Calendar, service: ServicePlan, first: date, last: date, party: int) -> list[Opening]:
    openings = []
    for session in calendar.sessions:
        if session.service != service.key or session.seats_left < party:
            continue
        person = calendar.people.get(session.person) if session.person is not None else None
        if session.start < calendar.now + (person.minimum_notice if person else 0):
            continue
        day, wall = _wall_of(session.start, calendar.zone)
        if first <= day <= last:
            end = session.start + service.minutes
            openings.append(Opening(session.start, end, session.person, (), day, wall, session.key))
    return openings


def _wall_of(minute: int, zone: ZoneInfo) -> tuple[date, int]:
    local = moment_of(minute).astimezone(zone)
    return local.date(), local.hour * 60 + local.minute


def _openings_of_day(
    calendar: Calendar, service: ServicePlan, person: Person | None, rooms: list[RoomPlan], day: date
) -> list[Opening]:
    if person is None:
        stretches = [(hours.start, hours.end, hours.location) for hours in service.bookable if hours.on(day)]
        notice, off, own_busy = 0, NONE, NONE
    else:
        stretches = _open_stretches(calendar, person, day)
        notice, off, own_busy = person.minimum_notice, person.time_off, calendar.busy.get(person.key, ())
    if not stretches:
        return []
    if person is not None and _first_visits_full(calendar, service, person, day):
        return []
    earliest = calendar.now + notice
    lead, length = service.before, service.minutes + service.after
    free_rooms: dict[int, list[Key]] = {}
    for wall_start, wall_end, where in stretches:
        usable = [room for room in rooms if _suits(calendar, service, where, room)]
        if service.rooms and not usable:
            continue
        if not service.rooms and not _suits(calendar, service, where, None):
            continue
        spans = wall_spans(day, wall_start, wall_end, calendar.zone)
        if calendar.closures:
            spans = subtract(
                spans, _closed_spans(calendar, day, where if service.mode != Mode.VIDEO else None)
            )
        if off:
            spans = subtract(spans, off)
        for open_from, open_to in spans:
            low, high = max(open_from, earliest), open_to - service.minutes
            if low > high:
                continue
            for first, last in _free_starts(low, high, own_busy, lead, length):
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
            for low, high in _free_starts(first, last, busy.get(room.key, ()), lead, length):
                for free_low, free_high in _free_starts(low, high, busy.get(machine, ()), lead, length):
                    starts.update(_grid(free_low, free_high))
        return sorted(starts)
    ranges = [(first, last)]
    for key in room.whole:
        taken = busy.get(key)
        if taken:
            ranges = [free for low, high in ranges for free in _free_starts(low, high, taken, lead, length)]
    return [start for low, high in ranges for start in _grid(low, high)]


def _grid(low: int, high: int) -> list[int]:
    """Starts in `[low, high]`, both included: the first on the fine grid, then every quarter of an hour."""
    first = -(-low // STEP) * STEP
    starts = list(range(first, high + 1, STEP))
    flush = -(-low // FINE_STEP) * FINE_STEP
    if flush != first and flush <= high:
        starts.insert(0, flush)
    return starts


def _first_visits_full(calendar: Calendar, service: ServicePlan, person: Person, day: date) -> bool:
    limit = person.max_first_visits
    return (
        service.is_first_visit
        and limit is not None
        and calendar.first_visits.get((person.key, day), 0) >= limit
    )


# --- why not --------------------------------------------------------------------------------------


def explain(
    calendar: Calendar,
    service: ServicePlan,
    *,
    start: int,
    person: Key | None = None,
    room: Key | None = None,
    party: int = 1,
) -> Verdict:
    """May `service` start at this minute? With no practitioner or room named, any that fits will do.

    The reason is the first of `Refusal` that applies; when several people or rooms were tried, the one that
    got furthest, since it says what stands in the way last.
    """
    if person is not None and person not in calendar.people:
        return Verdict(ok=False, why=Refusal.SERVICE_NOT_OFFERED)
    candidates: list[Person | None] = [None]
    if person is not None:
        candidates = [calendar.people[person]]
    elif service.needs_person:
        offering = [
            someone
            for someone in calendar.people.values()
            if someone.active and service.key in someone.services
        ]
        candidates = list(offering)
    best = Verdict(ok=False, why=Refusal.SERVICE_NOT_OFFERED)
    for candidate in candidates:
        for where in _rooms_to_try(calendar, service, room):
            verdict = _explain_one(calendar, service, start, candidate, where, room, party)
            if verdict.ok:
                return verdict
            if verdict.why is not None and best.why is not None and ORDER[verdict.why] > ORDER[best.why]:
                best = verdict
    return best


def _rooms_to_try(calendar: Calendar, service: ServicePlan, room: Key | None) -> list[RoomPlan | None]:
    if room is not None:
        return [calendar.rooms.get(room)]
    return [calendar.rooms[key] for key in service.rooms if key in calendar.rooms] or [None]


def _explain_one(
    calendar: Calendar,
    service: ServicePlan,
    start: int,
    person: Person | None,
    room: RoomPlan | None,
    named_room: Key | None,
    party: int,
) -> Verdict:
    end = start + service.minutes
    claim_start, claim_end = start - service.before, end + service.after

    def no(why: Refusal) -> Verdict:
        return Verdict(
            ok=False, why=why, person=person.key if person else None, room=room.key if room else None
        )

    if person is None:
        if service.needs_person:
            return no(Refusal.SERVICE_NOT_OFFERED)
    elif not service.needs_person or not person.active or service.key not in person.services:
        return no(Refusal.SERVICE_NOT_OFFERED)
    if named_room is not None and (room is None or room.key not in service.rooms):
        return no(Refusal.ROOM_NOT_ALLOWED)
    if service.rooms and room is None:
        return no(Refusal.ROOM_NOT_ALLOWED)

    first_day = local_day(start, calendar.zone)
    days = list(_days(first_day, local_day(end - 1, calendar.zone)))
    where = _where(calendar, service, room)
    if any(_overlap(start, end, span) for day in days for span in _closed_spans(calendar, day, where)):
        return no(Refusal.CLOSED)
    if person is not None and any(_overlap(start, end, span) for span in person.time_off):
        return no(Refusal.TIME_OFF)

    if person is not None:
        stretches = _open_stretches(calendar, person, first_day)
    else:
        stretches = [
            (hours.start, hours.end, hours.location) for hours in service.bookable if hours.on(first_day)
        ]
    right = [stretch for stretch in stretches if _suits(calendar, service, stretch[2], room)]
    if not _inside(calendar, first_day, right, start, end):
        if (stretches and not right) or _inside(calendar, first_day, stretches, start, end):
            return no(Refusal.WRONG_LOCATION)
        return no(Refusal.OUTSIDE_HOURS)
    if start < calendar.now + (person.minimum_notice if person else 0):
        return no(Refusal.TOO_SOON)

    for session in calendar.sessions:
        mine = person is None or session.person == person.key
        if service.seats is not None and session.service == service.key and session.start == start and mine:
            if session.seats_left < party:
                return no(Refusal.ROOM_FULL)
            return Verdict(ok=True, person=session.person, session=session.key)
    if service.seats is not None and party > service.seats:
        return no(Refusal.ROOM_FULL)

    busy = calendar.busy
    if person is not None and not is_free(busy.get(person.key, ()), claim_start, claim_end):
        return no(Refusal.PRACTITIONER_BUSY)
    machine: Key | None = None
    if room is not None and service.uses_machine:
        if not is_free(busy.get(room.key, ()), claim_start, claim_end):
            return no(Refusal.ROOM_BUSY)
        free = [key for key in room.machines if is_free(busy.get(key, ()), claim_start, claim_end)]
        if not free:
            return no(Refusal.ROOM_FULL)
        machine = free[0]
    elif room is not None and not all(
        is_free(busy.get(key, ()), claim_start, claim_end) for key in room.whole
    ):
        return no(Refusal.ROOM_BUSY)
    if person is not None and _first_visits_full(calendar, service, person, first_day):
        return no(Refusal.FIRST_VISITS_FULL)
    if first_day > _last_bookable(calendar, first_day):
        return no(Refusal.TOO_FAR_AHEAD)
    return Verdict(True, None, person.key if person else None, room.key if room else None, machine)


def _overlap(start: int, end: int, span: Span) -> bool:
    return start < span[1] and span[0] < end


def _inside(
    calendar: Calendar, day: date, stretches: Iterable[tuple[int, int, Key]], start: int, end: int
) -> bool:
    """Does `[start, end)` lie inside one stretch? Two that touch are still two shifts."""
    return any(
        low <= start and end <= high
        for wall_start, wall_end, _ in stretches
        for low, high in wall_spans(day, wall_start, wall_end, calendar.zone)
    )


# --- in which order -------------------------------------------------------------------------------


def rank(
    openings: Iterable[Opening], wishes: Wishes, calendar: Calendar, service: ServicePlan
) -> list[Ranked]:
    """The openings, best first, each with the wishes it keeps and those it does not."""
    ranked = []
    for opening in openings:
        reasons = tuple(_reasons(opening, wishes, calendar, service))
        ranked.append(Ranked(opening, sum(POINTS.get(reason, 0) for reason in reasons), reasons))
    ranked.sort(key=lambda one: (-one.points, one.opening.start))
    if ranked:
        soonest = min(ranked, key=lambda one: one.opening.start).opening.start
        ranked = [
            one._replace(reasons=(*one.reasons, Reason.SOONEST)) if one.opening.start == soonest else one
            for one in ranked
        ]
    return ranked


def _reasons(opening: Opening, wishes: Wishes, calendar: Calendar, service: ServicePlan) -> Iterator[Reason]:
    if wishes.earliest or wishes.latest:
        within = (wishes.earliest or date.min) <= opening.day <= (wishes.latest or date.max)
        yield Reason.WITHIN_DATES if within else Reason.OUTSIDE_DATES
    if wishes.days:
        yield Reason.WISHED_DAY if opening.day.weekday() in wishes.days else Reason.OTHER_DAY
    parts = [PARTS_OF_DAY[part] for part in wishes.parts if part in PARTS_OF_DAY]
    if parts:
        kept = any(low <= opening.wall < high for low, high in parts)
        yield Reason.WISHED_PART if kept else Reason.OTHER_PART
    person = calendar.people.get(opening.person) if opening.person is not None else None
    if person is not None:
        if wishes.person is not None:
            yield Reason.WISHED_PRACTITIONER if person.key == wishes.person else Reason.OTHER_PRACTITIONER
        if wishes.language:
            yield Reason.SPEAKS_LANGUAGE if wishes.language in person.languages else Reason.OTHER_LANGUAGE
        if wishes.gender:
            yield Reason.WISHED_GENDER if person.gender == wishes.gender else Reason.OTHER_GENDER
    if opening.session is not None:
        yield Reason.JOINS_CLASS
    elif person is not None and _fills_gap(opening, calendar.busy.get(person.key, ()), service):
        yield Reason.FILLS_GAP


def _fills_gap(opening: Opening, busy: Sequence[Span], service: ServicePlan) -> bool:
    """Is there a visit right before or right after, so that no useless hole is left beside this one?"""
    claim_start, claim_end = opening.start - service.before, opening.end + service.after
    at = bisect_right(busy, (claim_start, claim_start))
    after_one = at > 0 and 0 <= claim_start - busy[at - 1][1] <= NEAR
    before_one = at < len(busy) and 0 <= busy[at][0] - claim_end <= NEAR
    return after_one or before_one


def choose(ranked: Sequence[Ranked], service: ServicePlan, *, count: int) -> list[Ranked]:
    """The best few that can all be held at once, on different days when that costs no wish."""
    chosen: list[Ranked] = []
    days: set[date] = set()
    rest = list(ranked)
    while rest and len(chosen) < count:
        free = [
            one for one in rest if not any(_collide(one.opening, other.opening, service) for other in chosen)
        ]
        if not free:
            break
        best_points = free[0].points - POINTS[Reason.FILLS_GAP]
        fresh = (one for one in free if one.points >= best_points and one.opening.day not in days)
        pick = next(fresh, free[0])
        chosen.append(pick)
        days.add(pick.opening.day)
        rest = [one for one in free if one is not pick]
    return chosen


def _collide(one: Opening, other: Opening, service: ServicePlan) -> bool:
    """Could the two not both be held? Times that overlap, whoever gives them: nobody can come to both."""
    block = service.before + service.after
    return one.start < other.end + block and other.start < one.end + block


def overlapping(spans: Iterable[Span]) -> bool:
    """Do any two of these spans overlap? For checks."""
    return any(after[0] < before[1] for before, after in pairwise(sorted(spans)))
