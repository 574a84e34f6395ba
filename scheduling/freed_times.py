"""Times that a visit gave up and nobody has yet: it was cancelled, or moved somewhere else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from intake.models import Practitioner, Service
from scheduling import booking
from scheduling.availability import Slot
from scheduling.models import Appointment, AppointmentEvent, AppointmentStatus, FreedTime, Room

AHEAD = timedelta(days=21)  # freed times further off fill themselves
NOT_AGAIN = (FreedTime.Status.OPEN, FreedTime.Status.TAKEN)


@dataclass(frozen=True)
class GivenUp:
    """The time a visit had. `move` is the line of history of a visit that moved away; None: it was cancelled."""

    visit: Appointment
    starts_at: datetime
    practitioner: Practitioner
    room: Room | None
    move: AppointmentEvent | None = None

    @property
    def service(self) -> Service:
        return self.visit.service

    @property
    def slot(self) -> Slot:
        ends_at = self.starts_at + timedelta(minutes=self.service.minutes)
        return Slot(
            self.starts_at, ends_at, self.practitioner.pk, "", self.room.pk if self.room else None, ""
        )

    @property
    def block(self) -> timedelta:
        """How long the time is, with the break after it."""
        length = self.visit.ends_at - self.visit.starts_at
        return length + timedelta(minutes=self.visit.buffer_after_minutes)

    @property
    def key(self) -> str:
        """Which of the times of its visit this is."""
        return str(self.move.pk) if self.move else "cancelled"


def free(*, now: datetime, of: UUID | None = None) -> list[GivenUp]:
    """The freed times of the next weeks (`of` one visit), the soonest first, each named once.

    Whether somebody could still be booked into them is judged as booking itself does. Two queries, and one more
    for each service.
    """
    cancelled, moves = _cancelled(now=now), _moves(now=now)
    if of is not None:
        cancelled, moves = cancelled.filter(pk=of), moves.filter(appointment=of)
    found = [
        *(GivenUp(each, each.starts_at, each.practitioner, each.room) for each in cancelled),  # type: ignore[arg-type]
        *(
            GivenUp(each.appointment, each.from_starts_at, each.from_practitioner, each.from_room, each)  # type: ignore[arg-type]
            for each in moves
        ),
    ]
    named = sorted(_once(found), key=lambda each: each.starts_at)
    free = booking.still_free([(each.service, each.slot) for each in named], now=now)
    return [each for each, is_free in zip(named, free, strict=True) if is_free]


def _once(found: Iterable[GivenUp]) -> Iterable[GivenUp]:
    """One time can be given up several times over: by a visit that left twice, by whoever came after it."""
    return {(each.practitioner.pk, each.starts_at): each for each in found}.values()


def _cancelled(*, now: datetime) -> QuerySet[Appointment]:
    return (
        Appointment.objects.filter(
            status=AppointmentStatus.CANCELLED,
            starts_at__gt=now,
            starts_at__lt=now + AHEAD,
            practitioner__isnull=False,
            service__max_people=None,
        )
        .exclude(Exists(_offered(freed_by=OuterRef("pk"), move=None)))
        .select_related("service", "practitioner", "room")
    )


def _moves(*, now: datetime) -> QuerySet[AppointmentEvent]:
    return (
        AppointmentEvent.objects.filter(
            what="moved",
            from_starts_at__gt=now,
            from_starts_at__lt=now + AHEAD,
            from_practitioner__isnull=False,
            appointment__service__max_people=None,
        )
        .exclude(Exists(_offered(move=OuterRef("pk"))))
        .select_related("appointment__service", "from_practitioner", "from_room")
        .order_by("at")
    )


def _offered(**which: object) -> QuerySet[FreedTime]:
    return FreedTime.objects.filter(**which, status__in=NOT_AGAIN)
