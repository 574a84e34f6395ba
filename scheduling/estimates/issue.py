"""When an estimate is issued: a visit booked, moved or changed, a question answered (a plan of care: `plans.py`).

Each verb decides who gets which document (`ordering.py`), records the event that starts the clock (`triggers.py`),
fills the document from today's rows (`filling.py`) and freezes it (`freezing.py`), all in one transaction.
"""

from dataclasses import replace
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from config.foundation.models import Clinic, User
from intake.models import AppointmentRequest, Client, Coverage
from scheduling.estimates import contents, coverage, deadlines, delivery, plans, triggers
from scheduling.estimates.contents import Kind
from scheduling.estimates.filling import Ordered, fill
from scheduling.estimates.freezing import ask, issue_or_ask, nothing_to_ask
from scheduling.estimates.freezing import issue as issue_now
from scheduling.estimates.ordering import of_request, of_visit, record_event, services_by_kind
from scheduling.models import Appointment, AppointmentStatus, Estimate, EstimateEvent, Seat, Trigger

Event = Trigger.Event
Reason = Estimate.Reason


# Always inside the confirming transaction; a savepoint is two statements.
@transaction.atomic(savepoint=False)
def issue_for_appointment(
    *, appointment: Appointment, by: User | None, now: datetime | None = None, clinic: Clinic | None = None
) -> Estimate | None:
    """The estimate for a visit just booked, moved to another day or changed; None when none is due.

    Called inside the confirming transaction. A document that cannot be issued never blocks the visit: staff
    get a task that names what is missing, and the clock stays on the board.
    """
    now = now or timezone.now()
    clinic = clinic or Clinic.get()
    ordered = of_visit(appointment, clinic=clinic, now=now)
    if ordered is None:
        return None
    visit_on = deadlines.local_date(appointment.starts_at, clinic.zone)
    event, before = Event.SCHEDULED, ordered.previous
    if before and before.appointment_id == appointment.pk:
        changed = _event_of_change(before, ordered, visit_on=visit_on, clinic=clinic, by=by, now=now)
        if changed is None:
            return None
        event = changed
        ordered = replace(ordered, reason=Reason(event))
    if ordered.outcome.kind == Kind.GFE:
        covering = plans.plan_covering(ordered, visit_on)
        if covering and covering.satisfies.filter(appointment=appointment).exists():
            return None  # booked together with others: their one estimate was issued for this visit
        cause = record_event(event, ordered, appointment, visit_on=visit_on, clinic=clinic, now=now)
        if covering:
            plans.is_covered(cause, covering)
            return None
        ordered = replace(ordered, cause=cause)
    if clinic.reviews_estimates:
        ask(ordered, "estimate_to_review", "Look at an estimate and send it", now=now)
        return None
    return issue_or_ask(ordered, clinic=clinic, by=by, now=now)


@transaction.atomic
def issue_for_request(
    *, appointment_request: AppointmentRequest, by: User | None, now: datetime
) -> list[Estimate]:
    """The documents somebody asked for before any time is set: at most one of each kind, never mixed.

    Empty when none is due or staff must decide first.
    """
    clinic = Clinic.get()
    triggers.derive_requested(clinic=clinic, appointment_request=appointment_request)
    issued = []
    for services in services_by_kind(appointment_request):
        ordered = of_request(appointment_request, services, clinic=clinic, now=now)
        made = issue_or_ask(ordered, clinic=clinic, by=by, now=now) if ordered else None
        if made and ordered:
            issued.append(made)
            if by is not None:
                nothing_to_ask(ordered, by=by, now=now)
    return issued


@transaction.atomic
def issue_summary_beside(*, appointment_request: AppointmentRequest, now: datetime) -> Estimate | None:
    """The price summary for the wishes beside a booked visit of health care: two papers, never one."""
    clinic = Clinic.get()
    for services in services_by_kind(appointment_request):
        if services[0].estimate == Kind.PRICE_SUMMARY:
            ordered = of_request(appointment_request, services, clinic=clinic, now=now)
            return issue_or_ask(ordered, clinic=clinic, by=None, now=now) if ordered else None
    return None


@transaction.atomic
def issue_for_seat(*, seat: Seat, now: datetime) -> Estimate | None:
    """The price summary for people who come to a class; None when it is there already."""
    clinic, asked, service = Clinic.get(), seat.appointment_request, seat.appointment.service
    if asked is None or Estimate.objects.in_force().filter(appointment_request=asked).exists():
        return None
    outcome = coverage.outcome_for(
        client=seat.client, service=service, asked=asked, on=clinic.local(now).date()
    )
    if outcome.kind is None:
        return None
    ordered = Ordered(
        client=seat.client,
        service=service,
        outcome=outcome,
        reason=Reason.SCHEDULED,
        appointment_request=asked,
        appointment=seat.appointment,
    )
    return issue_or_ask(ordered, clinic=clinic, by=None, now=now)


