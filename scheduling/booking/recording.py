"""Visits that were agreed elsewhere."""

from datetime import datetime

from django.db import transaction

from config.foundation.user import User
from intake.models import Client, Practitioner, Service
from scheduling.availability import Slot
from scheduling.booking.claiming import claim, lock, times_of, wanted
from scheduling.booking.history import remember
from scheduling.booking.judging import diary_around, judge, pk_of
from scheduling.booking.refusals import SlotTaken, Taken
from scheduling.models import Appointment, AppointmentStatus, Room, Seat


@transaction.atomic
def record(
    *,
    code: str,
    service: Service,
    client: Client | None,
    practitioner: Practitioner | None,
    room: Room | None,
    starts_at: datetime,
    now: datetime,
    held_until: datetime | None = None,
    people: int | None = None,
    by: User | None = None,
) -> Appointment:
    """Enter a visit agreed elsewhere, once for each `code`: it claims its time and tells nobody.

    Hours and notice are not asked, they were agreed; that the time is free is. Raises NotBookable or SlotTaken.
    """
    known = Appointment.objects.filter(code=code).first()
    if known is not None:
        return known
    slot = Slot(starts_at, starts_at, pk_of(practitioner), "", pk_of(room), "")
    lock(wanted(service, [slot]), now=now)
    diary = diary_around(service, [starts_at], now=now)
    try:
        taken = judge(diary, slot, join=False, already_agreed=True)
    except Taken:
        raise SlotTaken from None
    visit = Appointment(
        code=code,
        client=client if people is None else None,
        service=service,
        price_cents=service.price_cents,
        is_first_visit=service.is_first_visit,
        seats=service.max_people,
        seats_taken=people or 0,
        status=AppointmentStatus.HELD if held_until else AppointmentStatus.BOOKED,
        held_until=held_until,
        created_at=now,
        created_by=by,
        **times_of(service, taken),
    )
    visit.save(force_insert=True)
    if people is not None and client is not None:
        Seat.objects.create(appointment=visit, client=client, people=people)
    claim(visit, taken, held_until=held_until)
    remember(visit, what="recorded", by=by, now=now, to=visit.status)
    return visit
