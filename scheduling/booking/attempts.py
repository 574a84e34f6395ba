"""A verb as one transaction: tried again when the database says "later", answered when somebody was faster."""

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction

from intake.models import AppointmentRequest
from intake.models.appointment_request import IllegalMove
from scheduling import availability
from scheduling.booking.refusals import NotBookable, SlotTaken, Taken, TryAgain
from scheduling.models import Appointment

TRIES = 3

Result = TypeVar("Result")


def together(act: Callable[[], Result]) -> Result:
    """Several verbs as one act: all of them or none; tried again when the database says "later".

    Raises SlotTaken, without other times, when one of them finds its time taken, and TryAgain.
    """
    try:
        return attempt(act)
    except Taken:
        raise SlotTaken from None


def attempt(act: Callable[[], Result], *, look: Callable[[], None] | None = None) -> Result:
    """Run in a transaction; when the database says "later", `look`, and try a few times with a pause."""
    for turn in range(TRIES):
        try:
            with transaction.atomic():
                return act()
        except OperationalError:
            # Inside somebody's transaction there is nothing left to repeat: it is broken.
            if transaction.get_connection().in_atomic_block:
                raise
            if look is not None:
                look()
            time.sleep(random.uniform(0.02, 0.1) * (turn + 1))  # noqa: S311 (jitter)
        except IntegrityError as error:
            if "held_request_is_not_booked" in str(error):
                raise NotBookable("on_hold") from error
            if "claim_never_overlaps" not in str(error):
                raise
            raise Taken from error
        except IllegalMove as error:
            raise NotBookable("closed") from error
    raise TryAgain


def contest(
    act: Callable[[], Result],
    *,
    now: datetime,
    appointment_request: AppointmentRequest | None = None,
    near: datetime | None = None,
    appointment: Appointment | None = None,
    look: Callable[[], None] | None = None,
) -> Result:
    """Like `attempt`; who comes second gets the next best times, looked up after the locks are gone."""
    try:
        return attempt(act, look=look)
    except Taken:
        pass
    if appointment is not None:
        raise SlotTaken(availability.other_times(appointment, now=now))
    if appointment_request is not None and near is not None:
        raise SlotTaken(availability.next_best_times(appointment_request, near=near, now=now))
    raise SlotTaken
