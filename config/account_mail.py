"""Mails about staff's own accounts: a forgotten password, a second factor added or taken away.

django-allauth writes the words; here they get our letterhead and their place in the catalogue. They leave
through the gate like all mail.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from config.foundation.clinic import Clinic
from intake import contact
from notifications import catalogue
from notifications.catalogue import Kind
from notifications.models import Audience, Message
from notifications.rendering import harmless

TEMPLATE = "mail/account"
OTHER = "account_notice"  # a notice of a newer allauth that has no name here: sent all the same
# The prefix of allauth's two templates → what staff call the message.
NAMES: dict[str, str | Promise] = {
    "account/email/password_reset_key": gettext_lazy("Account: choose a new password"),
    "account/email/invitation": gettext_lazy("Account: invitation to staff"),
    "account/email/password_changed": gettext_lazy("Account: password changed"),
    "account/email/password_reset": gettext_lazy("Account: password was chosen anew"),
    "account/email/password_set": gettext_lazy("Account: password set"),
    "account/email/email_changed": gettext_lazy("Account: email address changed"),
    "account/email/email_confirm": gettext_lazy("Account: email address confirmed"),
    "account/email/email_deleted": gettext_lazy("Account: email address removed"),
    "account/email/email_confirmation": gettext_lazy("Account: confirm your email address"),
    "mfa/email/totp_activated": gettext_lazy("Account: second factor added"),
    "mfa/email/totp_deactivated": gettext_lazy("Account: second factor removed"),
    "mfa/email/recovery_codes_generated": gettext_lazy("Account: new recovery codes"),
}
Words = Mapping[str, Any]


def tell(
    *, prefix: str, email: str, subject: str, body: str, key: str, language: str, now: datetime
) -> Message:
    """To one of the staff, in the caller's transaction. A link to choose a password is of no use for ever."""
    kind = prefix.rpartition("/")[2]
    return contact.tell_account_holder(
        email=email,
        kind=kind if prefix in NAMES else OTHER,
        context=words(subject=subject, body=body),
        key=key,
        language=language,
        now=now,
        clinic=Clinic.get(),
        expires_at=now + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
    )


def words(*, subject: str, body: str) -> Words:
    paragraphs = [harmless(" ".join(part.split())) for part in body.split("\n\n")]
    # allauth's own headings have a capital at each word; ours are sentences.
    return {"heading": subject.capitalize(), "paragraphs": [part for part in paragraphs if part]}


def register() -> None:
    """Put them into the catalogue, where staff read every message there is."""
    catalogue.register(
        *(_kind(prefix.rpartition("/")[2], label, prefix) for prefix, label in NAMES.items()),
        _kind(OTHER, gettext_lazy("Account: other notice"), "account/email/password_changed"),
    )


def _kind(code: str, label: str | Promise, prefix: str) -> Kind:
    # Who cannot sign in says so: no card for others to work through.
    return Kind(code, label, Audience.STAFF, TEMPLATE, partial(_example, prefix), matters=False)


def _example(prefix: str) -> Words:
    clinic = Clinic.get()
    context = {
        "current_site": {"name": str(clinic), "domain": settings.SITE_URL},
        "user": "robin@example.com",
        "password_reset_url": f"{settings.SITE_URL}/accounts/password/reset/key/example/",
        "activate_url": f"{settings.SITE_URL}/accounts/confirm-email/example/",
        "timestamp": "",
        "ip": "",
        "user_agent": "",
        "to_email": "robin@example.com",
        "from_email": "robin.old@example.com",
        "deleted_email": "robin.old@example.com",
    }
    subject = render_to_string(f"{prefix}_subject.txt", context)
    body = render_to_string(f"{prefix}_message.txt", context)
    return {**contact.letterhead(clinic), **words(subject=" ".join(subject.split()), body=body)}
