"""The only writer of appointments and claims: offer, accept, confirm, move, cancel, arrive, no-show, undo.

Every verb does the same four things in one transaction: lock the rows of the resources in the order of their ids,
delete the dead holds on them, look whether the time is free, write. The lock is what makes contention cheap: a
plain insert against the exclusion constraint is right but deadlocks when many want one slot. The constraint stays
the last word for whatever forgets the lock. On SQLite a transaction begins as the one writer there is.

Each edge of the status machine is a compare-and-swap that leaves a line of history: who, when, from, to, why.
"""

import random
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q

from config.foundation.clinic import Clinic, Location
from config.foundation.user import User
from config.foundation.versioned import StaleVersion
from intake import contact
from intake.models import AppointmentRequest, Client, Practitioner, Service
from intake.models.appointment_request import BOOKABLE, IllegalMove, Status
from scheduling import availability, notices
from scheduling.availability import Diary, Slot
from scheduling.estimates import issue, versions
from scheduling.models import (
    Appointment,
    AppointmentEvent,
    AppointmentStatus,
    Claim,
    Offer,
    Resource,
    Room,
    Seat,
)
from scheduling.openings import Key, Mode, Refusal, Verdict, minute_of

UNDO_WITHIN = timedelta(seconds=10)
TRIES = 3
OFFERED_TIMES = (2, 3)
BUSY = frozenset({Refusal.PRACTITIONER_BUSY, Refusal.ROOM_BUSY, Refusal.ROOM_FULL})

Result = TypeVar("Result")


