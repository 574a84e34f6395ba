"""Times held for a client to choose from, until an offer is accepted, turned down, taken back or has run out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake import contact
from intake.models import AppointmentRequest
from intake.models.appointment_request import Status
from scheduling import notices
from scheduling.availability import Slot
from scheduling.booking.asked import bookable, held_of, held_times, service_of
from scheduling.booking.attempts import contest
from scheduling.booking.claiming import lock, release, wanted
from scheduling.booking.judging import diary_around
from scheduling.booking.placing import place
from scheduling.booking.refusals import NotBookable, OfferClosed
from scheduling.models import Offer

OFFERED_TIMES = (2, 3)


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
        pending = bookable(appointment_request.pk, expected)
        service = service_of(pending)
        if service.max_people is not None:
            raise NotBookable("offer_is_for_visits")
        held = held_times(pending)
        locked = lock(wanted(service, times) | Q(claims__appointment__in=held), now=now)
        take_back_offer(pending, held, by=by, now=now, why="replaced")
        until = expires_at or now + timedelta(hours=Clinic.get().proposal_hold_hours)
        made = Offer.objects.create(
            appointment_request=pending, expires_at=until, created_at=now, created_by=by
        )
        diary = diary_around(service, [slot.starts_at for slot in times], now=now)
        for slot in times:
            place(pending, slot, diary, locked, by=by, now=now, held_until=until, for_offer=made)
        pending.move_to(Status.OFFERED, now=now, by=by, also={"answered_at": now, "answered_by": by})
        notices.offered_times(offer=made, times=[slot.starts_at for slot in times], now=now, by=by)
        return made

    return contest(act, appointment_request=appointment_request, near=times[0].starts_at, now=now)


def turn_down(*, offer: Offer, now: datetime, why: str = "") -> None:
    """The client wants none of these: the times are free again and the request waits for an answer."""
    _close_offer(offer, Offer.Status.TURNED_DOWN, by=None, now=now, why=why or "none of these")


@transaction.atomic
def withdraw_offer(*, offer: Offer, by: User | None, now: datetime, why: str = "") -> None:
    """Staff take an offer back, and who may have read of it is told."""
    if let_go_of_offer(offer, by=by, now=now, why=why):
        notices.offer_ended(offer=offer, now=now, by=by, taken_back=True)


def let_go_of_offer(offer: Offer, *, by: User | None, now: datetime, why: str) -> bool:
    """Its times are free. False when the mail that told of it had not left, and now will not."""
    return not _close_offer(offer, Offer.Status.WITHDRAWN, by=by, now=now, why=why)


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
def _close_offer(offer: Offer, status: Offer.Status, *, by: User | None, now: datetime, why: str) -> int:
    """How many messages about it were taken back before they left."""
    closed = Offer.objects.filter(pk=offer.pk, status=Offer.Status.OPEN).update(status=status, closed_at=now)
    if closed != 1:
        raise OfferClosed
    pending = AppointmentRequest.objects.get(pk=offer.appointment_request_id)
    release(held_of(offer), by=by, now=now, why=why)
    unsent = contact.withdraw(subject_type=notices.OFFER, subject_id=offer.pk, reason=str(status))
    if pending.status == Status.OFFERED:
        pending.move_to(Status.NEW, now=now, by=by, why=why)
    if status == Offer.Status.EXPIRED:
        notices.offer_ended(offer=offer, now=now)
    return unsent


def take_back_offer(
    pending: AppointmentRequest, held: list[UUID], *, by: User | None, now: datetime, why: str
) -> None:
    """A request that has times on offer gets a better answer: the offer is closed and its times are free."""
    if pending.status != Status.OFFERED:
        return
    release(held, by=by, now=now, why=why)
    for open_offer in Offer.objects.filter(appointment_request=pending, status=Offer.Status.OPEN):
        open_offer.status, open_offer.closed_at = Offer.Status.WITHDRAWN, now
        open_offer.save(update_fields=["status", "closed_at"])
        contact.withdraw(subject_type=notices.OFFER, subject_id=open_offer.pk, reason=why)
