"""What a request must be, and what it holds, before a time is given to it."""

from uuid import UUID

from config.foundation.versioned import StaleVersion
from intake.models import AppointmentRequest, Service
from intake.models.appointment_request import BOOKABLE, Status
from scheduling.booking.refusals import NotBookable
from scheduling.models import Appointment, AppointmentStatus, Offer


def bookable(pk: UUID, expected: int) -> AppointmentRequest:
    everything = ("service__follow_up", "client", "coverage", "package")
    pending = AppointmentRequest.objects.with_open_hold().with_calls().select_related(*everything).get(pk=pk)
    if pending.version != expected:
        raise StaleVersion
    if pending.status == Status.ON_HOLD or vars(pending)["has_open_hold"]:
        raise NotBookable("on_hold")
    if pending.status not in BOOKABLE:
        raise NotBookable("closed")
    if pending.awaits_call():
        raise NotBookable("call_first")
    return pending


def not_held(pending: AppointmentRequest) -> None:
    """No time is given to anybody while a hold is open. The database has the last word (intake 0003)."""
    if pending.status == Status.ON_HOLD or pending.holds.filter(lifted_at=None).exists():
        raise NotBookable("on_hold")


def service_of(pending: AppointmentRequest) -> Service:
    if pending.service is None:
        raise NotBookable("no_service")
    return pending.service


def held_times(pending: AppointmentRequest) -> list[UUID]:
    if pending.status != Status.OFFERED:
        return []
    held = Appointment.objects.filter(appointment_request=pending, status=AppointmentStatus.HELD)
    return list(held.values_list("pk", flat=True))


def held_of(offer: Offer) -> list[UUID]:
    return list(offer.times.filter(status=AppointmentStatus.HELD).values_list("pk", flat=True))


def others_stand(pending: AppointmentRequest) -> bool:
    """Of a series one visit can go and the others stay: the request is still answered by those."""
    return Appointment.objects.filter(
        appointment_request=pending, status__in=[AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED]
    ).exists()
