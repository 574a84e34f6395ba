"""Somebody is ill: who is affected, one message each, and the time off entered. One act, all or nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake.models import Practitioner
from scheduling import booking
from scheduling.calendar import day_bounds
from scheduling.models import Appointment, AppointmentStatus, Offer, TimeOff


@dataclass(frozen=True)
class CalledOff:
    cancelled: int
    offers_taken_back: int


def affected(*, practitioner: Practitioner, day: date, now: datetime) -> list[Appointment]:
    """What is booked or offered with this person on a local day and has not begun. One query."""
    start, end = day_bounds(day, day, Clinic.get().zone)
    return list(
        Appointment.objects.taking_time(now=now)
        .filter(
            practitioner=practitioner,
            starts_at__lt=end,
            ends_at__gt=max(start, now),
            status__in=[AppointmentStatus.HELD, AppointmentStatus.BOOKED],
        )
        .select_related("client", "service", "room", "location", "appointment_request", "offer")
        .order_by("starts_at")
    )


def call_off(
    *,
    practitioner: Practitioner,
    day: date,
    chosen: Collection[UUID],
    by: User,
    now: datetime,
    why: str,
) -> CalledOff:
    """Enter the time off and cancel the chosen visits: each client gets one message, each request comes back.

    Offers with a time on that day are taken back. What is not chosen stays, for a colleague to take over.
    A second press finds nothing left to do.
    """

    def act() -> CalledOff:
        start, end = day_bounds(day, day, Clinic.get().zone)
        TimeOff.objects.get_or_create(
            practitioner=practitioner,
            starts_at=start,
            ends_at=end,
            defaults={"reason": why},
        )
        cancelled, offers = 0, {}
        for visit in affected(practitioner=practitioner, day=day, now=now):
            if visit.pk not in chosen:
                continue
            if visit.status == AppointmentStatus.BOOKED:
                booking.cancel(appointment=visit, by=by, now=now, why=why, answer_again=True)
                cancelled += 1
            elif visit.offer is not None and visit.offer.status == Offer.Status.OPEN:
                offers[visit.offer.pk] = visit.offer
        for offer in offers.values():
            booking.withdraw_offer(offer=offer, by=by, now=now, why=why)
        return CalledOff(cancelled, len(offers))

    return booking.together(act)
