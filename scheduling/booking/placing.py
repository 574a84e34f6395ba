"""Write the visit for a time: a new one, or seats in a planned class."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F

from config.foundation.user import User
from intake.models import AppointmentRequest
from scheduling.availability import Diary, Slot
from scheduling.booking.asked import service_of
from scheduling.booking.claiming import claim, span_of, times_of
from scheduling.booking.history import remember
from scheduling.booking.judging import Place, diary_around, judge
from scheduling.booking.refusals import NotBookable, Taken
from scheduling.models import Appointment, AppointmentStatus, Offer, Resource, Seat
from scheduling.openings import local_day, minute_of


def book(
    pending: AppointmentRequest, slot: Slot, locked: Sequence[Resource], *, by: User | None, now: datetime
) -> Appointment:
    service = service_of(pending)
    diary = diary_around(service, [slot.starts_at], now=now)
    return place(pending, slot, diary, locked, by=by, now=now)


def place(
    pending: AppointmentRequest,
    slot: Slot,
    diary: Diary,
    locked: Sequence[Resource],
    *,
    by: User | None,
    now: datetime,
    held_until: datetime | None = None,
    for_offer: Offer | None = None,
) -> Appointment:
    service = service_of(pending)
    taken = judge(diary, slot, join=True, party=pending.people)
    if taken.class_id is not None:
        return join_class(taken.class_id, pending, by=by, now=now)
    held = held_until is not None
    is_class = service.max_people is not None
    visit = Appointment(
        appointment_request=None if is_class else pending,
        client=None if is_class else pending.client,
        service=service,
        offer=for_offer,
        price_cents=service.price_cents,
        is_first_visit=service.is_first_visit,
        seats=service.max_people,
        seats_taken=pending.people if is_class else 0,
        status=AppointmentStatus.HELD if held else AppointmentStatus.BOOKED,
        held_until=held_until,
        created_at=now,
        created_by=by,
        confirmed_at=None if held else now,
        confirmed_by=None if held else by,
        **times_of(service, taken),
    )
    visit.save(force_insert=True)
    if is_class:
        Seat.objects.create(
            appointment=visit, client=pending.client, appointment_request=pending, people=pending.people
        )
    _know(visit, locked)
    claim(visit, taken, held_until=held_until)
    _write_down(visit, taken, diary)
    remember(visit, what="offered" if held else "confirmed", by=by, now=now, to=visit.status)
    return visit


def _write_down(visit: Appointment, taken: Place, diary: Diary) -> None:
    """So that the next time of the same act sees this one."""
    busy, first_visits = diary.calendar.busy, diary.calendar.first_visits
    for key in taken.keys:
        busy[key] = sorted([*busy.get(key, ()), span_of(visit)])  # type: ignore[index]
    if visit.is_first_visit and visit.status == AppointmentStatus.BOOKED:  # of an offer only one will be
        day = local_day(minute_of(visit.starts_at), diary.calendar.zone)
        person = diary.people_keys.get(visit.practitioner_id) if visit.practitioner_id else None
        first_visits[person, day] = first_visits.get((person, day), 0) + 1  # type: ignore[index]


def _know(visit: Appointment, locked: Sequence[Resource]) -> None:
    """Hand the visit the rows that were read with the lock, so that telling of it reads none again."""
    for resource in locked:
        if resource.practitioner is not None and resource.practitioner_id == visit.practitioner_id:
            visit.practitioner = resource.practitioner
        if resource.room is not None and resource.room_id == visit.room_id:
            visit.room = resource.room
            if resource.room.location_id == visit.location_id:
                visit.location = resource.room.location


def join_class(class_id: UUID, pending: AppointmentRequest, *, by: User | None, now: datetime) -> Appointment:
    """Seats in a planned class, counted under the class's own lock; a constraint says the last word."""
    visit = Appointment.objects.select_for_update(of=("self",)).get(pk=class_id)
    if visit.status != AppointmentStatus.BOOKED or visit.seats is None:
        raise NotBookable("closed")
    if visit.seats_taken + pending.people > visit.seats:
        raise Taken
    Appointment.objects.filter(pk=visit.pk).update(
        seats_taken=F("seats_taken") + pending.people, version=F("version") + 1
    )
    Seat.objects.create(
        appointment=visit, client=pending.client, appointment_request=pending, people=pending.people
    )
    remember(visit, what="seat_taken", by=by, now=now, to=visit.status)
    visit.refresh_from_db(fields=["seats_taken", "version"])
    return visit
