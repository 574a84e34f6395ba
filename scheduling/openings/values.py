"""What is known about the time asked for, and what is found: plain values."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scheduling.openings.clock import DAY, Span, monday_of

Key = Hashable


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
    OFF_GRID = "off_grid"  # visits start on five minutes
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
        weeks = (monday_of(day) - monday_of(self.starting)) // 7
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
