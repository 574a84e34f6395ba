"""A booked visit gets another time."""

from datetime import datetime

from django.db.models import Q

from config.foundation.clinic import Clinic
from config.foundation.user import User
from config.foundation.versioned import StaleVersion
from intake.models import Practitioner
from scheduling import class_notices, notices, staff_notices
from scheduling.availability import Slot
from scheduling.booking.asked import not_held
from scheduling.booking.attempts import contest
from scheduling.booking.claiming import claim, lock, times_of, wanted
from scheduling.booking.history import change
from scheduling.booking.judging import diary_around, judge, pk_of
from scheduling.booking.refusals import NotBookable
from scheduling.estimates import coverage, issue
from scheduling.models import Appointment, AppointmentStatus, Claim, Room


def move(
    *,
    appointment: Appointment,
    practitioner: Practitioner | None,
    room: Room | None,
    starts_at: datetime,
    by: User | None,
    now: datetime,
    expect_version: int | None = None,
    fee_cents: int | None = None,
    why: str = "",
) -> Appointment:
    """Give a booked visit another time, person or room. The old time is kept until the new one is claimed."""
    expected = appointment.version if expect_version is None else expect_version
    slot = Slot(starts_at, starts_at, pk_of(practitioner), "", pk_of(room), "")

    def act() -> Appointment:
        visit = Appointment.objects.select_related("service", "appointment_request").get(pk=appointment.pk)
        if visit.version != expected:
            raise StaleVersion
        if visit.status != AppointmentStatus.BOOKED:
            raise NotBookable("closed")
        if visit.appointment_request is not None:
            not_held(visit.appointment_request)
        lock(wanted(visit.service, [slot]) | Q(claims__appointment=visit), now=now)
        diary = diary_around(visit.service, [starts_at], now=now, ignoring=[visit.pk])
        taken = judge(diary, slot, join=False)
        fee = {} if fee_cents is None else {"fee_cents": fee_cents}
        old_start, old_place = visit.starts_at, visit.location_id
        old: dict[str, object] = {
            "from_starts_at": old_start,
            "from_practitioner_id": visit.practitioner_id,
            "from_room_id": visit.room_id,
        }
        values = {**times_of(visit.service, taken), "sequence": visit.sequence + 1, **fee}
        Claim.objects.filter(appointment=visit).delete()
        change(visit, what="moved", to=visit.status, by=by, now=now, why=why, values=values, history=old)
        claim(visit, taken, held_until=None)
        # Another day, person or place asks for a new estimate; another hour of the same day does not.
        visit.refresh_from_db()
        issue.issue_for_appointment(appointment=visit, by=by, now=now)
        if visit.starts_at != old_start or visit.location_id != old_place:
            has_estimate = coverage.gets_estimate(visit, clinic=Clinic.get(), now=now)
            notices.moved(appointment=visit, was_at=old_start, has_estimate=has_estimate, now=now, by=by)
            class_notices.moved(seats=class_notices.seats_of(visit), was_at=old_start, now=now, by=by)
        if by is None:
            staff_notices.client_changed(appointment=visit, was_at=old_start, now=now)
        return visit

    return contest(act, appointment_request=appointment.appointment_request, now=now, appointment=appointment)
