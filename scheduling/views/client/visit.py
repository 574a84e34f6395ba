"""A booked visit by private link: where and when, the calendar file, move it or cancel it, the fee before it is owed."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.foundation.clinic import Clinic
from config.foundation.links import BadLink, Link, by_link
from config.foundation.versioned import StaleVersion
from intake import words
from intake.models import Practitioner
from scheduling import availability, booking, notices, reminders
from scheduling.availability import Slot
from scheduling.calendar_entry import calendar_entry
from scheduling.models import Appointment, AppointmentStatus, Room
from scheduling.views.client.shown import fee_rule, moment_in, shown, speak, value_of, version_in

SHOWN_TIMES = 24
# What a client may say about a visit, and the answer.
SAID = {
    "coming": gettext_lazy("Thank you. We look forward to your visit."),
    "earlier": gettext_lazy("We write to you when an earlier time opens."),
    "not_earlier": gettext_lazy("Your visit stays as it is."),
}


@by_link(notices.VISIT_LINK)
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
    asked = found.appointment_request
    speak(request, asked.language if asked else found.client.language if found.client else "en")
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
    act = request.POST.get("act")
    if act in SAID:  # a word costs nothing
        return _say(request, link, found, act=str(act), now=now)
    fee = late_fee(found, now=now)
    if fee and request.POST.get("fee") != str(fee):
        sorry = _("Please confirm the fee first. Nothing has changed.")
        return _visit_page(request, found, now=now, wrong=sorry, status=422)
    expected = version_in(request)
    status, wrong = 409, _("This visit has changed meanwhile. Please look again.")
    try:
        if act == "cancel":
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


def _say(
    request: HttpRequest, link: Link, found: Appointment, *, act: str, now: datetime
) -> HttpResponseBase:
    try:
        if act == "coming":
            booking.say_coming(appointment=found, now=now)
        else:
            booking.wish_earlier(appointment=found, wished=act == "earlier", by=None, now=now)
    except (StaleVersion, booking.NotBookable):
        wrong = _("This visit has changed meanwhile. Please look again.")
        found.refresh_from_db()
        return _visit_page(request, found, now=now, wrong=wrong, status=409)
    messages.success(request, str(SAID[act]))
    return redirect(link.path())


def _posted(text: str, found: Appointment, *, now: datetime) -> Slot | None:
    """Only a time that we might show can be posted. Raises SlotTaken for one that has just been given away."""
    start = moment_in(text)
    if start is None:
        return None
    day = Clinic.get().local(start).date()
    open_then = availability.times_to_move_to(found, start=day, end=day, now=now)
    mine = (slot for slot in open_then if slot.practitioner_id == found.practitioner_id)
    slot = next((slot for slot in mine if slot.starts_at == start), None)
    if slot is None and _is_taken(found, start, now=now):
        raise booking.SlotTaken
    return slot


def _is_taken(found: Appointment, start: datetime, *, now: datetime) -> bool:
    verdict = availability.explain_slot(
        service=found.service,
        practitioner=found.practitioner,
        starts_at=start,
        now=now,
        ignoring=[found.pk],
    )
    return verdict.why in booking.BUSY


def _visit_page(
    request: HttpRequest, found: Appointment, *, now: datetime, wrong: str = "", status: int = 200
) -> HttpResponse:
    clinic = Clinic.get()
    can_change = (
        found.status == AppointmentStatus.BOOKED and found.starts_at > now and found.client is not None
    )
    fee = late_fee(found, now=now) if can_change else None
    times = availability.times_around(found, now=now, count=SHOWN_TIMES) if can_change else []
    context = {
        "visit": found,
        "time": shown(found, clinic),
        "price": words.money(found.price_cents),
        "can_change": can_change,
        "is_near": can_change and found.starts_at - now <= reminders.earliest_before(clinic),
        "said_coming": can_change and booking.said_coming_at(found) is not None,
        "fee_cents": fee,
        "fee": words.money(fee) if fee else "",
        "is_waived": fee == 0,
        "free_until": words.moment(
            found.starts_at - timedelta(hours=clinic.change_notice_hours), clinic.zone
        ),
        **fee_rule(found.price_cents, clinic),
        "times": [
            {"value": value_of(slot.starts_at), "label": words.brief_moment(slot.starts_at, clinic.zone)}
            for slot in times
        ],
        "chosen": request.POST.get("time", ""),
        "wrong": wrong,
    }
    return render(request, "scheduling/client/visit.html", context, status=status)


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
