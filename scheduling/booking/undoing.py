"""The last act on a visit is taken back, by who did it, within ten seconds."""

from datetime import datetime

from django.db.models import Q

from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake.models.appointment_request import Status
from scheduling import class_notices, notices
from scheduling.availability import Slot
from scheduling.booking.asked import others_stand
from scheduling.booking.attempts import contest
from scheduling.booking.claiming import claim, lock, times_of, wanted
from scheduling.booking.history import change
from scheduling.booking.judging import diary_around, judge
from scheduling.booking.refusals import TooLate
from scheduling.estimates import coverage, issue, versions
from scheduling.models import Appointment, AppointmentEvent, AppointmentStatus, Claim, Seat

UNDO_WITHIN = notices.UNDO_WINDOW


def undo(*, appointment: Appointment, by: User | None, now: datetime) -> Appointment:
    """Take back the last act on a visit, by who did it, within ten seconds."""

    def act() -> Appointment:
        visit = Appointment.objects.select_related("service", "appointment_request").get(pk=appointment.pk)
        last = visit.events.order_by("at", "id").last()
        if last is None or last.by != by or not last.at <= now <= last.at + UNDO_WITHIN:
            raise TooLate
        pending = visit.appointment_request
        if last.what == "confirmed" and visit.status == AppointmentStatus.BOOKED:
            Claim.objects.filter(appointment=visit).delete()
            change(visit, what="undone", to=AppointmentStatus.RELEASED, by=by, now=now)
            notices.taken_back(appointment=visit)
            versions.visit_cancelled(appointment=visit, by=by, now=now)
            if pending is not None and not others_stand(pending):
                pending.move_to(Status.NEW, now=now, by=by, why="undone", also=_UNANSWERED)
        elif last.what in {"arrived", "no_show"}:
            change(
                visit, what="undone", to=AppointmentStatus.BOOKED, by=by, now=now, values={"fee_cents": None}
            )
        elif last.what == "fulfilled":
            change(visit, what="undone", to=AppointmentStatus.ARRIVED, by=by, now=now)
        elif last.what in {"moved", "cancelled"}:
            _put_back(visit, last, by=by, now=now)
        else:
            raise TooLate
        return visit

    return contest(act, now=now)


_UNANSWERED: dict[str, object] = {"answered_at": None, "answered_by": None}


def _seats_back(visit: Appointment, was_off_at: datetime | None, *, by: User | None, now: datetime) -> None:
    """A class has its people again: those who sat in it when it was called off."""
    if was_off_at is not None:
        Seat.objects.filter(appointment=visit, cancelled_at=was_off_at).update(cancelled_at=None)
    seats = class_notices.seats_of(visit)
    class_notices.put_back(seats=seats)
    for seat in seats:
        pending = seat.appointment_request
        if pending is not None and pending.status == Status.NEW:
            pending.move_to(Status.BOOKED, now=now, by=by, why="undone")


def _put_back(visit: Appointment, last: AppointmentEvent, *, by: User | None, now: datetime) -> None:
    """A moved or cancelled visit gets its old time again, unless somebody has taken it in those seconds."""
    moved = last.what == "moved" and last.from_starts_at is not None
    slot = Slot(
        starts_at=last.from_starts_at if moved and last.from_starts_at else visit.starts_at,
        ends_at=visit.ends_at,
        practitioner_id=last.from_practitioner_id if moved else visit.practitioner_id,
        room_id=last.from_room_id if moved else visit.room_id,
    )
    lock(wanted(visit.service, [slot]) | Q(claims__appointment=visit), now=now)
    diary = diary_around(visit.service, [slot.starts_at], now=now, ignoring=[visit.pk])
    taken = judge(diary, slot, join=False, already_agreed=True)
    values = {
        **times_of(visit.service, taken),
        "sequence": visit.sequence + 1,
        "cancelled_at": None,
        "fee_cents": None,
    }
    was_off_at = visit.cancelled_at
    Claim.objects.filter(appointment=visit).delete()
    change(visit, what="undone", to=AppointmentStatus.BOOKED, by=by, now=now, values=values)
    claim(visit, taken, held_until=None)
    visit.refresh_from_db()
    has_estimate = coverage.gets_estimate(visit, clinic=Clinic.get(), now=now)
    notices.put_back(appointment=visit, has_estimate=has_estimate, now=now, by=by)
    _seats_back(visit, was_off_at, by=by, now=now)
    pending = visit.appointment_request
    if pending is not None and pending.status == Status.WITHDRAWN:
        pending.move_to(Status.NEW, now=now, by=by, why="undone")
    if pending is not None and pending.status == Status.NEW:
        pending.move_to(Status.BOOKED, now=now, by=by, why="undone")
    # The estimate of the other day, or the one taken back with the visit, gives way to one of this day.
    visit.refresh_from_db()
    issue.issue_for_appointment(appointment=visit, by=by, now=now)
