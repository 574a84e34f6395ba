"""What belongs together when staff ask "what did we tell them?": a request with all that came of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Value

from intake.ledger import Row, rows
from intake.models import AppointmentRequest
from intake.notices import SUBJECT as REQUEST
from scheduling.class_notices import SEAT
from scheduling.models import Appointment, Estimate, Invitation, Offer, Seat, Series
from scheduling.notices import ESTIMATE, OFFER, VISIT
from scheduling.series_notices import SERIES
from scheduling.waitlist_notices import INVITATION

Subjects = Mapping[str, QuerySet[Any]]


def about_request(appointment_request: AppointmentRequest) -> list[Row]:
    """Everything told about a request, those joined to it, and what came of them, newest first. Two queries."""
    key = appointment_request.pk
    of_it: dict[str, QuerySet[Any]] = {REQUEST: AppointmentRequest.objects.filter(merged_into=key)}
    of_it |= {
        kind: model.objects.filter(Q(appointment_request=key) | Q(appointment_request__merged_into=key))
        for kind, model in (
            (VISIT, Appointment),
            (SEAT, Seat),
            (SERIES, Series),
            (OFFER, Offer),
            (INVITATION, Invitation),
            (ESTIMATE, Estimate),
        )
    }
    return _about((REQUEST, key), of_it)


def about_visit(visit: Appointment) -> list[Row]:
    """Everything told about a visit, newest first: its estimates, its series, its places if it is a class. Two queries."""
    of_it = {
        ESTIMATE: Estimate.objects.filter(appointment=visit.pk),
        SEAT: Seat.objects.filter(appointment=visit.pk),
        SERIES: Series.objects.filter(visits__appointment=visit.pk),
        INVITATION: Invitation.objects.filter(visit=visit.pk),
    }
    return _about((VISIT, visit.pk), of_it)


def subjects_of(people: list[UUID]) -> Subjects:
    """What messages to these clients can be about."""
    requests = AppointmentRequest.objects.filter(client__in=people)
    visits = Appointment.objects.filter(client__in=people)
    return {
        REQUEST: requests,
        VISIT: visits,
        SEAT: Seat.objects.filter(client__in=people),
        SERIES: Series.objects.filter(appointment_request__in=requests),
        OFFER: Offer.objects.filter(appointment_request__in=requests),
        INVITATION: Invitation.objects.filter(Q(appointment_request__in=requests) | Q(visit__in=visits)),
        ESTIMATE: Estimate.objects.filter(client__in=people),
    }


def _about(subject: tuple[str, UUID], of_it: Subjects) -> list[Row]:
    first, *others = (
        found.order_by().annotate(subject=Value(kind)).values_list("subject", "pk")
        for kind, found in of_it.items()
    )
    came_of_it = [(kind, str(pk)) for kind, pk in first.union(*others)]
    return rows([(subject[0], str(subject[1])), *came_of_it])
