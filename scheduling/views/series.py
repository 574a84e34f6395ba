"""A series on one page: every date proposed, one press to book them all, one undo."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from config.foundation import access_log
from config.foundation.clinic import Clinic
from config.foundation.policy import May, staff_may
from config.foundation.versioned import StaleVersion
from intake.models import AppointmentRequest, Package
from intake.models.appointment_request import IllegalMove
from scheduling import booking, desk, series, wording
from scheduling.availability import Slot
from scheduling.models import Series
from scheduling.templatetags.desk import is_neutral
from scheduling.views.acts import version_of, why_in_words
from scheduling.views.asked import signed_in, text_in
from scheduling.views.frame import SUBJECT
from scheduling.views.places import read_place
from scheduling.views.request import read_request


def _line(each: series.Proposed, *, clinic: Clinic) -> dict[str, Any]:
    """One date for the page: kept, or the reason why not and the next best beside it."""
    slot = each.slot or each.instead
    who = slot.practitioner_name.split(" ")[0] if slot else ""
    return {
        "number": each.number,
        "wished": _when(each.wished_at, clinic),
        "why": desk.refusal(each.why, who=each.with_whom.split(" ")[0]) if each.slot is None else "",
        "value": desk.slot_value(slot, clinic) if slot else "",
        "when": _when(slot.starts_at, clinic) if slot else "",
        "place": ", ".join(part for part in (who, slot.room_name.removesuffix(" room")) if part)
        if slot
        else "",
        "is_kept": each.slot is not None,
    }


def _when(moment: datetime, clinic: Clinic) -> str:
    local = moment.astimezone(clinic.zone)
    return wording.day_and_time(local)


def _page(
    request: HttpRequest, pending: AppointmentRequest, *, problem: str = "", status: int = 200
) -> HttpResponse:
    now, clinic = timezone.now(), Clinic.get()
    can_be = desk.can_be_placed(pending)
    lines = [
        _line(each, clinic=clinic)
        for each in (series.propose(appointment_request=pending, now=now) if can_be else [])
    ]
    service = pending.service
    each_cents = service.price_cents if service else 0
    packs = []
    for package in Package.objects.filter(service=service, active=True) if service else ():
        count = -(-len(lines) // package.visits)
        packs.append({"package": package, "count": count, "total": count * package.price_cents})
    context = {
        "appointment_request": pending,
        "shown_name": desk.neutral_name(pending.client)
        if is_neutral(request)
        else pending.client.display_name,
        "lines": lines,
        "missed": sum(not line["is_kept"] for line in lines),
        "total_cents": each_cents * len(lines),
        "packs": packs,
        "problem": problem,
        "can_be": can_be,
        "neutral": is_neutral(request),
    }
    return render(request, "scheduling/desk/series.html", context, status=status)


@require_GET
@staff_may(May.CONFIRM_VISITS)
def propose(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every date of the series; those that cannot be kept are marked, with the next best. Changes nothing."""
    pending = read_request(pk)
    access_log.record(
        by=signed_in(request),
        action="opened",
        subject=SUBJECT,
        subject_id=pk,
        fields=["client"],
        request=request,
    )
    return _page(request, pending)


