"""Why a time may not be offered: the first reason in the order of `Refusal`."""

from collections.abc import Iterable
from datetime import date

from scheduling.openings.clock import GRID, local_day, wall_spans
from scheduling.openings.rules import (
    first_visits_full,
    last_bookable,
    open_stretches,
    planned_class,
    shut,
    suits,
)
from scheduling.openings.spans import is_free
from scheduling.openings.values import (
    ORDER,
    Calendar,
    Key,
    Person,
    Refusal,
    RoomPlan,
    ServicePlan,
    Session,
    Verdict,
)


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
    planned = planned_class(calendar, service, start, person)
    why = (
        _not_offered(service, person)
        or _room_not_allowed(service, room, named_room)
        or shut(calendar, service, start, person, room)
        or (None if planned else _outside(calendar, service, start, person, room))
        or _too_soon(calendar, start, person)
    )
    if why is None and planned is not None:
        verdict = _seat(planned, party)
    elif why is None and service.seats is not None and party > service.seats:
        verdict = Verdict(ok=False, why=Refusal.ROOM_FULL)
    elif why is None:
        verdict = _free(calendar, service, start, person, room)
    else:
        verdict = Verdict(ok=False, why=why)
    if verdict.ok:
        return verdict
    return verdict._replace(person=person.key if person else None, room=room.key if room else None)


def _not_offered(service: ServicePlan, person: Person | None) -> Refusal | None:
    if person is None:
        return Refusal.SERVICE_NOT_OFFERED if service.needs_person else None
    offers = service.needs_person and person.active and service.key in person.services
    return None if offers else Refusal.SERVICE_NOT_OFFERED


def _room_not_allowed(service: ServicePlan, room: RoomPlan | None, named_room: Key | None) -> Refusal | None:
    if named_room is not None and (room is None or room.key not in service.rooms):
        return Refusal.ROOM_NOT_ALLOWED
    return Refusal.ROOM_NOT_ALLOWED if service.rooms and room is None else None


def _outside(
    calendar: Calendar, service: ServicePlan, start: int, person: Person | None, room: RoomPlan | None
) -> Refusal | None:
    """Hours at a place that suits, or a word about the place when there are hours elsewhere."""
    end, first_day = start + service.minutes, local_day(start, calendar.zone)
    stretches = (
        open_stretches(calendar, person, first_day)
        if person is not None
        else [(hours.start, hours.end, hours.location) for hours in service.bookable if hours.on(first_day)]
    )
    right = [stretch for stretch in stretches if suits(calendar, service, stretch[2], room)]
    if _inside(calendar, first_day, right, start, end):
        return None
    elsewhere = (stretches and not right) or _inside(calendar, first_day, stretches, start, end)
    return Refusal.WRONG_LOCATION if elsewhere else Refusal.OUTSIDE_HOURS


def _too_soon(calendar: Calendar, start: int, person: Person | None) -> Refusal | None:
    return Refusal.TOO_SOON if start < calendar.now + (person.minimum_notice if person else 0) else None


def _seat(planned: Session, party: int) -> Verdict:
    if planned.seats_left < party:
        return Verdict(ok=False, why=Refusal.ROOM_FULL)
    return Verdict(ok=True, person=planned.person, session=planned.key)


def _free(
    calendar: Calendar, service: ServicePlan, start: int, person: Person | None, room: RoomPlan | None
) -> Verdict:
    """Nobody has taken the person, the room or a machine, buffers included; then the limits of a day."""
    span = start - service.before, start + service.minutes + service.after

    def free(key: Key) -> bool:
        return is_free(calendar.busy.get(key, ()), *span)

    if person is not None and not free(person.key):
        return Verdict(ok=False, why=Refusal.PRACTITIONER_BUSY)
    machine: Key | None = None
    if room is not None and service.uses_machine:
        if not free(room.key):
            return Verdict(ok=False, why=Refusal.ROOM_BUSY)
        machine = next((key for key in room.machines if free(key)), None)
        if machine is None:
            return Verdict(ok=False, why=Refusal.ROOM_FULL)
    elif room is not None and not all(map(free, room.whole)):
        return Verdict(ok=False, why=Refusal.ROOM_BUSY)
    day = local_day(start, calendar.zone)
    if person is not None and first_visits_full(calendar, service, person, day):
        return Verdict(ok=False, why=Refusal.FIRST_VISITS_FULL)
    if day > last_bookable(calendar, day):
        return Verdict(ok=False, why=Refusal.TOO_FAR_AHEAD)
    if start % GRID:
        return Verdict(ok=False, why=Refusal.OFF_GRID)
    return Verdict(True, None, person.key if person else None, room.key if room else None, machine)


def _inside(
    calendar: Calendar, day: date, stretches: Iterable[tuple[int, int, Key]], start: int, end: int
) -> bool:
    """Does `[start, end)` lie inside one stretch? Two that touch are still two shifts."""
    return any(
        low <= start and end <= high
        for wall_start, wall_end, _ in stretches
        for low, high in wall_spans(day, wall_start, wall_end, calendar.zone)
    )