class NotBookable(Exception):
    """The rules refuse this. `code` is one of `openings.Refusal`, or on_hold, no_service, closed, two_or_three."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SlotTaken(Exception):
    """Somebody was faster. `next_best` are the times that suit best now."""

    def __init__(self, next_best: Sequence[Slot] = ()) -> None:
        super().__init__("taken")
        self.next_best = list(next_best)


class OfferClosed(Exception):
    """The offer has run out, was answered or was replaced."""


class TooLate(Exception):
    """What should be undone is older than ten seconds, was done by somebody else, or has changed since."""


class TryAgain(Exception):
    """Too many wanted the same rows at once; nothing was changed."""


class _Taken(Exception):
    pass


# --- confirm ----------------------------------------------------------------------------------------


def confirm(
    *,
    appointment_request: AppointmentRequest,
    practitioner: Practitioner | None,
    room: Room | None,
    starts_at: datetime,
    by: User | None,
    now: datetime,
    expect_version: int | None = None,
) -> Appointment:
    """Book a time for a request: claims, visit, history and the request's status, or nothing.

    Raises NotBookable, SlotTaken with the next best times, StaleVersion when the request changed since the page
    was made, TryAgain when the database was too busy.
    """
    expected = appointment_request.version if expect_version is None else expect_version
    slot = Slot(starts_at, starts_at, _pk(practitioner), "", _pk(room), "")

    def act() -> Appointment:
        pending = _bookable(appointment_request.pk, expected)
        held = _held_times(pending)
        locked = _lock(_wanted(pending.service, [slot]) | Q(claims__appointment__in=held), now=now)
        _take_back_offer(pending, held, by=by, now=now, why="confirmed")
        appointment = _book(pending, slot, locked, by=by, now=now)
        _answered(pending, by=by, now=now)
        _tell_confirmed(appointment, by=by, now=now, is_first=True)
        return appointment

    def look() -> None:
        _look(appointment_request, slot, now=now)

    return _contest(act, appointment_request=appointment_request, near=starts_at, now=now, look=look)


def confirm_all(
    *,
    appointment_request: AppointmentRequest,
    times: Sequence[Slot],
    by: User | None,
    now: datetime,
    expect_version: int | None = None,
) -> list[Appointment]:
    """Book several times for one request, in their order, or none of them. Call inside `together`.

    Nobody is told and no estimate is issued: whoever books a series does both once, for all of them.
    """
    expected = appointment_request.version if expect_version is None else expect_version
    pending = _bookable(appointment_request.pk, expected)
    service = _service_of(pending)
    if service.max_people is not None or not times:
        raise NotBookable("closed")
    held = _held_times(pending)
    locked = _lock(_wanted(service, times) | Q(claims__appointment__in=held), now=now)
    _take_back_offer(pending, held, by=by, now=now, why="confirmed")
    days, around = [slot.starts_at.date() for slot in times], timedelta(days=1)
    diary = availability.load(service, start=min(days) - around, end=max(days) + around, now=now)
    booked = [_place(pending, slot, diary, locked, by=by, now=now) for slot in times]
    _answered(pending, by=by, now=now)
    return booked


def together(act: Callable[[], Result]) -> Result:
    """Several verbs as one act: all of them or none; tried again when the database says "later".

    Raises SlotTaken, without other times, when one of them finds its time taken, and TryAgain.
    """
    try:
        return _try(act)
    except _Taken:
        raise SlotTaken from None


# --- offer ------------------------------------------------------------------------------------------


def offer(
    *,
    appointment_request: AppointmentRequest,
    times: Sequence[Slot],
    by: User | None,
    now: datetime,
    expires_at: datetime | None = None,
    expect_version: int | None = None,
) -> Offer:
    """Hold two or three times for a client until `expires_at`; an open offer of the request is replaced."""
    expected = appointment_request.version if expect_version is None else expect_version
    if not OFFERED_TIMES[0] <= len(times) <= OFFERED_TIMES[1]:
        raise NotBookable("two_or_three")

    def act() -> Offer:
        pending = _bookable(appointment_request.pk, expected)
        service = _service_of(pending)
        if service.max_people is not None:
            raise NotBookable("offer_is_for_visits")
        held = _held_times(pending)
        locked = _lock(_wanted(service, times) | Q(claims__appointment__in=held), now=now)
        _take_back_offer(pending, held, by=by, now=now, why="replaced")
        until = expires_at or now + timedelta(hours=Clinic.get().proposal_hold_hours)
        made = Offer.objects.create(
            appointment_request=pending, expires_at=until, created_at=now, created_by=by
        )
        days = [slot.starts_at.date() for slot in times]
        diary = availability.load(
            service, start=min(days) - timedelta(days=1), end=max(days) + timedelta(days=1), now=now
        )
        for slot in times:
            _place(pending, slot, diary, locked, by=by, now=now, held_until=until, for_offer=made)
        pending.move_to(Status.OFFERED, now=now, by=by, also={"answered_at": now, "answered_by": by})
        notices.offered_times(offer=made, times=[slot.starts_at for slot in times], now=now, by=by)
        return made

    return _contest(act, appointment_request=appointment_request, near=times[0].starts_at, now=now)


def accept(*, offer_time: Appointment, now: datetime) -> Appointment:
    """The client takes one of the offered times; the first valid pick wins and the others are released."""

    def act() -> Appointment:
        picked = Appointment.objects.select_related("offer__appointment_request__service").get(
            pk=offer_time.pk
        )
        made = picked.offer
        if made is None or picked.status != AppointmentStatus.HELD or made.expires_at <= now:
            raise OfferClosed
        pending = made.appointment_request
        held = _held_times(pending)
        _lock(Q(claims__appointment__in=held), now=now)
        taken = Offer.objects.filter(pk=made.pk, status=Offer.Status.OPEN).update(
            status=Offer.Status.ACCEPTED, closed_at=now
        )
        if taken != 1:
            raise OfferClosed
        _not_held(pending)
        _release([pk for pk in held if pk != picked.pk], by=None, now=now, why="another time was taken")
        _change(
            picked,
            what="accepted",
            to=AppointmentStatus.BOOKED,
            by=None,
            now=now,
            values={"held_until": None, "confirmed_at": now},
        )
        Claim.objects.filter(appointment=picked).update(held_until=None)
        pending.move_to(Status.BOOKED, now=now, by=None)
        _tell_confirmed(picked, by=None, now=now)
        return picked

    return _try(act)


def turn_down(*, offer: Offer, now: datetime, why: str = "") -> None:
    """The client wants none of these: the times are free again and the request waits for an answer."""
    _close_offer(offer, Offer.Status.TURNED_DOWN, by=None, now=now, why=why or "none of these")


def withdraw_offer(*, offer: Offer, by: User | None, now: datetime, why: str = "") -> None:
    """Staff take an offer back."""
    _close_offer(offer, Offer.Status.WITHDRAWN, by=by, now=now, why=why)


def expire_offers(*, now: datetime) -> int:
    """Close every offer that has run out and put its request back in the queue; how many there were."""
    due = Offer.objects.filter(status=Offer.Status.OPEN, expires_at__lte=now).order_by("expires_at")
    closed = 0
    for each in due:
        try:
            _close_offer(each, Offer.Status.EXPIRED, by=None, now=now, why="ran out")
        except OfferClosed:  # answered a moment ago
            continue
        closed += 1
    return closed


@transaction.atomic
def _close_offer(offer: Offer, status: Offer.Status, *, by: User | None, now: datetime, why: str) -> None:
    closed = Offer.objects.filter(pk=offer.pk, status=Offer.Status.OPEN).update(status=status, closed_at=now)
    if closed != 1:
        raise OfferClosed
    pending = AppointmentRequest.objects.get(pk=offer.appointment_request_id)
    _release(_held_of(offer), by=by, now=now, why=why)
    contact.withdraw(subject_type=notices.OFFER, subject_id=offer.pk, reason=str(status))
    if pending.status == Status.OFFERED:
        pending.move_to(Status.NEW, now=now, by=by, why=why)
    if status == Offer.Status.EXPIRED:
        notices.offer_ended(offer=offer, now=now)


# --- move and cancel --------------------------------------------------------------------------------


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
    slot = Slot(starts_at, starts_at, _pk(practitioner), "", _pk(room), "")

    def act() -> Appointment:
        visit = Appointment.objects.select_related("service", "appointment_request").get(pk=appointment.pk)
        if visit.version != expected:
            raise StaleVersion
        if visit.status != AppointmentStatus.BOOKED:
            raise NotBookable("closed")
        if visit.appointment_request is not None:
            _not_held(visit.appointment_request)
        _lock(_wanted(visit.service, [slot]) | Q(claims__appointment=visit), now=now)
        day = starts_at.date()
        diary = availability.load(
            visit.service,
            start=day - timedelta(days=1),
            end=day + timedelta(days=1),
            now=now,
            ignoring=[visit.pk],
        )
        taken = _judge(diary, slot, join=False)
        fee = {} if fee_cents is None else {"fee_cents": fee_cents}
        old_start, old_place = visit.starts_at, visit.location_id
        old: dict[str, object] = {
            "from_starts_at": old_start,
            "from_practitioner_id": visit.practitioner_id,
            "from_room_id": visit.room_id,
        }
        values = {**_times(visit.service, taken), "sequence": visit.sequence + 1, **fee}
        Claim.objects.filter(appointment=visit).delete()
        _change(visit, what="moved", to=visit.status, by=by, now=now, why=why, values=values, history=old)
        _claim(visit, taken, held_until=None)
        # Another day, person or place asks for a new estimate; another hour of the same day does not.
        visit.refresh_from_db()
        issue.issue_for_appointment(appointment=visit, by=by, now=now)
        if visit.starts_at != old_start or visit.location_id != old_place:
            notices.moved(appointment=visit, was_at=old_start, now=now, by=by)
        if by is None:
            notices.client_changed(appointment=visit, is_cancelled=False, now=now)
        return visit

    return _contest(
        act, appointment_request=appointment.appointment_request, now=now, appointment=appointment
    )


def cancel(
    *,
    appointment: Appointment,
    by: User | None,
    now: datetime,
    why: str = "",
    expect_version: int | None = None,
    fee_cents: int | None = None,
    answer_again: bool = False,
) -> Appointment:
    """Cancel a booked visit; its time is free at once. `answer_again` puts its request back in the queue."""

    def act() -> Appointment:
        visit = Appointment.objects.select_related("appointment_request").get(pk=appointment.pk)
        if expect_version is not None and visit.version != expect_version:
            raise StaleVersion
        if visit.status not in {AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED}:
            raise NotBookable("closed")
        values: dict[str, object] = {"cancelled_at": now, "fee_cents": fee_cents}
        _change(
            visit, what="cancelled", to=AppointmentStatus.CANCELLED, by=by, now=now, why=why, values=values
        )
        Claim.objects.filter(appointment=visit).delete()
        Seat.objects.filter(appointment=visit, cancelled_at=None).update(cancelled_at=now)
        pending = visit.appointment_request
        if pending is not None and pending.status == Status.BOOKED and not _others_stand(pending):
            to = Status.NEW if answer_again else Status.WITHDRAWN
            pending.move_to(to, now=now, by=by, why=why)
        versions.visit_cancelled(appointment=visit, by=by, now=now)
        notices.cancelled(appointment=visit, by_clinic=by is not None, now=now, by=by)
        if by is None:
            notices.client_changed(appointment=visit, is_cancelled=True, now=now)
        return visit

    return _try(act)


@transaction.atomic
def let_go(*, held: Appointment, by: User | None, now: datetime, why: str) -> None:
    """A time held for nobody in particular is free again."""
    _release([held.pk], by=by, now=now, why=why)


@transaction.atomic
def leave_class(*, seat: Seat, by: User | None, now: datetime) -> None:
    """Give the seats of one party back."""
    if Seat.objects.filter(pk=seat.pk, cancelled_at=None).update(cancelled_at=now) != 1:
        raise NotBookable("closed")
    Appointment.objects.filter(pk=seat.appointment_id).update(
        seats_taken=F("seats_taken") - seat.people, version=F("version") + 1
    )
    AppointmentEvent.objects.create(appointment_id=seat.appointment_id, at=now, by=by, what="seat_given_back")


# --- a request that holds time is closed or set aside ----------------------------------------------


def letting_go(
    verb: Callable[..., object],
    *,
    appointment_request: AppointmentRequest,
    by: User | None,
    now: datetime,
    expect_version: int,
    visits_too: bool = False,
    **said: str,
) -> None:
    """Release what a request holds, then do a verb of `intake.triage` to it: decline, hold, withdraw, …

    Its offer; with `visits_too` its booked visits and seats as well, otherwise the verb refuses while there is
    one. One transaction: when the verb refuses, the time is still held. The verb gets the same arguments, with
    the version the release left behind. Raises what the verb raises, and StaleVersion.
    """

    def act() -> None:
        pending = AppointmentRequest.objects.select_related("client", "service").get(
            pk=appointment_request.pk
        )
        if pending.version != expect_version:
            raise StaleVersion
        why = said.get("reason", said.get("why", ""))
        for open_offer in pending.offers.filter(status=Offer.Status.OPEN):
            withdraw_offer(offer=open_offer, by=by, now=now, why=why)
        if visits_too:
            _cancel_all(pending, by=by, now=now, why=why)
        pending.refresh_from_db()
        verb(appointment_request=pending, by=by, now=now, expect_version=pending.version, **said)

    with transaction.atomic():
        act()


def _cancel_all(pending: AppointmentRequest, *, by: User | None, now: datetime, why: str) -> None:
    """Its booked visits and its seats. The client is told of a visit that is off."""
    for visit in pending.appointments.filter(status=AppointmentStatus.BOOKED):
        cancel(appointment=visit, by=by, now=now, why=why, answer_again=True)
    for seat in pending.seats.filter(cancelled_at=None):
        leave_class(seat=seat, by=by, now=now)


# --- the day of the visit ---------------------------------------------------------------------------


@transaction.atomic
def arrive(*, appointment: Appointment, by: User | None, now: datetime) -> Appointment:
    return _step(appointment, "arrived", AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED, by=by, now=now)


@transaction.atomic
def fulfil(*, appointment: Appointment, by: User | None, now: datetime) -> Appointment:
    return _step(
        appointment, "fulfilled", AppointmentStatus.ARRIVED, AppointmentStatus.FULFILLED, by=by, now=now
    )


@transaction.atomic
def no_show(
    *, appointment: Appointment, by: User | None, now: datetime, fee_cents: int | None = None
) -> Appointment:
    """The client did not come. Refused before the visit has begun."""
    if appointment.starts_at > now:
        raise NotBookable("not_yet")
    return _step(
        appointment,
        "no_show",
        AppointmentStatus.BOOKED,
        AppointmentStatus.NO_SHOW,
        by=by,
        now=now,
        values={"fee_cents": fee_cents},
    )


def _step(
    appointment: Appointment,
    what: str,
    of: AppointmentStatus,
    to: AppointmentStatus,
    *,
    by: User | None,
    now: datetime,
    values: dict[str, object] | None = None,
) -> Appointment:
    if appointment.status != of:
        raise NotBookable("closed")
    return _change(appointment, what=what, to=to, by=by, now=now, values=values)


# --- undo -------------------------------------------------------------------------------------------


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
            _change(visit, what="undone", to=AppointmentStatus.RELEASED, by=by, now=now)
            notices.taken_back(appointment=visit)
            versions.visit_cancelled(appointment=visit, by=by, now=now)
            if pending is not None and not _others_stand(pending):
                pending.move_to(Status.NEW, now=now, by=by, why="undone", also=_UNANSWERED)
        elif last.what in {"arrived", "no_show"}:
            _change(
                visit, what="undone", to=AppointmentStatus.BOOKED, by=by, now=now, values={"fee_cents": None}
            )
        elif last.what in {"moved", "cancelled"}:
            _put_back(visit, last, by=by, now=now)
        else:
            raise TooLate
        return visit

    return _contest(act, now=now)


_UNANSWERED: dict[str, object] = {"answered_at": None, "answered_by": None}


def _put_back(visit: Appointment, last: AppointmentEvent, *, by: User | None, now: datetime) -> None:
    """A moved or cancelled visit gets its old time again, unless somebody has taken it in those seconds."""
    moved = last.what == "moved" and last.from_starts_at is not None
    slot = Slot(
        starts_at=last.from_starts_at if moved and last.from_starts_at else visit.starts_at,
        ends_at=visit.ends_at,
        practitioner_id=last.from_practitioner_id if moved else visit.practitioner_id,
        room_id=last.from_room_id if moved else visit.room_id,
    )
    _lock(_wanted(visit.service, [slot]) | Q(claims__appointment=visit), now=now)
    around = timedelta(days=1)
    day = slot.starts_at.date()
    diary = availability.load(
        visit.service, start=day - around, end=day + around, now=now, ignoring=[visit.pk]
    )
    taken = _judge(diary, slot, join=False, already_agreed=True)
    values = {
        **_times(visit.service, taken),
        "sequence": visit.sequence + 1,
        "cancelled_at": None,
        "fee_cents": None,
    }
    Claim.objects.filter(appointment=visit).delete()
    _change(visit, what="undone", to=AppointmentStatus.BOOKED, by=by, now=now, values=values)
    _claim(visit, taken, held_until=None)
    visit.refresh_from_db()
    notices.put_back(appointment=visit, now=now, by=by)
    pending = visit.appointment_request
    if pending is not None and pending.status == Status.WITHDRAWN:
        pending.move_to(Status.NEW, now=now, by=by, why="undone")
    if pending is not None and pending.status == Status.NEW:
        pending.move_to(Status.BOOKED, now=now, by=by, why="undone")
    # The estimate of the other day, or the one taken back with the visit, gives way to one of this day.
    visit.refresh_from_db()
    issue.issue_for_appointment(appointment=visit, by=by, now=now)


# --- visits that exist already ----------------------------------------------------------------------


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
    slot = Slot(starts_at, starts_at, _pk(practitioner), "", _pk(room), "")
    _lock(_wanted(service, [slot]), now=now)
    day, around = starts_at.date(), timedelta(days=1)
    diary = availability.load(service, start=day - around, end=day + around, now=now)
    try:
        taken = _judge(diary, slot, join=False, already_agreed=True)
    except _Taken:
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
        **_times(service, taken),
    )
    visit.save(force_insert=True)
    if people is not None and client is not None:
        Seat.objects.create(appointment=visit, client=client, people=people)
    _claim(visit, taken, held_until=held_until)
    _remember(visit, what="recorded", by=by, now=now, to=visit.status)
    return visit


# --- how it is done ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """A time that was found free under the lock, and what is to be claimed for it."""

    slot: Slot
    keys: tuple[Key, ...]
    location_id: UUID
    class_id: UUID | None = None


def _look(asked: AppointmentRequest, slot: Slot, *, now: datetime) -> None:
    """Raise _Taken when the time is gone already: an answer without the lock, for who waited long for it."""
    service = _service_of(asked)
    day, around = slot.starts_at.date(), timedelta(days=1)
    diary = availability.load(service, start=day - around, end=day + around, now=now)
    _judge(diary, slot, join=True, party=asked.people)


def _try(act: Callable[[], Result], *, look: Callable[[], None] | None = None) -> Result:
    """Run in a transaction; when the database says "later", `look`, and try a few times with a pause."""
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                return act()
        except OperationalError:
            # Inside somebody's transaction there is nothing left to repeat: it is broken.
            if transaction.get_connection().in_atomic_block:
                raise
            if look is not None:
                look()
            time.sleep(random.uniform(0.02, 0.1) * (attempt + 1))  # noqa: S311 (jitter)
        except IntegrityError as error:
            if "held_request_is_not_booked" in str(error):
                raise NotBookable("on_hold") from error
            if "claim_never_overlaps" not in str(error):
                raise
            raise _Taken from error
        except IllegalMove as error:
            raise NotBookable("closed") from error
    raise TryAgain


def _contest(
    act: Callable[[], Result],
    *,
    now: datetime,
    appointment_request: AppointmentRequest | None = None,
    near: datetime | None = None,
    appointment: Appointment | None = None,
    look: Callable[[], None] | None = None,
) -> Result:
    """Like `_try`; who comes second gets the next best times, looked up after the locks are gone."""
    try:
        return _try(act, look=look)
    except _Taken:
        pass
    if appointment is not None:
        raise SlotTaken(availability.other_times(appointment, now=now))
    if appointment_request is not None and near is not None:
        raise SlotTaken(availability.next_best_times(appointment_request, near=near, now=now))
    raise SlotTaken


def _others_stand(pending: AppointmentRequest) -> bool:
    """Of a series one visit can go and the others stay: the request is still answered by those."""
    return Appointment.objects.filter(
        appointment_request=pending, status__in=[AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED]
    ).exists()


def _bookable(pk: UUID, expected: int) -> AppointmentRequest:
    everything = ("service__follow_up", "client", "coverage", "package")
    pending = AppointmentRequest.objects.with_open_hold().select_related(*everything).get(pk=pk)
    if pending.version != expected:
        raise StaleVersion
    if pending.status == Status.ON_HOLD or vars(pending)["has_open_hold"]:
        raise NotBookable("on_hold")
    if pending.status not in BOOKABLE:
        raise NotBookable("closed")
    return pending


def _not_held(pending: AppointmentRequest) -> None:
    """No time is given to anybody while a hold is open. The database has the last word (intake 0003)."""
    if pending.status == Status.ON_HOLD or pending.holds.filter(lifted_at=None).exists():
        raise NotBookable("on_hold")


def _service_of(pending: AppointmentRequest) -> Service:
    if pending.service is None:
        raise NotBookable("no_service")
    return pending.service


def _held_times(pending: AppointmentRequest) -> list[UUID]:
    if pending.status != Status.OFFERED:
        return []
    held = Appointment.objects.filter(appointment_request=pending, status=AppointmentStatus.HELD)
    return list(held.values_list("pk", flat=True))


def _held_of(offer: Offer) -> list[UUID]:
    return list(offer.times.filter(status=AppointmentStatus.HELD).values_list("pk", flat=True))


def _wanted(service: Service | None, slots: Iterable[Slot]) -> Q:
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


def _lock(wanted: Q, *, now: datetime) -> Sequence[Resource]:
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


def _take_back_offer(
    pending: AppointmentRequest, held: list[UUID], *, by: User | None, now: datetime, why: str
) -> None:
    """A request that has times on offer gets a better answer: the offer is closed and its times are free."""
    if pending.status != Status.OFFERED:
        return
    _release(held, by=by, now=now, why=why)
    for open_offer in Offer.objects.filter(appointment_request=pending, status=Offer.Status.OPEN):
        open_offer.status, open_offer.closed_at = Offer.Status.WITHDRAWN, now
        open_offer.save(update_fields=["status", "closed_at"])
        contact.withdraw(subject_type=notices.OFFER, subject_id=open_offer.pk, reason=why)


def _book(
    pending: AppointmentRequest, slot: Slot, locked: Sequence[Resource], *, by: User | None, now: datetime
) -> Appointment:
    service = _service_of(pending)
    day, around = slot.starts_at.date(), timedelta(days=1)
    diary = availability.load(service, start=day - around, end=day + around, now=now)
    return _place(pending, slot, diary, locked, by=by, now=now)


def _place(
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
    service = _service_of(pending)
    taken = _judge(diary, slot, join=True, party=pending.people)
    if taken.class_id is not None:
        return _join(taken.class_id, pending, by=by, now=now)
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
        **_times(service, taken),
    )
    visit.save(force_insert=True)
    if is_class:
        Seat.objects.create(
            appointment=visit, client=pending.client, appointment_request=pending, people=pending.people
        )
    _know(visit, locked)
    _claim(visit, taken, held_until=held_until)
    for key in taken.keys:  # so that the next time of the same offer sees this one
        spans = list(diary.calendar.busy.get(key, ()))
        diary.calendar.busy[key] = sorted([*spans, _span(visit)])  # type: ignore[index]
    _remember(visit, what="offered" if held else "confirmed", by=by, now=now, to=visit.status)
    return visit


def _know(visit: Appointment, locked: Sequence[Resource]) -> None:
    """Hand the visit the rows that were read with the lock, so that telling of it reads none again."""
    for resource in locked:
        if resource.practitioner is not None and resource.practitioner_id == visit.practitioner_id:
            visit.practitioner = resource.practitioner
        if resource.room is not None and resource.room_id == visit.room_id:
            visit.room = resource.room
            if resource.room.location_id == visit.location_id:
                visit.location = resource.room.location


def _join(class_id: UUID, pending: AppointmentRequest, *, by: User | None, now: datetime) -> Appointment:
    """Seats in a planned class, counted under the class's own lock; a constraint says the last word."""
    visit = Appointment.objects.select_for_update(of=("self",)).get(pk=class_id)
    if visit.status != AppointmentStatus.BOOKED or visit.seats is None:
        raise NotBookable("closed")
    if visit.seats_taken + pending.people > visit.seats:
        raise _Taken
    Appointment.objects.filter(pk=visit.pk).update(
        seats_taken=F("seats_taken") + pending.people, version=F("version") + 1
    )
    Seat.objects.create(
        appointment=visit, client=pending.client, appointment_request=pending, people=pending.people
    )
    _remember(visit, what="seat_taken", by=by, now=now, to=visit.status)
    visit.refresh_from_db(fields=["seats_taken", "version"])
    return visit


