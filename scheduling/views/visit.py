"""One visit, open, and the receipt right after it was booked."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from config.foundation import access_log
from config.foundation.clinic import Clinic
from config.foundation.policy import May, may, staff_may
from scheduling import booking, calendar, freed_times, lists, waitlist, wording
from scheduling.models import Appointment, AppointmentStatus
from scheduling.templatetags.desk import is_neutral
from scheduling.views.asked import asked_of, is_part, signed_in
from scheduling.views.frame import with_panel
from scheduling.views.places import place_choices


def read_visit(pk: UUID) -> Appointment:
    return get_object_or_404(
        Appointment.objects.select_related(
            "client",
            "service",
            "practitioner",
            "room",
            "location",
            "appointment_request",
            "confirmed_by",
            "offer",
            "of_series__series",
        ),
        pk=pk,
    )


@require_GET
@staff_may(May.SEE_REQUESTS)
def visit_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    visit = read_visit(pk)
    access_log.record(
        by=signed_in(request),
        action="opened",
        subject="scheduling.appointment",
        subject_id=pk,
        fields=["client"],
        request=request,
    )
    just_booked = (
        "booked" in request.GET
        and visit.confirmed_by_id == signed_in(request).pk
        and visit.confirmed_at is not None
        and timezone.now() - visit.confirmed_at <= booking.UNDO_WITHIN
    )
    return show_visit(request, visit, **(receipt(visit) if just_booked else {}))


def receipt(visit: Appointment) -> dict[str, Any]:
    """What the panel and the line say right after a visit was booked."""
    clinic = Clinic.get()
    start = visit.starts_at.astimezone(clinic.zone)
    who = visit.practitioner.short_name if visit.practitioner else _("the machines")
    name = visit.client.initials_name if visit.client else _("The seat")
    return {
        "receipt": {
            "said": _("Booked by you at %(time)s.")
            % {"time": wording.clock(timezone.now().astimezone(clinic.zone))},
            "lines": [
                {
                    "head": _("Goes out"),
                    "text": _("The time, a calendar file and a link to change it"),
                    "small": _("Not before 10 seconds have passed. Nothing has left yet."),
                }
            ],
        },
        "say": undo_line(
            _("%(name)s is booked, %(when)s with %(who)s.")
            % {"name": name, "when": f"{wording.weekday(start.date())} {wording.clock(start)}", "who": who},
            visit,
        ),
    }


def undo_line(text: str, visit: Appointment) -> dict[str, Any]:
    seconds = int(booking.UNDO_WITHIN.total_seconds())
    return {"text": text, "undo_url": reverse("desk:visit_undo", args=[visit.pk]), "seconds": seconds}


def fill(visit: Appointment, *, now: datetime, clinic: Clinic, wanted: str) -> list[dict[str, Any]]:
    """Each time this visit gave up that is still free, and who of the waitlist could take it.

    Of a visit that moved on, its old time stays folded unless it is `wanted`: the visit itself comes first.
    """
    return [
        {
            "time": time,
            "when": wording.day_and_time(time.starts_at.astimezone(clinic.zone)),
            "people": waitlist.candidates(freed=time, now=now),
            "is_open": time.move is None or time.key == wanted,
        }
        for time in freed_times.free(now=now, of=visit.pk)
    ]


def show_visit(request: HttpRequest, visit: Appointment, *, status: int = 200, **more: Any) -> HttpResponse:
    now, clinic = timezone.now(), Clinic.get()
    asked = asked_of(request, today=now.astimezone(clinic.zone).date())
    panel = {
        "visit": visit,
        "card": calendar.card(visit, zone=clinic.zone, now=now, neutral=is_neutral(request)),
        "visit_day": wording.long_day(visit.starts_at.astimezone(clinic.zone).date()),
        "visit_span": wording.span(
            visit.starts_at.astimezone(clinic.zone), visit.ends_at.astimezone(clinic.zone)
        ),
        "goto": visit.starts_at.astimezone(clinic.zone).date().isoformat(),
        "may_confirm": may(request.user, May.CONFIRM_VISITS),
        "said_coming": booking.said_coming_at(visit) if visit.status == AppointmentStatus.BOOKED else None,
        "may_wish": visit.client is not None and visit.starts_at > now,
        "neutral": is_neutral(request),
        "place_day": visit.starts_at.astimezone(clinic.zone).date().isoformat(),
        "place_time": f"{visit.starts_at.astimezone(clinic.zone):%H:%M}",
        "place_who": visit.practitioner_id,
        "part": is_part(request),
        "fill": fill(visit, now=now, clinic=clinic, wanted=request.GET.get("fill", ""))
        if may(request.user, May.CONFIRM_VISITS)
        else [],
        "offered": lists.offered_again(clinic=clinic, now=now, of=visit)
        if may(request.user, May.CONFIRM_VISITS)
        else [],
        "in_series": getattr(visit, "of_series", None),
        **place_choices(),
        **more,
        "panel": "scheduling/desk/visit.html",
    }
    return with_panel(request, asked, panel, now, clinic, status)
