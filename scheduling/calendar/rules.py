"""The rules of opening for a range of local days: one statement, however many people and rooms there are.

What comes back are rows as the models have them, with only what a calendar shows; they are not for saving.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DateField, DateTimeField

from config.foundation.clinic import Clinic, Closure
from intake.models import Practitioner
from scheduling.models import DateOverride, Room, ServiceHours, Shift, TimeOff
from scheduling.one_statement import Asked, EpochMinute, Statement, put_together
from scheduling.openings import moment_of


@dataclass(frozen=True)
class Rules:
    people: list[Practitioner]
    rooms: list[Room]
    shifts: list[Shift]
    overrides: list[DateOverride]
    time_off: list[TimeOff]
    closures: list[Closure]
    service_hours: list[ServiceHours]


def day_bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments at which the first day begins and the last one ends."""
    start = datetime.combine(first, time(), zone).astimezone(UTC)
    return start, datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)


def read(*, clinic: Clinic, first: date, last: date) -> Rules:
    since, until = day_bounds(first, last, clinic.zone)
    rows = _statement(connection.vendor).ask(first_day=first, last_day=last, since=since, until=until)
    return Rules(
        people=[Practitioner(pk=UUID(pk), name=name) for pk, name in rows["people"]],
        rooms=[Room(pk=UUID(pk), name=name, location_id=UUID(where)) for pk, name, where in rows["rooms"]],
        shifts=[_shift(*row) for row in rows["shifts"]],
        overrides=[_override(*row) for row in rows["overrides"]],
        time_off=[
            TimeOff(practitioner_id=UUID(who), starts_at=moment_of(starts), ends_at=moment_of(ends))
            for who, starts, ends in rows["time_off"]
        ],
        closures=[_closure(*row) for row in rows["closures"]],
        service_hours=[
            ServiceHours(weekday=day, starts=time.fromisoformat(starts), ends=time.fromisoformat(ends))
            for day, starts, ends in rows["service_hours"]
        ],
    )


@cache
def _statement(vendor: str) -> Statement:
    first, last = Asked("first_day", DateField()), Asked("last_day", DateField())
    since, until = Asked("since", DateTimeField()), Asked("until", DateTimeField())
    off = TimeOff.objects.filter(starts_at__lt=until, ends_at__gt=since).order_by("starts_at")
    own_hours = ServiceHours.objects.filter(service__active=True, service__needs_practitioner=False)
    return put_together(
        {
            "people": (Practitioner.objects.active(), ("pk", "name")),
            "rooms": (
                Room.objects.filter(active=True).order_by("position", "code"),
                ("pk", "name", "location_id"),
            ),
            "shifts": (
                Shift.objects.filter(practitioner__active=True).order_by("weekday", "starts"),
                ("practitioner_id", "weekday", "starts", "ends", "location_id", "every_weeks", "anchor_on"),
            ),
            "overrides": (
                DateOverride.objects.filter(on__gte=first, on__lte=last).order_by("on", "starts"),
                ("practitioner_id", "on", "starts", "ends", "location_id"),
            ),
            "time_off": (off, ("practitioner_id", EpochMinute("starts_at"), EpochMinute("ends_at"))),
            "closures": (
                Closure.objects.filter(starts_on__lte=last, ends_on__gte=first),
                ("location_id", "starts_on", "ends_on", "from_time", "to_time", "reason"),
            ),
            "service_hours": (own_hours.order_by("weekday", "starts"), ("weekday", "starts", "ends")),
        },
        vendor=vendor,
    )


def _shift(
    who: str, weekday: int, starts: str, ends: str, where: str, every: int, anchor: str | None
) -> Shift:
    return Shift(
        practitioner_id=UUID(who),
        weekday=weekday,
        starts=time.fromisoformat(starts),
        ends=time.fromisoformat(ends),
        location_id=UUID(where),
        every_weeks=every,
        anchor_on=date.fromisoformat(anchor) if anchor else None,
    )


def _override(who: str, on: str, starts: str | None, ends: str | None, where: str | None) -> DateOverride:
    return DateOverride(
        practitioner_id=UUID(who),
        on=date.fromisoformat(on),
        starts=_time(starts),
        ends=_time(ends),
        location_id=UUID(where) if where else None,
    )


def _closure(
    where: str | None, first: str, last: str, starts: str | None, ends: str | None, reason: str
) -> Closure:
    return Closure(
        location_id=UUID(where) if where else None,
        starts_on=date.fromisoformat(first),
        ends_on=date.fromisoformat(last),
        from_time=_time(starts),
        to_time=_time(ends),
        reason=reason,
    )


def _time(text: str | None) -> Any:
    return time.fromisoformat(text) if text else None
