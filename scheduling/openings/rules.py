"""The clinic's hours, closures and limits, as the search and the reasons both read them."""

from datetime import date, timedelta

from scheduling.openings.clock import Span, local_day, wall_spans
from scheduling.openings.values import Calendar, Key, Mode, Person, Place, RoomPlan, ServicePlan


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


def closed_where(calendar: Calendar, service: ServicePlan, room: RoomPlan | None) -> Key | None:
    """The location whose closures matter; None when only closures of the whole clinic do."""
    return room.location if room else service.location


def closed_spans(calendar: Calendar, day: date, where: Key | None) -> list[Span]:
    return [
        span
        for closed in calendar.closures
        if closed.first_day <= day <= closed.last_day and closed.location in {None, where}
        for span in wall_spans(day, closed.start, closed.end, calendar.zone)
    ]


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
