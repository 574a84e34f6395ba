"""How a client pays, and what follows for estimates. Answers are history: a new one never changes an old one."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from config.foundation.models import Clinic, User
from intake.models import AppointmentRequest, Client, Coverage, Hold, Service
from scheduling.estimates.contents import Kind
from scheduling.estimates.entitlement import FEDERAL, MEDICARE_AGE, Outcome, decide
from scheduling.models import Appointment, AppointmentStatus, Trigger

AS_BEFORE = "same_as_before"


def newest(*, client: Client, asked: AppointmentRequest | None) -> Coverage | None:
    """The answer that counts: that of the request, else the newest the client ever gave."""
    coverage = asked.coverage if asked else None
    if coverage is not None and coverage.type != AS_BEFORE:
        return coverage
    return Coverage.objects.filter(client=client).exclude(type=AS_BEFORE).order_by("-answered_at").first()


def newest_type() -> Subquery:
    """The kind of the newest answer of a row's client, for a query over rows that have one."""
    answers = Coverage.objects.filter(client=OuterRef("client")).exclude(type=AS_BEFORE)
    return Subquery(answers.order_by("-answered_at").values("type")[:1])


def type_that_counts(asked: AppointmentRequest | None, newest_given: str | None) -> str | None:
    """The rule of `newest` when the client's newest answer came with the row (`newest_type`)."""
    own = asked.coverage if asked else None
    return newest_given if own is None or own.type == AS_BEFORE else own.type


def outcome_for(*, client: Client, service: Service, asked: AppointmentRequest | None, on: date) -> Outcome:
    """Which document this client gets for this service on a clinic-local day, and why."""
    coverage = newest(client=client, asked=asked)
    age = client.age_on(on)
    was_asked = False
    if age is not None and age >= MEDICARE_AGE:
        was_asked = coverage is not None and coverage.recorded_by_id is not None
        if not was_asked and asked is not None:
            was_asked = asked.holds.filter(kind=Hold.Kind.AGE_65, lifted_at__isnull=False).exists()
    return decide(
        estimate_kind=service.estimate,
        coverage=coverage.type if coverage else None,
        age=age,
        medicare_was_asked=was_asked,
    )


def gets_estimate(visit: Appointment, *, clinic: Clinic, now: datetime) -> bool:
    """Whether the client of a visit is to have a good-faith estimate: it is care, and no federal program pays."""
    asked = visit.appointment_request
    client = visit.client or (asked.client if asked else None)
    if client is None:
        return False  # a class
    outcome = outcome_for(client=client, service=visit.service, asked=asked, on=clinic.local(now).date())
    return outcome.kind == Kind.GFE


@transaction.atomic
def answered(
    *, client: Client, kind: str, by: User, now: datetime, asked: AppointmentRequest | None = None
) -> Coverage:
    """Staff asked how the client pays: a new line of history, and what it means for running clocks.

    Somebody enrolled in a federal program has no clock any more. Whether an estimate is due now is for the
    caller to derive (`issue.switched`).
    """
    coverage = Coverage.objects.create(client=client, type=kind, answered_at=now, recorded_by=by)
    requests = AppointmentRequest.objects.filter(client=client)
    requests = requests.filter(pk=asked.pk) if asked else requests.open() | requests.filter(status="booked")
    requests.update(coverage=coverage, version=F("version") + 1)
    if kind in FEDERAL:
        running = Trigger.objects.running().filter(client=client)
        if asked:
            running = running.filter(appointment_request=asked)
        running.update(closed_at=now, closed_reason=Trigger.Closed.NOT_ENTITLED)
    return coverage


def booked_visits(*, client: Client, clinic: Clinic, now: datetime) -> list[Appointment]:
    """Visits of this client from now on, the next one first."""
    visits = Appointment.objects.filter(client=client, status=AppointmentStatus.BOOKED, starts_at__gte=now)
    return list(
        visits.select_related("service", "practitioner", "location", "appointment_request").order_by(
            "starts_at"
        )
    )
