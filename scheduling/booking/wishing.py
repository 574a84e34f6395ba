"""What the client of a booked visit says about it: that they would rather come earlier, or that they are coming."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from config.foundation.user import User
from scheduling.booking.history import change, remember
from scheduling.booking.refusals import NotBookable
from scheduling.models import Appointment, AppointmentEvent, AppointmentStatus


@transaction.atomic
def wish_earlier(*, appointment: Appointment, wished: bool, by: User | None, now: datetime) -> Appointment:
    """Note or drop the wish; said twice it is noted once. Refused for what is over or not booked."""
    if appointment.status != AppointmentStatus.BOOKED or appointment.starts_at <= now:
        raise NotBookable("closed")
    if (appointment.earlier_since is not None) == wished:
        return appointment
    what = "would_come_earlier" if wished else "keeps_its_time"
    values: dict[str, object] = {"earlier_since": now if wished else None}
    return change(appointment, what=what, to=appointment.status, by=by, now=now, values=values)


@transaction.atomic
def say_coming(*, appointment: Appointment, now: datetime) -> None:
    """The client answers a reminder: they come at this time. Said twice it is noted once; a move makes it void."""
    if appointment.status != AppointmentStatus.BOOKED or appointment.starts_at <= now:
        raise NotBookable("closed")
    if said_coming_at(appointment) is None:
        remember(appointment, what="coming", by=None, now=now, to=appointment.status)


def said_coming_at(appointment: Appointment) -> datetime | None:
    """When the client said that they come at the time that stands, if they did."""
    told: AppointmentEvent | None = (
        appointment.events.filter(Q(what="coming") | Q(from_starts_at__isnull=False)).order_by("at").last()
    )
    return told.at if told is not None and told.what == "coming" else None
