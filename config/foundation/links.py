"""Private links for clients: each opens one thing, can be taken back, and cannot be made from the database.

A link is a row (what for, whose, until when) and its address is ``/v/<id><mac>``: the row's id and an
HMAC-SHA256 over id and purpose with `settings.LINK_KEY`, which is not in the database. The address can be
made again from the row at any time, so a mail may be sent twice with the same link.

Opening a link changes nothing: mail scanners open links too. PURPOSE_VIEWS in config/urls.py says which
view answers for which purpose.
"""

import base64
import hmac
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime

from django.conf import settings
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods

from config.foundation.policy import mark

ID_CHARACTERS = 22  # 16 bytes, base64 without padding
MAC_CHARACTERS = 43  # 32 bytes, base64 without padding
NOT_OURS = ".,;:!?)>]}'\""  # what mail programs and people leave at the end of an address

LinkView = Callable[[HttpRequest, "Link"], HttpResponseBase]


class BadLink(Exception):
    """No such link, or not any more. Why is nobody's business: everyone sees the same page."""


class LinkQuerySet(models.QuerySet["Link"]):
    def live(self, *, now: datetime) -> "LinkQuerySet":
        return self.filter(revoked_at=None, expires_at__gt=now)


class Link(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1)  # of the subject, when the link was made
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = LinkQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["purpose", "subject_id"], name="link_subject")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"

    def token(self) -> str:
        return _encode(self.id.bytes) + _encode(_mac(self.id, self.purpose))

    def path(self) -> str:
        """The address on this site, such as `/v/…`."""
        return reverse("link", args=[self.token()])

    def url(self) -> str:
        """The whole address for mail. The host comes from the settings, never from a request."""
        return f"{settings.SITE_URL}{self.path()}"

    def is_live(self, *, now: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > now


def issue(*, purpose: str, subject_id: object, expires_at: datetime, version: int = 1) -> Link:
    """A new link for one purpose and one subject, in the caller's transaction."""
    return Link.objects.create(
        purpose=purpose, subject_id=str(subject_id), expires_at=expires_at, version=version
    )


def resolve(token: str, *, now: datetime) -> Link:
    """The link behind a token. Raises `BadLink` for a wrong, expired or revoked one.

    The row is read and the MAC computed for every well-formed token, so that all refusals take as long.
    """
    link_id, mac = _parse(token)
    link = Link.objects.filter(pk=link_id).first()
    expected = _mac(link_id, link.purpose if link is not None else "")
    if not hmac.compare_digest(mac, expected) or link is None or not link.is_live(now=now):
        raise BadLink
    return link


def revoke(*, purpose: str, subject_id: object, now: datetime | None = None) -> int:
    """Take back every live link of this purpose to this subject; how many there were."""
    live = Link.objects.filter(purpose=purpose, subject_id=str(subject_id), revoked_at=None)
    return live.update(revoked_at=now or timezone.now())


def mark_used(link: Link, *, now: datetime) -> bool:
    """For links that act once: True for the first caller only. Call it in the transaction of the act."""
    return Link.objects.filter(pk=link.pk, used_at=None).update(used_at=now) == 1


# --- the route -------------------------------------------------------------------------------------


def by_link(purpose: str) -> Callable[[LinkView], LinkView]:
    """Marks a view as the one that answers for links of this purpose: `view(request, link)`.

    The view may raise `BadLink` itself, when what the link was for is gone.
    """

    def say(view: LinkView) -> LinkView:
        return mark(view, f"link:{purpose}")

    return say


def opener(views: Mapping[str, LinkView]) -> Callable[..., HttpResponseBase]:
    """The one view behind `/v/<token>`: finds the link and hands over to the view of its purpose.

    A bad link, an expired or revoked one and one for an unknown purpose get the same page.
    """

    def open_link(request: HttpRequest, token: str) -> HttpResponseBase:
        if request.method == "GET" and (cleaned := token.rstrip(NOT_OURS)) != token:
            return redirect("link", cleaned)
        try:
            link = resolve(token, now=timezone.now())
            if link.purpose not in views:
                raise BadLink
            response = views[link.purpose](request, link)
        except BadLink:
            response = unavailable(request)
        add_never_cache_headers(response)
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return mark(require_http_methods(["GET", "HEAD", "POST"])(open_link), "link")


def unavailable(request: HttpRequest) -> HttpResponse:
    """The neutral page: it does not say whether there ever was such a link."""
    return render(request, "link_unavailable.html", status=404)


def _mac(link_id: uuid.UUID, purpose: str) -> bytes:
    return hmac.digest(settings.LINK_KEY.encode(), link_id.bytes + purpose.encode(), "sha256")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _parse(token: str) -> tuple[uuid.UUID, bytes]:
    if len(token) != ID_CHARACTERS + MAC_CHARACTERS or not token.isascii():
        raise BadLink
    try:
        link_id = base64.b64decode(token[:ID_CHARACTERS] + "==", altchars=b"-_", validate=True)
        mac = base64.b64decode(token[ID_CHARACTERS:] + "=", altchars=b"-_", validate=True)
    except ValueError:
        raise BadLink from None
    # The last character of unpadded base64 has spare bits; only the spelling we write is accepted.
    if _encode(link_id) + _encode(mac) != token:
        raise BadLink
    return uuid.UUID(bytes=link_id), mac
