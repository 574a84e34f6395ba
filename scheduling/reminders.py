"""Reminders: found by what is due now, never planned ahead, so a moved visit leaves nothing behind.

A reminder is due `lead` hours before the start, shifted out of the quiet hours. After an outage only the
latest one that is still of use goes out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from config.foundation.clinic import Clinic
from notifications.models import Message
from scheduling import class_notices, notices
from scheduling.models import Appointment, AppointmentStatus

DEFAULT_LEADS = (48, 3)  # hours before the start
DAY_BEGINS, DAY_ENDS = time(8, 0), time(20, 0)  # clinic-local; outside nobody is written to without need
EVENING_BEFORE = time(19, 30)
AT_LEAST = timedelta(hours=2)  # a reminder later than this before the start helps nobody decide
TOO_LATE = timedelta(minutes=30)


def planned_at(starts_at: datetime, *, lead_hours: int, zone: ZoneInfo) -> datetime:
    """When a reminder should leave: elapsed hours before the start, moved out of the quiet hours.

    In quiet hours it waits for the morning, unless that is too near the visit; then the evening before.
    """
    ideal = (starts_at - timedelta(hours=lead_hours)).astimezone(zone)
    if DAY_BEGINS <= ideal.timetz().replace(tzinfo=None) < DAY_ENDS:
        return ideal
    morning_of = ideal.date() if ideal.time() < DAY_BEGINS else ideal.date() + timedelta(days=1)
    morning = datetime.combine(morning_of, DAY_BEGINS, tzinfo=zone)
    if morning <= starts_at - AT_LEAST:
        return morning
    return datetime.combine(morning_of - timedelta(days=1), EVENING_BEFORE, tzinfo=zone)


def due_lead(
    starts_at: datetime, *, leads: list[int], told_at: datetime | None, now: datetime, zone: ZoneInfo
) -> int | None:
    """Which reminder is due at `now`, if any: the latest whose moment has come, unless it is quiet time.

    None when the person was told of this time after that moment: the confirmation said it already.
    """
    local = now.astimezone(zone).time()
    if not DAY_BEGINS <= local < DAY_ENDS or now >= starts_at - TOO_LATE:
        return None
    plans = [(planned_at(starts_at, lead_hours=lead, zone=zone), lead) for lead in leads]
    come = [(at, lead) for at, lead in plans if at <= now]
    if not come:
        return None
    at, lead = max(come)
    return None if told_at is not None and told_at > at else lead


@dataclass(frozen=True)
class Near:
    """Somebody's time that is near: a visit, or a seat in a class."""

    starts_at: datetime
    told_at: datetime | None  # when its person was last told this time
    key: Callable[..., str]
    remind: Callable[..., object]


def enqueue_due(*, now: datetime) -> int:
    """Write the reminders that are due now; running it again writes nothing. Returns how many were new."""
    clinic = Clinic.get()
    leads = _leads(clinic)
    until = now + earliest_before(clinic)
    near = _moved(
        Appointment.objects.filter(status=AppointmentStatus.BOOKED, starts_at__gt=now, starts_at__lt=until)
    )
    count = 0
    for one in (*_visits(near), *_seats(near)):
        lead = due_lead(one.starts_at, leads=leads, told_at=one.told_at, now=now, zone=clinic.zone)
        if lead is None or Message.objects.filter(key=one.key(lead_hours=lead)).exists():
            continue
        with transaction.atomic():
            one.remind(lead_hours=lead, now=now)
        count += 1
    return count


def _leads(clinic: Clinic) -> list[int]:
    return [int(hours) for hours in clinic.reminders_hours or DEFAULT_LEADS]


def earliest_before(clinic: Clinic) -> timedelta:
    """How long before a visit its first reminder can leave. A quiet night can bring it forward by half a day."""
    return timedelta(hours=max(_leads(clinic)) + 14)


def _moved(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    return visits.select_related("location").annotate(
        moved_at=Max("events__at", filter=Q(events__from_starts_at__isnull=False))
    )


def _visits(near: QuerySet[Appointment]) -> Iterator[Near]:
    for visit in near.filter(client__isnull=False).select_related("client", "appointment_request"):
        yield Near(
            visit.starts_at,
            _latest(visit.confirmed_at, vars(visit)["moved_at"]),
            partial(notices.reminder_key, visit),
            partial(notices.reminder, appointment=visit),
        )


def _seats(near: QuerySet[Appointment]) -> Iterator[Near]:
    for visit in near.filter(seats__isnull=False):
        for seat in class_notices.seats_of(visit):
            seat.appointment = visit
            asked = seat.appointment_request
            yield Near(
                visit.starts_at,
                _latest(asked.answered_at if asked else None, vars(visit)["moved_at"]),
                partial(class_notices.reminder_key, seat),
                partial(class_notices.reminder, seat=seat),
            )


def _latest(*moments: datetime | None) -> datetime | None:
    return max((at for at in moments if at is not None), default=None)
