"""A freed time goes to whoever waits for one: ranked by fit, told to one or several, the first yes wins.

Who waits has a request, or a later visit and the wish to come earlier; with a yes that visit moves.

The time is held while it is offered, so a yes can be kept. Nobody is written to in quiet hours; the time to
answer begins in the morning then.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake import contact
from intake.models import AppointmentRequest, Client, Status
from intake.models.appointment_request import call_comes_first
from scheduling import availability, booking, waitlist_notices
from scheduling.desk.words import reasons
from scheduling.freed_times import GivenUp
from scheduling.models import Appointment, FreedTime, Invitation
from scheduling.openings import PARTS_OF_DAY
from scheduling.reminders import DAY_BEGINS, DAY_ENDS

ANSWER_WITHIN = timedelta(hours=4)
MOST_AT_ONCE = 5
INVITATION = waitlist_notices.INVITATION


class Gone(Exception):
    """Somebody was faster, or the time to answer has passed."""


class NobodyToAsk(Exception):
    """No request was chosen, or too many."""


class TooLateToAsk(Exception):
    """The visit would begin before anybody could answer."""


@dataclass(frozen=True)
class Candidate:
    """Somebody who waits and for whom this time fits; `reasons` are codes, the best fit first in a list."""

    about: AppointmentRequest | Appointment
    reasons: tuple[str, ...]

    @property
    def key(self) -> str:
        return str(self.about.pk)

    @property
    def client(self) -> Client | None:
        return self.about.client

    @property
    def comes_on(self) -> datetime | None:
        """When the visit is that would move."""
        return self.about.starts_at if isinstance(self.about, Appointment) else None

    @property
    def words(self) -> str:
        return reasons(self.reasons) or str(_("Any time."))


# --- for whom ---------------------------------------------------------------------------------------


def waiting() -> QuerySet[AppointmentRequest]:
    """Who would take a time: on the waitlist, or not answered yet and "sooner is welcome"."""
    sooner = Q(status__in=[Status.NEW, Status.NEEDS_INFORMATION], wishes__waitlist_ok=True)
    return (
        AppointmentRequest.objects.filter(Q(status=Status.WAITLISTED) | sooner, service__isnull=False)
        .exclude(holds__lifted_at=None, holds__isnull=False)
        .exclude(call_comes_first())
        .select_related("client", "service")
        .prefetch_related("holds")
        .order_by("service_id", "submitted_at")
    )


def later_visits(freed: GivenUp) -> QuerySet[Appointment]:
    """Visits with the same practitioner whose clients would come sooner."""
    held = AppointmentRequest.objects.filter(holds__lifted_at=None, holds__isnull=False)
    return (
        Appointment.objects.would_come_earlier(than=freed.starts_at)
        .filter(practitioner=freed.practitioner)
        .exclude(appointment_request__in=held)
        .select_related("client", "service", "appointment_request__client")
        .order_by("earlier_since")
    )


def candidates(*, freed: GivenUp, now: datetime) -> list[Candidate]:
    """Who waits and could come then, the best fit first. The number of queries grows with services, not people.

    What somebody said they cannot do (hours, days, dates) is never offered to them, nor is a time that they
    gave up themselves.
    """
    zone = Clinic.get().zone
    day = freed.starts_at.astimezone(zone).date()
    left = freed.visit.client_id
    found: list[tuple[tuple[bool, bool, bool, datetime], Candidate]] = []
    everyone: list[AppointmentRequest | Appointment] = [*waiting(), *later_visits(freed)]
    everyone = [each for each in everyone if each.client_id != left]
    everyone.sort(key=lambda each: str(each.service_id))
    for service, group in groupby(everyone, key=lambda each: each.service):
        if service is None or timedelta(minutes=service.minutes + service.buffer_after_minutes) > freed.block:
            continue
        around = timedelta(days=1)
        diary = availability.load(service, start=day - around, end=day + around, now=now)
        verdict = diary.explain(
            starts_at=freed.starts_at,
            practitioner_id=freed.practitioner.pk,
            room_id=freed.room.pk if freed.room else None,
        )
        if not verdict.ok:
            continue
        for each in group:
            is_later = isinstance(each, Appointment)
            asked = each.appointment_request if isinstance(each, Appointment) else each
            kept = wishes_kept(asked, freed=freed, zone=zone) if asked else ()
            since = each.earlier_since if isinstance(each, Appointment) else each.submitted_at
            if kept is not None and since is not None:
                # Who has no visit yet comes before who would only come sooner.
                rank = (is_later, "wished_practitioner" not in kept, "wished_day" not in kept, since)
                found.append((rank, Candidate(each, kept)))
    return [candidate for _rank, candidate in sorted(found, key=lambda pair: pair[0])]


def wishes_kept(
    appointment_request: AppointmentRequest, *, freed: GivenUp, zone: ZoneInfo
) -> tuple[str, ...] | None:
    """Which wishes a time keeps; None when it breaks one of them."""
    wishes = availability.wishes_of(appointment_request)
    local = freed.starts_at.astimezone(zone)
    wall = local.hour * 60 + local.minute
    if wishes.days and local.weekday() not in wishes.days:
        return None
    parts = [PARTS_OF_DAY[part] for part in wishes.parts if part in PARTS_OF_DAY]
    if parts and not any(low <= wall < high for low, high in parts):
        return None
    if (wishes.earliest and local.date() < wishes.earliest) or (
        wishes.latest and local.date() > wishes.latest
    ):
        return None
    kept = [name for name, has in (("wished_day", wishes.days), ("wished_part", parts)) if has]
    person = freed.practitioner
    named = wishes.person is not None and str(wishes.person) in {str(person.pk), person.code}
    if named or appointment_request.client.home_practitioner_id == person.pk:
        kept.append("wished_practitioner")
    return tuple(kept)


def when_to_tell(
    *, now: datetime, starts_at: datetime, notice: timedelta, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """When the invitation leaves and until when it is held. Raises TooLateToAsk.

    In quiet hours it leaves in the morning. It ends early enough for the practitioner's own notice.
    """
    local = now.astimezone(zone)
    tell_at = now
    if not DAY_BEGINS <= local.time() < DAY_ENDS:
        day = local.date() if local.time() < DAY_BEGINS else local.date() + timedelta(days=1)
        tell_at = datetime.combine(day, DAY_BEGINS, tzinfo=zone)
    ends_at = min(tell_at + ANSWER_WITHIN, starts_at - notice)
    if ends_at - tell_at < timedelta(minutes=30):
        raise TooLateToAsk
    return tell_at, ends_at


# --- offer, answer ----------------------------------------------------------------------------------


def invite(
    *, freed: GivenUp, people: Sequence[AppointmentRequest | Appointment], by: User, now: datetime
) -> FreedTime:
    """Hold a freed time and tell everyone chosen. Raises NobodyToAsk, TooLateToAsk, SlotTaken, NotBookable."""
    if not 1 <= len(people) <= MOST_AT_ONCE:
        raise NobodyToAsk
    clinic = Clinic.get()
    notice = timedelta(hours=freed.practitioner.minimum_notice_hours)
    tell_at, ends_at = when_to_tell(now=now, starts_at=freed.starts_at, notice=notice, zone=clinic.zone)

    def act() -> FreedTime:
        hold = booking.record(
            code=f"waitlist-{uuid.uuid4().hex[:24]}",
            service=freed.service,
            client=None,
            practitioner=freed.practitioner,
            room=freed.room,
            starts_at=freed.starts_at,
            now=now,
            held_until=ends_at,
            by=by,
        )
        made = FreedTime.objects.create(
            freed_by=freed.visit,
            move=freed.move,
            hold=hold,
            told_at=tell_at,
            expires_at=ends_at,
            created_at=now,
            created_by=by,
        )
        for each in people:
            field = "visit" if isinstance(each, Appointment) else "appointment_request"
            invitation = Invitation.objects.create(freed_time=made, **{field: each})
            waitlist_notices.invited(invitation=invitation, now=now, by=by, is_shared=len(people) > 1)
        return made

    return booking.together(act)


def accept(*, invitation: Invitation, now: datetime) -> Appointment:
    """The first yes gets the visit, everybody else is told on their page. Raises Gone, and what confirm raises."""

    def act() -> Appointment:
        freed = FreedTime.objects.select_related("hold__practitioner", "hold__room").get(
            pk=invitation.freed_time_id
        )
        if freed.expires_at <= now:
            raise Gone
        taken = FreedTime.objects.filter(pk=freed.pk, status=FreedTime.Status.OPEN).update(
            status=FreedTime.Status.TAKEN, closed_at=now
        )
        if taken != 1:
            raise Gone
        booking.let_go(held=freed.hold, by=None, now=now, why="taken from the waitlist")
        visit = _given(invitation, freed.hold, now=now)
        won = freed.invitations.filter(pk=invitation.pk, status=Invitation.Status.WAITING)
        if won.update(status=Invitation.Status.ACCEPTED, answered_at=now, appointment=visit) != 1:
            raise Gone
        _close(freed, Invitation.Status.LOST, now=now)
        return visit

    return booking.together(act)


def _given(invitation: Invitation, hold: Appointment, *, now: datetime) -> Appointment:
    """The visit of who said yes: a new one, or the later one moved here and its wish fulfilled."""
    place = {"practitioner": hold.practitioner, "room": hold.room, "starts_at": hold.starts_at}
    if invitation.visit is None:
        asked = AppointmentRequest.objects.get(pk=str(invitation.appointment_request_id))
        return booking.confirm(appointment_request=asked, **place, by=None, now=now)  # type: ignore[arg-type]
    later = Appointment.objects.get(pk=invitation.visit.pk)
    if later.starts_at <= hold.starts_at:  # moved meanwhile: this would be no earlier
        raise Gone
    later = booking.wish_earlier(appointment=later, wished=False, by=None, now=now)
    return booking.move(appointment=later, **place, by=None, now=now)  # type: ignore[arg-type]


def decline(*, invitation: Invitation, now: datetime) -> None:
    """No, thanks. When nobody is left the time is free again."""

    def act() -> None:
        freed = FreedTime.objects.select_related("hold").get(pk=invitation.freed_time_id)
        waiting_ones = freed.invitations.filter(status=Invitation.Status.WAITING)
        said = waiting_ones.filter(pk=invitation.pk).update(
            status=Invitation.Status.DECLINED, answered_at=now
        )
        if said != 1:
            raise Gone
        if not waiting_ones.exists():
            _end(freed, FreedTime.Status.WITHDRAWN, Invitation.Status.EXPIRED, by=None, now=now)

    booking.together(act)


def withdraw(*, freed: FreedTime, by: User, now: datetime) -> None:
    """Staff take it back; the time is free at once. Raises Gone."""
    booking.together(
        lambda: _end(freed, FreedTime.Status.WITHDRAWN, Invitation.Status.EXPIRED, by=by, now=now)
    )


def expire(*, now: datetime) -> int:
    """Close what nobody answered in time; how many there were."""
    closed = 0
    for freed in FreedTime.objects.filter(status=FreedTime.Status.OPEN, expires_at__lte=now).select_related(
        "hold"
    ):
        try:
            booking.together(
                lambda freed=freed: _end(  # type: ignore[misc]
                    freed, FreedTime.Status.EXPIRED, Invitation.Status.EXPIRED, by=None, now=now
                )
            )
        except Gone:  # answered a moment ago
            continue
        closed += 1
    return closed


def _end(
    freed: FreedTime, status: FreedTime.Status, others: Invitation.Status, *, by: User | None, now: datetime
) -> None:
    ended = FreedTime.objects.filter(pk=freed.pk, status=FreedTime.Status.OPEN)
    if ended.update(status=status, closed_at=now) != 1:
        raise Gone
    booking.let_go(held=freed.hold, by=by, now=now, why=str(status))
    _close(freed, others, now=now)


def _close(freed: FreedTime, status: Invitation.Status, *, now: datetime) -> None:
    """Those who did not answer; what has not left for them yet is taken back."""
    for left in freed.invitations.filter(status=Invitation.Status.WAITING):
        contact.withdraw(subject_type=INVITATION, subject_id=left.pk, reason=str(status))
    freed.invitations.filter(status=Invitation.Status.WAITING).update(status=status, answered_at=now)
