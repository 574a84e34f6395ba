"""A booked visit whose client would rather come earlier."""

from datetime import datetime

from django.db import transaction

from config.foundation.user import User
from scheduling.booking.history import change
from scheduling.booking.refusals import NotBookable
from scheduling.models import Appointment, AppointmentStatus


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
