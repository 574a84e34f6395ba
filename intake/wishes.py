"""How a person may be told a thing: their wishes, who reads their mail, and addresses we must not write to.

Only decides; `contact.py`, the gate, asks here before each message.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from config.foundation.clinic import Clinic
from intake.models import Client
from intake.models.client import ContactWay
from notifications import addresses, catalogue, suppression
from notifications.addresses import BadAddress
from notifications.channels import texting_works
from notifications.models import Channel
from notifications.rendering import harmless

# Why a message was not sent: codes of `Message.reason`, in words for staff.
WHY_NOT = {
    "wish_no_mail": "asked for no email",
    "wish_no_reminders": "asked for no reminders",
    "no_address": "gave no email address",
    "bad_address": "the email address cannot be right",
    "own_address": "the address is the clinic's own",
    "blocked_address": "mail to this address came back, or its owner complained",
}
REMINDERS = frozenset({"reminder"})
_LIKE_A_LINK = re.compile(r"://|www\.|\.[a-z]{2,}(?:/|\b)|@", re.IGNORECASE)
_LONGEST_GREETING = 40  # characters


@dataclass(frozen=True)
class Way:
    """How a person may be told one thing. `withheld` is a code of WHY_NOT, or empty."""

    channel: Channel
    to: str
    withheld: str = ""


@dataclass(frozen=True)
class Reader:
    """Who reads our mail about this client: the client, or the guardian of a minor."""

    first_name: str
    email: str
    is_client: bool


def reader_of(client: Client, *, clinic: Clinic, now: datetime) -> Reader:
    """A minor's guardian, if there is one who may consent; else the person themselves.

    A minor who wrote alone is answered alone: they asked us not to tell anyone (R25).
    """
    guardian = client.representative or {}
    if guardian.get("may_consent") and client.is_minor_on(clinic.local(now).date()):
        return Reader(
            first_name=str(guardian.get("first_name", "")),
            email=str(guardian.get("email") or client.email),
            is_client=False,
        )
    return Reader(first_name=client.name_to_use or client.first_name, email=client.email, is_client=True)


def greeting_name(name: str) -> str:
    """The name to greet with, or nothing: a "name" with a link in it would make our mail carry it to a stranger."""
    shown = " ".join(harmless(name).split())
    return "" if len(shown) > _LONGEST_GREETING or _LIKE_A_LINK.search(shown) else shown


def way_to_tell(
    client: Client, *, reader: Reader, kind: catalogue.Kind, clinic: Clinic, set_aside: bool = False
) -> Way:
    """How this client may be told this kind of thing: one query, for blocked addresses.

    `set_aside` overrides a wish; it never overrides a blocked or impossible address.
    """
    notes = client.contact_notes or {}
    can_text = kind.has_text and client.text_ok and bool(client.phone) and texting_works()
    text = Way(Channel.TEXT, client.phone.as_e164 if client.phone else "")
    if kind.code in REMINDERS and notes.get("email_reminders_ok") is False and not set_aside:
        return Way(Channel.EMAIL, reader.email, withheld="wish_no_reminders")
    if can_text and client.prefers == ContactWay.TEXT:
        return text
    withheld = _no_mail_because(client, reader=reader, clinic=clinic, set_aside=set_aside)
    if withheld and can_text:
        return text
    return Way(Channel.EMAIL, reader.email, withheld=withheld)


def _no_mail_because(client: Client, *, reader: Reader, clinic: Clinic, set_aside: bool) -> str:
    if not client.email_ok and not set_aside:
        return "wish_no_mail"
    if not reader.email.strip():
        return "no_address"
    try:
        address = addresses.clean(reader.email)
    except BadAddress:
        return "bad_address"
    if clinic.email and addresses.same_mailbox(address) == addresses.same_mailbox(clinic.email):
        return "own_address"  # it would answer itself for ever
    return "blocked_address" if suppression.is_suppressed(address) else ""
