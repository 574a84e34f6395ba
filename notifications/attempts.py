"""What is written down around a send: that it begins, that it left, how the try ended.

Raw statements, because they stand between every two mails: a mail costs one journey to the database.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction

from notifications.models import Attempt, Message, State

MARK_FOR = 60.0  # seconds we try to write down that a message has left

# One statement, so that nothing can change between the look and the note. The ORM has no INSERT … SELECT.
# Values that never change stand in the text: each that does not costs its conversion between every two mails.
BEGIN_ATTEMPT = f"""
    INSERT INTO notifications_attempt (message_id, number, worker, started_at, outcome, code)
    SELECT id, attempts, lease_owner, %s, '', '' FROM notifications_message
    WHERE id = %s AND state = '{State.SENDING}' AND lease_owner = %s
    RETURNING id
"""  # noqa: S608  # a constant of ours
END_ATTEMPTS = """
    UPDATE notifications_attempt SET ended_at = done.column2, outcome = %s
    FROM (VALUES {rows}) AS done WHERE id = done.column1
"""
# By id alone: it has left, whoever holds the lease now and even if it was withdrawn a moment ago.
MARK_SENT = f"""
    UPDATE notifications_message
    SET state = '{State.SENT}', sent_at = %s, lease_owner = '', lease_until = NULL, last_code = '' WHERE id = %s
"""  # noqa: S608  # a constant of ours
# That one has left and that the next is begun, in one journey and one commit (PostgreSQL only).
MARK_AND_BEGIN = f"WITH marked AS ({MARK_SENT}) {BEGIN_ATTEMPT}"


Begun = dict[UUID, Attempt | None]  # None: looked at, and not to be sent


def begin(message: Message, *, worker: str, now: datetime) -> Attempt | None:
    """Write the attempt, if the row is still this worker's and still wanted. None when it is not to be sent."""
    attempt = Attempt(message=message, number=message.attempts, worker=worker, started_at=now)
    return _written(attempt, BEGIN_ATTEMPT, _beginning(attempt))


def _beginning(attempt: Attempt) -> tuple[Any, ...]:
    """The values of BEGIN_ATTEMPT: the row must still be ours, and neither withdrawn nor sent by another."""
    started_at = connection.ops.adapt_datetimefield_value(attempt.started_at)
    return (started_at, _key(attempt.message_id), attempt.worker)


def _written(attempt: Attempt, statement: str, values: tuple[Any, ...]) -> Attempt | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    if row is None:
        return None
    attempt.pk = row[0]
    return attempt


def _key(message_id: Any) -> Any:
    return Message._meta.pk.get_db_prep_value(message_id, connection)


def record(write: Callable[[], object], *, is_one_statement: bool = False) -> None:
    """Write down what happened, through a lost database connection if need be.

    The mail has left or not, and only this process knows. Forgetting it because the database restarted
    would send a second copy, so the fact is kept in hand until it is written.
    """
    ends_at, pause = time.monotonic() + MARK_FOR, 0.05
    while True:
        try:
            if is_one_statement:
                write()
            else:
                with transaction.atomic():
                    write()
            return
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > ends_at:
                raise
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 5.0)


def sent(message: Message, attempt: Attempt, ended: list[Attempt], *, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MARK_SENT, _marking(message, now))
    attempt.ended_at = now
    ended.append(attempt)


def _marking(message: Message, now: datetime) -> tuple[Any, ...]:
    return (connection.ops.adapt_datetimefield_value(now), _key(message.pk))


def sent_and_begun(
    message: Message,
    attempt: Attempt,
    ended: list[Attempt],
    following: Message,
    begun: Begun,
    *,
    now: datetime,
) -> bool:
    """Mark one as sent and begin the next at once, if that can be done. False: nothing is known to be written.

    The next is looked at in the statement itself, so just before it is sent, as `begin` does.
    """
    if connection.vendor != "postgresql" or following.attempts > 1:
        return False
    start = Attempt(
        message=following, number=following.attempts, worker=following.lease_owner, started_at=now
    )
    try:
        begun[following.pk] = _written(start, MARK_AND_BEGIN, (*_marking(message, now), *_beginning(start)))
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        return False
    attempt.ended_at = now
    ended.append(attempt)
    return True


def close(ended: list[Attempt]) -> None:
    """All at once, each with its own moment (`bulk_update` takes longer to build than to run)."""
    moment = connection.ops.adapt_datetimefield_value
    rows = ", ".join(["(%s, %s)"] * len(ended))
    values = [value for attempt in ended for value in (attempt.pk, moment(attempt.ended_at))]

    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute(END_ATTEMPTS.format(rows=rows), [Attempt.Outcome.SENT, *values])

    if ended:
        record(write)
