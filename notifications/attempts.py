"""What is written down around a send: that it begins, that it left, how the try ended.

Raw statements, because they stand between every two mails; on PostgreSQL (`ahead.py`) they are one, on its way
while the mail server takes the next address.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

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
# By id alone: it has left, whoever holds the lease now and even if it was withdrawn a moment ago.
MARK_SENT = f"""
    UPDATE notifications_message
    SET state = '{State.SENT}', sent_at = %s, lease_owner = '', lease_until = NULL, last_code = '' WHERE id = %s
"""  # noqa: S608  # a constant of ours
END_ATTEMPT = f"""
    UPDATE notifications_attempt SET ended_at = %s, outcome = '{Attempt.Outcome.SENT}' WHERE id = %s
"""  # noqa: S608  # a constant of ours


def begin(message: Message, *, worker: str, now: datetime) -> int | None:
    """Write the attempt, if the row is still this worker's and still wanted: its key, None if it is not to be sent."""
    # The row must still be ours, and neither withdrawn nor sent by another.
    with connection.cursor() as cursor:
        cursor.execute(BEGIN_ATTEMPT, (_moment(now), _key(message.pk), worker))
        row = cursor.fetchone()
    return row[0] if row else None


def _moment(now: datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(now)


def _key(message_id: Any) -> Any:
    return Message._meta.pk.get_db_prep_value(message_id, connection)


def record(write: Callable[[], object]) -> None:
    """Write down what happened, through a lost database connection if need be.

    The mail has left or not, and only this process knows. Forgetting it because the database restarted
    would send a second copy, so the fact is kept in hand until it is written.
    """
    ends_at, pause = time.monotonic() + MARK_FOR, 0.05
    while True:
        try:
            with transaction.atomic():
                write()
            return
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > ends_at:
                raise
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 5.0)


def sent(message: Message, attempt: int, *, now: datetime) -> None:
    """It has left: the message is marked and the attempt ended."""
    with connection.cursor() as cursor:
        cursor.execute(MARK_SENT, (_moment(now), _key(message.pk)))
        cursor.execute(END_ATTEMPT, (_moment(now), attempt))
