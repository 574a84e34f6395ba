"""The ledger of a request or a visit, for its page: `{% told_about_request appointment_request %}`."""

from typing import Any

from django import template
from django.template import RequestContext
from django.urls import reverse

from intake.ledger import Row
from intake.models import AppointmentRequest
from scheduling import told
from scheduling.models import Appointment

register = template.Library()


@register.inclusion_tag("intake/messages/told.html", takes_context=True)
def told_about_request(context: RequestContext, appointment_request: AppointmentRequest) -> dict[str, Any]:
    back = reverse("desk:request", args=[appointment_request.pk])
    return _shown(context, told.about_request(appointment_request), back=back)


@register.inclusion_tag("intake/messages/told.html", takes_context=True)
def told_about_visit(context: RequestContext, visit: Appointment) -> dict[str, Any]:
    return _shown(context, told.about_visit(visit), back=reverse("desk:visit", args=[visit.pk]))


def _shown(context: RequestContext, rows: list[Row], *, back: str) -> dict[str, Any]:
    clinic = context["clinic"]
    return {
        "rows": rows,
        "needs_call": any(row.needs_call for row in rows),
        "back": back,
        "zone": clinic.zone,
        "csrf_token": context.get("csrf_token"),
    }
