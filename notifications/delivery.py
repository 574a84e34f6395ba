"""Send what is due, over one connection, and leave a record of every try.

The order is: claim with a lease, write the attempt, look once more, send, mark sent, and keep trying to mark; the
mark of one and the attempt of the next are one statement (`ahead.py`). A process may die anywhere in it: nothing is
lost, and at most one extra copy can follow from one death, on record as an attempt without an end. No transaction
is open while a mail server talks.
"""

import logging
import os
import random
import socket
import time
from collections.abc import Callable, Container, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import zip_longest

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F
from django.utils import timezone

from config.foundation import staff_tasks
from notifications import attempts, suppression
from notifications.ahead import Ahead, can_go_ahead
from notifications.channels import Senders
from notifications.faults import NotWanted, OurFault, Passing, Permanent, SendingFailed, Unknown
from notifications.models import (
    Attempt,
    Audience,
    Breaker,
    Heartbeat,
    Message,
    MessageQuerySet,
    Priority,
    State,
    Suppression,
)
from notifications.smtp import Turn

log = logging.getLogger("notifications.delivery")

BATCH = 100  # rows claimed at once
LEASE = timedelta(seconds=300)  # longer than connect + commands + after-data of the row in hand
SAFE_REST = timedelta(seconds=180)  # of a lease: with less left a row is given back, not started
LONGEST_BATCH = 8.0  # seconds until the rest is given back, so that what is urgent waits no longer
DRAWN_OUT = 20.0  # seconds a drain works before it lets the next tick take over
FIRST_DELAY, LONGEST_DELAY = 30.0, 3600.0  # seconds between tries
UNKNOWN_DELAY = timedelta(minutes=10)  # the first copy may be on its way: give it time to bounce
DEADLY_TRIES = 3  # attempts without an end: the row itself is what kills its sender
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # seconds the breaker stays open
STEPS_BACK = timedelta(seconds=5)  # after the pause, a row that met a fault of ours lets another go first
GIVE_UP_AFTER = timedelta(days=3)  # a mailbox that said "later" this long has said no


