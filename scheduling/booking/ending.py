"""A visit, a seat, a held time or all that a request holds is given back."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import F

from config.foundation.user import User
from config.foundation.versioned import StaleVersion
from intake.models import AppointmentRequest
from intake.models.appointment_request import Status
from scheduling import class_notices, notices, staff_notices
from scheduling.booking.asked import others_stand
from scheduling.booking.attempts import attempt
from scheduling.booking.claiming import release
from scheduling.booking.history import change
from scheduling.booking.offering import let_go_of_offer
from scheduling.booking.refusals import NotBookable
from scheduling.estimates import versions
from scheduling.models import Appointment, AppointmentEvent, AppointmentStatus, Claim, Offer, Seat


def cancel(
    *,
    appointment: Appointment,
    by: User | None,
    now: datetime,
    why: str = "",
    expect_version: int | None = None,
    fee_cents: int | None = None,
    answer_again: bool = False,
) -> Appointment:
    """Cancel a booked visit; its time is free at once. `answer_again` puts its request back in the queue."""

    def act() -> Appointment:
        visit = Appointment.objects.select_related("appointment_request").get(pk=appointment.pk)
        if expect_version is not None and visit.version != expect_version:
            raise StaleVersion
        if visit.status not in {AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED}:
            raise NotBookable("closed")
        values: dict[str, object] = {
            "cancelled_at": now,
            "fee_cents": fee_cents,
            "sequence": visit.sequence
            + 1,  # a calendar may ignore a cancellation that is no newer (RFC 5546 3.2.5)
        }
        change(
            visit, what="cancelled", to=AppointmentStatus.CANCELLED, by=by, now=now, why=why, values=values
        )
        Claim.objects.filter(appointment=visit).delete()
        _class_is_off(visit, by=by, now=now, why=why)
        pending = visit.appointment_request
        if pending is not None and pending.status == Status.BOOKED and not others_stand(pending):
            to = Status.NEW if answer_again else Status.WITHDRAWN
            pending.move_to(to, now=now, by=by, why=why)
        versions.visit_cancelled(appointment=visit, by=by, now=now)
        notices.cancelled(appointment=visit, by_clinic=by is not None, now=now, by=by)
        if by is None:
            staff_notices.client_changed(appointment=visit, now=now)
        return visit

    return attempt(act)


def _class_is_off(visit: Appointment, *, by: User | None, now: datetime, why: str) -> None:
    """Everyone in it is told, seat by seat, and comes back into the queue for another date."""
    seats = class_notices.seats_of(visit)
    Seat.objects.filter(appointment=visit, cancelled_at=None).update(cancelled_at=now)
    for seat in seats:
        pending = seat.appointment_request
        if pending is not None and pending.status == Status.BOOKED and not others_stand(pending):
            pending.move_to(Status.NEW, now=now, by=by, why=why)
    class_notices.cancelled(seats=seats, now=now, by=by)


@transaction.atomic
def let_go(*, held: Appointment, by: User | None, now: datetime, why: str) -> None:
    """A time held for nobody in particular is free again."""
    release([held.pk], by=by, now=now, why=why)


@transaction.atomic
def leave_class(*, seat: Seat, by: User | None, now: datetime) -> None:
    """Give the seats of one party back."""
    if Seat.objects.filter(pk=seat.pk, cancelled_at=None).update(cancelled_at=now) != 1:
        raise NotBookable("closed")
    class_notices.given_back(seat=seat)
    Appointment.objects.filter(pk=seat.appointment_id).update(
        seats_taken=F("seats_taken") - seat.people, version=F("version") + 1
    )
    AppointmentEvent.objects.create(appointment_id=seat.appointment_id, at=now, by=by, what="seat_given_back")


def give_seat_back(*, seat: Seat, now: datetime, expect_version: int) -> None:
    """The client does not come to a class: the place is free at once, they and staff are told.

    `expect_version` is that of their request, which ends here. Raises StaleVersion, and NotBookable when it is
    over or given back already.
    """

    def act() -> None:
        # Its own lock first, as everyone who counts seats takes it.
        visit = Appointment.objects.select_for_update(of=("self",)).get(pk=seat.appointment_id)
        pending = AppointmentRequest.objects.get(seats=seat)
        if pending.version != expect_version:
            raise StaleVersion
        if visit.status != AppointmentStatus.BOOKED or visit.starts_at <= now:
            raise NotBookable("closed")
        leave_class(seat=seat, by=None, now=now)
        pending.move_to(Status.WITHDRAWN, now=now, by=None, why="by the client")
        # A calendar may ignore a cancellation that is no newer (RFC 5546 3.2.5).
        Appointment.objects.filter(pk=visit.pk).update(sequence=F("sequence") + 1)
        left = Seat.objects.select_related("appointment", "client", "appointment_request").get(pk=seat.pk)
        class_notices.cancelled(seats=[left], now=now, by=None)
        staff_notices.client_changed(appointment=left.appointment, now=now)

    attempt(act)


# What a client waits for goes on, but not with the times they were offered: they have to be told. Who is declined
# is told of that; nothing is sent to what is set aside.
GOES_ON = frozenset({Status.ON_HOLD, Status.WAITLISTED})


def letting_go(
    verb: Callable[..., object],
    *,
    appointment_request: AppointmentRequest,
    by: User | None,
    now: datetime,
    expect_version: int,
    visits_too: bool = False,
    **said: str,
) -> None:
    """Release what a request holds, then do a verb of `intake.triage` to it: decline, hold, withdraw, …

    Its offer; with `visits_too` its booked visits and seats as well, otherwise the verb refuses while there is
    one. One transaction: when the verb refuses, the time is still held. The verb gets the same arguments, with
    the version the release left behind. Raises what the verb raises, and StaleVersion.
    """

    def act() -> None:
        pending = AppointmentRequest.objects.select_related("client", "service").get(
            pk=appointment_request.pk
        )
        if pending.version != expect_version:
            raise StaleVersion
        why = said.get("reason", said.get("why", ""))
        offers = pending.offers.filter(status=Offer.Status.OPEN)
        known = [each for each in offers if let_go_of_offer(each, by=by, now=now, why=why)]
        if visits_too:
            _cancel_all(pending, by=by, now=now, why=why)
        pending.refresh_from_db()
        verb(appointment_request=pending, by=by, now=now, expect_version=pending.version, **said)
        if pending.status in GOES_ON:
            for each in known:
                notices.offer_ended(offer=each, now=now, by=by, taken_back=True)

    with transaction.atomic():
        act()


def _cancel_all(pending: AppointmentRequest, *, by: User | None, now: datetime, why: str) -> None:
    """Its booked visits and its seats. The client is told of a visit that is off."""
    for visit in pending.appointments.filter(status=AppointmentStatus.BOOKED):
        cancel(appointment=visit, by=by, now=now, why=why, answer_again=True)
    for seat in pending.seats.filter(cancelled_at=None):
        leave_class(seat=seat, by=by, now=now)
