"""Write, hold, release and withdraw messages. All inside the transaction that makes them true or untrue.

Nothing here talks to a broker or a mail server: a row is enough, beat wakes the drain every five seconds.
"""

import base64
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery

from config.foundation.user import User
from notifications import addresses
from notifications.models import (
    WAITING,
    Audience,
    Channel,
    Message,
    Priority,
    State,
)
from notifications.rendering import Attachment, Rendered
from notifications.suppression import address_hash


class NotInTransaction(RuntimeError):
    """A message must be written together with what it tells, or one of the two can be lost."""


class NotWaiting(ValueError):
    """The message has left, or was taken back already."""


def enqueue(
    *,
    key: str,
    kind: str,
    to: str,
    language: str,
    rendered: Rendered,
    now: datetime,
    subject_type: str = "",
    subject_id: object = "",
    audience: Audience = Audience.CLIENT,
    channel: Channel = Channel.EMAIL,
    attachments: Sequence[Attachment] = (),
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    waits_for: str = "",
    priority: Priority = Priority.NORMAL,
    matters: bool = True,
    withheld: str = "",
    by: User | None = None,
) -> Message:
    """One row for one thing to tell one person; the same `key` again returns the first row unchanged.

    One statement, two for a key that is there. With `waits_for` the row is held until `release`; with `withheld`
    (a reason's code) it is never sent and only stands in the ledger, and `to` may be empty. Raises
    NotInTransaction outside a transaction, and addresses.BadAddress for an address we must not write to.
    """
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise NotInTransaction(f"{kind} must be written in the transaction that causes it")
    address = addresses.clean(to) if channel == Channel.EMAIL and not withheld else to
    state = State.NOT_SENT if withheld else State.HELD if waits_for else State.QUEUED
    row_id = uuid.uuid4()
    content: dict[str, Any] = {"subject": rendered.subject, "text": rendered.text, "html": rendered.html}
    if attachments:
        content["attachments"] = [attachment.packed() for attachment in attachments]
    message = Message(
        id=row_id,
        key=key,
        kind=kind,
        channel=channel,
        audience=audience,
        language=language,
        subject_type=subject_type,
        subject_id=str(subject_id),
        to=address,
        to_hash=address_hash(address),
        content=content,
        state=state,
        reason=withheld,
        waits_for=waits_for,
        priority=priority,
        not_before=not_before or now,
        expires_at=expires_at,
        matters=matters,
        message_id=f"<{row_id}@{settings.MAIL_DOMAIN}>",
        created_at=now,
        created_by=by,
    )
    # Whoever wrote the key first wins, in this process or another: what is stored is what counts.
    return message if _is_first(message) else Message.objects.get(key=key)


def _is_first(message: Message) -> bool:
    """Insert it unless its key is there; True if it was inserted, which `bulk_create` does not tell."""
    query = InsertQuery(Message, on_conflict=OnConflict.IGNORE)
    query.insert_values(Message._meta.concrete_fields, [message])
    connection = transaction.get_connection()
    [(statement, values)] = query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        inserted: bool = cursor.rowcount == 1
    message._state.adding, message._state.db = False, connection.alias
    return inserted


def release(*, waits_for: str, attachments: Sequence[Attachment] = ()) -> int:
    """What the held messages waited for exists now. Returns how many may leave.

    `attachments` go with the mails among them: what a person asked to be sent did not exist when they were written.
    """
    if attachments:
        packed = [attachment.packed() for attachment in attachments]
        for message in Message.objects.filter(state=State.HELD, waits_for=waits_for, channel=Channel.EMAIL):
            message.content = {**message.content, "attachments": [*message.attachments, *packed]}
            message.save(update_fields=["content"])
    return Message.objects.filter(state=State.HELD, waits_for=waits_for).update(state=State.QUEUED)


def withdraw(
    *,
    reason: str,
    key: str = "",
    key_prefix: str = "",
    subject_type: str = "",
    subject_id: object = "",
    kinds: Iterable[str] = (),
) -> int:
    """Take back what is no longer true: by key, by the start of a key, or by subject and (some) kinds.

    A row on its way is withdrawn too: the sender looks at it once more just before it sends. Returns how
    many rows were taken back; what has left stays as it was.
    """
    chosen = Q()
    if key:
        chosen &= Q(key=key)
    if key_prefix:
        chosen &= Q(key__startswith=key_prefix)
    if subject_type:
        chosen &= Q(subject_type=subject_type, subject_id=str(subject_id))
    if not chosen:
        raise ValueError("withdraw needs a key, a key prefix or a subject")
    if names := list(kinds):
        chosen &= Q(kind__in=names)
    return Message.objects.filter(chosen, state__in=WAITING).update(
        state=State.WITHDRAWN, reason=reason, lease_owner="", lease_until=None
    )


@transaction.atomic
def send_again(*, message: Message, by: User, now: datetime, to: str = "") -> Message:
    """The same words once more, as a new row with its own key and Message-ID; `to`: to a corrected address.

    One that still waits is withdrawn when the address is corrected; otherwise raises NotWaiting.
    """
    if message.is_waiting:
        if not to:
            raise NotWaiting("It has not left yet; there is nothing to repeat.")
        withdraw(reason="address_corrected", key=message.key)
    # Keyed by the minute: a double click repeats once.
    return enqueue(
        key=f"{message.key[:150]}:again:{now:%Y%m%d%H%M}",
        kind=message.kind,
        to=to or message.to,
        language=message.language,
        rendered=Rendered(subject=message.subject, text=message.text, html=message.html),
        now=now,
        subject_type=message.subject_type,
        subject_id=message.subject_id,
        audience=Audience(message.audience),
        channel=Channel(message.channel),
        attachments=[
            Attachment(name=part["name"], type=part["type"], content=base64.b64decode(part["content"]))
            for part in message.attachments
        ],
        priority=Priority.NORMAL,
        by=by,
    )


@transaction.atomic
def mark_handled(*, message: Message, how: str, by: User, now: datetime) -> None:
    """Staff told the person another way: `how` is "called", "posted" or "in_person"."""
    Message.objects.filter(pk=message.pk, handled_at=None).update(
        handled_at=now, handled_by=by, handled_how=how
    )
