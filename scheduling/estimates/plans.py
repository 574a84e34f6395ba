"""Recurring care: one estimate for a plan of visits or a series, what it covers, and what replaces it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction

from config.foundation.models import Clinic, User
from intake.models import AppointmentRequest, Client, Package, Practitioner, Service
from scheduling.estimates import completeness, contents, coverage, deadlines, triggers
from scheduling.estimates.contents import Kind, Scope
from scheduling.estimates.filling import Ordered
from scheduling.estimates.freezing import issue, issue_or_ask
from scheduling.estimates.ordering import of_visit, record_event
from scheduling.models import Appointment, Estimate, EstimateEvent, Trigger

Event = Trigger.Event
Reason = Estimate.Reason


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
    return issue(ordered, clinic=clinic, by=by, now=now)


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
    ordered = of_visit(first, clinic=clinic, now=now)
    if ordered is None or ordered.outcome.kind != Kind.GFE:
        return None
    days = [deadlines.local_date(one.starts_at, clinic.zone) for one in visits]
    scope = Scope(days[0], days[-1], times, per, len(visits), is_booked=True)
    cause = record_event(Event.SCHEDULED, ordered, first, visit_on=days[0], clinic=clinic, now=now)
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


def plan_in_force(*, client: Client, service: Service) -> Estimate | None:
    """The recurring estimate of this service that counts now."""
    plans = Estimate.objects.in_force().filter(client=client, service=service, appointment=None)
    return next((one for one in plans.order_by("-issued_at") if one.snapshot["scope"]), None)


def plan_covering(ordered: Ordered, visit_on: date) -> Estimate | None:
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


def is_covered(cause: Trigger, plan: Estimate) -> None:
    """The recurring estimate answers this booking; it was given when that one was."""
    given = plan.events.filter(what__in=EstimateEvent.PROVIDES).standing().order_by("at").first()
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
