"""Verbs of booking in the words of the tests: a local time, a visit, an offer."""

from datetime import datetime

from intake.models import (
    AppointmentRequest,
    Practitioner,
)
from scheduling import availability, booking
from scheduling.models import Appointment, Offer, Room
from tests.factories import NOW, ZONE, make_user


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def confirm(
    pending: AppointmentRequest, start: str, *, who: str = "P1", room: str = "maple", now=NOW, by=None
) -> Appointment:
    return booking.confirm(
        appointment_request=pending,
        practitioner=Practitioner.objects.get(code=who),
        room=Room.objects.get(code=room) if room else None,
        starts_at=at(start),
        by=by,
        now=now,
    )


def make_offer(pending: AppointmentRequest, *, now=NOW) -> Offer:
    times = availability.best_times(pending, now=now)
    return booking.offer(appointment_request=pending, times=times, by=make_user(), now=now)
