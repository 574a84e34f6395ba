"""Many requests from one place in an hour: they are set aside for staff to look at, never dropped.

A family, a waiting room and a whole clinic may share one address, so the bound is generous, and nobody is refused.
"""

import ipaddress
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest

from config.foundation.encryption import lookup_hash
from intake.models import SourceVisit

WINDOW = timedelta(hours=1)
KEPT = timedelta(days=1)


def source_of(request: HttpRequest, *, now: datetime) -> str:
    """A keyed hash of where this came from, another one every day; empty when that is not known.

    Behind a proxy of ours it is what the proxy wrote last: what a client wrote itself stands before that.
    """
    told = (
        request.headers.get("X-Forwarded-For", "")
        if settings.BEHIND_PROXY
        else request.META.get("REMOTE_ADDR", "")
    )
    try:
        address = ipaddress.ip_address(told.rpartition(",")[2].strip())
    except ValueError:
        return ""
    if address.is_loopback:
        return ""  # this machine itself: a proxy that we were not told of, behind which everybody is
    # One line has a whole /64 of IPv6 to itself.
    place = ipaddress.ip_network((address, 64), strict=False) if address.version == 6 else address
    return lookup_hash(f"{now:%Y-%m-%d} {place}", purpose="source")


def is_crowded(source: str, *, now: datetime) -> bool:
    """Whether this place has asked for as much as one place may in an hour."""
    if not source:
        return False
    lately = SourceVisit.objects.filter(source_hash=source, at__gt=now - WINDOW)
    return lately.count() >= settings.REQUESTS_AN_HOUR


def count(source: str, *, now: datetime) -> None:
    """One more of this place, in the caller's transaction."""
    if source:
        SourceVisit.objects.create(source_hash=source, at=now)


def forget_old(*, now: datetime) -> None:
    SourceVisit.objects.filter(at__lte=now - KEPT).delete()
