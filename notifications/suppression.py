"""Addresses that must not be written to: their mailbox is gone, or their owner complained or asked."""

from datetime import datetime

from django.db import transaction

from config.foundation.encryption import lookup_hash
from config.foundation.user import User
from notifications import addresses
from notifications.models import Message, Suppression


def address_hash(address: str) -> str:
    """One hash for every spelling of a mailbox, so that a block cannot be written around."""
    return lookup_hash(addresses.same_mailbox(address), purpose="address")


def is_suppressed(address: str) -> bool:
    return Suppression.objects.filter(address_hash=address_hash(address), cleared_at=None).exists()


def suppress(
    *, address_hash: str, why: Suppression.Why, now: datetime, message: Message | None = None
) -> Suppression:
    """Never write to this address again, until a person clears it."""
    row, _ = Suppression.objects.update_or_create(
        address_hash=address_hash,
        defaults={"why": why, "since": now, "message": message, "cleared_at": None, "cleared_by": None},
    )
    return row


@transaction.atomic
def clear(*, address: str, by: User, now: datetime) -> bool:
    """A person has checked the address (a typing error mended at the provider, a full mailbox emptied)."""
    return bool(
        Suppression.objects.filter(address_hash=address_hash(address), cleared_at=None).update(
            cleared_at=now, cleared_by=by
        )
    )
