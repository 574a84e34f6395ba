"""Find a person, and all we have of them on one page."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET
from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

from config.foundation import access_log
from config.foundation.clinic import Clinic
from config.foundation.policy import May, staff_may
from intake.models import AppointmentRequest, Client
from scheduling import desk, wording
from scheduling.models import Appointment
from scheduling.templatetags.desk import is_neutral
from scheduling.views.asked import signed_in

FOUND_AT_ONCE = 50
SHORTEST = 2  # letters; a shorter search would list the whole clinic


def search(text: str) -> list[Client]:
    """People by name, mail address or phone, however it is typed. One query."""
    text = " ".join(text.replace("\x00", "").split())[:100]
    if len(text) < SHORTEST:
        return []
    asked = Q(email__iexact=text)
    with suppress(NumberParseException):
        asked |= Q(phone=format_number(parse(text, "US"), PhoneNumberFormat.E164))
    words = Q()
    for word in text.split()[:5]:
        words &= Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(name_to_use__icontains=word)
    found = Client.objects.known().filter(asked | words)
    return list(found.order_by("last_name", "first_name", "pk")[:FOUND_AT_ONCE])


@require_GET
@staff_may(May.SEE_REQUESTS)
def clients(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:100]
    hidden = is_neutral(request)
    people = [
        {"client": each, "name": desk.neutral_name(each) if hidden else each.display_name}
        for each in search(text)
    ]
    return render(request, "scheduling/desk/clients.html", {"q": text, "people": people, "neutral": hidden})


@require_GET
@staff_may(May.SEE_REQUESTS)
def client_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Requests, visits and wishes of one person. Looking is written down before anything is shown."""
    client = get_object_or_404(Client, pk=pk)
    access_log.record(
        by=signed_in(request),
        action="opened",
        subject="intake.client",
        subject_id=pk,
        fields=["contact", "requests", "visits"],
        request=request,
    )
    now, clinic, hidden = timezone.now(), Clinic.get(), is_neutral(request)
    visits = Appointment.objects.filter(client=client).select_related("service", "practitioner")
    asked = (
        AppointmentRequest.objects.filter(client=client).select_related("service").defer("story", "details")
    )

    def visit_line(visit: Appointment) -> dict[str, Any]:
        start, end = visit.starts_at.astimezone(clinic.zone), visit.ends_at.astimezone(clinic.zone)
        return {"visit": visit, "day": wording.short_day(start.date()), "span": wording.span(start, end)}

    context = {
        "client": client,
        "shown_name": desk.neutral_name(client) if hidden else client.display_name,
        "age": client.age_on(now.astimezone(clinic.zone).date()),
        "contact": desk.contact_sentence(client),
        "requests": list(asked.order_by("-submitted_at")[:100]),
        "visits": [visit_line(each) for each in visits.order_by("-starts_at")[:100]],
        "neutral": hidden,
        "clinic": clinic,
    }
    return render(request, "scheduling/desk/client.html", context)
