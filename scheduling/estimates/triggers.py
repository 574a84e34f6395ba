"""Events become triggers: each once, with both its dates, however late it is derived."""

from datetime import date, datetime
from uuid import UUID

from config.foundation.models import Clinic
from intake.models import AppointmentRequest, Client, CostQuestion
from scheduling.estimates import deadlines
from scheduling.estimates.entitlement import FEDERAL
from scheduling.models import Appointment, Trigger


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
) -> Trigger:
    """The trigger of an event, written in the caller's transaction; a second call finds the first one."""
    event_on = deadlines.local_date(happened_at, clinic.zone)
    if visit_on is not None and visit_on < event_on:
        visit_on = None if event == Trigger.Event.REQUESTED else visit_on
    found = deadlines.due(deadlines.Event(event), event_on=event_on, visit_on=visit_on)
    trigger = Trigger(
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
    if event != Trigger.Event.REQUESTED:
        trigger.save(force_insert=True)  # the booking itself happens once
        return trigger
    Trigger.objects.bulk_create([trigger], ignore_conflicts=True)
    return Trigger.objects.get(source_key=source_key)


def derive_requested(
    *, clinic: Clinic, appointment_request: AppointmentRequest | None = None
) -> list[Trigger]:
    """A trigger for every cost question that has none: the clock started when it was asked, not now.

    Questions about services that are no health care, and of people in a federal program, start no clock.
    """
    questions = CostQuestion.objects.select_related(
        "client", "appointment_request__service", "appointment_request__coverage"
    )
    if appointment_request is not None:
        questions = questions.filter(appointment_request=appointment_request)
    known = set(
        Trigger.objects.filter(event=Trigger.Event.REQUESTED).values_list("source_key", flat=True)
        if appointment_request is None
        else Trigger.objects.filter(
            event=Trigger.Event.REQUESTED, appointment_request=appointment_request
        ).values_list("source_key", flat=True)
    )
    return [
        record(
            event=Trigger.Event.REQUESTED,
            client=question.client,
            source_key=_key(question),
            happened_at=question.asked_at,
            clinic=clinic,
            appointment_request_id=question.appointment_request_id,
        )
        for question in questions
        if _key(question) not in known and _starts_a_clock(question)
    ]


def _key(question: CostQuestion) -> str:
    return f"cost_question:{question.pk}"


def _starts_a_clock(question: CostQuestion) -> bool:
    asked = question.appointment_request
    if asked is None:
        return True
    federal = asked.coverage is not None and asked.coverage.type in FEDERAL
    return not federal and (asked.service is None or asked.service.is_health_care)