@require_POST
@staff_may(May.CONFIRM_VISITS)
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Book every ticked date or none."""
    pending = read_request(pk)
    made = Series.objects.filter(appointment_request=pending, undone_at=None).first()
    if made is not None:  # pressed twice
        return redirect("desk:series_booked", pk=made.pk)
    clinic, version, slots = Clinic.get(), version_of(request), []
    for text in dict.fromkeys(request.POST.getlist("slot")[: series.MOST]):
        place, problem = read_place({"slot": text}, clinic=clinic)
        if place is None:
            return _page(request, pending, problem=problem, status=422)
        person, room = place.practitioner, place.room
        slots.append(
            Slot(
                place.starts_at, place.starts_at, person.pk if person else None, "", room.pk if room else None
            )
        )
    package = Package.objects.filter(
        code=text_in(request, "package", most=40), service=pending.service
    ).first()
    if version is None or desk.needs_call(pending):
        return _page(request, pending, problem=_("Look at the request first."), status=422)
    try:
        made = series.confirm(
            appointment_request=pending,
            times=slots,
            by=signed_in(request),
            now=timezone.now(),
            expect_version=version,
            package=package,
        )
    except booking.SlotTaken:
        sorry = _("One of these times was taken a moment ago. Nothing was booked. Here are the dates anew.")
        return _page(request, read_request(pk), problem=sorry, status=409)
    except booking.NotBookable as no:
        return _page(request, read_request(pk), problem=why_in_words(no.code), status=422)
    except (StaleVersion, IllegalMove):
        sorry = _("The request was changed meanwhile. Nothing was booked. This is how it is now.")
        return _page(request, read_request(pk), problem=sorry, status=409)
    except booking.TryAgain:
        return _page(request, pending, problem=_("Many people wanted that at once. Press again."), status=409)
    return redirect("desk:series_booked", pk=made.pk)


@require_GET
@staff_may(May.CONFIRM_VISITS)
def booked(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The receipt: every date, what goes out, and a quiet undo while nothing has left."""
    made = get_object_or_404(Series.objects.select_related("appointment_request__client", "estimate"), pk=pk)
    access_log.record(
        by=signed_in(request),
        action="opened",
        subject=SUBJECT,
        subject_id=made.appointment_request_id,
        fields=["client"],
        request=request,
    )
    clinic = Clinic.get()
    visits = [
        each.appointment
        for each in made.visits.select_related("appointment__practitioner", "appointment__service")
    ]
    context = {
        "series": made,
        "shown_name": desk.neutral_name(made.appointment_request.client)
        if is_neutral(request)
        else made.appointment_request.client.display_name,
        "visits": [{"visit": visit, "when": _when(visit.starts_at, clinic)} for visit in visits],
        "health_care": bool(visits) and visits[0].service.is_health_care,
        "can_undo": made.undone_at is None
        and made.created_by_id == signed_in(request).pk
        and timezone.now() - made.created_at <= booking.UNDO_WITHIN,
        "seconds": int(booking.UNDO_WITHIN.total_seconds()),
        "neutral": is_neutral(request),
    }
    return render(request, "scheduling/desk/series_booked.html", context)


@require_POST
@staff_may(May.CONFIRM_VISITS)
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    made = get_object_or_404(Series.objects.select_related("estimate", "appointment_request"), pk=pk)
    try:
        series.undo(series=made, by=signed_in(request), now=timezone.now())
    except (booking.TooLate, booking.NotBookable, booking.SlotTaken, booking.TryAgain, StaleVersion):
        messages.error(request, _("Too late to undo. Use Move or Cancel."))
        return redirect("desk:series_booked", pk=made.pk)
    messages.success(request, _("Undone. Nothing was sent."))
    return redirect("desk:request", pk=made.appointment_request_id)


@require_POST
@staff_may(May.CONFIRM_VISITS)
def cancel_rest(request: HttpRequest, pk: UUID) -> HttpResponse:
    made = get_object_or_404(Series, pk=pk)
    reason = text_in(request, "reason", most=1000)
    if not reason:
        messages.error(request, _("Say why, for the history."))
        return redirect("desk:series_booked", pk=pk)
    try:
        gone = series.cancel_rest(series=made, by=signed_in(request), now=timezone.now(), why=reason)
    except (booking.NotBookable, booking.SlotTaken, booking.TryAgain, StaleVersion, IllegalMove):
        messages.error(
            request, _("One of the visits was changed meanwhile. Nothing was cancelled. Look again.")
        )
        return redirect("desk:series_booked", pk=pk)
    said = ngettext("%(count)d visit is cancelled.", "%(count)d visits are cancelled.", gone) % {
        "count": gone
    }
    messages.success(request, said)
    return redirect("desk:series_booked", pk=pk)
