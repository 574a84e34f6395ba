"""A client's side of a visit, by private link: pick an offered time, move it, cancel it. GET shows, POST acts."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic
from config.foundation.links import BadLink, Link, by_link
from config.foundation.versioned import StaleVersion
from intake import words
from intake.models import Practitioner
from scheduling import availability, booking, notices
from scheduling.availability import Slot
from scheduling.calendar_entry import calendar_entry
from scheduling.models import Appointment, AppointmentStatus, Offer, Room

SHOWN_TIMES = 12
LONGEST_NOTE = 2000


@by_link("offer")
def offer(request: HttpRequest, link: Link) -> HttpResponseBase:
    """Pick one of the held times in one tap, or say that none fits."""
    now = timezone.now()
    made = (
        Offer.objects.select_related("appointment_request__client", "appointment_request__service")
        .filter(pk=link.subject_id, status=Offer.Status.OPEN, expires_at__gt=now)
        .first()
    )
    if made is None:
        raise BadLink
    times = list(
        made.times.filter(status=AppointmentStatus.HELD)
        .select_related("service", "practitioner", "location", "room")
        .order_by("starts_at")
    )
    if request.method == "POST":
        return _answer_offer(request, made, times, now=now)
    return _offer_page(request, made, times)


def _answer_offer(
    request: HttpRequest, made: Offer, times: list[Appointment], *, now: datetime
) -> HttpResponseBase:
    if request.POST.get("act") == "none":
        why = request.POST.get("note", "")[:LONGEST_NOTE]
        try:
            booking.turn_down(offer=made, now=now, why=why)
        except booking.OfferClosed as error:
            raise BadLink from error
        return render(request, "scheduling/client/told_us.html")
    picked = next((time for time in times if str(time.pk) == request.POST.get("time")), None)
    if picked is None:
        return _offer_page(
            request, made, times, _("That time is not one of these. Nothing has changed."), 422
        )
    try:
        visit = booking.accept(offer_time=picked, now=now)
    except (booking.OfferClosed, StaleVersion) as error:
        raise BadLink from error
    except (booking.NotBookable, booking.SlotTaken, booking.TryAgain):
        sorry = _("We could not book it just now. Please try again, or call us.")
        return _offer_page(request, made, times, sorry, 409)
    messages.success(request, _("This time is yours. We have sent you a confirmation."))
    return redirect(_path(notices.visit_url(visit)))


def _offer_page(
    request: HttpRequest, made: Offer, times: list[Appointment], wrong: str = "", status: int = 200
) -> HttpResponse:
    clinic = Clinic.get()
    context = {
        "offer": made,
        "kept_until": words.moment(made.expires_at, clinic.zone),
        "times": [_shown(time, clinic) for time in times],
        "first": times[0] if times else None,
        "late_fee": words.money(times[0].price_cents * clinic.late_change_fee_percent // 100)
        if times
        else "",
        "price": words.money(times[0].price_cents) if times else "",
        "notice_hours": clinic.change_notice_hours,
        "waived": clinic.first_late_change_waived,
        "wrong": wrong,
    }
    return render(request, "scheduling/client/offer.html", context, status=status)


@by_link("visit")
def visit(request: HttpRequest, link: Link) -> HttpResponseBase:
    """A booked visit: where and when, the calendar file, move it or cancel it, the fee before it is owed."""
    now = timezone.now()
    found = (
        Appointment.objects.select_related(
            "client", "service", "practitioner", "location", "room", "appointment_request__service"
        )
        .filter(pk=link.subject_id)
        .exclude(status__in=[AppointmentStatus.HELD, AppointmentStatus.RELEASED])
        .first()
    )
    if found is None:
        raise BadLink
    if request.method == "POST":
        return _change_visit(request, link, found, now=now)
    if request.GET.get("calendar") and found.client is not None:
        return _calendar_file(found, now=now)
    return _visit_page(request, found, now=now)


def late_fee(appointment: Appointment, *, now: datetime) -> int | None:
    """Cents owed for changing now; None inside the free time, 0 when this first late change is waived."""
    clinic = Clinic.get()
    if now <= appointment.starts_at - timedelta(hours=clinic.change_notice_hours):
        return None
    earlier = Q(client=appointment.client, fee_cents__isnull=False)
    if clinic.first_late_change_waived and not Appointment.objects.filter(earlier).exists():
        return 0
    return appointment.price_cents * clinic.late_change_fee_percent // 100


def _change_visit(request: HttpRequest, link: Link, found: Appointment, *, now: datetime) -> HttpResponseBase:
    if found.status != AppointmentStatus.BOOKED or found.starts_at <= now:
        return _visit_page(
            request, found, now=now, wrong=_("This visit can no longer be changed here."), status=409
        )
    fee = late_fee(found, now=now)
    if fee and request.POST.get("fee") != str(fee):
        sorry = _("Please confirm the fee first. Nothing has changed.")
        return _visit_page(request, found, now=now, wrong=sorry, status=422)
    version = request.POST.get("version", "")
    expected = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0
    status, wrong = 409, _("This visit has changed meanwhile. Please look again.")
    try:
        if request.POST.get("act") == "cancel":
            booking.cancel(appointment=found, by=None, now=now, expect_version=expected, fee_cents=fee)
            messages.success(request, _("Your visit is cancelled."))
            return redirect(link.path())
        slot = _posted(request.POST.get("time", ""), found, now=now)
        if slot is not None:
            booking.move(
                appointment=found,
                practitioner=Practitioner.objects.filter(pk__in=[slot.practitioner_id]).first(),
                room=Room.objects.filter(pk__in=[slot.room_id]).first(),
                starts_at=slot.starts_at,
                by=None,
                now=now,
                expect_version=expected,
                fee_cents=fee,
            )
            messages.success(request, _("Your visit has a new time. We have sent you a confirmation."))
            return redirect(link.path())
        status, wrong = 422, _("That time is not one of these. Nothing has changed.")
    except booking.SlotTaken:
        wrong = _("Somebody has just taken that time. Your old time is still yours.")
    except booking.TryAgain:
        wrong = _("We are very busy just now. Nothing has changed. Please try again.")
    except (StaleVersion, booking.NotBookable):
        pass
    found.refresh_from_db()
    return _visit_page(request, found, now=now, wrong=wrong, status=status)


def _posted(value: str, found: Appointment, *, now: datetime) -> Slot | None:
    """Only a time we show can be posted."""
    return next((slot for slot in _times(found, now=now) if _value(slot) == value), None)


def _times(found: Appointment, *, now: datetime) -> list[Slot]:
    return availability.other_times(found, now=now, count=SHOWN_TIMES)


def _value(slot: Slot) -> str:
    return f"{slot.starts_at:%Y%m%dT%H%MZ}"


def _visit_page(
    request: HttpRequest, found: Appointment, *, now: datetime, wrong: str = "", status: int = 200
) -> HttpResponse:
    clinic = Clinic.get()
    can_change = (
        found.status == AppointmentStatus.BOOKED and found.starts_at > now and found.client is not None
    )
    fee = late_fee(found, now=now) if can_change else None
    times = _times(found, now=now) if can_change else []
    context = {
        "visit": found,
        "time": _shown(found, clinic),
        "price": words.money(found.price_cents),
        "can_change": can_change,
        "fee_cents": fee,
        "fee": words.money(fee) if fee else "",
        "waived": fee == 0,
        "free_until": words.moment(
            found.starts_at - timedelta(hours=clinic.change_notice_hours), clinic.zone
        ),
        "times": [
            {"value": _value(slot), "label": words.moment(slot.starts_at, clinic.zone)} for slot in times
        ],
        "wrong": wrong,
    }
    return render(request, "scheduling/client/visit.html", context, status=status)


def _shown(time: Appointment, clinic: Clinic) -> dict[str, object]:
    start, end = clinic.local(time.starts_at), clinic.local(time.ends_at)
    return {
        "pk": time.pk,
        "day": words.day(start.date()),
        "hours": _("%(start)s to %(end)s") % {"start": words.hour(start), "end": words.hour(end)},
        "label": words.moment(time.starts_at, clinic.zone),
        "zone": start.tzname(),
        "practitioner": time.practitioner.name if time.practitioner else "",
        "location": time.location,
        "minutes": time.service.minutes,
    }


def _calendar_file(found: Appointment, *, now: datetime) -> HttpResponse:
    clinic = Clinic.get()
    entry = calendar_entry(
        appointment=found,
        clinic=clinic,
        title=_("Visit at %(clinic)s") % {"clinic": clinic},
        attendee=found.client.email if found.client else "",
        now=now,
        cancelled=found.status == AppointmentStatus.CANCELLED,
    )
    response = HttpResponse(entry.content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return response


def _path(url: str) -> str:
    return urlsplit(url).path
