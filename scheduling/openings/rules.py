"""The clinic's hours, closures and limits, as the search and the reasons both read them."""

from datetime import date, timedelta

from scheduling.openings.clock import Span, days_between, local_day, wall_of, wall_spans
from scheduling.openings.spans import overlap
from scheduling.openings.values import (
    Calendar,
    Key,
    Mode,
    Person,
    Place,
    Refusal,
    RoomPlan,
    ServicePlan,
    Session,
)


def open_stretches(calendar: Calendar, person: Person, day: date) -> list[tuple[int, int, Key]]:
    """A practitioner's stretches of one date: (wall start, wall end, location)."""
    for override in person.overrides:
        if override.day == day:
            return list(override.stretches)
    weekday = day.weekday()
    return [
        (hours.start, hours.end, hours.location)
        for hours in person.hours
        if hours.weekday == weekday and hours.on(day)
    ]


def suits(calendar: Calendar, service: ServicePlan, where: Key, room: RoomPlan | None) -> bool:
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


def closed_where(service: ServicePlan, room: RoomPlan | None, works_at: Key | None) -> Key | None:
    """The location whose closures matter; None when only closures of the whole clinic do.

    Without a room and a place of its own, a service is given where the person works then; by video from anywhere.
    """
    if room is not None or service.location is not None or service.mode == Mode.VIDEO:
        return room.location if room else service.location
    return works_at


def closed_spans(calendar: Calendar, day: date, where: Key | None) -> list[Span]:
    return [
        span
        for closed in calendar.closures
        if closed.first_day <= day <= closed.last_day and closed.location in {None, where}
        for span in wall_spans(day, closed.start, closed.end, calendar.zone)
    ]


def shut(
    calendar: Calendar, service: ServicePlan, start: int, person: Person | None, room: RoomPlan | None
) -> Refusal | None:
    """Is the place closed or the person away while the service would be given?"""
    end = start + service.minutes
    days = days_between(local_day(start, calendar.zone), local_day(end - 1, calendar.zone))
    works_at = None if person is None else _works_at(calendar, service, start, person)
    where = closed_where(service, room, works_at)
    if any(overlap(start, end, span) for day in days for span in closed_spans(calendar, day, where)):
        return Refusal.CLOSED
    if person is not None and any(overlap(start, end, span) for span in person.time_off):
        return Refusal.TIME_OFF
    return None


def _works_at(calendar: Calendar, service: ServicePlan, start: int, person: Person) -> Key | None:
    day, wall = wall_of(start, calendar.zone)
    stretches = open_stretches(calendar, person, day)
    at = (
        where
        for first, last, where in stretches
        if first <= wall < last and suits(calendar, service, where, None)
    )
    return next(at, None)


def planned_class(
    calendar: Calendar, service: ServicePlan, start: int, person: Person | None
) -> Session | None:
    """The class of this service that starts then. What was planned need not fit the hours as they are now."""
    for session in calendar.sessions:
        mine = person is None or session.person == person.key
        if session.service == service.key and session.start == start and mine:
            return session
    return None


def last_bookable(calendar: Calendar, last_day: date) -> date:
    if calendar.horizon_days is None:
        return last_day
    return min(last_day, local_day(calendar.now, calendar.zone) + timedelta(days=calendar.horizon_days))


def first_visits_full(calendar: Calendar, service: ServicePlan, person: Person, day: date) -> bool:
    limit = person.max_first_visits
    return (
        service.is_first_visit
        and limit is not None
        and calendar.first_visits.get((person.key, day), 0) >= limit
    )
