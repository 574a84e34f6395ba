"""A request gets its time."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake.models import AppointmentRequest, Practitioner
from intake.models.appointment_request import Status
from scheduling import class_notices, notices
from scheduling.availability import Slot
from scheduling.booking.asked import bookable, held_times, service_of
from scheduling.booking.attempts import contest
from scheduling.booking.claiming import lock, wanted
from scheduling.booking.judging import diary_around, judge, pk_of
from scheduling.booking.offering import take_back_offer
from scheduling.booking.placing import book, place
from scheduling.booking.refusals import NotBookable
from scheduling.estimates import coverage, issue
from scheduling.models import Appointment, Room


def confirm(
    *,
    appointment_request: AppointmentRequest,
    practitioner: Practitioner | None,
    room: Room | None,
    starts_at: datetime,
    by: User | None,
    now: datetime,
    expect_version: int | None = None,
) -> Appointment:
    """Book a time for a request: claims, visit, history and the request's status, or nothing.

    Raises NotBookable, SlotTaken with the next best times, StaleVersion when the request changed since the page
    was made, TryAgain when the database was too busy.
    """
    expected = appointment_request.version if expect_version is None else expect_version
    slot = Slot(starts_at, starts_at, pk_of(practitioner), "", pk_of(room), "")

    def act() -> Appointment:
        pending = bookable(appointment_request.pk, expected)
        held = held_times(pending)
        locked = lock(wanted(pending.service, [slot]) | Q(claims__appointment__in=held), now=now)
        take_back_offer(pending, held, by=by, now=now, why="confirmed")
        appointment = book(pending, slot, locked, by=by, now=now)
        answered(pending, by=by, now=now)
        tell_confirmed(appointment, by=by, now=now, is_first=True)
        for seat in class_notices.seats_of(appointment) if appointment.seats is not None else ():
            if seat.appointment_request_id == pending.pk:
                class_notices.confirmed(seat=seat, now=now, by=by)
        return appointment

    def look() -> None:
        _look(appointment_request, slot, now=now)

    return contest(act, appointment_request=appointment_request, near=starts_at, now=now, look=look)


def confirm_all(
    *,
    appointment_request: AppointmentRequest,
    times: Sequence[Slot],
    by: User | None,
    now: datetime,
    expect_version: int | None = None,
) -> list[Appointment]:
    """Book several times for one request, in their order, or none of them. Call inside `together`.

    Nobody is told and no estimate is issued: whoever books a series does both once, for all of them.
    """
    expected = appointment_request.version if expect_version is None else expect_version
    pending = bookable(appointment_request.pk, expected)
    service = service_of(pending)
    if service.max_people is not None or not times:
        raise NotBookable("closed")
    held = held_times(pending)
    locked = lock(wanted(service, times) | Q(claims__appointment__in=held), now=now)
    take_back_offer(pending, held, by=by, now=now, why="confirmed")
    diary = diary_around(service, [slot.starts_at for slot in times], now=now)
    booked = [place(pending, slot, diary, locked, by=by, now=now) for slot in times]
    answered(pending, by=by, now=now)
    return booked


def _look(asked: AppointmentRequest, slot: Slot, *, now: datetime) -> None:
    """Raise Taken when the time is gone already: an answer without the lock, for who waited long for it."""
    service = service_of(asked)
    diary = diary_around(service, [slot.starts_at], now=now)
    judge(diary, slot, join=True, party=asked.people)


def tell_confirmed(visit: Appointment, *, by: User | None, now: datetime, is_first: bool = False) -> None:
    """What a booked visit sets off, in the same transaction."""
    clinic = Clinic.get()
    issue.issue_for_appointment(appointment=visit, by=by, now=now, clinic=clinic)
    has_estimate = coverage.gets_estimate(visit, clinic=clinic, now=now)
    notices.confirmed(
        appointment=visit, has_estimate=has_estimate, now=now, by=by, clinic=clinic, is_first=is_first
    )


def answered(pending: AppointmentRequest, *, by: User | None, now: datetime) -> None:
    pending.move_to(Status.BOOKED, now=now, by=by, also={"answered_at": now, "answered_by": by})
