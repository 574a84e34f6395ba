"""What staff change about a person: a typing error, an address, how they want to be reached.

Every change is one line of history with the value before and after, and a line of the access log that names
the fields only. Loosening a wish ("no mail" to "mail is fine") needs a sentence: who said so, and how.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from config.foundation import access_log
from config.foundation.user import User
from config.foundation.versioned import StaleVersion
from intake.models import Client, ClientEvent

SUBJECT = "intake.client"
# Turning one of these on gives us a way to reach a person that we did not have.
PERMISSIONS = frozenset(
    {"email_ok", "email_document_ok", "text_ok", "call_ok", "voicemail_ok", "insurer_contact_ok"}
)
EDITABLE = (
    "first_name",
    "last_name",
    "name_to_use",
    "pronouns",
    "birth_date",
    "email",
    "phone",
    "phone_extension",
    "mailing_address",
    "language",
    "prefers",
    *sorted(PERMISSIONS),
    "contact_notes",
)


class ReasonNeeded(Exception):
    """A wish is loosened and nobody said why. `fields` are the permissions."""

    def __init__(self, fields: set[str]) -> None:
        super().__init__(", ".join(sorted(fields)))
        self.fields = fields


def seen_mark(client: Client) -> str:
    """Changes whenever the person's history grows: what a form was made from."""
    return str(client.events.count())


@transaction.atomic
def edit(
    *,
    client: Client,
    values: Mapping[str, Any],
    by: User,
    now: datetime,
    why: str = "",
    seen: str | None = None,
) -> dict[str, list[Any]]:
    """Write the fields that differ; field → [before, after]. Nothing differs: nothing is written.

    Raises ReasonNeeded, and StaleVersion when `seen` is older than the history.
    """
    locked = Client.objects.select_for_update().get(pk=client.pk)
    if seen is not None and seen != seen_mark(locked):
        raise StaleVersion
    changes = {
        name: [_plain(getattr(locked, name)), _plain(values[name])]
        for name in EDITABLE
        if name in values and _plain(getattr(locked, name)) != _plain(values[name])
    }
    loosened = {name for name in PERMISSIONS & changes.keys() if changes[name][1]}
    if loosened and not why.strip():
        raise ReasonNeeded(loosened)
    if not changes:
        return {}
    for name in changes:
        if name == "birth_date":
            locked.set_birth_date(values[name])
        else:
            setattr(locked, name, values[name])
    locked.save()
    remember(client=locked, what="edited", changes=changes, by=by, now=now, why=why.strip())
    access_log.record(by=by, action="edited", subject=SUBJECT, subject_id=locked.pk, fields=changes)
    return changes


def remember(
    *,
    client: Client,
    what: str,
    changes: Mapping[str, list[Any]],
    by: User | None,
    now: datetime,
    why: str = "",
) -> ClientEvent:
    """A line of a person's history."""
    return ClientEvent.objects.create(client=client, at=now, by=by, what=what, changes=dict(changes), why=why)


def snapshot(client: Client) -> dict[str, Any]:
    """The editable fields as they are, as plain values."""
    return {name: _plain(getattr(client, name)) for name in EDITABLE}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bool, dict)):
        return value
    return str(value or "")


def one_person(
    pair: Sequence[UUID], *, newer: UUID, by: User | None, now: datetime
) -> tuple[Client, Client, dict[str, list[Any]]]:
    """Two entries are one person: who stays (whom we know longer), who is joined to them, and what that changed.

    `newer`: whose wishes were written last. Inside the caller's transaction.
    """
    both = Client.objects.select_for_update().filter(pk__in=pair)
    survivor, joined = sorted(both, key=lambda each: (each.created_at, str(each.pk)))
    changes = _agreed_wishes(survivor, joined, newer=newer)
    for name, (_was, now_is) in changes.items():
        setattr(survivor, name, now_is)
    survivor.save()
    joined.merged_into = survivor
    joined.save(update_fields=["merged_into"])
    remember(client=survivor, what="joined", changes=changes, by=by, now=now)
    return survivor, joined, changes


def _agreed_wishes(survivor: Client, joined: Client, *, newer: UUID) -> dict[str, list[Any]]:
    """Only ways that both allow; an address or number that is missing is filled in; the newer notes count."""
    after: dict[str, Any] = {name: getattr(survivor, name) and getattr(joined, name) for name in PERMISSIONS}
    after["email"] = survivor.email or joined.email
    after["phone"] = str(survivor.phone or joined.phone or "")
    first, second = (joined, survivor) if newer == survivor.pk else (survivor, joined)
    after["contact_notes"] = {**(first.contact_notes or {}), **(second.contact_notes or {})}
    before = snapshot(survivor)
    return {name: [before[name], value] for name, value in after.items() if before[name] != value}
