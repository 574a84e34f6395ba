"""That one mail has left and that the next is begun: one statement, on its way while the mail server talks.

PostgreSQL only. Once the server has said that it has the first mail it is asked to take the address of the
second, the statement is sent while it thinks, and its answer is read just before the text of the second is
sent. In that order, because a database that is woken first keeps the mail server from the processor. So the
mark of a mail waits for nothing, and no text leaves before it is known that its own attempt stands in the
database and that it is still wanted: a death anywhere leaves at most one mail sent and not marked. Django's
cursors wait for every answer, so this speaks to libpq.
"""

import select
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from weakref import WeakSet

from django.db import InterfaceError, OperationalError, connection
from psycopg import OperationalError as LineLost
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus

from notifications import attempts
from notifications.models import Attempt, Message, State

NAME = b"mark_and_begin"
# In one statement, so one journey and one commit; prepared, since planning it takes longer than running it.
# Marks by id alone: it has left, whoever holds the lease now and even if it was withdrawn a moment ago.
MARK_AND_BEGIN = f"""
    WITH marked AS (
        UPDATE notifications_message
        SET state = '{State.SENT}', sent_at = $1, lease_owner = '', lease_until = NULL, last_code = ''
        WHERE id = $2
    ), ended AS (
        UPDATE notifications_attempt SET ended_at = $1, outcome = '{Attempt.Outcome.SENT}' WHERE id = $3
    )
    INSERT INTO notifications_attempt (message_id, number, worker, started_at, outcome, code)
    SELECT id, attempts, lease_owner, $1, '', '' FROM notifications_message
    WHERE id = $4 AND state = '{State.SENDING}' AND lease_owner = $5
    RETURNING id
""".encode()  # noqa: S608  # constants of ours

_prepared: WeakSet[Any] = WeakSet()  # the connections that know the statement


def can_go_ahead(following: Message) -> bool:
    """One that was tried before is looked at more closely, so it is begun by itself."""
    return connection.vendor == "postgresql" and following.attempts == 1


@dataclass
class Ahead:
    """`message` has left by `attempt`, `following` comes next. `answer` must be called, once or more.

    `start` is called as soon as there is a moment for it; `answer` makes up for it when there was none.
    """

    message: Message
    attempt: int
    following: Message
    now: datetime
    _started: bool = field(default=False, init=False)
    _answered: bool = field(default=False, init=False)
    _begun: int | None = field(default=None, init=False)

    def start(self) -> None:
        """Send the statement, once. If that fails both facts are written before this returns, one by one."""
        if self._started:
            return
        self._started = True
        try:
            with connection.wrap_database_errors:
                _send(
                    [self.now, self.message.pk, self.attempt, self.following.pk, self.following.lease_owner]
                )
        except (OperationalError, InterfaceError):
            self._by_themselves()

    def answer(self) -> int | None:
        """The attempt of `following`, now on record; None when it is not to be sent."""
        self.start()
        if not self._answered:
            try:
                with connection.wrap_database_errors:
                    self._begun = _received()
            except (OperationalError, InterfaceError):
                self._by_themselves()
            else:
                self._answered = True
        return self._begun

    def _by_themselves(self) -> None:
        """The line to the database is lost: the mail has left all the same, and that is not forgotten."""
        if connection.in_atomic_block:
            raise
        connection.close()
        attempts.record(partial(attempts.sent, self.message, self.attempt, now=self.now))
        self._answered = True
        self._begun = attempts.begin(self.following, worker=self.following.lease_owner, now=self.now)


def _send(values: list[object]) -> None:
    connection.ensure_connection()
    line = connection.connection.pgconn
    if line not in _prepared:
        _result_of(line, line.prepare(NAME, MARK_AND_BEGIN))
        _prepared.add(line)
    line.send_query_prepared(NAME, [str(value).encode() for value in values])
    line.flush()


def _received() -> int | None:
    """The answer to what was sent, waiting for it if it is not there yet. Raises what the database raises."""
    line = connection.connection.pgconn
    line.consume_input()
    while line.is_busy():
        select.select([line.socket], [], [])
        line.consume_input()
    found = _result_of(line, line.get_result())
    line.get_result()  # None: the end of the answer
    return int(found.get_value(0, 0)) if found.ntuples else None


def _result_of(line: Any, result: Any) -> Any:
    if line.status != ConnStatus.OK:  # cut: what came instead of an answer may name no reason
        raise LineLost("the line to the database is lost")
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise error_from_result(result)
    return result
