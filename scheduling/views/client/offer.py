"""The times we keep for a client: take one in one tap, or say that none fits."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic, Closure, reply_by
from config.foundation.links import BadLink, Link, by_link
from config.foundation.versioned import StaleVersion
from intake import words
from scheduling import booking, notices
from scheduling.models import Appointment, AppointmentStatus, Offer
from scheduling.views.client.shown import fee_rule, note_in, shown, speak


@by_link(notices.OFFER_LINK)
def offer(request: HttpRequest, link: Link) -> HttpResponseBase:
    """Price, length, address and the rule for late changes stand beside the times."""
    now = timezone.now()
    made = (
        Offer.objects.select_related("appointment_request__client", "appointment_request__service")
        .filter(pk=link.subject_id, status=Offer.Status.OPEN, expires_at__gt=now)
        .first()
    )
    if made is None:
        raise BadLink
    speak(request, made.appointment_request.language)
    times = list(
        made.times.filter(status=AppointmentStatus.HELD)
        .select_related("service", "practitioner", "location", "room")
        .order_by("starts_at")
    )
    if request.method == "POST":
        return _answer(request, made, times, now=now)
    return _page(request, made, times)


def _answer(
    request: HttpRequest, made: Offer, times: list[Appointment], *, now: datetime
) -> HttpResponseBase:
    if request.POST.get("act") == "none":
        return _turn_down(request, made, now=now)
    picked = next((time for time in times if str(time.pk) == request.POST.get("time")), None)
    if picked is None:
        return _page(request, made, times, _("That time is not one of these. Nothing has changed."), 422)
    try:
        visit = booking.accept(offer_time=picked, now=now)
    except (booking.OfferClosed, StaleVersion) as error:
        raise BadLink from error
    except (booking.NotBookable, booking.SlotTaken, booking.TryAgain):
        sorry = _("We could not book it just now. Please try again, or call us.")
        return _page(request, made, times, sorry, 409)
    messages.success(request, _("This time is yours. We have sent you a confirmation."))
    return redirect(notices.visit_path(visit))


def _turn_down(request: HttpRequest, made: Offer, *, now: datetime) -> HttpResponse:
    try:
        booking.turn_down(offer=made, now=now, why=note_in(request))
    except booking.OfferClosed as error:
        raise BadLink from error
    clinic = Clinic.get()
    promise = words.moment(reply_by(clinic, Closure.objects.all(), now), clinic.zone)
    return render(request, "scheduling/client/told_us.html", {"reply_by": promise})


def _page(
    request: HttpRequest, made: Offer, times: list[Appointment], wrong: str = "", status: int = 200
) -> HttpResponse:
    clinic = Clinic.get()
    price = times[0].price_cents if times else 0
    context = {
        "name": made.appointment_request.client.name_to_use or made.appointment_request.client.first_name,
        "kept_until": words.moment(made.expires_at, clinic.zone),
        "times": [shown(time, clinic) for time in times],
        "first": times[0] if times else None,
        "price": words.money(price),
        "service": times[0].service.name if times else "",
        **fee_rule(price, clinic),
        "wrong": wrong,
    }
    return render(request, "scheduling/client/offer.html", context, status=status)
