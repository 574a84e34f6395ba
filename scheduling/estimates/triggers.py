"""Events become triggers: each once, with both its dates, however late it is derived."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Subquery

from config.foundation.models import Clinic
from intake.models import AppointmentRequest, Client, CostQuestion, ServiceKind
from scheduling.estimates import coverage, deadlines
from scheduling.estimates.entitlement import FEDERAL
from scheduling.models import Appointment, AppointmentStatus, Trigger

# What a request is about: care, or not yet known, or care among the further wishes.
_WANTS_CARE = (
    Q(service=None)
    | Q(service__kind=ServiceKind.HEALTH_CARE)
    | Q(also_services__kind=ServiceKind.HEALTH_CARE)
)


def record(
    *,
    event: Trigger.Event,
    client: Client,
    source_key: str,
    happened_at: datetime,
    clinic: Clinic,
    visit_on: date | None = None,
    appointment: Appointment | None = None,
    appointment_request_id: UUID | None = None,
    along_with: Sequence[Trigger] = (),
) -> Trigger:
    """The trigger of a booking, which happens once, written in the caller's transaction.

    `along_with` are those of cost questions, `not_yet_derived`, in the same statement.
    """
    trigger = _trigger(
        event=event,
        client=client,
        source_key=source_key,
        happened_at=happened_at,
        clinic=clinic,
        visit_on=visit_on,
        appointment=appointment,
        appointment_request_id=appointment_request_id,
    )
    # Somebody else may derive a question this moment; a second booking of this key would end in an error,
    # since the estimate that names this row could not be written.
    Trigger.objects.bulk_create([*along_with, trigger], ignore_conflicts=bool(along_with))
    return trigger


def derive_requested(*, clinic: Clinic, appointment_request: AppointmentRequest | None = None) -> None:
    """Write a trigger for every cost question that has none. The key is unique: of two at once, one writes."""
    found = not_yet_derived(clinic=clinic, appointment_request=appointment_request)
    Trigger.objects.bulk_create(found, ignore_conflicts=True)


def not_yet_derived(
    *, clinic: Clinic, appointment_request: AppointmentRequest | None = None
) -> list[Trigger]:
    """Unsaved triggers for cost questions that have none: the clock started when it was asked, not now.

    Questions about services that are no health care, and of people in a federal program, start no clock.
    """
    known = Trigger.objects.filter(
        Q(client=OuterRef("client")) | Q(appointment_request=OuterRef("appointment_request")),
        event=Trigger.Event.REQUESTED,
        happened_at=OuterRef("asked_at"),
    )
    asked = AppointmentRequest.objects.filter(pk=OuterRef("appointment_request"))
    about_care = Q(appointment_request=None) | Exists(asked.filter(_WANTS_CARE))
    questions = (
        CostQuestion.objects.filter(~Exists(known), about_care)
        .exclude(appointment_request__coverage__type__in=FEDERAL)
        .select_related("client", "appointment_request__coverage")
        .annotate(newest_coverage=coverage.newest_type(), next_visit_at=_next_visit_at())
    )
    if appointment_request is not None:
        questions = questions.filter(appointment_request=appointment_request)
    return [
        _trigger(
            event=Trigger.Event.REQUESTED,
            client=question.client,
            source_key=f"cost_question:{question.pk}",
            happened_at=question.asked_at,
            clinic=clinic,
            visit_on=_visit_known_on(question.next_visit_at, clinic=clinic),
            appointment_request_id=question.appointment_request_id,
        )
        for question in questions
        if coverage.type_that_counts(question.appointment_request, question.newest_coverage) not in FEDERAL
    ]


def _trigger(
    *,
    event: Trigger.Event,
    client: Client,
    source_key: str,
    happened_at: datetime,
    clinic: Clinic,
    visit_on: date | None = None,
    appointment: Appointment | None = None,
    appointment_request_id: UUID | None = None,
) -> Trigger:
    """An event with both its dates; not saved."""
    event_on = deadlines.local_date(happened_at, clinic.zone)
    if visit_on is not None and visit_on < event_on:
        # A visit entered after it began counts as one of today: it starts no clock, and is no error here.
        visit_on = None if event == Trigger.Event.REQUESTED else event_on
    found = deadlines.due(deadlines.Event(event), event_on=event_on, visit_on=visit_on)
    return Trigger(
        client=client,
        appointment=appointment,
        appointment_request_id=appointment_request_id,
        event=event,
        source_key=source_key,
        happened_at=happened_at,
        happened_on=event_on,
        visit_on=visit_on,
        tier=found.tier,
        legal_due_on=found.legal_due_on,
        target_due_on=found.target_due_on,
        rule_version=deadlines.RULE_VERSION,
    )


def _next_visit_at() -> Subquery:
    """The start of the next visit that was booked already when the question was asked."""
    visits = Appointment.objects.filter(
        client=OuterRef("client"),
        status=AppointmentStatus.BOOKED,
        confirmed_at__lte=OuterRef("asked_at"),
        starts_at__gte=OuterRef("asked_at"),
    )
    return Subquery(visits.order_by("starts_at").values("starts_at")[:1])


def _visit_known_on(starts_at: datetime | None, *, clinic: Clinic) -> date | None:
    return deadlines.local_date(starts_at, clinic.zone) if starts_at else None
