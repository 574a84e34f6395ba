"""The one gate for contact wishes, and the only caller of the outbox: an import contract keeps it so.

A wish about contact can be a matter of somebody's safety (R39 of the sample clinic: a husband reads the
mail). So each message asks here how, and whether, its person may be told. Where we may not write, the
message still stands in the ledger as not sent, with the reason, and staff get a call card if it matters.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from config.foundation import access_log, staff_tasks
from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake import wishes, words
from intake.models import Client
from notifications import addresses, catalogue, outbox, suppression
from notifications.models import Audience, Channel, Message, Priority, State
from notifications.rendering import Attachment, Rendered, render, render_text


class OverrideNeedsReason(ValueError):
    """A wish may be set aside only by a named person who says why."""


def tell_client(
    *,
    client: Client,
    kind: str,
    context: Mapping[str, Any],
    key: str,
    subject_type: str,
    subject_id: object,
    now: datetime,
    clinic: Clinic,
    language: str = "",
    by: User | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    waits_for: str = "",
    attachments: Sequence[Attachment] = (),
    priority: Priority = Priority.NORMAL,
    override_reason: str = "",
) -> Message:
    """Tell a client one thing, the way they wish, in the caller's transaction.

    Always leaves one row in the ledger. Where the wish or the address forbids it the row is "not sent", and
    if the kind matters there is a call card for staff. `override_reason` (a code, no sentence) with `by` sets
    a wish aside once and is logged. Raises OverrideNeedsReason, NotInTransaction, RenderingError.
    """
    said = catalogue.kind(kind)
    if override_reason and by is None:
        raise OverrideNeedsReason("Only a person can set a wish aside.")
    reader = wishes.reader_of(client, clinic=clinic, now=now)
    way = wishes.way_to_tell(client, reader=reader, kind=said, clinic=clinic, set_aside=bool(override_reason))
    language = language or client.language
    message = outbox.enqueue(
        key=key,
        kind=kind,
        to=way.to,
        language=language,
        rendered=_rendered(
            said, context, client=client, reader=reader, way=way, language=language, clinic=clinic
        ),
        now=now,
        subject_type=subject_type,
        subject_id=subject_id,
        channel=way.channel,
        attachments=attachments if way.channel == Channel.EMAIL else (),
        not_before=not_before,
        expires_at=expires_at,
        waits_for=waits_for,
        priority=priority,
        matters=said.matters,
        withheld=way.withheld,
        by=by,
    )
    if override_reason and not way.withheld:
        access_log.record(
            by=by,
            action="contact_wish_set_aside",
            subject="intake.client",
            subject_id=client.pk,
            fields=["email_ok"],
            reason=override_reason,
        )
    if way.withheld and said.matters:
        _ask_staff_to_call(client, said, message, why=way.withheld, now=now)
    return message


def _rendered(
    kind: catalogue.Kind,
    context: Mapping[str, Any],
    *,
    client: Client,
    reader: wishes.Reader,
    way: wishes.Way,
    language: str,
    clinic: Clinic,
) -> Rendered:
    full = {
        **context,
        **letterhead(clinic),
        "hello": wishes.greeting_name(reader.first_name),
        # Whose visit it is, when somebody else reads the mail.
        "about": "" if reader.is_client else wishes.greeting_name(client.name_to_use or client.first_name),
    }
    rendered = render(kind.template, full, language=language, zone=clinic.zone)
    if way.channel != Channel.TEXT:
        return rendered
    text = render_text(kind.template, full, language=language, zone=clinic.zone)
    return Rendered(subject=rendered.subject, text=text, html="")


def _ask_staff_to_call(
    client: Client, kind: catalogue.Kind, message: Message, *, why: str, now: datetime
) -> None:
    """A card with everything a caller must know; its title says neither who nor what about."""
    notes = client.contact_notes or {}
    with translation.override("en"):
        rules = [
            f"Why not by mail: {wishes.WHY_NOT[why]}.",
            f"Phone: {words.phone(client.phone) or 'none'}.",
            "Do NOT call: write, text or tell in person." if not client.call_ok else "",
            "" if client.voicemail_ok else "Leave no voicemail.",
            f"When: {notes['best_time']}." if notes.get("best_time") else "",
            f"Say only: {notes['say_only']}." if notes.get("say_only") else "",
            f"By post: {client.mailing_address}" if client.mailing_address else "",
        ]
        title = _("Tell a client another way: %(what)s") % {"what": kind.label}
    staff_tasks.open_task(
        key=f"contact:{message.key}",
        kind="contact",
        subject_type=message.subject_type,
        subject_id=message.subject_id,
        title=title,
        priority="urgent" if message.priority == Priority.URGENT else "today",
        details="\n".join(rule for rule in rules if rule) + "\n\n" + message.text,
        now=now,
    )


def tell_staff(
    *,
    kind: str,
    context: Mapping[str, Any],
    key: str,
    subject_type: str,
    subject_id: object,
    now: datetime,
    clinic: Clinic,
    priority: Priority = Priority.NORMAL,
    expires_at: datetime | None = None,
    people: Sequence[User] | None = None,
) -> list[Message]:
    """Tell everyone who answers requests, or just `people`, one row each.

    If there is nobody the clinic's own mailbox is told.
    """
    said = catalogue.kind(kind)
    if people is None:
        people = list(User.objects.filter(Q(is_front_desk=True) | Q(is_therapist=True), is_active=True))
    readers = [(str(person.pk), person.email) for person in people if person.email]
    if not readers and clinic.email:
        readers = [("clinic", clinic.email)]
    rendered = render(said.template, {**context, **letterhead(clinic)}, language="en", zone=clinic.zone)
    return [
        outbox.enqueue(
            key=f"{key}:{who}",
            kind=kind,
            to=address,
            language="en",
            rendered=rendered,
            now=now,
            subject_type=subject_type,
            subject_id=subject_id,
            audience=Audience.STAFF,
            priority=priority,
            matters=said.matters,
            expires_at=expires_at,
        )
        for who, address in readers
    ]


def tell_typed_address(
    *,
    email: str,
    kind: str,
    context: Mapping[str, Any],
    key: str,
    subject_type: str,
    subject_id: object,
    language: str,
    now: datetime,
    clinic: Clinic,
    expires_at: datetime | None = None,
) -> Message:
    """Somebody who is no client yet asked for this one mail and typed where to (a form saved for later).

    A blocked address stays blocked. Raises addresses.BadAddress: the form shows it beside the field.
    """
    said = catalogue.kind(kind)
    address = addresses.clean(email)
    return outbox.enqueue(
        key=key,
        kind=kind,
        to=address,
        language=language,
        rendered=render(
            said.template, {**context, **letterhead(clinic)}, language=language, zone=clinic.zone
        ),
        now=now,
        subject_type=subject_type,
        subject_id=subject_id,
        expires_at=expires_at,
        matters=said.matters,
        withheld="blocked_address" if suppression.is_suppressed(address) else "",
    )


def tell_account_holder(
    *,
    email: str,
    kind: str,
    context: Mapping[str, Any],
    key: str,
    language: str,
    now: datetime,
    clinic: Clinic,
    expires_at: datetime | None = None,
) -> Message:
    """One of the staff, about their own account: they wait for it, and no wish about contact applies.

    A blocked address stays blocked: the sender looks before it sends.
    """
    said = catalogue.kind(kind)
    return outbox.enqueue(
        key=key,
        kind=kind,
        to=email,
        language=language,
        rendered=render(
            said.template, {**context, **letterhead(clinic)}, language=language, zone=clinic.zone
        ),
        now=now,
        audience=Audience.STAFF,
        priority=Priority.URGENT,
        expires_at=expires_at,
        matters=said.matters,
    )


def withdraw(*, subject_type: str, subject_id: object, reason: str, kinds: Sequence[str] = ()) -> int:
    """Take back what was to be told about something that changed; what has left stays."""
    return outbox.withdraw(subject_type=subject_type, subject_id=subject_id, kinds=kinds, reason=reason)


def was_all_taken_back(*, subject_type: str, subject_id: object, kinds: Sequence[str]) -> bool:
    """Was something of these kinds written about it, and none of it has left or will leave?"""
    states = set(
        Message.objects.filter(
            subject_type=subject_type, subject_id=str(subject_id), kind__in=kinds
        ).values_list("state", flat=True)
    )
    return states == {State.WITHDRAWN}


def release(*, waits_for: str, client: Client, document: Attachment | None) -> int:
    """The document that some messages to a client waited for exists now, or (None) never will.

    It travels with the mail only where the client ticked that mail is not private and they want it anyway.
    """
    wanted = [document] if document and wants_documents(client) else []
    return outbox.release(waits_for=waits_for, attachments=wanted)


def wants_documents(client: Client) -> bool:
    """By mail, although mail is not private."""
    return client.email_ok and client.email_document_ok


def letterhead(clinic: Clinic) -> dict[str, Any]:
    """What every message needs of the clinic. `letterhead`, since templates must not reach the tax id."""
    return {
        "clinic": {
            "name": str(clinic),
            "phone": words.phone(clinic.phone),
            "phone_link": clinic.phone.as_e164 if clinic.phone else "",
        },
        "zone": clinic.zone,
    }


class CannotRepeat(ValueError):
    """The message may not be sent again; says why, for staff."""


def send_again(*, message: Message, by: User, now: datetime) -> Message:
    """The same words once more. Raises CannotRepeat while it waits, and for a blocked or refused address."""
    if message.state == State.NOT_SENT or message.state == State.WITHDRAWN:
        raise CannotRepeat(_("It was never to be sent. Call instead."))
    if is_blocked(message):
        raise CannotRepeat(_("This address is blocked. Call instead, or ask for a new address."))
    try:
        return outbox.send_again(message=message, by=by, now=now)
    except outbox.NotWaiting:
        raise CannotRepeat(_("It has not left yet; there is nothing to repeat.")) from None


def send_to_corrected(
    *, message: Message, client: Client, by: User, now: datetime, clinic: Clinic
) -> Message:
    """The same words to the address or number the client has now, if their wishes allow it.

    What came back, or was not sent for want of an address, reaches them after a typing error is mended.
    Raises CannotRepeat.
    """
    if message.state == State.WITHDRAWN:
        raise CannotRepeat(_("It was taken back because it is no longer true."))
    reader = wishes.reader_of(client, clinic=clinic, now=now)
    way = wishes.way_to_tell(client, reader=reader, kind=catalogue.kind(message.kind), clinic=clinic)
    if way.withheld:
        raise CannotRepeat(
            _("It may not be sent: %(why)s. Call instead.")
            % {"why": wishes.WHY_NOT.get(way.withheld, way.withheld)}
        )
    if way.channel != message.channel:
        raise CannotRepeat(_("This message is for another way to reach them. Call instead."))
    if message.is_waiting and addresses.same_mailbox(way.to) == addresses.same_mailbox(message.to):
        raise CannotRepeat(_("It has not left yet; there is nothing to repeat."))
    return outbox.send_again(message=message, by=by, now=now, to=way.to)


def is_blocked(message: Message) -> bool:
    """May we write to where this message goes? A mailbox that is gone and a complaint block it."""
    return message.channel == Channel.EMAIL and suppression.is_suppressed(message.to)


@transaction.atomic
def unblock(*, message: Message, by: User, now: datetime) -> bool:
    """The person said that this address works and may be used again; logged. False when it was not blocked."""
    is_lifted = message.channel == Channel.EMAIL and suppression.clear(address=message.to, by=by, now=now)
    if is_lifted:
        access_log.record(
            by=by,
            action="address_unblocked",
            subject="notifications.message",
            subject_id=message.pk,
            fields=["to"],
        )
    return is_lifted


def mark_told(*, message: Message, how: str, by: User, now: datetime) -> None:
    """Staff told the person another way: `how` is "called", "posted" or "in_person"."""
    outbox.mark_handled(message=message, how=how, by=by, now=now)