def _judge(diary: Diary, slot: Slot, *, join: bool, party: int = 1, already_agreed: bool = False) -> _Place:
    """Is the time free and allowed, and what has to be claimed? Raises _Taken or NotBookable."""
    if not join:
        diary = replace(diary, calendar=replace(diary.calendar, sessions=()))
    verdict = diary.explain(
        starts_at=slot.starts_at, practitioner_id=slot.practitioner_id, room_id=slot.room_id, party=party
    )
    if not verdict.ok and already_agreed and verdict.why not in BUSY:
        verdict = _agreed(diary, slot)
    if verdict.why in BUSY:
        raise _Taken
    if verdict.why is not None:
        raise NotBookable(verdict.why)
    person = diary.practitioners.get(verdict.person)
    room = diary.rooms.get(verdict.room)
    keys: list[Key] = [verdict.person] if verdict.person is not None else []
    if verdict.machine is not None:
        keys.append(verdict.machine)
    elif verdict.room is not None:
        keys += diary.calendar.rooms[verdict.room].whole
    chosen = replace(slot, practitioner_id=person.pk if person else None, room_id=room.pk if room else None)
    session = verdict.session if isinstance(verdict.session, UUID) else None
    return _Place(chosen, tuple(keys), _location(diary, verdict), session)


