"""What happens to an estimate after it was issued: corrected, given in another language or at new prices, voided.

Nothing is ever edited: each of these is a new version that points back, or a mark that it counts no more.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from config.foundation import links
from config.foundation.models import Clinic, User
from intake import contact
from intake.models import Package, Practitioner, Service
from scheduling import notices
from scheduling.estimates import completeness, contents, issue, plans
from scheduling.estimates.contents import Kind
from scheduling.estimates.entitlement import Outcome
from scheduling.estimates.filling import Ordered, fill, patient_of, replaced_by
from scheduling.estimates.freezing import SUBJECT, AlreadyReplaced, freeze
from scheduling.models import Appointment, AppointmentStatus, Estimate, EstimateEvent, Trigger

LINK = notices.ESTIMATE_LINK  # purpose of the client's link
ENDS_SOON = timedelta(days=30)


class PricesChanged(Exception):
    """Today's prices differ from those of the estimate: a person must decide which counts."""


@transaction.atomic
def correct(
    *, estimate: Estimate, by: User, now: datetime, why: str, changes: dict[str, Any] | None = None
) -> Estimate:
    """The next version with an error put right; `changes` are fields of Contents. Raises AlreadyReplaced.

    Name and birth date are read anew; prices, service and time stay as they were issued.
    """
    if not why.strip():
        raise completeness.Incomplete((completeness.Missing("why"),))
    clinic, old = Clinic.get(), _in_force(estimate)
    new = replace(
        old,
        **(changes or {}),
        version=estimate.version + 1,
        issued_at=clinic.local(now),
        patient=patient_of(estimate.client),
    )
    said = contents.changes_between(old.snapshot(), new.snapshot())
    new = replace(new, replaced=replaced_by(estimate, ("correction", *said)))
    ordered = _again(estimate, Estimate.Reason.CORRECTION)
    return freeze(new, ordered, clinic=clinic, by=by, now=now, why=why)


@transaction.atomic
def in_language(*, estimate: Estimate, language: str, by: User | None, now: datetime) -> Estimate:
    """The same estimate in the other language, as the next version.

    Raises AlreadyReplaced, and PricesChanged when today's price list says another sum.
    """
    clinic, old = Clinic.get(), _in_force(estimate)
    ordered = replace(_again(estimate, Estimate.Reason.LANGUAGE), language=language)
    ordered = _as_it_was(ordered, old, estimate)
    new = fill(ordered, clinic=clinic, now=now)
    said = contents.changes_between(old.snapshot(), new.snapshot())
    if new.total_cents != old.total_cents:
        raise PricesChanged
    # Names of services are read in the new language: that is no change of the service.
    kept = tuple(one for one in said if one not in {"service", "separate"})
    new = replace(new, replaced=replaced_by(estimate, kept or ("language",)))
    return freeze(new, ordered, clinic=clinic, by=by, now=now)


@transaction.atomic
def at_todays_prices(*, estimate: Estimate, by: User, now: datetime) -> Estimate | None:
    """The next version after a change of prices or services; None when nothing changed. Raises Incomplete."""
    old = _in_force(estimate)
    if estimate.appointment is not None:
        return issue.issue_for_appointment(appointment=estimate.appointment, by=by, now=now)
    if old.scope is None:
        asked = estimate.appointment_request
        made = issue.issue_for_request(appointment_request=asked, by=by, now=now) if asked else []
        return made[0] if made else None
    return plans.issue_plan(
        client=estimate.client,
        service=estimate.service,
        scope=old.scope,
        practitioner=_practitioner(old),
        package=Package.objects.filter(code=old.package_code).first(),
        diagnoses=old.diagnoses,
        notes=old.notes,
        asked=estimate.appointment_request,
        by=by,
        now=now,
    )


@transaction.atomic
def void(*, estimate: Estimate, why: str, by: User, now: datetime) -> None:
    """Take an estimate out of force. It stays readable to staff; its links and waiting mail are taken back."""
    if not why.strip():
        raise completeness.Incomplete((completeness.Missing("why"),))
    _void(estimate, why=why, by=by, now=now)
    contact.withdraw(reason="voided", subject_type=SUBJECT, subject_id=estimate.pk)
    links.revoke(purpose=LINK, subject_id=estimate.pk, now=now)
    Trigger.objects.filter(satisfied_by=estimate).update(satisfied_by=None, provided_at=None)


