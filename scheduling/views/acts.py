"""What staff do from the desk: confirm, offer, move, cancel, arrive, undo. Each is one form and one verb.

A refusal is a sentence beside the form: 409 when somebody was faster or the page is older than the row, 422
when the rules say no. What was typed stays. A second press of the same button finds the thing done.
"""

from datetime import datetime
from typing import Any
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
from scheduling.views.desk import (
    as_best_times,
    change_words,
    is_part,
    read_place,
    read_request,
    read_visit,
    receipt,
    show_request,
    show_visit,
    signed_in,
    undo_line,
)

OTHER_CODES = {
    "two_or_three": gettext_lazy("Tick two or three times."),
    "offer_is_for_visits": gettext_lazy("A class is not offered. Confirm the seat."),
}


def version_of(request: HttpRequest) -> int | None:
    """The version the page was made from; None when the form names none that can be one."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def stale(request: HttpRequest, pk: UUID, *, typed: str = "") -> HttpResponse:
    fresh = read_request(pk)
    conflict = {
        "title": _("This page is older than the request"),
        "lines": [
            change_words(fresh, clinic=Clinic.get()),
            _("Nothing was done. What you see now is how it is."),
        ],
    }
    return show_request(request, fresh, status=409, conflict=conflict, typed=typed)


def refused(
    request: HttpRequest, pk: UUID, text: str, *, mode: str = "", status: int = 422, typed: str = ""
) -> HttpResponse:
    return show_request(request, read_request(pk), mode=mode, status=status, problem=text, typed=typed)


def _taken(request: HttpRequest, pk: UUID, next_best: list[Slot], *, mode: str = "") -> HttpResponse:
    clinic = Clinic.get()
    times = as_best_times(next_best, clinic=clinic)
    also = (
        ngettext("%(count)d other fits as well.", "%(count)d others fit as well.", len(times))
        % {"count": len(times)}
        if times
        else _("No other time fits in the next six weeks.")
    )
    conflict = {"title": _("That time was taken a moment ago"), "lines": [also, _("Nothing was sent.")]}
    more: dict[str, Any] = {"times": times} if times else {}
    return show_request(request, read_request(pk), mode=mode, status=409, conflict=conflict, **more)


def _why(code: str, place: desk.Place | None = None) -> str:
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
    if desk.needs_call(pending):
        return refused(request, pk, _why("on_hold"))
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
        return refused(request, pk, _why(no.code, place))
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
    if desk.needs_call(pending):
        return refused(request, pk, _why("on_hold"))
    if version is None:
        return stale(request, pk)
    slots = []
    for text in dict.fromkeys(request.POST.getlist("slot")[:6]):
        place, problem = read_place({"slot": text}, clinic=clinic)
        if place is None:
            return refused(request, pk, problem, mode="offer")
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
    try:
        made = booking.offer(
            appointment_request=pending,
            times=slots,
            by=signed_in(request),
            now=now,
            expect_version=version,
        )
    except booking.SlotTaken as taken:
        return _taken(request, pk, taken.next_best, mode="offer")
    except booking.NotBookable as no:
        return refused(request, pk, _why(no.code), mode="offer")
    except (StaleVersion, IllegalMove):
        return stale(request, pk)
    except booking.TryAgain:
        return refused(request, pk, _("Many people wanted that at once. Press again."), status=409)
    if not is_part(request):
        return redirect("desk:request", pk=pk)
    until = wording.until(made.expires_at, now=now, zone=clinic.zone)
    text = _("Held until %(until)s. Then the times are free again.") % {"until": until}
    return show_request(request, read_request(pk), say={"text": text})


# --- a visit that is booked -----------------------------------------------------------------------


def _visit_stale(request: HttpRequest, pk: UUID) -> HttpResponse:
    conflict = {
        "title": _("This visit was changed meanwhile"),
        "lines": [_("Nothing was done. What you see now is how it is.")],
    }
    return show_visit(request, read_visit(pk), status=409, conflict=conflict)


def _visit_refused(request: HttpRequest, pk: UUID, text: str, status: int = 422) -> HttpResponse:
    return show_visit(request, read_visit(pk), status=status, problem=text)


def _done(request: HttpRequest, visit: Appointment, text: str) -> HttpResponse:
    if not is_part(request):
        target = request.POST.get("next", "")
        return redirect(target if target.startswith("/staff/") else reverse("desk:visit", args=[visit.pk]))
    return show_visit(request, read_visit(visit.pk), say=undo_line(text, visit))


def _named(visit: Appointment) -> str:
    return visit.client.initials_name if visit.client else _("The class")


@require_POST
@staff_may(May.CONFIRM_VISITS)
def move(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Another time, person or room: from a drag, or from the four selects of “Move”."""
    now, clinic = timezone.now(), Clinic.get()
    visit, version = read_visit(pk), version_of(request)
    place, problem = read_place(request.POST, clinic=clinic)
    if place is None:
        return _visit_refused(request, pk, problem)
    if version is None:
        return _visit_stale(request, pk)
    by_rooms = request.POST.get("by") == "rooms"
    try:
        moved = booking.move(
            appointment=visit,
            practitioner=place.practitioner or (visit.practitioner if by_rooms else None),
            room=place.room,
            starts_at=place.starts_at,
            by=signed_in(request),
            now=now,
            expect_version=version,
        )
    except booking.SlotTaken as taken:
        times = [each.when for each in as_best_times(taken.next_best, clinic=clinic)]
        conflict = {"title": _("That time is taken"), "lines": [_("These fit:"), *times] if times else []}
        return show_visit(request, read_visit(pk), status=409, conflict=conflict)
    except booking.NotBookable as no:
        return _visit_refused(request, pk, _why(no.code, place))
    except (StaleVersion, IllegalMove):
        return _visit_stale(request, pk)
    except booking.TryAgain:
        return _visit_refused(request, pk, _("Many people wanted that at once. Press again."), 409)
    start = moved.starts_at.astimezone(clinic.zone)
    return _done(
        request,
        moved,
        _("%(name)s is moved to %(when)s.")
        % {"name": _named(moved), "when": f"{wording.short_day(start.date())}, {wording.clock(start)}"},
    )


