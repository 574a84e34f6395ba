"""A request typed by staff and booked in the same move: both, or neither."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, transaction

from config.foundation.user import User
from intake import drafts, submission, triage
from intake.models import AppointmentRequest, Client, Priority, RequestDraft, Status
from scheduling import booking, desk
from scheduling.models import Appointment


@dataclass(frozen=True, slots=True)
class Entered:
    """What was written. Without a `visit` the request waits: something on it must be decided first."""

    appointment_request: AppointmentRequest
    visit: Appointment | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What staff typed, and how it reached them."""

    data: Mapping[str, Sequence[str]]
    submission_id: uuid.UUID
    language: str
    how_consented: str
    told_of_right: bool
    client: Client | None = None
    is_spoken: bool = False  # they are on the phone, or here
    draft: RequestDraft | None = None  # whose files go with it


class _MustWait(Exception):
    pass


@transaction.atomic
def enter(*, entry: Entry, by: User, now: datetime, silent: bool = False) -> AppointmentRequest:
    """File a request for somebody who called or left a note. Same form, same rules as the client's own.

    Raises submission.NotReady and submission.AlreadySent.
    """
    sent = submission.submit_form(
        entry.data,
        submission_id=entry.submission_id,
        now=now,
        language=entry.language,
        how_consented=entry.how_consented,
        by=by,
        client=entry.client,
        told_of_right=entry.told_of_right,
        silent=silent,
        draft=entry.draft,
    )
    if entry.draft is not None:
        drafts.is_sent_as(sent, draft=entry.draft)
    return sent


def enter_and_book(*, entry: Entry, place: desk.Place, by: User, now: datetime) -> Entered:
    """File the request and confirm a time for it. One mail goes out, the confirmation, not two.

    What may not simply be booked (a hold, urgent answers, no service) is filed and waits in the queue. Raises
    what `enter` raises; NotBookable, SlotTaken and TryAgain leave nothing behind.
    """
    try:
        with transaction.atomic():
            pending = enter(entry=entry, by=by, now=now, silent=True)
            if pending.status == Status.BOOKED:  # the same press once more
                return Entered(pending, pending.appointments.order_by("created_at").last())
            if (
                entry.is_spoken and pending.priority == Priority.SAME_DAY
            ):  # the call that comes first is this one
                triage.record_call(
                    appointment_request=pending,
                    outcome=triage.TALKED,
                    by=by,
                    now=now,
                    expect_version=pending.version,
                )
            if not desk.can_be_placed(pending):
                raise _MustWait
            visit = booking.confirm(
                appointment_request=pending,
                practitioner=place.practitioner,
                room=place.room,
                starts_at=place.starts_at,
                by=by,
                now=now,
            )
            return Entered(pending, visit)
    except _MustWait:
        return Entered(enter(entry=entry, by=by, now=now))
    except OperationalError as busy:
        raise booking.TryAgain from busy
