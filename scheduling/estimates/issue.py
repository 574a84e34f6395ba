"""When an estimate is issued: a visit booked, moved or changed, a question answered, a plan of care agreed.

Each verb decides who gets which document (`coverage.py`), records the event that starts the clock (`triggers.py`),
fills the document from today's rows (`filling.py`) and freezes it (`freezing.py`), all in one transaction.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from config.foundation.models import Clinic, User
from intake.models import AppointmentRequest, Client, Coverage, Package, Practitioner, Service
from scheduling.estimates import completeness, contents, coverage, deadlines, triggers
from scheduling.estimates.contents import Kind, Scope
from scheduling.estimates.filling import Ordered, fill
from scheduling.estimates.freezing import ask, issue_or_ask, nothing_to_ask
from scheduling.estimates.freezing import issue as issue_now
from scheduling.models import Appointment, Estimate, EstimateEvent, Seat, Trigger

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
    ordered = _for_appointment(appointment, clinic=clinic, now=now)
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
        covering = _plan_covering(ordered, visit_on)
        if covering and covering.satisfies.filter(appointment=appointment).exists():
            return None  # booked together with others: their one estimate was issued for this visit
        cause = _record(event, ordered, appointment, visit_on=visit_on, clinic=clinic, now=now)
        if covering:
            _is_covered(cause, covering)
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
    for services in _by_kind(appointment_request):
        ordered = _for_request(appointment_request, services, clinic=clinic, now=now)
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
    for services in _by_kind(appointment_request):
        if services[0].estimate == Kind.PRICE_SUMMARY:
            ordered = _for_request(appointment_request, services, clinic=clinic, now=now)
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
        return issue_for_request(appointment_request=asked, by=by, now=now) if asked else []
    ordered = _for_appointment(visit, clinic=clinic, now=now)
    if ordered is None or trigger.satisfied_by_id is not None:
        return []
    outcome = replace(ordered.outcome, ask_medicare_first=False)  # who presses the button has asked
    reason = Reason(trigger.event)
    ordered = replace(ordered, outcome=outcome, cause=trigger, reason=reason)
    made = issue_now(ordered, clinic=clinic, by=by, now=now)
    nothing_to_ask(ordered, by=by, now=now)
    return [made]


def draft(*, trigger: Trigger, now: datetime) -> contents.Contents | None:
    """What `issue_waiting` would issue for a visit, to look at first; nothing is written."""
    clinic, visit = Clinic.get(), trigger.appointment
    ordered = _for_appointment(visit, clinic=clinic, now=now) if visit else None
    return fill(ordered, clinic=clinic, now=now) if ordered else None


@transaction.atomic
def issue_plan(
    *,
    client: Client,
    service: Service,
    scope: Scope,
    practitioner: Practitioner | None,
    by: User | None,
    now: datetime,
    package: Package | None = None,
    diagnoses: tuple[contents.Diagnosis, ...] = (),
    notes: str = "",
    asked: AppointmentRequest | None = None,
) -> Estimate:
    """The recurring estimate after an evaluation: dates, frequency, number. Raises completeness.Incomplete.

    A plan of the same service that is in force is replaced: it says what changed, or that a new period begins.
    """
    clinic = Clinic.get()
    today = clinic.local(now).date()
    outcome = coverage.outcome_for(client=client, service=service, asked=asked, on=today)
    if outcome.kind is None:
        raise completeness.Incomplete((completeness.Missing("entitlement", outcome.why),))
    previous = plan_in_force(client=client, service=service)
    ordered = Ordered(
        client=client,
        service=service,
        outcome=replace(outcome, ask_medicare_first=False),
        reason=Reason.PLAN,
        appointment_request=asked,
        practitioner=practitioner,
        scope=scope,
        visits=scope.visits,
        package=package,
        diagnoses=diagnoses,
        notes=notes,
        previous=previous,
    )
    if previous:
        ordered = _as_change_of_plan(ordered, previous, clinic=clinic, now=now)
    return issue_now(ordered, clinic=clinic, by=by, now=now)


@transaction.atomic
def issue_series(
    *,
    appointments: Sequence[Appointment],
    times: int,
    per: str,
    by: User | None,
    now: datetime,
    package: Package | None = None,
) -> Estimate | None:
    """One recurring estimate for several visits booked at once; the first visit sets the clock.

    `times` a `per` (week, two_weeks, month) is how often. None when none is due. Call it before the visits
    are confirmed one by one: what it covers gets no estimate of its own.
    """
    clinic = Clinic.get()
    visits = sorted(appointments, key=lambda one: one.starts_at)
    first = visits[0]
    ordered = _for_appointment(first, clinic=clinic, now=now)
    if ordered is None or ordered.outcome.kind != Kind.GFE:
        return None
    days = [deadlines.local_date(one.starts_at, clinic.zone) for one in visits]
    scope = Scope(days[0], days[-1], times, per, len(visits), is_booked=True)
    cause = _record(Event.SCHEDULED, ordered, first, visit_on=days[0], clinic=clinic, now=now)
    ordered = replace(
        ordered,
        appointment=None,
        scope=scope,
        visits=len(visits),
        package=package,
        reason=Reason.PLAN,
        cause=cause,
        previous=None,
    )
    return issue_or_ask(ordered, clinic=clinic, by=by, now=now)


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
        ordered = _for_appointment(visit, clinic=clinic, now=now)
        if ordered is None or ordered.previous:
            continue
        waiting = Trigger.objects.running().filter(appointment=visit, satisfied_by=None).first()
        if ordered.outcome.kind == Kind.GFE and waiting is None:
            visit_on = deadlines.local_date(visit.starts_at, clinic.zone)
            event = Event.SWITCHED if before else Event.SCHEDULED
            waiting = _record(event, ordered, visit, visit_on=visit_on, clinic=clinic, now=now)
        reason = Reason.SWITCHED if waiting and waiting.event == Event.SWITCHED else Reason.SCHEDULED
        ordered = replace(ordered, cause=waiting, reason=reason)
        made = issue_or_ask(ordered, clinic=clinic, by=by, now=now)
        if made:
            issued.append(made)
            nothing_to_ask(ordered, by=by, now=now)
    return answer, issued


def plan_in_force(*, client: Client, service: Service) -> Estimate | None:
    """The recurring estimate of this service that counts now."""
    plans = Estimate.objects.in_force().filter(client=client, service=service, appointment=None)
    return next((one for one in plans.order_by("-issued_at") if one.snapshot["scope"]), None)


def _for_appointment(appointment: Appointment, *, clinic: Clinic, now: datetime) -> Ordered | None:
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
        previous=_in_force(client, appointment=appointment, asked=asked, kind=outcome.kind),
    )


def _for_request(
    asked: AppointmentRequest, services: tuple[Service, ...], *, clinic: Clinic, now: datetime
) -> Ordered | None:
    client = asked.client
    outcome = coverage.outcome_for(
        client=client, service=services[0], asked=asked, on=clinic.local(now).date()
    )
    if outcome.kind is None:
        return None
    running = Trigger.objects.running().filter(appointment_request=asked, satisfied_by=None)
    previous = _in_force(client, appointment=None, asked=asked, kind=outcome.kind)
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


def _by_kind(asked: AppointmentRequest) -> list[tuple[Service, ...]]:
    """The services of a request, care apart from everything else; the one asked for first leads."""
    first = [asked.service] if asked.service else []
    services = list(dict.fromkeys([*first, *asked.also_services.order_by("position", "code")]))
    kinds = dict.fromkeys(service.estimate for service in services)
    return [tuple(one for one in services if one.estimate == kind) for kind in kinds]


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
    is_late = clinic.local(now).date() > deadlines.subtract_business_days(visit_on, 1)
    if is_late and "provider" in changes and changes <= {"provider", "price"}:
        EstimateEvent.objects.create(estimate=previous, what=EstimateEvent.What.KEPT, at=now, by=by)
        return None
    return Event.RESCHEDULED if changes == {"date"} else Event.CHANGED


def _record(
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


def _in_force(
    client: Client, *, appointment: Appointment | None, asked: AppointmentRequest | None, kind: Kind
) -> Estimate | None:
    """The version this one would replace: of the same visit, or of the same request without a visit yet."""
    for one in Estimate.objects.in_force().filter(client=client, kind=kind).order_by("-issued_at"):
        if appointment and one.appointment_id == appointment.pk:
            return one
        if asked and one.appointment_request_id == asked.pk and one.appointment_id is None:
            return None if one.snapshot["scope"] else one
    return None


def _plan_covering(ordered: Ordered, visit_on: date) -> Estimate | None:
    """A recurring estimate that covers this visit: same service, inside its dates, fewer visits than it counts."""
    if ordered.service.is_first_visit or ordered.previous:
        return None
    plan = plan_in_force(client=ordered.client, service=ordered.service)
    if plan is None:
        return None
    scope = contents.from_snapshot(plan.snapshot).scope
    if scope is None or not scope.starts_on <= visit_on <= scope.ends_on:
        return None
    taken = Trigger.objects.filter(satisfied_by=plan, closed_at=None, appointment__isnull=False).values(
        "appointment"
    )
    others = taken.exclude(appointment=ordered.appointment).distinct()
    return plan if others.count() < scope.visits else None


def _is_covered(cause: Trigger, plan: Estimate) -> None:
    """The recurring estimate answers this booking; it was given when that one was."""
    given = plan.events.filter(what__in=EstimateEvent.PROVIDES).order_by("at").first()
    Trigger.objects.filter(pk=cause.pk).update(satisfied_by=plan, provided_at=given.at if given else None)


def _as_change_of_plan(ordered: Ordered, previous: Estimate, *, clinic: Clinic, now: datetime) -> Ordered:
    scope, old = ordered.scope, contents.from_snapshot(previous.snapshot).scope
    is_renewal = bool(scope and old and scope.starts_on > old.ends_on)
    booked = [
        deadlines.local_date(visit.starts_at, clinic.zone)
        for visit in coverage.booked_visits(client=ordered.client, clinic=clinic, now=now)
        if visit.service_id == ordered.service.pk
    ]
    today = clinic.local(now).date()
    first = scope.starts_on if scope else today
    cause = triggers.record(
        event=Event.CHANGED,
        client=ordered.client,
        source_key=f"plan:{previous.pk}:changed",
        happened_at=now,
        clinic=clinic,
        visit_on=max(today, first if is_renewal or not booked else min(booked[0], max(first, today))),
    )
    return replace(ordered, cause=cause, reason=Reason.RENEWAL if is_renewal else Reason.CHANGED)
