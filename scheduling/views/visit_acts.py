"""What staff do with a booked visit: move, cancel, arrive, done, no-show, undo. Each is one form and one verb."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.foundation.clinic import Clinic
from config.foundation.policy import May, staff_may
from config.foundation.versioned import StaleVersion
from intake.models.appointment_request import IllegalMove
from scheduling import booking, desk, wording
from scheduling.models import Appointment, AppointmentEvent, AppointmentStatus
from scheduling.views.acts import version_of, why_in_words
from scheduling.views.asked import is_part, signed_in, text_in
from scheduling.views.places import read_place
from scheduling.views.request import read_request, show_request
from scheduling.views.visit import read_visit, show_visit, undo_line


def _stays(request: HttpRequest) -> bool:
    """Pressed in the calendar: whatever is open in the panel stays there, only the line speaks."""
    return is_part(request) and "stay" in request.POST


def _line(request: HttpRequest, say: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "desk/line.html", {"say": say}, status=status)


def _next(request: HttpRequest) -> str:
    """The page of the desk on which the button stood."""
    target = request.POST.get("next", "")
    return target if target.startswith("/staff/") else ""


def _visit_stale(request: HttpRequest, pk: UUID) -> HttpResponse:
    if _stays(request):
        said = _("This visit was changed meanwhile. Nothing was done.")
        return _line(request, {"text": said, "bad": True}, 409)
    fresh, clinic = read_visit(pk), Clinic.get()
    last = fresh.events.select_related("by").last()
    conflict = {
        "title": _("This visit was changed meanwhile"),
        "lines": [_("Nothing was done. What you see now is how it is.")],
        "theirs": [visit_change(last, clinic=clinic)] if last else [],
        "yours": _wanted(request, clinic=clinic),
    }
    return show_visit(request, fresh, status=409, conflict=conflict)


def visit_change(last: AppointmentEvent, *, clinic: Clinic) -> str:
    """ "Jordan, 9:26 am: moved." """
    return _("%(who)s, %(time)s: %(what)s.") % {
        "who": (last.by.first_name or str(last.by)) if last.by else _("The client"),
        "time": wording.clock(last.at.astimezone(clinic.zone)),
        "what": last.what.replace("_", " "),
    }


def _wanted(request: HttpRequest, *, clinic: Clinic) -> str:
    """What the stale form asked for, in words."""
    if reason := request.POST.get("reason", "").strip():
        return _("Cancel: “%(why)s”") % {"why": reason[:200]}
    place, _problem = read_place(request.POST, clinic=clinic)
    if place is None:
        return _("Your change")
    start = place.starts_at.astimezone(clinic.zone)
    return _("Move to %(when)s") % {"when": f"{wording.short_day(start.date())}, {wording.clock(start)}"}


def _visit_refused(request: HttpRequest, pk: UUID, text: str, status: int = 422) -> HttpResponse:
    if _stays(request):
        return _line(request, {"text": text, "bad": True}, status)
    return show_visit(request, read_visit(pk), status=status, problem=text)


def _done(request: HttpRequest, visit: Appointment, text: str) -> HttpResponse:
    say = undo_line(text, visit)
    if _stays(request):
        return _line(request, {**say, "undo_target": "#say", "undo_values": [("stay", "1")]})
    if not is_part(request):
        messages.success(request, text, extra_tags=say["undo_url"])  # the line of the next page offers it
        return redirect(_next(request) or reverse("desk:visit", args=[visit.pk]))
    return show_visit(request, read_visit(visit.pk), say=say)


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
        times = [each.when for each in desk.as_best_times(taken.next_best, clinic=clinic)]
        conflict = {"title": _("That time is taken"), "lines": [_("These fit:"), *times] if times else []}
        return show_visit(request, read_visit(pk), status=409, conflict=conflict)
    except booking.NotBookable as no:
        return _visit_refused(request, pk, why_in_words(no.code, place))
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
    reason = text_in(request, "reason", most=1000)
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
        return _visit_refused(request, pk, why_in_words(no.code))
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
        return _visit_refused(request, pk, why_in_words(no.code))
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
def earlier(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The client would come earlier, or keeps this time after all. The same button takes it back."""
    visit, wished = read_visit(pk), request.POST.get("wish") == "yes"
    try:
        booking.wish_earlier(appointment=visit, wished=wished, by=signed_in(request), now=timezone.now())
    except booking.NotBookable as no:
        return _visit_refused(request, pk, why_in_words(no.code))
    except (StaleVersion, IllegalMove):
        return _visit_stale(request, pk)
    said = _("%(name)s would come earlier.") if wished else _("%(name)s keeps this time.")
    if not is_part(request):
        return redirect("desk:visit", pk=pk)
    return show_visit(request, read_visit(pk), say={"text": said % {"name": _named(visit)}})


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
    if _stays(request):
        return _line(request, said)
    if not is_part(request) and _next(request):
        messages.success(request, said["text"])
        return redirect(_next(request))
    if visit.appointment_request_id is not None:
        if not is_part(request):
            return redirect("desk:request", pk=visit.appointment_request_id)
        return show_request(request, read_request(visit.appointment_request_id), say=said)
    if not is_part(request):
        return redirect("desk:visit", pk=visit.pk)
    return show_visit(request, read_visit(visit.pk), say=said)
