"""Whether a request may be given a time at all, and whether it may be given this one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.foundation.clinic import Clinic
from intake.models import (
    AppointmentRequest,
    Practitioner,
    Status,
)
from intake.models.appointment_request import AWAITING_ANSWER, BOOKABLE
from scheduling import availability
from scheduling.models import Room


@dataclass(frozen=True)
class Place:
    """A time with whom and where; None means whoever or whatever is free."""

    starts_at: datetime
    practitioner: Practitioner | None
    room: Room | None


def needs_call(appointment_request: AppointmentRequest) -> bool:
    """Somebody must talk to this person, or decide, before any time is named."""
    if appointment_request.status not in {*AWAITING_ANSWER, Status.WAITLISTED}:
        return False
    return appointment_request.awaits_call() or bool(appointment_request.open_holds())


def can_be_placed(appointment_request: AppointmentRequest) -> bool:
    """May a time be proposed at all: open, a service chosen, no hold, and no call that must come first."""
    return (
        appointment_request.status in BOOKABLE
        and appointment_request.service_id is not None
        and not appointment_request.awaits_call()
        and not appointment_request.open_holds()
    )


SHORTEST_HOLD = timedelta(minutes=30)  # less is no offer: nobody reads mail that fast
TO_SEND_IT = timedelta(minutes=15)  # from naming the times to sending them


def held_until(places: Sequence[Place], *, now: datetime, clinic: Clinic) -> datetime | None:
    """How long offered times are held: the clinic's hours, cut to the notice each practitioner needs.

    None when one of the times would begin before anybody could answer.
    """
    ends = [now + timedelta(hours=clinic.proposal_hold_hours)]
    for place in places:
        notice = place.practitioner.minimum_notice_hours if place.practitioner else 0
        ends.append(place.starts_at - timedelta(hours=notice))
    return min(ends) if min(ends) - now >= SHORTEST_HOLD else None


@dataclass(frozen=True)
class Verdict:
    ok: bool
    why: str = ""


def judge(appointment_request: AppointmentRequest, place: Place, *, now: datetime) -> Verdict:
    service = appointment_request.service
    if service is None:
        return Verdict(ok=False, why="no_service")
    if appointment_request.open_holds():
        return Verdict(ok=False, why="on_hold")
    if appointment_request.awaits_call():
        return Verdict(ok=False, why="call_first")
    verdict = availability.explain_slot(
        service=service,
        starts_at=place.starts_at,
        now=now,
        practitioner=place.practitioner,
        room=place.room,
        party=appointment_request.people,
    )
    return Verdict(ok=verdict.ok, why=str(verdict.why or ""))
