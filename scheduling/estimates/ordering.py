"""From a visit or a request to what an estimate would be about (`Ordered`), and the event that starts its clock."""

from datetime import date, datetime

from config.foundation.models import Clinic
from intake.models import AppointmentRequest, Client, Service
from scheduling.estimates import coverage, triggers
from scheduling.estimates.contents import Kind
from scheduling.estimates.filling import Ordered
from scheduling.models import Appointment, Estimate, Trigger

Reason = Estimate.Reason


def of_visit(appointment: Appointment, *, clinic: Clinic, now: datetime) -> Ordered | None:
    asked = appointment.appointment_request
    client = appointment.client or (asked.client if asked else None)
    if client is None:
        return None  # a class: each person in it has a seat, see issue_for_seat
    outcome = coverage.outcome_for(
        client=client, service=appointment.service, asked=asked, on=clinic.local(now).date()
    )
    if outcome.kind is None:
        return None
    return Ordered(
        client=client,
        service=appointment.service,
        outcome=outcome,
        reason=Reason.SCHEDULED,
        appointment_request=asked,
        appointment=appointment,
        practitioner=appointment.practitioner,
        previous=_replaced_by(client, appointment=appointment, asked=asked, kind=outcome.kind),
    )


def of_request(
    asked: AppointmentRequest, services: tuple[Service, ...], *, clinic: Clinic, now: datetime
) -> Ordered | None:
    client = asked.client
    outcome = coverage.outcome_for(
        client=client, service=services[0], asked=asked, on=clinic.local(now).date()
    )
    if outcome.kind is None:
        return None
    running = Trigger.objects.running().filter(appointment_request=asked, satisfied_by=None)
    previous = _replaced_by(client, appointment=None, asked=asked, kind=outcome.kind)
    package = asked.package if asked.package and asked.package.service_id == services[0].pk else None
    return Ordered(
        client=client,
        service=services[0],
        also=services[1:],
        outcome=outcome,
        reason=Reason.REQUESTED,
        appointment_request=asked,
        package=package,
        previous=previous,
        cause=running.order_by("happened_at").first() if outcome.kind == Kind.GFE else None,
    )


def services_by_kind(asked: AppointmentRequest) -> list[tuple[Service, ...]]:
    """The services of a request, care apart from everything else; the one asked for first leads."""
    first = [asked.service] if asked.service else []
    services = list(dict.fromkeys([*first, *asked.also_services.order_by("position", "code")]))
    kinds = dict.fromkeys(service.estimate for service in services)
    return [tuple(one for one in services if one.estimate == kind) for kind in kinds]


def record_event(
    event: Trigger.Event,
    ordered: Ordered,
    appointment: Appointment,
    *,
    visit_on: date,
    clinic: Clinic,
    now: datetime,
) -> Trigger:
    asked, previous = ordered.appointment_request, ordered.previous
    questions = triggers.not_yet_derived(clinic=clinic, appointment_request=asked) if asked else []
    after = previous.pk if previous else f"first:{appointment.version}"
    return triggers.record(
        event=event,
        client=ordered.client,
        source_key=f"appointment:{appointment.pk}:{event}:{after}",
        happened_at=now,
        clinic=clinic,
        visit_on=visit_on,
        appointment=appointment,
        appointment_request_id=asked.pk if asked else None,
        along_with=questions,
    )


def _replaced_by(
    client: Client, *, appointment: Appointment | None, asked: AppointmentRequest | None, kind: Kind
) -> Estimate | None:
    """The version this one would replace: of the same visit, or of the same request without a visit yet."""
    for one in Estimate.objects.in_force().filter(client=client, kind=kind).order_by("-issued_at"):
        if appointment and one.appointment_id == appointment.pk:
            return one
        if asked and one.appointment_request_id == asked.pk and one.appointment_id is None:
            return None if one.snapshot["scope"] else one
    return None