def _agreed(diary: Diary, slot: Slot) -> Verdict:
    """What was agreed elsewhere need not fit today's hours; person and room are taken as named."""
    person = diary.people_keys.get(slot.practitioner_id) if slot.practitioner_id else None
    room = diary.room_keys.get(slot.room_id) if slot.room_id else None
    start = minute_of(slot.starts_at)
    span = (start - diary.plan.before, start + diary.plan.minutes + diary.plan.after)

    def free(key: Key) -> bool:
        return all(span[1] <= low or high <= span[0] for low, high in diary.calendar.busy.get(key, ()))

    machine = None
    if room is not None and diary.plan.uses_machine:
        machine = next((key for key in diary.calendar.rooms[room].machines if free(key)), None)
        if machine is None:
            return Verdict(ok=False, why=Refusal.ROOM_FULL)
    elif room is not None and not all(map(free, diary.calendar.rooms[room].whole)):
        return Verdict(ok=False, why=Refusal.ROOM_BUSY)
    if person is not None and not free(person):
        return Verdict(ok=False, why=Refusal.PRACTITIONER_BUSY)
    return Verdict(ok=True, person=person, room=room, machine=machine)


def _location(diary: Diary, verdict: Verdict) -> UUID:
    """Where the visit is: the room's place, the service's own, or the first of the kind it is given in."""
    where = diary.calendar.rooms[verdict.room].location if verdict.room is not None else diary.plan.location
    if isinstance(where, UUID):
        return where
    kind = Location.Kind.VIDEO if diary.plan.mode == Mode.VIDEO else Location.Kind.CLINIC
    found = next((key for key, what in diary.calendar.places.items() if what.value == kind.value), None)
    if not isinstance(found, UUID):
        raise NotBookable(Refusal.WRONG_LOCATION)
    return found


