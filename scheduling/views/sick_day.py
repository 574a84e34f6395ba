"""Somebody is ill: choose who and when, see who is affected, tell them all with one press."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from config.foundation.clinic import Clinic
from config.foundation.policy import May, staff_may
from config.foundation.versioned import StaleVersion
from intake.models import Practitioner
from scheduling import booking, calendar, desk, sick_day
from scheduling.templatetags.desk import is_neutral
from scheduling.views.asked import day_from, signed_in


def _person(text: str) -> Practitioner | None:
    try:
        return Practitioner.objects.active().filter(pk=UUID(text)).first()
    except ValueError:
        return None


@require_http_methods(["GET", "POST"])
@staff_may(May.CONFIRM_VISITS)
def sick_day_page(request: HttpRequest) -> HttpResponse:
    """GET shows who is affected and changes nothing; POST enters the time off and tells the ticked ones."""
    values = request.POST if request.method == "POST" else request.GET
    today = timezone.now().astimezone(Clinic.get().zone).date()
    person, day = _person(values.get("practitioner", "")), day_from(values.get("day", "")) or today
    if request.method == "GET":
        return _page(request, person, day)
    if person is None or day_from(values.get("day", "")) is None or day < today:
        return _page(
            request, person, day, problem=_("Choose who is ill and a day from today on."), status=422
        )
    ids = set()
    for text in values.getlist("visit")[:200]:
        try:
            ids.add(UUID(text))
        except ValueError:
            return _page(request, person, day, problem=_("That visit does not exist."), status=422)
    try:
        done = sick_day.call_off(
            practitioner=person,
            day=day,
            chosen=ids,
            by=signed_in(request),
            now=timezone.now(),
            why=_("%(name)s is ill") % {"name": person.short_name},
        )
    except (booking.NotBookable, booking.SlotTaken, booking.OfferClosed, booking.TryAgain, StaleVersion):
        sorry = _("One of the visits was changed meanwhile. Nothing was done. This is how it is now.")
        return _page(request, person, day, problem=sorry, status=409)
    said = ngettext(
        "%(count)d visit is cancelled, its client is told.",
        "%(count)d visits are cancelled, each client is told.",
        done.cancelled,
    )
    messages.success(
        request,
        _("%(name)s is off that day.") % {"name": person.short_name} + " " + said % {"count": done.cancelled},
    )
    return redirect("desk:lists")


def _page(
    request: HttpRequest, person: Practitioner | None, day: date, *, problem: str = "", status: int = 200
) -> HttpResponse:
    now, clinic, hidden = timezone.now(), Clinic.get(), is_neutral(request)
    found = sick_day.affected(practitioner=person, day=day, now=now) if person else []
    rows = []
    for visit in found:
        drawn = calendar.card(visit, zone=clinic.zone, now=now, neutral=hidden)
        contact = desk.contact_sentence(visit.client) if visit.client and not hidden else ""
        rows.append({"visit": visit, "card": drawn, "contact": contact, "is_class": visit.seats is not None})
    context = {
        "people": list(Practitioner.objects.active()),
        "person": person,
        "day": day,
        "rows": rows,
        "problem": problem,
    }
    return render(request, "scheduling/desk/sick_day.html", context, status=status)
