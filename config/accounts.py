"""How staff sign in: what we change about django-allauth and django-axes.

There is no sign-up: an account exists because an administrator invited somebody. A second factor can be
added and is asked for then; nothing forces it yet.
"""

import base64
import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from config import account_mail
from config.foundation.clinic import Clinic
from config.foundation.encryption import seal, unseal

AUTHENTICATOR = "mfa_authenticator|data"


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        # One sentence for a wrong password and for an address nobody has.
        "email_password_mismatch": _("The email address or the password is not right."),
        "too_many_login_attempts": _("Too many tries. Please wait 15 minutes, or choose a new password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def format_email_subject(self, subject: str) -> str:
        return subject

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Through the gate into the outbox like all mail: the page answers as fast when the mail server is down.

        The name and address in the mail are the clinic's, not those the browser asked for.
        """
        site = {"name": str(Clinic.get()), "domain": settings.SITE_URL}
        mail = self.render_mail(template_prefix, email, {**context, "email": email, "current_site": site})
        with transaction.atomic():
            account_mail.tell(
                prefix=template_prefix,
                email=email,
                subject=str(mail.subject),
                body=str(mail.body),
                key=f"account:{uuid.uuid4()}",
                language=get_language() or settings.LANGUAGE_CODE,
                now=timezone.now(),
            )

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Links in mail begin with our own address, whatever host the browser asked for."""
        return _on_our_site(super().get_reset_password_from_key_url(key))

    def on_our_site(self, url: str) -> str:
        return _on_our_site(url)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return _on_our_site(super().get_email_confirmation_url(request, emailconfirmation))


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is untyped
    """Secrets of authenticators are sealed with the keys of the encrypted columns."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(seal(text.encode(), bound_to=AUTHENTICATOR)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(base64.b64decode(encrypted_text), bound_to=AUTHENTICATOR).decode()

    def get_totp_issuer(self) -> str:
        return str(Clinic.get())


def username_of_attempt(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Which account an attempt to sign in was meant for, for the lock-out: in any case the same one."""
    said = (credentials or {}).get("email") or (credentials or {}).get("username")
    return str(said or request.POST.get("login", "")).strip().lower()[:255]


def _on_our_site(url: str) -> str:
    """The path of `url` on SITE_URL."""
    path = url if url.startswith("/") else "/" + url.split("/", 3)[3]
    return f"{settings.SITE_URL}{path}"
