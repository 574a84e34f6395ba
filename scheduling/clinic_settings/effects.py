"""What a setting does to the calendar: visits that no longer fit, and how many times can be booked."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from config.foundation.clinic import Clinic
from intake.models import Service
from scheduling import availability, desk, wording
from scheduling.models import Appointment, AppointmentStatus
from scheduling.openings import Refusal

LOOKED_AHEAD = timedelta(days=13)  # two weeks of bookable times
# Rules of the clinic. That a time is taken or too soon is no matter of settings.
RULES = frozenset({
    Refusal.SERVICE_NOT_OFFERED, Refusal.ROOM_NOT_ALLOWED, Refusal.CLOSED, Refusal.TIME_OFF, Refusal.WRONG_LOCATION,
    Refusal.OUTSIDE_HOURS,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Misfit:
    """A visit in the calendar that the rules would not allow today."""

    visit: Appointment
    day: str
    span: str
    who: str
    why: str


def misfits(*, now: datetime, clinic: Clinic) -> dict[UUID, Misfit]:
    """Held and booked visits to come that break a rule. Three queries for each service that has any."""
    coming = Appointment.objects.filter(
        status__in=[AppointmentStatus.HELD, AppointmentStatus.BOOKED], ends_at__gt=now
    ).select_related("service", "practitioner", "room", "client")
    by_service: dict[Service, list[Appointment]] = defaultdict(list)
    for visit in coming.order_by("starts_at"):
        by_service[visit.service].append(visit)
    found: dict[UUID, Misfit] = {}
    for service, visits in by_service.items():
        for visit, why in _refused(service, visits, now=now, clinic=clinic):
            found[visit.pk] = _described(visit, why, clinic)
    return found


def _refused(
    service: Service, visits: list[Appointment], *, now: datetime, clinic: Clinic
) -> list[tuple[Appointment, Refusal]]:
    days = [clinic.local(visit.starts_at).date() for visit in visits]
    diary = availability.load(
        service, start=min(days), end=max(days), now=now, ignoring=[visit.pk for visit in visits]
    )
    verdicts = [
        diary.explain(starts_at=visit.starts_at, practitioner_id=visit.practitioner_id, room_id=visit.room_id)
        for visit in visits
    ]
    return [
        (visit, verdict.why)
        for visit, verdict in zip(visits, verdicts, strict=True)
        if verdict.why is not None and verdict.why in RULES
    ]


def _described(visit: Appointment, why: Refusal, clinic: Clinic) -> Misfit:
    start, end = clinic.local(visit.starts_at), clinic.local(visit.ends_at)
    person = visit.practitioner.short_name if visit.practitioner else ""
    who = visit.client.initials_name if visit.client else visit.service.public_name
    return Misfit(
        visit, wording.short_day(start.date()), wording.span(start, end), who, desk.refusal(why, who=person)
    )


def mark_of(broken: Mapping[UUID, Misfit]) -> str:
    """What somebody confirms: exactly these visits, no others that came meanwhile."""
    return sha256(",".join(sorted(str(pk) for pk in broken)).encode()).hexdigest()[:16] if broken else ""


def counts(*, now: datetime, clinic: Clinic) -> dict[str, int]:
    """How many starts can be booked in two weeks, for each offered service by its name."""
    first = clinic.local(now).date()
    return {
        service.public_name: len(_openings(service, first, first + LOOKED_AHEAD, now=now))
        for service in Service.objects.offered()
    }


def by_day(service: Service, *, now: datetime, clinic: Clinic) -> list[tuple[date, list[str]]]:
    """The bookable starts of two weeks, as they stand: day and "9:00 am Robin" in order."""
    first = clinic.local(now).date()
    diary = availability.load(service, start=first, end=first + LOOKED_AHEAD, now=now)
    found: dict[date, list[str]] = {first + timedelta(days=n): [] for n in range(LOOKED_AHEAD.days + 1)}
    for opening in diary.openings(first_day=first, last_day=first + LOOKED_AHEAD):
        slot = diary.slot(opening)
        said = [wording.clock(clinic.local(slot.starts_at)), slot.practitioner_name.split(" ")[0]]
        found[opening.day].append(" ".join(part for part in said if part))
    return list(found.items())


def _openings(service: Service, first: date, last: date, *, now: datetime) -> list[object]:
    diary = availability.load(service, start=first, end=last, now=now)
    return list(diary.openings(first_day=first, last_day=last))
