"""What belongs together when staff ask "what did we tell them?": a request with its offers, visits, estimates."""

from intake.ledger import Row, Subject, rows
from intake.models import AppointmentRequest
from intake.notices import SUBJECT as REQUEST
from scheduling.models import Appointment, Estimate, Offer
from scheduling.notices import ESTIMATE, OFFER, VISIT


def about_request(appointment_request: AppointmentRequest) -> list[Row]:
    """Everything told about a request and what came of it, newest first. Four queries."""
    key = appointment_request.pk
    visits = Appointment.objects.filter(appointment_request=key).values_list("pk", flat=True)
    offers = Offer.objects.filter(appointment_request=key).values_list("pk", flat=True)
    estimates = Estimate.objects.filter(appointment_request=key).values_list("pk", flat=True)
    return rows([(REQUEST, str(key)), *_all(VISIT, visits), *_all(OFFER, offers), *_all(ESTIMATE, estimates)])


def about_visit(visit: Appointment) -> list[Row]:
    """Everything told about a visit and its estimates, newest first. Two queries."""
    estimates = Estimate.objects.filter(appointment=visit.pk).values_list("pk", flat=True)
    return rows([(VISIT, str(visit.pk)), *_all(ESTIMATE, estimates)])


def _all(kind: str, keys: object) -> list[Subject]:
    return [(kind, str(key)) for key in keys]  # type: ignore[attr-defined]  # a query of ids