@transaction.atomic
def visit_cancelled(*, appointment: Appointment, by: User | None, now: datetime) -> None:
    """No visit, no estimate to wait for: its waiting mail is taken back and its own clock ends.

    A cost question keeps its clock: it was asked whether or not this visit takes place.
    """
    for estimate in Estimate.objects.in_force().filter(appointment=appointment):
        taken_back = contact.withdraw(reason="cancelled", subject_type=SUBJECT, subject_id=estimate.pk)
        if taken_back:
            asked = Trigger.objects.running().filter(satisfied_by=estimate)
            asked.filter(event=Trigger.Event.REQUESTED).update(satisfied_by=None)
            _void(estimate, why="visit cancelled", by=by, now=now)
    Trigger.objects.running().filter(appointment=appointment).exclude(event=Trigger.Event.REQUESTED).update(
        closed_at=now, closed_reason=Trigger.Closed.CANCELLED
    )


def touched_by_prices(*, today: date) -> list[Estimate]:
    """Open estimates whose prices are not those of today's list: what a change of prices touches."""
    still_open = (
        Estimate.objects.open_on(today)
        .exclude(appointment__status=AppointmentStatus.CANCELLED)
        .exclude(appointment__status=AppointmentStatus.RELEASED)
        .select_related("client", "service")
    )
    todays = _todays_prices()
    return [one for one in still_open.order_by("last_visit_on", "issued_at") if not _prices_of(one) <= todays]


def ending_soon(*, today: date) -> list[Estimate]:
    """Recurring estimates in force whose last covered day comes within thirty days."""
    until = today + ENDS_SOON
    ends = Q(last_visit_on__range=(today, until)) | Q(valid_through__range=(today, until))
    plans = Estimate.objects.in_force().filter(ends, appointment=None, last_visit_on__isnull=False)
    return list(plans.select_related("client", "service").order_by("last_visit_on"))


def _todays_prices() -> set[tuple[str, int]]:
    """Codes and price of every line that is sold today."""
    prices = {
        (",".join(line.service_codes), line.unit_cents)
        for service in Service.objects.with_price_lines()
        for line in service.price_lines.all()
    }
    for package in Package.objects.filter(active=True).select_related("service"):
        codes = [code for line in package.service.price_lines.all() for code in line.service_codes]
        prices.add((",".join(codes), package.price_cents))
    return prices


def _prices_of(estimate: Estimate) -> set[tuple[str, int]]:
    return {
        (",".join(line["codes"]), line["unit_cents"])
        for provider in estimate.snapshot["providers"]
        for line in provider["lines"]
        if not line["included"]
    }


def _in_force(estimate: Estimate) -> contents.Contents:
    if estimate.status != Estimate.Status.ISSUED:
        raise AlreadyReplaced(str(estimate))
    return contents.from_snapshot(estimate.snapshot)


def _again(estimate: Estimate, reason: Estimate.Reason) -> Ordered:
    old = contents.from_snapshot(estimate.snapshot)
    return Ordered(
        client=estimate.client,
        service=estimate.service,
        outcome=Outcome(Kind(estimate.kind), old.basis),
        reason=reason,
        appointment_request=estimate.appointment_request,
        appointment=estimate.appointment,
        previous=estimate,
    )


def _as_it_was(ordered: Ordered, old: contents.Contents, estimate: Estimate) -> Ordered:
    asked = estimate.appointment_request
    also: tuple[Service, ...] = ()
    if asked is not None and estimate.appointment_id is None and old.scope is None:
        others = asked.also_services.filter(estimate=estimate.kind).exclude(pk=estimate.service_id)
        also = tuple(others.order_by("position", "code"))
    return replace(
        ordered,
        also=also,
        practitioner=_practitioner(old),
        scope=old.scope,
        visits=old.scope.visits if old.scope else 1,
        package=Package.objects.filter(code=old.package_code).first() if old.package_code else None,
        diagnoses=old.diagnoses,
        notes=old.notes,
    )


def _practitioner(old: contents.Contents) -> Practitioner | None:
    npi = old.providers[0].practitioner_npi
    return Practitioner.objects.filter(npi=npi).first() if npi else None


@transaction.atomic
def dispute(*, estimate: Estimate, is_open: bool, by: User, now: datetime) -> None:
    """A bill above it is disputed, or no longer. While one is, the database keeps the estimate whatever its age."""
    changed = Estimate.objects.filter(pk=estimate.pk, dispute_hold=not is_open).update(dispute_hold=is_open)
    if changed:
        what = EstimateEvent.What.DISPUTE_OPENED if is_open else EstimateEvent.What.DISPUTE_ENDED
        EstimateEvent.objects.create(estimate=estimate, what=what, at=now, by=by)


def _void(estimate: Estimate, *, why: str, by: User | None, now: datetime) -> None:
    in_force = Estimate.objects.filter(pk=estimate.pk, status=Estimate.Status.ISSUED)
    if in_force.update(status=Estimate.Status.VOIDED) != 1:
        raise AlreadyReplaced(str(estimate))
    EstimateEvent.objects.create(estimate=estimate, what=EstimateEvent.What.VOIDED, at=now, by=by, detail=why)
