"""Which draft a browser holds: a signed cookie, or the token of the page that was posted."""

import uuid
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from intake.models import RequestDraft

COOKIE = "request_draft"
SALT = "request-draft"


def draft_of(request: HttpRequest, *, now: datetime) -> RequestDraft | None:
    """By the signed cookie; when that is lost, by the token of the page that was posted."""
    for token in (request.COOKIES.get(COOKIE, ""), request.POST.get("draft", "")):
        try:
            key = uuid.UUID(signing.loads(token, salt=SALT))
        except (signing.BadSignature, ValueError, TypeError):
            continue
        found = RequestDraft.objects.filter(pk=key, expires_at__gt=now).first()
        if found:
            return found
    return None


def token_of(draft: RequestDraft) -> str:
    return signing.dumps(str(draft.pk), salt=SALT)


def remember(response: HttpResponse, draft: RequestDraft) -> HttpResponse:
    response.set_cookie(
        COOKIE,
        token_of(draft),
        expires=draft.expires_at,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        path="/",
    )
    return response


def private(response: HttpResponse) -> HttpResponse:
    add_never_cache_headers(response)
    return response