@transaction.atomic
def issue_waiting(*, trigger: Trigger, by: User, now: datetime) -> list[Estimate]:
    """Staff have put right what was missing, or have looked at it: issue for this clock. Raises Incomplete."""
    clinic, visit = Clinic.get(), trigger.appointment
    if visit is None:
        asked = trigger.appointment_request
        if given := _of_a_booked_visit(trigger, now=now):
            Trigger.objects.running().filter(pk=trigger.pk).update(satisfied_by=given)
            delivery.give_again(estimate=given, by=by, now=now)
            return [given]
        return issue_for_request(appointment_request=asked, by=by, now=now) if asked else []
    ordered = of_visit(visit, clinic=clinic, now=now)
    if ordered is None or trigger.satisfied_by_id is not None:
        return []
    outcome = replace(ordered.outcome, ask_medicare_first=False)  # who presses the button has asked
    reason = Reason(trigger.event)
    ordered = replace(ordered, outcome=outcome, cause=trigger, reason=reason)
    made = issue_now(ordered, clinic=clinic, by=by, now=now)
    nothing_to_ask(ordered, by=by, now=now)
    return [made]


def _of_a_booked_visit(trigger: Trigger, *, now: datetime) -> Estimate | None:
    """Who asks what a visit costs that is booked already has its estimate: another would say "not yet scheduled"."""
    of_visits = Estimate.objects.in_force().filter(
        client=trigger.client_id,
        kind=Kind.GFE,
        appointment__status=AppointmentStatus.BOOKED,
        appointment__starts_at__gte=now,
    )
    if trigger.appointment_request_id:
        of_visits = of_visits.filter(appointment_request=trigger.appointment_request_id)
    return of_visits.order_by("appointment__starts_at").first()


def draft(*, trigger: Trigger, now: datetime) -> contents.Contents | None:
    """What `issue_waiting` would issue for a visit, to look at first; nothing is written."""
    clinic, visit = Clinic.get(), trigger.appointment
    ordered = of_visit(visit, clinic=clinic, now=now) if visit else None
    return fill(ordered, clinic=clinic, now=now) if ordered else None


@transaction.atomic
def switched(
    *,
    client: Client,
    kind: str,
    by: User,
    now: datetime,
    asked: AppointmentRequest | None = None,
) -> tuple[Coverage, list[Estimate]]:
    """A new answer about who pays. Becoming self-pay after booking starts a clock; a federal program ends them.

    What was waiting for this answer is issued at once.
    """
    clinic = Clinic.get()
    before = coverage.newest(client=client, asked=asked)
    answer = coverage.answered(client=client, kind=kind, by=by, now=now, asked=asked)
    issued: list[Estimate] = []
    for visit in coverage.booked_visits(client=client, clinic=clinic, now=now):
        visit.refresh_from_db()
        ordered = of_visit(visit, clinic=clinic, now=now)
        if ordered is None or ordered.previous:
            continue
        waiting = Trigger.objects.running().filter(appointment=visit, satisfied_by=None).first()
        if ordered.outcome.kind == Kind.GFE and waiting is None:
            visit_on = deadlines.local_date(visit.starts_at, clinic.zone)
            event = Event.SWITCHED if before else Event.SCHEDULED
            waiting = record_event(event, ordered, visit, visit_on=visit_on, clinic=clinic, now=now)
        reason = Reason.SWITCHED if waiting and waiting.event == Event.SWITCHED else Reason.SCHEDULED
        ordered = replace(ordered, cause=waiting, reason=reason)
        made = issue_or_ask(ordered, clinic=clinic, by=by, now=now)
        if made:
            issued.append(made)
            nothing_to_ask(ordered, by=by, now=now)
    return answer, issued


def _event_of_change(
    previous: Estimate,
    ordered: Ordered,
    *,
    visit_on: date,
    clinic: Clinic,
    by: User | None,
    now: datetime,
) -> Trigger.Event | None:
    """What happened to a visit that has an estimate; None when the estimate stands.

    It stands for another hour of the same day, and when another person steps in less than a business day
    before: they are bound by its prices.
    """
    fresh = fill(replace(ordered, previous=None), clinic=clinic, now=now).snapshot()
    changes = set(contents.changes_between(previous.snapshot, fresh))
    if not changes:
        return None
    today = clinic.local(now).date()
    is_late = today > deadlines.subtract_business_days(visit_on, 1)
    if is_late and "provider" in changes and changes <= {"provider", "price"}:
        EstimateEvent.objects.create(estimate=previous, what=EstimateEvent.What.KEPT, at=now, by=by)
        return None
    if "date" not in changes:
        return Event.CHANGED
    # Another day is a new booking. With something else it is a change too: the earlier date counts, which is
    # that of the booking wherever one has a date.
    moved = deadlines.due(deadlines.Event.RESCHEDULED, event_on=today, visit_on=max(visit_on, today))
    return Event.RESCHEDULED if changes == {"date"} or moved.legal_due_on else Event.CHANGED