def _times(service: Service, taken: _Place) -> dict[str, object]:
    return {
        "starts_at": taken.slot.starts_at,
        "ends_at": taken.slot.starts_at + timedelta(minutes=service.minutes),
        "buffer_before_minutes": service.buffer_before_minutes,
        "buffer_after_minutes": service.buffer_after_minutes,
        "practitioner_id": taken.slot.practitioner_id,
        "room_id": taken.slot.room_id,
        "location_id": taken.location_id,
    }


def _span(visit: Appointment) -> tuple[int, int]:
    return (
        minute_of(visit.starts_at) - visit.buffer_before_minutes,
        minute_of(visit.ends_at) + visit.buffer_after_minutes,
    )


def _claim(visit: Appointment, taken: _Place, *, held_until: datetime | None) -> None:
    start = visit.starts_at - timedelta(minutes=visit.buffer_before_minutes)
    end = visit.ends_at + timedelta(minutes=visit.buffer_after_minutes)
    Claim.objects.bulk_create(
        Claim(
            resource_id=int(str(key)), appointment=visit, starts_at=start, ends_at=end, held_until=held_until
        )
        for key in taken.keys
    )


def _release(held: Collection[UUID], *, by: User | None, now: datetime, why: str) -> None:
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


def _tell_confirmed(visit: Appointment, *, by: User | None, now: datetime, is_first: bool = False) -> None:
    """What a booked visit sets off, in the same transaction."""
    clinic = Clinic.get()
    issue.issue_for_appointment(appointment=visit, by=by, now=now, clinic=clinic)
    notices.confirmed(appointment=visit, now=now, by=by, clinic=clinic, is_first=is_first)


