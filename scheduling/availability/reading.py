"""Rows to values: a diary of everyone and every room that can serve a service."""

import json
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from config.foundation.clinic import FURTHEST_AHEAD
from intake.models import Service
from scheduling.availability import rows
from scheduling.availability.diary import Diary, Named
from scheduling.availability.wishes import read_date
from scheduling.models import Resource
from scheduling.openings import (
    DAY,
    Calendar,
    Closed,
    Hours,
    Key,
    Mode,
    Override,
    Person,
    Place,
    RoomPlan,
    ServicePlan,
    Session,
    Span,
    local_day,
    minute_of,
    moment_of,
)


def load(
    service: Service, *, start: date, end: date, now: datetime, ignoring: Collection[UUID] = ()
) -> Diary:
    """The calendar of everyone and every room that can serve `service`, from `start` to `end` (local dates)."""
    # A day more at both ends: local days begin and end at other hours than UTC's.
    since = datetime.combine(start - timedelta(days=1), time.min, UTC)
    until = datetime.combine(end + timedelta(days=2), time.min, UTC)
    rules = rows.read(service, start=start, end=end, since=since, until=until, now=now, ignoring=ignoring)
    (zone_name, horizon) = rules["clinic"][0] if rules["clinic"] else ("America/Denver", None)
    zone = ZoneInfo(zone_name)

    rooms = _rooms(rules["rooms"])
    people = _people(service, rules)
    plan = _plan(service, rules)
    keys = [*people, *(key for room in rooms.values() for key in room.whole)]
    sessions, first_visits = _planned(service, rules, zone)
    calendar = Calendar(
        zone=zone,
        now=_minute_up(now),
        people=people,
        rooms=rooms,
        places={UUID(pk): Place(kind) for pk, kind in rules["locations"]},
        closures=tuple(_closed(row) for row in rules["closures"]),
        busy=_busy(keys, [*rules["people_busy"], *rules["rooms_busy"]]),
        sessions=sessions,
        first_visits=first_visits,
        horizon_days=min(horizon or FURTHEST_AHEAD.days, FURTHEST_AHEAD.days),
    )
    practitioners = {row[0]: Named(UUID(row[1]), row[2], row[7]) for row in rules["people"]}
    named_rooms = {
        row[0]: Named(UUID(row[1]), row[4], row[5]) for row in rules["rooms"] if row[2] == Resource.Kind.ROOM
    }
    return Diary(
        calendar=calendar,
        plan=plan,
        practitioners=practitioners,
        rooms=named_rooms,
        people_keys={who.pk: key for key, who in practitioners.items()},
        room_keys={room.pk: key for key, room in named_rooms.items()},
    )


def _busy(keys: Iterable[Key], rows: Iterable[list[Any]]) -> dict[Key, list[Span]]:
    """The claimed spans of each key, sorted; they do not overlap, the database sees to it."""
    busy: dict[Key, list[Span]] = {key: [] for key in keys}
    for key, starts, ends in rows:
        if key in busy:
            busy[key] = sorted(zip(starts, ends, strict=True))
    return busy


def _planned(
    service: Service, rules: dict[str, list[Any]], zone: ZoneInfo
) -> tuple[tuple[Session, ...], dict[tuple[Key, date], int]]:
    """Classes that can be joined, and how many first visits each practitioner has on each local day."""
    by_id = {row[1]: row[0] for row in rules["people"]}
    sessions = tuple(
        Session(UUID(pk), service.pk, by_id.get(practitioner), start, left)
        for pk, practitioner, start, left in rules.get("classes", ())
    )
    counts: dict[tuple[Key, date], int] = {}
    for practitioner, start in rules.get("first_visits", ()):
        if practitioner in by_id:
            place = (by_id[practitioner], local_day(start, zone))
            counts[place] = counts.get(place, 0) + 1
    return sessions, counts


def _people(service: Service, rules: dict[str, list[Any]]) -> dict[Key, Person]:
    hours: dict[str, list[Hours]] = {}
    for who, weekday, starts, ends, location, every, anchor in rules["shifts"]:
        starting = read_date(anchor)
        hours.setdefault(who, []).append(
            Hours(weekday, _wall(starts), _wall(ends), UUID(location), every, starting)
        )
    days: dict[str, dict[date, list[tuple[int, int, Key]]]] = {}
    for who, on, starts, ends, location in rules["overrides"]:
        stretches = days.setdefault(who, {}).setdefault(date.fromisoformat(on), [])
        if starts is not None:
            stretches.append((_wall(starts), _wall(ends), UUID(location)))
    off: dict[str, list[Span]] = {}
    for who, start, end in rules["time_off"]:
        off.setdefault(who, []).append((start, end))
    people: dict[Key, Person] = {}
    for key, who, _name, notice, most, gender, languages, _code in rules["people"]:
        spoken = json.loads(languages) if isinstance(languages, str) else languages
        people[key] = Person(
            key=key,
            services=frozenset({service.pk}),
            hours=tuple(hours.get(who, ())),
            overrides=tuple(Override(day, tuple(what)) for day, what in days.get(who, {}).items()),
            time_off=tuple(off.get(who, ())),
            minimum_notice=notice * 60,
            max_first_visits=most,
            gender=gender,
            languages=frozenset(spoken or ()),
        )
    return people


def _rooms(rows: list[Any]) -> dict[Key, RoomPlan]:
    machines: dict[str, list[Key]] = {}
    rooms: dict[str, tuple[Key, UUID]] = {}
    for key, room, kind, location, _name, _code, in_use, room_in_use in rows:
        if not (in_use and room_in_use):
            continue
        if kind == Resource.Kind.ROOM:
            rooms[room] = (key, UUID(location))
        else:
            machines.setdefault(room, []).append(key)
    return {key: RoomPlan(key, where, tuple(machines.get(room, ()))) for room, (key, where) in rooms.items()}


def _plan(service: Service, rules: dict[str, list[Any]]) -> ServicePlan:
    # Rooms out of use stay in the plan: a service all of whose rooms are closed still needs a room.
    where = {row[0]: UUID(row[3]) for row in rules["rooms"] if row[2] == Resource.Kind.ROOM}
    rooms = tuple(where)
    home = where[rooms[0]] if rooms else service.location_id
    return ServicePlan(
        key=service.pk,
        minutes=service.minutes,
        before=service.buffer_before_minutes,
        after=service.buffer_after_minutes,
        rooms=rooms,
        mode=mode_of(service),
        location=service.location_id,
        needs_person=service.needs_practitioner,
        uses_machine=service.uses_equipment_place,
        bookable=tuple(
            Hours(day, _wall(starts), _wall(ends), home) for day, starts, ends in rules.get("hours", ())
        ),
        is_first_visit=service.is_first_visit,
        seats=service.max_people,
    )


def mode_of(service: Service) -> Mode:
    """How a service is given. One that can be given in several ways is booked in a room first."""
    for mode in (Mode.IN_PERSON, Mode.VIDEO, Mode.OFFSITE):
        if mode in service.modes:
            return mode
    return Mode.IN_PERSON


def _closed(row: list[Any]) -> Closed:
    first, last, start, end, location = row
    return Closed(
        first_day=date.fromisoformat(first),
        last_day=date.fromisoformat(last),
        start=_wall(start) if start else 0,
        end=_wall(end) if end else DAY,
        location=UUID(location) if location else None,
    )


def _wall(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:5])


def _minute_up(moment: datetime) -> int:
    """The first whole minute that is not before this moment: a time that has begun is over."""
    minute = minute_of(moment)
    return minute if moment_of(minute) >= moment else minute + 1
