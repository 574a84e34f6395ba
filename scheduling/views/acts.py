"""What staff do with a request and a time: confirm, offer. Each is one form and one verb.

A refusal is a sentence beside the form: 409 when somebody was faster or the page is older than the row, 422
when the rules say no. What was typed stays. A second press of the same button finds the thing done.
"""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from config.foundation.clinic import Clinic
from config.foundation.policy import May, staff_may
from config.foundation.versioned import StaleVersion
from intake.models import AppointmentRequest, Status
from intake.models.appointment_request import IllegalMove
from scheduling import booking, desk, wording
from scheduling.availability import Slot
from scheduling.models import Appointment, AppointmentStatus
from scheduling.views.asked import is_part, signed_in
from scheduling.views.places import read_place
from scheduling.views.request import change_words, changes_since, read_request, show_request
from scheduling.views.visit import read_visit, receipt, show_visit

WITH_TEXT = ("ask", "hold", "decline", "refer")
WANTED = {
    "confirm": gettext_lazy("Confirm a time"),
    "offer": gettext_lazy("Offer times"),
    "ask": gettext_lazy("Ask"),
    "hold": gettext_lazy("Hold"),
    "decline": gettext_lazy("Decline"),
    "refer": gettext_lazy("Refer on"),
    "release": gettext_lazy("Lift the hold"),
    "looked_at": gettext_lazy("Looked at"),
    "read": gettext_lazy("I have read it"),
    "call": gettext_lazy("Note a call"),
    "waitlist": gettext_lazy("Waitlist"),
    "set_aside": gettext_lazy("Set aside"),
    "restore": gettext_lazy("Restore"),
}
OTHER_CODES = {
    "two_or_more": gettext_lazy("Tick two or more dates."),
    "two_or_three": gettext_lazy("Tick two or three times."),
    "offer_is_for_visits": gettext_lazy("A class is not offered. Confirm the seat."),
}


def version_of(request: HttpRequest) -> int | None:
    """The version the page was made from; None when the form names none that can be one."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def stale(request: HttpRequest, pk: UUID, *, act: str = "", typed: str = "") -> HttpResponse:
    """Somebody changed it since this page was made: both versions side by side, what was typed is kept.

    A question may be sent all the same, with one more press; so may anything that needs a text.
    """
    fresh, clinic = read_request(pk), Clinic.get()
    since = fresh.version - (version_of(request) or 0)
    wanted = str(WANTED.get(act or _act_of(request), _("Your change")))
    conflict = {
        "title": _("This page is older than the request"),
        "lines": [
            change_words(fresh, clinic=clinic),
            _("Nothing was done. What you see now is how it is."),
        ],
        "theirs": changes_since(fresh, number=since, clinic=clinic),
        "yours": f"{wanted}: “{typed}”" if typed else wanted,
    }
    mode = act if act in WITH_TEXT and fresh.is_open else ""
    return show_request(request, fresh, status=409, mode=mode, conflict=conflict, typed=typed)


def _act_of(request: HttpRequest) -> str:
    return request.path.rstrip("/").rpartition("/")[2]


def refused(
    request: HttpRequest, pk: UUID, text: str, *, mode: str = "", status: int = 422, typed: str = ""
) -> HttpResponse:
    return show_request(request, read_request(pk), mode=mode, status=status, problem=text, typed=typed)


def _taken(request: HttpRequest, pk: UUID, next_best: list[Slot], *, mode: str = "") -> HttpResponse:
    clinic = Clinic.get()
    times = desk.as_best_times(next_best, clinic=clinic)
    also = (
        ngettext("%(count)d other fits as well.", "%(count)d others fit as well.", len(times))
        % {"count": len(times)}
        if times
        else _("No other time fits in the next six weeks.")
    )
    conflict = {"title": _("That time was taken a moment ago"), "lines": [also, _("Nothing was sent.")]}
    return show_request(request, read_request(pk), mode=mode, status=409, conflict=conflict, times=times)


def why_in_words(code: str, place: desk.Place | None = None) -> str:
    who = place.practitioner.short_name if place and place.practitioner else ""
    return str(OTHER_CODES.get(code) or desk.refusal(code, who=who))


def _same_already(
    pending: AppointmentRequest, starts_at: datetime, practitioner_id: UUID | None
) -> Appointment | None:
    """The visit a first press of this very button made."""
    if pending.status != Status.BOOKED:
        return None
    found = Appointment.objects.filter(
        appointment_request=pending, starts_at=starts_at, status=AppointmentStatus.BOOKED
    )
    if practitioner_id is not None:
        found = found.filter(practitioner_id=practitioner_id)
    return found.first()


def _first(pending: AppointmentRequest) -> str:
    """What must be done before a time is named; nothing when it is done."""
    if not desk.needs_call(pending):
        return ""
    return why_in_words("on_hold" if pending.open_holds() else "call_first")


@require_POST
@staff_may(May.CONFIRM_VISITS)
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One click on a time, or one drag onto the calendar."""
    now, clinic, version = timezone.now(), Clinic.get(), version_of(request)
    pending = get_object_or_404(
        AppointmentRequest.objects.select_related("client", "service", "coverage"), pk=pk
    )
    place, problem = read_place(request.POST, clinic=clinic)
    if place is None:
        return refused(request, pk, problem)
    practitioner_id = place.practitioner.pk if place.practitioner else None
    if done := _same_already(pending, place.starts_at, practitioner_id):
        return _booked(request, done, now=now)
    if version is None:
        return stale(request, pk)
    if first := _first(pending):
        return refused(request, pk, first)
    try:
        visit = booking.confirm(
            appointment_request=pending,
            practitioner=place.practitioner,
            room=place.room,
            starts_at=place.starts_at,
            by=signed_in(request),
            now=now,
            expect_version=version,
        )
    except booking.SlotTaken as taken:
        return _taken(request, pk, taken.next_best)
    except booking.NotBookable as no:
        return refused(request, pk, why_in_words(no.code, place))
    except (StaleVersion, IllegalMove):
        return stale(request, pk)
    except booking.TryAgain:
        return refused(request, pk, _("Many people wanted that at once. Press again."), status=409)
    return _booked(request, visit, now=now)


