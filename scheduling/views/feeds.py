"""Calendars outside the desk: visits of a range as JSON, and each practitioner's secret .ics address."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.foundation import access_log, links
from config.foundation.clinic import Clinic
from config.foundation.links import BadLink, Link, by_link
from config.foundation.policy import May, may, staff_may
from config.foundation.user import User
from intake.models import Practitioner
from scheduling import feeds
from scheduling.openings import read_moment
from scheduling.templatetags.desk import is_neutral
from scheduling.views.asked import signed_in

PURPOSE = "calendar"
KEPT = timedelta(days=5 * 365)  # a subscription must not die by itself; it is taken back by a person
SUBJECT = "intake.practitioner"


@require_GET
@staff_may(May.SEE_REQUESTS)
def visits_json(request: HttpRequest) -> HttpResponse:
    """`?from=…&to=…`, ISO moments, at most six weeks; a shared screen gets no names."""
    clinic = Clinic.get()
    try:
        start, end = (_moment(request.GET.get(name, ""), clinic) for name in ("from", "to"))
        text = feeds.visits_json(start=start, end=end, now=timezone.now(), with_names=not is_neutral(request))
    except ValueError:  # TooLong is one
        text = '{"error": "from and to: two moments, at most six weeks apart"}'
        return HttpResponse(text, content_type="application/json", status=422)
    return HttpResponse(text, content_type="application/json")


def _moment(text: str, clinic: Clinic) -> datetime:
    moment = read_moment(text)
    if not 2000 <= moment.year < 2100:
        raise ValueError(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=clinic.zone)


@by_link(PURPOSE)
def practitioner_calendar(request: HttpRequest, link: Link) -> HttpResponseBase:
    """What a calendar program fetches every now and then."""
    if request.method == "POST":
        return HttpResponseNotAllowed(["GET", "HEAD"])
    found = Practitioner.objects.active().filter(pk=link.subject_id).first()
    if found is None:
        raise BadLink
    content = feeds.practitioner_calendar(found, clinic=Clinic.get(), now=timezone.now())
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="visits.ics"'
    return response


@require_GET
@staff_may(May.SEE_REQUESTS)
def calendar_links(request: HttpRequest) -> HttpResponse:
    """One's own address; an administrator sees everybody's."""
    now = timezone.now()
    rows = []
    for practitioner in _whose(signed_in(request)):
        live = Link.objects.filter(purpose=PURPOSE, subject_id=str(practitioner.pk)).live(now=now).first()
        url = live.url() if live else ""
        rows.append({"practitioner": practitioner, "url": url, "webcal": _webcal(url)})
    return render(request, "scheduling/desk/calendar_links.html", {"rows": rows, "clinic": Clinic.get()})


@require_POST
@staff_may(May.SEE_REQUESTS)
def make_calendar_link(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new address; the old one stops at once."""
    return _replace(request, pk, make=True, said=_("The new address works. An older one does not any more."))


@require_POST
@staff_may(May.SEE_REQUESTS)
def revoke_calendar_link(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _replace(request, pk, make=False, said=_("The address does not work any more."))


def _replace(request: HttpRequest, pk: UUID, *, make: bool, said: str) -> HttpResponse:
    by, now = signed_in(request), timezone.now()
    practitioner = get_object_or_404(Practitioner.objects.active(), pk=pk)
    if practitioner not in _whose(by):
        raise Http404
    links.revoke(purpose=PURPOSE, subject_id=practitioner.pk, now=now)
    if make:
        links.issue(purpose=PURPOSE, subject_id=practitioner.pk, expires_at=now + KEPT)
    action = "calendar_link_made" if make else "calendar_link_revoked"
    access_log.record(by=by, action=action, subject=SUBJECT, subject_id=practitioner.pk, request=request)
    messages.success(request, said)
    return redirect("desk:calendar_links")


def _whose(by: User) -> list[Practitioner]:
    people = Practitioner.objects.active()
    return list(people if may(by, May.MANAGE_CLINIC) else people.filter(user=by))


def _webcal(url: str) -> str:
    """The same address for a calendar program to subscribe to."""
    return f"webcal:{urlsplit(url)._replace(scheme='').geturl()}" if url else ""
