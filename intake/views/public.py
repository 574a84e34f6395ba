"""What clients see beside the request form: the price list, the receipt, privacy and help."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from config.foundation.clinic import Clinic
from config.foundation.policy import public
from intake import notices, prices, words
from intake.models import AppointmentRequest, ContactWay, Service, ServiceKind
from intake.views import pages
from intake.views.holding import draft_of, private


@require_GET
@public
def landing(request: HttpRequest) -> HttpResponse:
    services = list(Service.objects.offered().select_related("follow_up").prefetch_related("packages"))
    care: list[Any] = []
    wellness: list[Any] = []
    for place, (service, row) in enumerate(zip(services, prices.price_rows(services), strict=True), 1):
        # The choice travels behind the #, so it reaches no server and no log.
        entry = {
            "name": row.name,
            "price": row.price,
            "minutes": row.minutes,
            "text": row.text,
            "more": row.more,
        }
        entry |= {"label": row.label, "link": row.link, "href": f"{reverse('request')}#id_service_{place}"}
        (care if service.kind == ServiceKind.HEALTH_CARE else wellness).append(entry)
    clinic = Clinic.get()
    first = next((service for service in services if service.is_first_visit), None)
    context = {
        "care": care,
        "wellness": wellness,
        "reply_by": pages.promise(clinic, timezone.now()),
        "change_rule": prices.change_rule(clinic, first),
    }
    return render(request, "intake/landing.html", context)


@require_GET
@public
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "intake/privacy.html")


@require_GET
@public
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "intake/help.html")


@require_GET
@public
def received(request: HttpRequest) -> HttpResponse:
    draft = draft_of(request, now=timezone.now())
    if draft is None or draft.appointment_request_id is None:
        return redirect("request")
    sent = AppointmentRequest.objects.select_related("client", "service_asked").get(
        pk=draft.appointment_request_id
    )
    clinic = Clinic.get()
    how = (
        {
            ContactWay.EMAIL: _("By email, as you asked."),
            ContactWay.PHONE: _("By phone, as you asked."),
            ContactWay.TEXT: _("By text, as you asked."),
        }.get(ContactWay(sent.client.prefers))
        if sent.client.prefers
        else ""
    )
    context = {
        "sent": sent,
        "name": sent.client.name_to_use or sent.client.first_name,
        "is_urgent": sent.priority == "urgent",
        "is_same_day": sent.priority == "same_day",
        "reply_by": words.moment(sent.reply_by, clinic.zone),
        "sent_at": words.moment(sent.submitted_at, clinic.zone),
        "how": how,
        "request_path": notices.open_request_path(sent, now=timezone.now()),
    }
    return private(render(request, "intake/received.html", context))
