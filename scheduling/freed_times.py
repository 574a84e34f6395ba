"""Times that a visit gave up and nobody has yet: it was cancelled, or moved somewhere else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from intake.models import Practitioner, Service
from scheduling.models import Appointment, AppointmentEvent, AppointmentStatus, Claim, FreedTime, Room

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
    def block(self) -> timedelta:
        """How long the time is, with the break after it."""
        length = self.visit.ends_at - self.visit.starts_at
        return length + timedelta(minutes=self.visit.buffer_after_minutes)

    @property
    def key(self) -> str:
        """Which of the times of its visit this is."""
        return str(self.move.pk) if self.move else "cancelled"


def free(*, now: datetime, of: UUID | None = None) -> list[GivenUp]:
    """The freed times of the next weeks (`of` one visit), the soonest first, each named once. Two queries."""
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
    return sorted(_once(found), key=lambda each: each.starts_at)


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
        .exclude(Exists(_taken(person="practitioner", starts="starts_at", ends="ends_at", now=now)))
        .exclude(Exists(_offered(freed_by=OuterRef("pk"), move=None)))
        .select_related("service", "practitioner", "room")
    )


def _moves(*, now: datetime) -> QuerySet[AppointmentEvent]:
    length = F("appointment__ends_at") - F("appointment__starts_at")
    ended = ExpressionWrapper(F("from_starts_at") + length, output_field=DateTimeField())
    return (
        AppointmentEvent.objects.filter(
            what="moved",
            from_starts_at__gt=now,
            from_starts_at__lt=now + AHEAD,
            from_practitioner__isnull=False,
            appointment__service__max_people=None,
        )
        .annotate(ended=ended)
        .exclude(Exists(_taken(person="from_practitioner", starts="from_starts_at", ends="ended", now=now)))
        .exclude(Exists(_offered(move=OuterRef("pk"))))
        .select_related("appointment__service", "from_practitioner", "from_room")
        .order_by("at")
    )


def _taken(*, person: str, starts: str, ends: str, now: datetime) -> QuerySet[Claim]:
    """What stands in the time by now; a hold that has run out does not."""
    return Claim.objects.filter(
        Q(held_until=None) | Q(held_until__gt=now),
        resource__practitioner=OuterRef(person),
        starts_at__lt=OuterRef(ends),
        ends_at__gt=OuterRef(starts),
    )


def _offered(**which: object) -> QuerySet[FreedTime]:
    return FreedTime.objects.filter(**which, status__in=NOT_AGAIN)
