"""The rows a diary is made of: hours, absences, closures, rooms, claims; all of them by one statement."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import DateField, DateTimeField, F, Q, QuerySet, UUIDField

from config.foundation.clinic import Clinic, Closure, Location
from intake.models import Service
from scheduling.models import (
    TAKES_TIME,
    Appointment,
    AppointmentStatus,
    Claim,
    DateOverride,
    Resource,
    Room,
    ServiceHours,
    Shift,
    TimeOff,
)
from scheduling.one_statement import Asked, EpochMinute, Gathered, Part, Statement, put_together

# The database refuses longer ones, which keeps the range of claims on its index.
LONGEST_CLAIM = timedelta(days=1)


class Shape(NamedTuple):
    """What decides which parts the statement has."""

    is_class: bool
    is_first_visit: bool
    needs_practitioner: bool
    ignored: int  # how many appointments count as not there


def read(
    service: Service,
    *,
    start: date,
    end: date,
    since: datetime,
    until: datetime,
    now: datetime,
    ignoring: Collection[UUID] = (),
) -> dict[str, list[Any]]:
    """Part -> its rows, for the local dates from `start` to `end`, which lie between the moments `since` and `until`.

    Moments are whole minutes since 1970. `people_busy` and `rooms_busy` have a row for each resource that is
    claimed: (resource, starts, ends), in no order, dead holds left out.
    """
    shape = Shape(
        is_class=service.max_people is not None,
        is_first_visit=service.is_first_visit,
        needs_practitioner=service.needs_practitioner,
        ignored=len(ignoring),
    )
    return _compiled(connection.vendor, shape).ask(
        service=service.pk,
        first_day=start,
        last_day=end,
        since=since,
        claimed_since=since - LONGEST_CLAIM,
        until=until,
        now=now,
        **{f"ignored_{number}": pk for number, pk in enumerate(ignoring)},
    )


@lru_cache(maxsize=128)
def _compiled(vendor: str, shape: Shape) -> Statement:
    return put_together(_parts(shape), vendor=vendor)


# --- the parts ----------------------------------------------------------------------------------------

_SERVICE = Asked("service", UUIDField())
_FIRST_DAY, _LAST_DAY = Asked("first_day", DateField()), Asked("last_day", DateField())
_SINCE, _UNTIL, _NOW = (Asked(name, DateTimeField()) for name in ("since", "until", "now"))
_CLAIMED_SINCE = Asked("claimed_since", DateTimeField())


def _parts(shape: Shape) -> dict[str, Part]:
    ignored = [Asked(f"ignored_{number}", UUIDField()) for number in range(shape.ignored)]
    return {
        **_places(),
        **_people(),
        **_rooms(),
        **_hours(shape),
        **_claims(ignored),
        **_planned(shape, ignored),
    }


def _places() -> dict[str, Part]:
    closures = Closure.objects.filter(starts_on__lte=_LAST_DAY, ends_on__gte=_FIRST_DAY).order_by()
    return {
        "clinic": (Clinic.objects.filter(pk=1), ("time_zone", "booking_horizon_days")),
        "locations": (Location.objects.order_by(), ("pk", "kind")),
        "closures": (closures, ("starts_on", "ends_on", "from_time", "to_time", "location_id")),
    }


def _who() -> QuerySet[Any]:
    """Ids of the practitioners who give the service, from the one table that knows."""
    return Service.practitioners.through.objects.filter(service_id=_SERVICE).values("practitioner_id")


def _where() -> QuerySet[Any]:
    """Ids of the rooms the service may be given in."""
    return Room.services.through.objects.filter(service_id=_SERVICE).values("room_id")


def _people() -> dict[str, Part]:
    offering = Resource.objects.filter(active=True, practitioner__active=True, practitioner_id__in=_who())
    shifts = Shift.objects.filter(practitioner_id__in=_who())
    overrides = DateOverride.objects.filter(practitioner_id__in=_who(), on__gte=_FIRST_DAY, on__lte=_LAST_DAY)
    off = TimeOff.objects.filter(practitioner_id__in=_who(), starts_at__lt=_UNTIL, ends_at__gt=_SINCE)
    return {
        "people": (
            offering.order_by("practitioner__position", "practitioner__code"),
            (
                "pk",
                "practitioner_id",
                "practitioner__name",
                "practitioner__minimum_notice_hours",
                "practitioner__max_first_visits_per_day",
                "practitioner__gender_for_matching",
                "practitioner__languages",
                "practitioner__code",
            ),
        ),
        "shifts": (
            shifts.order_by("weekday", "starts"),
            ("practitioner_id", "weekday", "starts", "ends", "location_id", "every_weeks", "anchor_on"),
        ),
        "overrides": (
            overrides.order_by("starts"),
            ("practitioner_id", "on", "starts", "ends", "location_id"),
        ),
        "time_off": (off.order_by(), ("practitioner_id", EpochMinute("starts_at"), EpochMinute("ends_at"))),
    }


def _rooms() -> dict[str, Part]:
    rooms = Resource.objects.filter(room_id__in=_where())
    what = (
        "pk",
        "room_id",
        "kind",
        "room__location_id",
        "room__name",
        "room__code",
        "active",
        "room__active",
    )
    return {"rooms": (rooms.order_by("room__position", "room__code", "machine_number", "pk"), what)}


def _hours(shape: Shape) -> dict[str, Part]:
    """The hours of what needs no practitioner."""
    if shape.needs_practitioner:
        return {}
    hours = ServiceHours.objects.filter(service=_SERVICE).order_by("weekday", "starts")
    return {"hours": (hours, ("weekday", "starts", "ends"))}


def _claims(ignored: list[Asked]) -> dict[str, Part]:
    """The range query over the claims of everyone and every room that can serve."""
    claims = Claim.objects.filter(
        Q(held_until=None) | Q(held_until__gt=_NOW),
        starts_at__lt=_UNTIL,
        starts_at__gt=_CLAIMED_SINCE,
        ends_at__gt=_SINCE,
    )
    for pk in ignored:
        claims = claims.exclude(appointment_id=pk)
    # Not joined: a join would look the resource's practitioner up again for each claim.
    people = Resource.objects.filter(practitioner_id__in=_who())
    rooms = Resource.objects.filter(room_id__in=_where())
    of_people = claims.filter(resource_id__in=people.values("pk"))
    of_rooms = claims.filter(resource_id__in=rooms.values("pk"))
    spans = ("resource_id", Gathered(EpochMinute("starts_at")), Gathered(EpochMinute("ends_at")))
    return {
        "people_busy": (of_people.order_by().values("resource_id"), spans),
        "rooms_busy": (of_rooms.order_by().values("resource_id"), spans),
    }


def _planned(shape: Shape, ignored: list[Asked]) -> dict[str, Part]:
    """The visits that hours depend on: classes with seats, or first visits, of which there are so many a day."""
    rows = Appointment.objects.filter(
        ~Q(status=AppointmentStatus.HELD) | Q(held_until__gt=_NOW),
        status__in=TAKES_TIME,
        starts_at__gte=_SINCE,
        starts_at__lt=_UNTIL,
    ).order_by()
    for pk in ignored:
        rows = rows.exclude(pk=pk)
    starts = EpochMinute("starts_at")
    if shape.is_class:
        left = F("seats") - F("seats_taken")
        classes = rows.filter(service=_SERVICE, seats__isnull=False)
        return {"classes": (classes, ("pk", "practitioner_id", starts, left))}
    if shape.is_first_visit:
        first = rows.filter(is_first_visit=True, practitioner_id__in=_who())
        return {"first_visits": (first, ("practitioner_id", starts))}
    return {}