@require_POST
@staff_may(May.CONFIRM_VISITS)
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    visit, version = read_visit(pk), version_of(request)
    reason = request.POST.get("reason", "").strip()[:1000]
    if not reason:
        return _visit_refused(request, pk, _("Say why, for the history."))
    if version is None:
        return _visit_stale(request, pk)
    try:
        gone = booking.cancel(
            appointment=visit,
            by=signed_in(request),
            now=timezone.now(),
            why=reason,
            expect_version=version,
            answer_again=request.POST.get("again") == "on",
        )
    except booking.NotBookable as no:
        return _visit_refused(request, pk, _why(no.code))
    except (StaleVersion, IllegalMove):
        return _visit_stale(request, pk)
    return _done(request, gone, _("%(name)s’s visit is cancelled.") % {"name": _named(gone)})


def _step(request: HttpRequest, pk: UUID, verb: Any, done: str, wanted: str) -> HttpResponse:
    visit = read_visit(pk)
    if visit.status == wanted:  # pressed twice
        return _done(request, visit, done % {"name": _named(visit)})
    try:
        visit = verb(appointment=visit, by=signed_in(request), now=timezone.now())
    except booking.NotBookable as no:
        return _visit_refused(request, pk, _why(no.code))
    except (StaleVersion, IllegalMove):
        return _visit_stale(request, pk)
    return _done(request, visit, done % {"name": _named(visit)})


@require_POST
@staff_may(May.CONFIRM_VISITS)
def arrive(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _step(request, pk, booking.arrive, _("%(name)s is here."), AppointmentStatus.ARRIVED)


@require_POST
@staff_may(May.CONFIRM_VISITS)
def fulfil(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _step(request, pk, booking.fulfil, _("%(name)s’s visit is done."), AppointmentStatus.FULFILLED)


@require_POST
@staff_may(May.CONFIRM_VISITS)
def no_show(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _step(request, pk, booking.no_show, _("%(name)s did not come."), AppointmentStatus.NO_SHOW)


@require_POST
@staff_may(May.CONFIRM_VISITS)
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take the last act back while nothing has left the house."""
    visit = read_visit(pk)
    try:
        visit = booking.undo(appointment=visit, by=signed_in(request), now=timezone.now())
    except booking.TooLate:
        return _visit_refused(request, pk, _("Too late to undo. Use Move or Cancel."), 409)
    except booking.SlotTaken:
        return _visit_refused(request, pk, _("That time is taken by now."), 409)
    except (StaleVersion, IllegalMove):
        return _visit_stale(request, pk)
    said = {"text": _("Undone. Nothing was sent.")}
    if visit.appointment_request_id is not None:
        if not is_part(request):
            return redirect("desk:request", pk=visit.appointment_request_id)
        return show_request(request, read_request(visit.appointment_request_id), say=said)
    if not is_part(request):
        return redirect("desk:visit", pk=visit.pk)
    return show_visit(request, read_visit(visit.pk), say=said)