def _answered(pending: AppointmentRequest, *, by: User | None, now: datetime) -> None:
    pending.move_to(Status.BOOKED, now=now, by=by, also={"answered_at": now, "answered_by": by})


def _change(
    visit: Appointment,
    *,
    what: str,
    to: str,
    by: User | None,
    now: datetime,
    why: str = "",
    values: dict[str, object] | None = None,
    history: dict[str, object] | None = None,
) -> Appointment:
    """One edge: compare-and-swap on the status and version that were read, and a line of history."""
    before = visit.status
    visit.move(to_values={**(values or {}), "status": to}, status=before)
    _remember(visit, what=what, by=by, now=now, to=to, of=before, why=why, history=history)
    return visit


def _remember(
    visit: Appointment,
    *,
    what: str,
    by: User | None,
    now: datetime,
    to: str,
    of: str = "",
    why: str = "",
    history: dict[str, object] | None = None,
) -> None:
    AppointmentEvent.objects.bulk_create(
        [
            AppointmentEvent(
                appointment=visit,
                at=now,
                by=by,
                what=what,
                from_status=of,
                to_status=to,
                why=why,
                **(history or {}),
            )
        ]
    )


def _pk(row: Practitioner | Room | None) -> UUID | None:
    return None if row is None else row.pk
