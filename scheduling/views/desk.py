"""The desk: the queue beside the calendar, and one request or visit open between them.

Every address works as a page of its own, without JavaScript. Asked for by htmx it answers with the panel
alone, and the parts of the desk that changed with it ride along.
"""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.foundation.clinic import Clinic
from config.foundation.policy import May, may, staff_may
from intake.models import Marker
from notifications import health
from scheduling import calendar, desk, wording
from scheduling.templatetags.desk import is_neutral
from scheduling.views.asked import asked_of, day_from
from scheduling.views.frame import bar_parts, calendar_mark, frame_parts, queue_parts, quiet_line
from scheduling.views.request import change_words, open_request


@require_GET
@staff_may(May.SEE_REQUESTS)
def desk_page(request: HttpRequest) -> HttpResponse:
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    return render(request, "scheduling/desk/desk.html", frame_parts(request, asked, now=now, clinic=clinic))


@require_GET
@staff_may(May.SEE_REQUESTS)
def queue(request: HttpRequest) -> HttpResponse:
    """The rows, for the live refresh; their head with the counts rides along."""
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    context = {"asked": asked, **queue_parts(request, asked, now=now, clinic=clinic)}
    return render(request, "scheduling/desk/queue.html", context)


@require_GET
@staff_may(May.SEE_REQUESTS)
def calendar_bar(request: HttpRequest) -> HttpResponse:
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    fits = None
    if appointment_request := open_request(request.GET.get("request", "")):
        fits = desk.suggested(appointment_request, now=now, clinic=clinic).days
    context = {"asked": asked, **bar_parts(asked, now=now, clinic=clinic, fits=fits)}
    return render(request, "scheduling/desk/bar.html", context)


@require_GET
@staff_may(May.SEE_REQUESTS)
def calendar_feed(request: HttpRequest) -> JsonResponse:
    """Columns and events of one day or one week; never more, whatever the address asks for."""
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    mark = calendar_mark(
        asked, clinic=clinic
    )  # read first: what changes meanwhile is seen as new, not missed
    hours = calendar.read_hours(clinic=clinic, first=asked.first, last=asked.last)
    start, end = calendar.day_bounds(asked.first, asked.last, clinic.zone)
    visits = calendar.visits_between(start=start, end=end, now=now)
    fits: desk.Fits | None = None
    if appointment_request := open_request(request.GET.get("request", "")):
        fits = desk.fits_of(
            appointment_request,
            first=asked.first,
            last=asked.last,
            by_rooms=asked.by_rooms,
            now=now,
            clinic=clinic,
        )
    data = calendar.feed(
        hours=hours,
        visits=visits,
        by_rooms=asked.by_rooms,
        now=now,
        neutral=is_neutral(request),
        may_move=may(request.user, May.CONFIRM_VISITS),
        new_visit=request.GET.get("visit", ""),
        only=asked.who,
        fits_for={window["column"] for window in fits.windows} if fits else None,
    )
    data["mark"] = mark
    if fits:
        data["fits"] = fits.windows
        data["events"] += fits.events
        for column in data["columns"]:
            column["note"] = fits.notes.get(column["id"], _("not for this"))
    return JsonResponse(data)


@require_POST
@staff_may(May.SEE_REQUESTS)
def neutral(request: HttpRequest) -> HttpResponse:
    """Turn this device's shared-screen mode on or off."""
    request.session["neutral"] = not is_neutral(request)
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return target if safe and target.startswith("/staff/") else reverse("desk:desk")


@require_GET
@staff_may(May.SEE_REQUESTS)
def closed(request: HttpRequest) -> HttpResponse:
    """The empty place of the panel."""
    return HttpResponse('<section id="panel" hidden></section>')


@require_GET
@staff_may(May.SEE_REQUESTS)
def pulse(request: HttpRequest) -> JsonResponse:
    """What polling asks every few seconds: has anything changed that this screen shows?"""
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    found = queue_parts(request, asked, now=now, clinic=clinic)
    changed = ""
    appointment_request = open_request(request.GET.get("request", ""))
    if appointment_request and str(appointment_request.version) != request.GET.get("version", ""):
        changed = change_words(appointment_request, clinic=clinic)
    return JsonResponse(
        {
            "queue": found["queue_mark"],
            "calendar": calendar_mark(asked, clinic=clinic),
            "now": calendar.iso(now.astimezone(clinic.zone)),
            "title": render_to_string("scheduling/desk/title.txt", found),
            "line": quiet_line(
                now=now,
                clinic=clinic,
                hidden=is_neutral(request),
                mail_waits=health.oldest_due(now=now),
            ),
            "news": _("The list has changed. Show it"),
            "panel": changed,
        }
    )


@require_GET
@staff_may(May.SEE_REQUESTS)
def day_sheet(request: HttpRequest, day: str) -> HttpResponse:
    """One local day on paper: initials, letters, no reason, no phone."""
    chosen = day_from(day)
    if chosen is None:
        raise Http404
    now, clinic = timezone.now(), Clinic.get()
    hours = calendar.read_hours(clinic=clinic, first=chosen, last=chosen)
    start, end = calendar.day_bounds(chosen, chosen, clinic.zone)
    visits = calendar.visits_between(start=start, end=end, now=now)
    known = Marker.objects.filter(
        appointment_request__in=[visit.appointment_request_id for visit in visits], cleared_at=None
    )
    flags, letters = desk.paper_flags(known.values_list("appointment_request_id", "code"))
    context = {
        "clinic": clinic,
        "sheets": calendar.day_sheets(hours, visits, now=now, flags=flags),
        "letters": letters,
        "off": calendar.who_is_off(hours),
        "day_title": wording.long_day(chosen),
        "printed": wording.clock(now.astimezone(clinic.zone)),
        "codes": sorted({(calendar.letters(v.service), v.service.public_name) for v in visits}),
    }
    return render(request, "scheduling/desk/sheet.html", context)
