"""Who works here: invited by mail, with roles that add up. An account is switched off, never deleted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.db import transaction
from django.urls import reverse

from config.foundation import access_log
from config.foundation.user import User
from scheduling.models import SettingChange

KIND = "people"
FIELDS = (
    "first_name",
    "last_name",
    "email",
    "is_front_desk",
    "is_therapist",
    "is_administrator",
    "is_active",
)


class LastAdministrator(Exception):
    """Nobody would be left who can set the clinic up."""


@transaction.atomic
def invite(*, email: str, by: User, now: datetime, **fields: Any) -> User:
    """A new account without a password, and the mail with the link to choose one."""
    user = User.objects.create_user(email, None, **fields)
    _remember(user, {}, what="added", by=by, now=now)
    send_invitation(user=user, by=by)
    return user


@transaction.atomic
def send_invitation(*, user: User, by: User) -> None:
    """The link dies with the first password, or after PASSWORD_RESET_TIMEOUT."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    uidb36, _dash, token = key.partition("-")
    adapter = get_adapter()
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uidb36, "key": token})
    url = f"{adapter.on_our_site(path)}"
    adapter.send_mail("account/email/invitation", user.email, {"user": user, "password_reset_url": url})
    access_log.record(by=by, action="invited", subject="foundation.user", subject_id=user.pk)


@transaction.atomic
def change(*, user: User, values: dict[str, Any], by: User, now: datetime) -> None:
    """Name, roles, on or off. Raises LastAdministrator."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    before = _values(locked)
    for name, value in values.items():
        setattr(locked, name, value)
    others = User.objects.filter(is_administrator=True, is_active=True).exclude(pk=locked.pk)
    if not (locked.is_administrator and locked.is_active) and not others.exists():
        raise LastAdministrator
    locked.save()
    _remember(locked, before, what="changed", by=by, now=now)


def _values(user: User, names: Iterable[str] = FIELDS) -> dict[str, Any]:
    return {name: getattr(user, name) for name in names}


def _remember(user: User, before: dict[str, Any], *, what: str, by: User, now: datetime) -> None:
    changes = {
        name: [before.get(name), value] for name, value in _values(user).items() if before.get(name) != value
    }
    if not changes:
        return
    SettingChange.objects.create(
        at=now, by=by, kind=KIND, subject_id=str(user.pk), what=what, changes=changes
    )
    access_log.record(
        by=by, action=f"user_{what}", subject="foundation.user", subject_id=user.pk, fields=changes
    )
