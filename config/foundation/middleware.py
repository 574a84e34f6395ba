"""What every answer carries, and what is refused before anything looks at it."""

import codecs
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

log = structlog.get_logger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponseBase]
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

# Nothing here needs a camera, a microphone or a place. A card photo is taken by the phone's own file picker.
SWITCHED_OFF = """
accelerometer autoplay camera display-capture encrypted-media fullscreen geolocation gyroscope magnetometer
microphone midi payment picture-in-picture screen-wake-lock usb xr-spatial-tracking
"""
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in SWITCHED_OFF.split())

NOTHING_REPLACED = "utf-8-nothing-replaced"


def _utf_8_or_an_error(name: str) -> codecs.CodecInfo | None:
    """UTF-8 that is strict whatever the reader asks for: Django reads fields beside a file with "replace".

    The sign it would put there cannot be told from the same sign in something pasted, which is text.
    """

    def decode(body: Any, errors: str = "") -> tuple[str, int]:
        return codecs.utf_8_decode(body, "strict", True)

    is_ours = name.replace("_", "-") == NOTHING_REPLACED
    return codecs.CodecInfo(codecs.utf_8_encode, decode, name=NOTHING_REPLACED) if is_ours else None


codecs.register(_utf_8_or_an_error)


class BrowserRules:
    """Headers on every answer, refusals included, so this comes first in MIDDLEWARE.

    Pages of signed-in people are kept in no cache: the next person at the front desk presses "back".
    Signing out also clears what the browser kept.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        user = getattr(request, "user", None)
        if request.path.startswith("/accounts/") or (user is not None and user.is_authenticated):
            add_never_cache_headers(response)
        if request.path == "/accounts/logout/" and request.method == "POST":
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


class OneLinePerRequest:
    """A line in the log for every answer: the pattern of the address, never the address."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
        response = self.get_response(request)
        match = request.resolver_match
        user = getattr(request, "user", None)
        log.info(
            "request",
            method=request.method if request.method in METHODS else "other",
            route=match.route if match is not None else None,
            status=response.status_code,
            seconds=round(time.monotonic() - began, 4),
            user_id=user.pk if user is not None else None,
        )
        return response


class Refusals:
    """Methods nobody needs, bodies too large to be a form (unread), and bytes that are no text."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in {"TRACE", "CONNECT", "TRACK"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST, OPTIONS"})
        if _length(request) > _limit(request):
            return render(request, "413.html", status=413)
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "") or not _is_text(request):
            return render(request, "400.html", status=400)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A body of which the end never came. Hardly anybody is there to read the answer."""
        is_broken = isinstance(exception, UnreadablePostError)
        return render(request, "400.html", status=400) if is_broken else None


def _is_text(request: HttpRequest) -> bool:
    """A form in UTF-8, as every browser sends it. Django would put signs of its own in place of what is not."""
    try:
        if request.content_type == "application/x-www-form-urlencoded":
            unquote_to_bytes(request.body).decode()
        elif request.content_type == "multipart/form-data":
            request.encoding = NOTHING_REPLACED
            _ = request.POST  # read by the check of the token in any case, a moment later
    except (UnicodeDecodeError, UnreadablePostError):
        return False
    return True


def _limit(request: HttpRequest) -> int:
    has_files = (request.content_type or "") == "multipart/form-data"
    limit: int = (
        settings.FILE_PAGES_BODY_LIMIT
        if has_files and request.path in settings.FILE_PAGES
        else settings.BODY_LIMIT
    )
    return limit


def _length(request: HttpRequest) -> int:
    """The body's length as the client announced it; our server reads no further than that."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