def worker_name() -> str:
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def drain(
    *,
    limit: int = 500,
    worker: str = "",
    now: datetime | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send what is due, most urgent first; returns how many messages left.

    Ends after `limit` rows, when nothing is due, after 20 seconds, or when `should_stop` says so, always
    between two messages. Safe to run in any number of processes at once.
    """
    me = worker or worker_name()

    def clock() -> datetime:
        return now if now is not None else timezone.now()

    ends_at = time.monotonic() + DRAWN_OUT
    sent = seen = 0
    with Senders() as senders:
        while seen < limit and time.monotonic() < ends_at and not should_stop():
            batch = claim(now=clock(), limit=min(BATCH, limit - seen), worker=me)
            if not batch:
                break
            seen += len(batch)
            sent += _deliver_batch(batch, senders=senders, worker=me, clock=clock, should_stop=should_stop)
    beat("drain", now=clock())
    return sent


def claim(*, now: datetime, limit: int, worker: str) -> list[Message]:
    """Take up to `limit` due rows for this worker alone, raise their count, and start their lease.

    PostgreSQL skips rows that others hold; on SQLite the transaction itself is exclusive (IMMEDIATE).
    Rows that were tried before come last, so a poisonous one cannot hold up the rest.
    """
    troubled = {breaker.channel: breaker.open_until for breaker in Breaker.objects.filter(failures__gt=0)}
    # A pause longer than the longest was set by a clock that ran ahead.
    longest = now + timedelta(seconds=LONGEST_PAUSE) * settings.OUTBOX_PACE
    shut = [channel for channel, until in troubled.items() if until and now < until <= longest]
    due = Message.objects.due(now=now).order_by("priority", "attempts", "not_before", "id")
    if shut:
        due = due.exclude(channel__in=shut)
    if len(shut) < len(troubled):  # half open: after a fault of ours one message goes first, alone
        limit = 1
    if not due.exists():  # every five seconds, nearly always: no transaction, no lock
        return []
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        rows = list(due[:limit])
        lease_until = now + LEASE * settings.OUTBOX_PACE
        Message.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.SENDING, lease_owner=worker, lease_until=lease_until, attempts=F("attempts") + 1
        )
    for row in rows:  # locked until just now, so this is what stands there
        row.state, row.lease_owner, row.lease_until = State.SENDING, worker, lease_until
        row.attempts += 1
    return rows


def _deliver_batch(
    batch: Sequence[Message],
    *,
    senders: Senders,
    worker: str,
    clock: Callable[[], datetime],
    should_stop: Callable[[], bool],
) -> int:
    blocked = _blocked(batch)
    sent = 0
    ends_at = time.monotonic() + LONGEST_BATCH
    coming: Ahead | None = None  # the message in hand was begun with the mark of the one before it

    def is_out_of_time(message: Message) -> bool:
        is_lease_short = (message.lease_until or now) - now < SAFE_REST * settings.OUTBOX_PACE
        return is_lease_short or should_stop() or time.monotonic() > ends_at

    try:
        for position, (message, following) in enumerate(zip_longest(batch, batch[1:])):
            now = clock()
            if coming is None:
                if is_out_of_time(message):
                    _give_back(batch[position:], worker=worker)
                    break
                if unwanted := _why_not(message, blocked=blocked, now=now):
                    _end_without_sending(message, unwanted[0], code=unwanted[1], now=now)
                    continue
            if following and (is_out_of_time(following) or _why_not(following, blocked=blocked, now=now)):
                following = None
            has_left, coming = _deliver(
                message,
                senders=senders,
                worker=worker,
                clock=clock,
                coming=coming,
                following=following,
            )
            if has_left:
                sent += 1
                if len(batch) == 1:  # as the one that goes first after a fault of ours does
                    Breaker.objects.filter(channel=message.channel, failures__gt=0).update(
                        failures=0, open_until=None, code=""
                    )
            elif Breaker.objects.filter(channel=message.channel, open_until__gt=clock()).exists():
                _give_back(batch[position + 1 :], worker=worker)
                break
    finally:
        if coming:  # stopped from outside: its answer is still on the line
            coming.answer()
    return sent


def _blocked(batch: Sequence[Message]) -> set[str]:
    hashes = {message.to_hash for message in batch}
    found = Suppression.objects.filter(address_hash__in=hashes, cleared_at=None)
    return set(found.values_list("address_hash", flat=True))


def _why_not(message: Message, *, blocked: Container[str], now: datetime) -> tuple[State, str] | None:
    """How a row ends that is not to be sent, and the code for it."""
    if message.expires_at and message.expires_at <= now:
        return State.EXPIRED, "too late"
    if message.to_hash in blocked:
        return State.SUPPRESSED, "address is blocked"
    return None


def _deliver(
    message: Message,
    *,
    senders: Senders,
    worker: str,
    clock: Callable[[], datetime],
    coming: Ahead | None = None,
    following: Message | None = None,
) -> tuple[bool, Ahead | None]:
    """Try one message: whether it left, and the beginning of the next if that is under way.

    Never raises for a fault of one row.
    """
    attempt = None if coming else _begin(message, worker=worker, now=clock())
    if coming is None and attempt is None:
        return False, None
    turn = Turn(following=following)
    if coming is not None:
        turn = Turn(lambda: coming.answer() is not None, coming.start, following)
    fault = _try(message, senders=senders, turn=turn)
    if coming is not None:
        attempt = coming.answer()
    if attempt is None:  # withdrawn, or another's, since the one before it left
        return False, None
    if fault is not None:
        attempts.record(partial(fault, message, attempt, now=clock()))
        return False, None
    if following and can_go_ahead(following):
        return True, Ahead(message, attempt, following, clock())
    attempts.record(partial(attempts.sent, message, attempt, now=clock()))
    return True, None


def _try(message: Message, *, senders: Senders, turn: Turn) -> Callable[..., None] | None:
    """Hand it over. What is to be written down when it did not leave, None when it did."""
    try:
        senders.send(message, turn)
    except OurFault as fault:
        senders.drop(message.channel)
        return partial(_our_fault, fault=fault)
    except Unknown as fault:
        senders.drop(message.channel)
        return partial(_later, fault=fault, outcome=Attempt.Outcome.UNKNOWN)
    except Passing as fault:
        return partial(_later, fault=fault, outcome=Attempt.Outcome.PASSING)
    except Permanent as fault:
        return partial(_fail, fault=fault)
    except NotWanted:  # it has no attempt, and by that it is known
        return None
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        # A row that cannot be read or built. Its text may not be in the log: only what kind of fault.
        log.warning("message_poisonous", extra={"row": str(message.pk), "fault": type(error).__name__})
        return partial(_fail, fault=Permanent(f"cannot be built: {type(error).__name__}"))
    return None


def _begin(message: Message, *, worker: str, now: datetime) -> int | None:
    """Write the attempt, if the row is still ours and still wanted. None when it is not to be sent."""
    if message.attempts > 1 and _is_deadly(message):
        _end_without_sending(message, State.FAILED, code="stopped its sender several times", now=now)
        return None
    return attempts.begin(message, worker=worker, now=now)


def _is_deadly(message: Message) -> bool:
    return message.tries.filter(outcome=Attempt.Outcome.OPEN, ended_at=None).count() >= DEADLY_TRIES


def _later(
    message: Message, attempt: int, *, fault: SendingFailed, outcome: Attempt.Outcome, now: datetime
) -> None:
    Attempt.objects.filter(pk=attempt).update(ended_at=now, outcome=outcome, code=fault.code)
    unknown_before = message.tries.filter(outcome=Attempt.Outcome.UNKNOWN).count()
    next_at = now + retry_delay(message.attempts)
    if outcome == Attempt.Outcome.UNKNOWN:
        next_at = now + UNKNOWN_DELAY * settings.OUTBOX_PACE
        _pause(message.channel, fault=fault, now=now)  # or every message after it might leave twice as well
    if _was_tried_long_enough(message, now=now) or unknown_before >= DEADLY_TRIES:
        _end(message, State.FAILED, code=fault.code, now=now)
    else:
        _mine(message).update(
            state=State.QUEUED, not_before=next_at, lease_owner="", lease_until=None, last_code=fault.code
        )


def _fail(message: Message, attempt: int, *, fault: Permanent, now: datetime) -> None:
    Attempt.objects.filter(pk=attempt).update(
        ended_at=now, outcome=Attempt.Outcome.PERMANENT, code=fault.code
    )
    if fault.bad_address:
        suppression.suppress(
            address_hash=message.to_hash, why=Suppression.Why.BOUNCE, now=now, message=message
        )
    _end(message, State.FAILED, code=fault.code, now=now)


def _our_fault(message: Message, attempt: int, *, fault: OurFault, now: datetime) -> None:
    """Nobody can be written to just now, or so it seems: the channel pauses, and the row keeps its count.

    It may be this row that the server hangs up at. So another goes first after the pause; and if others leave
    and only this one meets the fault, for days, it ends as one whose mailbox said "later".
    """
    Attempt.objects.filter(pk=attempt).update(ended_at=now, outcome=Attempt.Outcome.OURS, code=fault.code)
    others_leave = not Breaker.objects.filter(channel=message.channel, failures__gt=0).exists()
    open_again = _pause(message.channel, fault=fault, now=now)
    if others_leave and _was_tried_long_enough(message, now=now):
        _end(message, State.FAILED, code=fault.code, now=now)
        return
    _mine(message).update(
        not_before=open_again + STEPS_BACK * settings.OUTBOX_PACE,
        state=State.QUEUED,
        lease_owner="",
        lease_until=None,
        attempts=F("attempts") - 1,
        last_code=fault.code,
    )


def _was_tried_long_enough(message: Message, *, now: datetime) -> bool:
    """From the first try on: while our own mail stood still, no mailbox has said anything."""
    first = message.tries.earliest("started_at")
    return now - first.started_at > GIVE_UP_AFTER


def _pause(channel: str, *, fault: SendingFailed, now: datetime) -> datetime:
    """Until when nothing is sent on this channel."""
    breaker, _ = Breaker.objects.get_or_create(channel=channel)
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**breaker.failures) * random.uniform(0.5, 1)  # noqa: S311
    open_until = now + timedelta(seconds=pause) * settings.OUTBOX_PACE
    Breaker.objects.filter(pk=breaker.pk).update(
        failures=F("failures") + 1, open_until=open_until, code=fault.code
    )
    return open_until


def _end_without_sending(message: Message, state: State, *, code: str, now: datetime) -> None:
    attempts.record(partial(_end, message, state, code=code, now=now))


def _end(message: Message, state: State, *, code: str, now: datetime) -> None:
    """It will not be sent. A person must know, unless it was only worth telling in time."""
    ended = _mine(message).update(state=state, lease_owner="", lease_until=None, last_code=code)
    if ended and (state != State.EXPIRED or message.matters):
        open_task(message, now=now)


def open_task(message: Message, *, now: datetime) -> None:
    """Somebody must be told another way. Says neither who nor what: the task links to the subject."""
    staff = message.audience == Audience.STAFF
    staff_tasks.open_task(
        key=f"message:{message.pk}",
        kind="message_failed",
        subject_type=message.subject_type or "notifications.message",
        subject_id=message.subject_id or str(message.pk),
        title="A message to staff could not be sent" if staff else "A message could not be sent: please call",
        priority="urgent" if message.priority == Priority.URGENT else "today",
    )


def _mine(message: Message) -> MessageQuerySet:
    return Message.objects.filter(pk=message.pk, state=State.SENDING, lease_owner=message.lease_owner)


def _give_back(rows: Sequence[Message], *, worker: str) -> None:
    """Rows claimed and not tried: free for anyone at once, as if never claimed."""
    if not rows:
        return
    ids = [row.pk for row in rows]
    free = Message.objects.filter(pk__in=ids, state=State.SENDING, lease_owner=worker)
    attempts.record(
        lambda: free.update(state=State.QUEUED, lease_owner="", lease_until=None, attempts=F("attempts") - 1)
    )


def retry_delay(attempts: int) -> timedelta:
    """Half to all of 30 s, 60 s, 120 s … one hour; the spread keeps many rows from coming back at once."""
    seconds = min(LONGEST_DELAY, FIRST_DELAY * 2 ** max(0, attempts - 1)) * random.uniform(0.5, 1)  # noqa: S311
    return timedelta(seconds=seconds) * settings.OUTBOX_PACE


def beat(name: str, *, now: datetime) -> None:
    """Write down that a part of the machinery finished a round."""
    if not Heartbeat.objects.filter(name=name).update(at=now):
        Heartbeat.objects.bulk_create([Heartbeat(name=name, first_at=now, at=now)], ignore_conflicts=True)
