"""The rows of resources and claims: locked in one order, taken, given back."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from config.foundation.user import User
from intake.models import Service
from scheduling.availability import Slot
from scheduling.booking.judging import Place
from scheduling.booking.refusals import NotBookable
from scheduling.models import Appointment, AppointmentEvent, AppointmentStatus, Claim, Resource
from scheduling.openings import minute_of


def wanted(service: Service | None, slots: Iterable[Slot]) -> Q:
    """The resources a time may need. With no person or room named: all that could serve."""
    if service is None:
        raise NotBookable("no_service")
    wanted = Q(pk__in=())
    for slot in slots:
        if slot.practitioner_id is not None:
            wanted |= Q(practitioner=slot.practitioner_id)
        elif service.needs_practitioner:
            wanted |= Q(practitioner__services=service)
        wanted |= Q(room=slot.room_id) if slot.room_id is not None else Q(room__services=service)
    return wanted


def lock(wanted: Q, *, now: datetime) -> Sequence[Resource]:
    """Lock the resources in the order of their ids, then forget the holds on them that have run out.

    What is locked comes with its practitioner, room and place, which a visit in it will ask for.
    """
    found = Resource.objects.filter(pk__in=Resource.objects.filter(wanted).order_by().values("pk"))
    dead = Claim.objects.filter(resource=OuterRef("pk"), held_until__lte=now)
    found = found.select_related("practitioner", "room__location").annotate(has_dead=Exists(dead))
    locked = list(found.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    if any(resource.has_dead for resource in locked):
        Claim.objects.filter(resource__in=locked, held_until__lte=now).delete()
    return locked


def times_of(service: Service, taken: Place) -> dict[str, object]:
    return {
        "starts_at": taken.slot.starts_at,
        "ends_at": taken.slot.starts_at + timedelta(minutes=service.minutes),
        "buffer_before_minutes": service.buffer_before_minutes,
        "buffer_after_minutes": service.buffer_after_minutes,
        "practitioner_id": taken.slot.practitioner_id,
        "room_id": taken.slot.room_id,
        "location_id": taken.location_id,
    }


def span_of(visit: Appointment) -> tuple[int, int]:
    return (
        minute_of(visit.starts_at) - visit.buffer_before_minutes,
        minute_of(visit.ends_at) + visit.buffer_after_minutes,
    )


def claim(visit: Appointment, taken: Place, *, held_until: datetime | None) -> None:
    start = visit.starts_at - timedelta(minutes=visit.buffer_before_minutes)
    end = visit.ends_at + timedelta(minutes=visit.buffer_after_minutes)
    Claim.objects.bulk_create(
        Claim(
            resource_id=int(str(key)), appointment=visit, starts_at=start, ends_at=end, held_until=held_until
        )
        for key in taken.keys
    )


def release(held: Collection[UUID], *, by: User | None, now: datetime, why: str) -> None:
    """Held times become free: their claims go, the rows stay as history."""
    if not held:
        return
    Claim.objects.filter(appointment_id__in=held).delete()
    Appointment.objects.filter(pk__in=held, status=AppointmentStatus.HELD).update(
        status=AppointmentStatus.RELEASED, version=F("version") + 1
    )
    AppointmentEvent.objects.bulk_create(
        AppointmentEvent(
            appointment_id=pk,
            at=now,
            by=by,
            what="released",
            from_status=AppointmentStatus.HELD,
            to_status=AppointmentStatus.RELEASED,
            why=why,
        )
        for pk in held
    )