def _booked(request: HttpRequest, visit: Appointment, *, now: datetime) -> HttpResponse:
    """The receipt, with a quiet undo; a page of its own without JavaScript, so that a reload books nothing."""
    if not is_part(request):
        return redirect(f"{reverse('desk:visit', args=[visit.pk])}?booked=1")
    return show_visit(request, read_visit(visit.pk), **receipt(visit))


@require_POST
@staff_may(May.CONFIRM_VISITS)
def offer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hold the ticked times for the client. The first press shows them ticked, the second sends."""
    now, clinic, version = timezone.now(), Clinic.get(), version_of(request)
    pending = get_object_or_404(AppointmentRequest.objects.select_related("client", "service"), pk=pk)
    if first := _first(pending):
        return refused(request, pk, first)
    if version is None:
        return stale(request, pk)
    slots, places = [], []
    for text in dict.fromkeys(request.POST.getlist("slot")[:6]):
        place, problem = read_place({"slot": text}, clinic=clinic)
        if place is None:
            return refused(request, pk, problem, mode="offer")
        places.append(place)
        slots.append(
            Slot(
                place.starts_at,
                place.starts_at,
                place.practitioner.pk if place.practitioner else None,
                place.practitioner.short_name if place.practitioner else "",
                place.room.pk if place.room else None,
                place.room.name if place.room else "",
            )
        )
    expires_at = desk.held_until(places, now=now, clinic=clinic)
    if expires_at is None:
        sorry = _("One of these is too soon for an answer by mail. Call, or leave it out.")
        return refused(request, pk, sorry, mode="offer")
    try:
        made = booking.offer(
            appointment_request=pending,
            times=slots,
            by=signed_in(request),
            now=now,
            expires_at=expires_at,
            expect_version=version,
        )
    except booking.SlotTaken as taken:
        return _taken(request, pk, taken.next_best, mode="offer")
    except booking.NotBookable as no:
        return refused(request, pk, why_in_words(no.code), mode="offer")
    except (StaleVersion, IllegalMove):
        return stale(request, pk)
    except booking.TryAgain:
        return refused(request, pk, _("Many people wanted that at once. Press again."), status=409)
    if not is_part(request):
        return redirect("desk:request", pk=pk)
    until = wording.until(made.expires_at, now=now, zone=clinic.zone)
    text = _("Held until %(until)s. Then the times are free again.") % {"until": until}
    return show_request(request, read_request(pk), say={"text": text})
