"""The client takes one of the times held for them."""

from datetime import datetime

from django.db.models import Q

from intake.models.appointment_request import Status
from scheduling.booking.asked import held_times, not_held
from scheduling.booking.attempts import attempt
from scheduling.booking.claiming import lock, release
from scheduling.booking.confirming import tell_confirmed
from scheduling.booking.history import change
from scheduling.booking.refusals import OfferClosed
from scheduling.models import Appointment, AppointmentStatus, Claim, Offer


def accept(*, offer_time: Appointment, now: datetime) -> Appointment:
    """The client takes one of the offered times; the first valid pick wins and the others are released."""

    def act() -> Appointment:
        picked = Appointment.objects.select_related("offer__appointment_request__service").get(
            pk=offer_time.pk
        )
        made = picked.offer
        if made is None or picked.status != AppointmentStatus.HELD or made.expires_at <= now:
            raise OfferClosed
        pending = made.appointment_request
        held = held_times(pending)
        lock(Q(claims__appointment__in=held), now=now)
        taken = Offer.objects.filter(pk=made.pk, status=Offer.Status.OPEN).update(
            status=Offer.Status.ACCEPTED, closed_at=now
        )
        if taken != 1:
            raise OfferClosed
        not_held(pending)
        release([pk for pk in held if pk != picked.pk], by=None, now=now, why="another time was taken")
        change(
            picked,
            what="accepted",
            to=AppointmentStatus.BOOKED,
            by=None,
            now=now,
            values={"held_until": None, "confirmed_at": now},
        )
        Claim.objects.filter(appointment=picked).update(held_until=None)
        pending.move_to(Status.BOOKED, now=now, by=None)
        tell_confirmed(picked, by=None, now=now)
        return picked

    return attempt(act)
