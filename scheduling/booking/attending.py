"""The day of the visit: who came and who did not."""

from datetime import datetime

from django.db import transaction

from config.foundation.user import User
from scheduling.booking.history import change
from scheduling.booking.refusals import NotBookable
from scheduling.models import Appointment, AppointmentStatus


@transaction.atomic
def arrive(*, appointment: Appointment, by: User | None, now: datetime) -> Appointment:
    return _step(appointment, "arrived", AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED, by=by, now=now)


@transaction.atomic
def fulfil(*, appointment: Appointment, by: User | None, now: datetime) -> Appointment:
    return _step(
        appointment, "fulfilled", AppointmentStatus.ARRIVED, AppointmentStatus.FULFILLED, by=by, now=now
    )


@transaction.atomic
def no_show(
    *, appointment: Appointment, by: User | None, now: datetime, fee_cents: int | None = None
) -> Appointment:
    """The client did not come. Refused before the visit has begun."""
    if appointment.starts_at > now:
        raise NotBookable("not_yet")
    return _step(
        appointment,
        "no_show",
        AppointmentStatus.BOOKED,
        AppointmentStatus.NO_SHOW,
        by=by,
        now=now,
        values={"fee_cents": fee_cents},
    )


def _step(
    appointment: Appointment,
    what: str,
    of: AppointmentStatus,
    to: AppointmentStatus,
    *,
    by: User | None,
    now: datetime,
    values: dict[str, object] | None = None,
) -> Appointment:
    if appointment.status != of:
        raise NotBookable("closed")
    return change(appointment, what=what, to=to, by=by, now=now, values=values)
