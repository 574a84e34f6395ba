"""What belongs together when staff ask "what did we tell them?": a request with its offers, visits, estimates."""

from django.db.models import Value

from intake.ledger import Row, rows
from intake.models import AppointmentRequest
from intake.notices import SUBJECT as REQUEST
from scheduling.models import Appointment, Estimate, Offer
from scheduling.notices import ESTIMATE, OFFER, VISIT


def about_request(appointment_request: AppointmentRequest) -> list[Row]:
    """Everything told about a request and what came of it, newest first. Two queries."""
    key = appointment_request.pk
    parts = [
        model.objects.filter(appointment_request=key)
        .order_by()
        .annotate(subject=Value(kind))
        .values_list("subject", "pk")
        for model, kind in ((Appointment, VISIT), (Offer, OFFER), (Estimate, ESTIMATE))
    ]
    came_of_it = [(kind, str(pk)) for kind, pk in parts[0].union(*parts[1:])]
    return rows([(REQUEST, str(key)), *came_of_it])


def about_visit(visit: Appointment) -> list[Row]:
    """Everything told about a visit and its estimates, newest first. Two queries."""
    estimates = Estimate.objects.filter(appointment=visit.pk).values_list("pk", flat=True)
    return rows([(VISIT, str(visit.pk)), *((ESTIMATE, str(pk)) for pk in estimates)])
