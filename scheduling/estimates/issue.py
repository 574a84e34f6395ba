"""Issue estimates: decide, fill, check, freeze, and queue the mail that waits for the PDF.

The only writer of estimates. Everything happens in the caller's transaction; the worker makes the PDF
afterwards from the frozen snapshot (`documents.py`).
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone, translation

from config.foundation import links, staff_tasks
from config.foundation.models import Clinic, Location, User
from intake import words
from intake.models import AppointmentRequest, Client, Coverage, Hold, Package, Practitioner, Service
from notifications import outbox
from scheduling import notices
from scheduling.estimates import contents, deadlines, disclaimers, triggers
from scheduling.estimates.contents import Basis, Contents, Kind, Line, Scope
from scheduling.estimates.entitlement import Outcome, decide
from scheduling.models import Appointment, Estimate, EstimateEvent, Trigger

LINK = notices.ESTIMATE_LINK  # purpose of the client's link
SUBJECT = notices.ESTIMATE
COURSES = (4, 6, 8)  # "if you need N more": beside the estimate, never in it


class AlreadyReplaced(Exception):
    """Only the version in force can be replaced or voided."""


@dataclass(frozen=True)
class Ordered:
    """What an estimate is about, before it is put into words."""

    client: Client
    service: Service
    outcome: Outcome
    reason: Estimate.Reason
    appointment_request: AppointmentRequest | None = None
    appointment: Appointment | None = None
    practitioner: Practitioner | None = None
    scope: Scope | None = None
    visits: int = 1
    package: Package | None = None
    diagnoses: tuple[contents.Diagnosis, ...] = ()
    notes: str = ""
    language: str = ""
    previous: Estimate | None = None
    cause: Trigger | None = None


@transaction.atomic(
    savepoint=False
)  # always inside the confirming transaction; a savepoint is two statements
def issue_for_appointment(
    *, appointment: Appointment, by: User | None, now: datetime | None = None, clinic: Clinic | None = None
) -> Estimate | None:
    """The estimate for a visit just booked, moved to another day or changed; None when none is due.

    Called inside the confirming transaction. A document that cannot be issued never blocks the visit: staff
    get a task that names what is missing, and the clock stays on the board.
    """
    now = now or timezone.now()
    clinic = clinic or Clinic.get()
    asked = appointment.appointment_request
    client = appointment.client or (asked.client if asked else None)
    if client is None:
        return None  # a workshop: each person in it has a request of their own
    visit_on = deadlines.local_date(appointment.starts_at, clinic.zone)
    outcome = _outcome(client, appointment.service, asked, on=clinic.local(now).date())
    if outcome.kind is None:
        return None
    previous = _in_force(client, appointment=appointment, asked=asked, kind=outcome.kind)
    ordered = Ordered(
        client=client,
        service=appointment.service,
        outcome=outcome,
        reason=Estimate.Reason.SCHEDULED,
        appointment_request=asked,
        appointment=appointment,
        practitioner=appointment.practitioner,
        previous=previous,
    )
    event = Trigger.Event.SCHEDULED
    if previous and previous.appointment_id == appointment.pk:
        changes = _changes(previous, ordered, clinic=clinic, now=now)
        if not changes:
            return None  # the same day, service, price and person: the estimate stands
        event = Trigger.Event.RESCHEDULED if set(changes) == {"date"} else Trigger.Event.CHANGED
        ordered = replace(ordered, reason=Estimate.Reason(event))
    if outcome.kind == Kind.GFE:
        questions = triggers.not_yet_derived(clinic=clinic, appointment_request=asked) if asked else []
        cause = triggers.record(
            event=event,
            client=client,
            source_key=f"appointment:{appointment.pk}:{event}:{previous.pk if previous else f'first:{appointment.version}'}",
            happened_at=now,
            clinic=clinic,
            visit_on=visit_on,
            appointment=appointment,
            appointment_request_id=asked.pk if asked else None,
            along_with=questions,
        )
        ordered = replace(ordered, cause=cause)
    return _issue_or_ask(ordered, clinic=clinic, by=by, now=now)


@transaction.atomic
def issue_for_request(
    *, appointment_request: AppointmentRequest, by: User | None, now: datetime
) -> Estimate | None:
    """The estimate somebody asked for before any time is set; None when none is due or staff must decide."""
    clinic = Clinic.get()
    service = appointment_request.service
    if service is None:
        return None
    client = appointment_request.client
    outcome = _outcome(client, service, appointment_request, on=clinic.local(now).date())
    if outcome.kind is None:
        return None
    triggers.derive_requested(clinic=clinic, appointment_request=appointment_request)
    running = Trigger.objects.running().filter(appointment_request=appointment_request, satisfied_by=None)
    ordered = Ordered(
        client=client,
        service=service,
        outcome=outcome,
        reason=Estimate.Reason.REQUESTED,
        appointment_request=appointment_request,
        package=appointment_request.package,
        previous=_in_force(client, appointment=None, asked=appointment_request, kind=outcome.kind),
        cause=running.order_by("happened_at").first() if outcome.kind == Kind.GFE else None,
    )
    return _issue_or_ask(ordered, clinic=clinic, by=by, now=now)


@transaction.atomic
def issue_plan(
    *,
    client: Client,
    service: Service,
    scope: Scope,
    practitioner: Practitioner | None,
    by: User,
    now: datetime,
    package: Package | None = None,
    diagnoses: tuple[contents.Diagnosis, ...] = (),
    notes: str = "",
) -> Estimate:
    """The recurring estimate after an evaluation: dates, frequency, number. Raises contents.Incomplete."""
    clinic = Clinic.get()
    outcome = _outcome(client, service, None, on=clinic.local(now).date())
    if outcome.kind is None:
        raise contents.Incomplete((contents.Missing("entitlement", outcome.why),))
    ordered = Ordered(
        client=client,
        service=service,
        outcome=replace(outcome, ask_medicare_first=False),
        reason=Estimate.Reason.PLAN,
        practitioner=practitioner,
        scope=scope,
        visits=scope.visits,
        package=package,
        diagnoses=diagnoses,
        notes=notes,
    )
    return _issue(ordered, clinic=clinic, by=by, now=now)


@transaction.atomic
def correct(
    *, estimate: Estimate, by: User, now: datetime, why: str, changes: dict[str, Any] | None = None
) -> Estimate:
    """The next version with an error put right; `changes` are fields of Contents. Raises AlreadyReplaced."""
    clinic = Clinic.get()
    if estimate.status != Estimate.Status.ISSUED:
        raise AlreadyReplaced(str(estimate))
    old = contents.from_snapshot(estimate.snapshot)
    new = replace(
        old,
        **(changes or {}),
        version=estimate.version + 1,
        issued_at=clinic.local(now),
        patient=_patient(estimate.client),
    )
    said = contents.changes_between(old.snapshot(), new.snapshot())
    new = replace(new, replaced=_replaced(estimate, ("correction", *said)))
    ordered = Ordered(
        client=estimate.client,
        service=estimate.service,
        outcome=Outcome(Kind(estimate.kind)),
        reason=Estimate.Reason.CORRECTION,
        appointment_request=estimate.appointment_request,
        appointment=estimate.appointment,
        previous=estimate,
    )
    return _freeze(new, ordered, clinic=clinic, by=by, now=now, why=why)


@transaction.atomic
def void(*, estimate: Estimate, why: str, by: User, now: datetime) -> None:
    """Take an estimate out of force. It stays readable to staff; its links and waiting mail are taken back."""
    changed = Estimate.objects.filter(pk=estimate.pk, status=Estimate.Status.ISSUED).update(
        status=Estimate.Status.VOIDED
    )
    if changed != 1:
        raise AlreadyReplaced(str(estimate))
    EstimateEvent.objects.create(estimate=estimate, what=EstimateEvent.What.VOIDED, at=now, by=by, detail=why)
    outbox.withdraw(reason="voided", subject_type=SUBJECT, subject_id=estimate.pk)
    links.revoke(purpose=LINK, subject_id=estimate.pk, now=now)
    Trigger.objects.filter(satisfied_by=estimate).update(satisfied_by=None, provided_at=None)


@transaction.atomic
def visit_cancelled(*, appointment: Appointment, by: User | None, now: datetime) -> None:
    """No visit, no estimate to wait for: its waiting mail is taken back and its own clock ends.

    A cost question keeps its clock: it was asked whether or not this visit takes place.
    """
    for estimate in Estimate.objects.in_force().filter(appointment=appointment):
        taken_back = outbox.withdraw(reason="cancelled", subject_type=SUBJECT, subject_id=estimate.pk)
        if taken_back:
            asked = Trigger.objects.running().filter(satisfied_by=estimate)
            asked.filter(event=Trigger.Event.REQUESTED).update(satisfied_by=None)
            Estimate.objects.filter(pk=estimate.pk).update(status=Estimate.Status.VOIDED)
            EstimateEvent.objects.create(
                estimate=estimate, what=EstimateEvent.What.VOIDED, at=now, by=by, detail="visit cancelled"
            )
    Trigger.objects.running().filter(appointment=appointment).exclude(event=Trigger.Event.REQUESTED).update(
        closed_at=now, closed_reason=Trigger.Closed.CANCELLED
    )


def _issue_or_ask(ordered: Ordered, *, clinic: Clinic, by: User | None, now: datetime) -> Estimate | None:
    if ordered.outcome.ask_medicare_first:
        _ask(ordered, "ask_about_medicare", "65 or over: ask about Medicare, then send the estimate", "", now)
        return None
    try:
        return _issue(ordered, clinic=clinic, by=by, now=now)
    except contents.Incomplete as refusal:
        _ask(ordered, "estimate_incomplete", "An estimate cannot be issued yet", str(refusal), now)
        return None


def _ask(ordered: Ordered, kind: str, title: str, details: str, now: datetime) -> None:
    subject = ordered.appointment or ordered.appointment_request or ordered.client
    staff_tasks.open_task(
        key=f"{kind}:{subject.pk}",
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        title=title,
        priority=staff_tasks.Priority.TODAY,
        details=details,
        reopen=True,
        now=now,
    )


def _issue(ordered: Ordered, *, clinic: Clinic, by: User | None, now: datetime) -> Estimate:
    filled = _fill(ordered, clinic=clinic, now=now)
    return _freeze(filled, ordered, clinic=clinic, by=by, now=now)


def _freeze(
    filled: Contents, ordered: Ordered, *, clinic: Clinic, by: User | None, now: datetime, why: str = ""
) -> Estimate:
    """Check, number, store, supersede, queue the mail. Raises Incomplete before anything is written."""
    contents.require_complete(replace(filled, number=filled.number or "to be given"))
    if not filled.number:
        filled = replace(filled, number=_next_number(filled.issued_at.year))
    snapshot = filled.snapshot()
    cause, previous = ordered.cause, ordered.previous
    estimate = Estimate.objects.create(
        number=filled.number,
        version=filled.version,
        kind=filled.kind,
        client=ordered.client,
        appointment_request=ordered.appointment_request,
        appointment=ordered.appointment,
        service=ordered.service,
        cause=cause,
        reason=ordered.reason,
        reason_text=why,
        language=filled.language,
        snapshot=snapshot,
        snapshot_sha256=contents.digest(snapshot),
        total_cents=filled.total_cents,
        template_version=filled.template_version,
        disclaimer_version=filled.disclaimer_version,
        price_list_version=filled.price_list_version,
        legal_due_on=cause.legal_due_on if cause else None,
        target_due_on=cause.target_due_on if cause else None,
        last_visit_on=_last_visit_on(filled),
        valid_through=filled.valid_through,
        keep_through=deadlines.keep_through(filled.issued_at.date()),
        issued_at=now,
        issued_by=by,
        supersedes=previous,
    )
    events = [EstimateEvent(estimate=estimate, what=EstimateEvent.What.ISSUED, at=now, by=by)]
    if previous:
        Estimate.objects.filter(pk=previous.pk).update(status=Estimate.Status.SUPERSEDED)
        outbox.withdraw(reason="superseded", subject_type=SUBJECT, subject_id=previous.pk)
        events.append(EstimateEvent(estimate=previous, what=EstimateEvent.What.SUPERSEDED, at=now, by=by))
    EstimateEvent.objects.bulk_create(events)
    if estimate.is_gfe:
        _answer_triggers(estimate, cause=cause, previous=previous)
    _tell(estimate, clinic=clinic, now=now, by=by)
    return estimate


def _answer_triggers(estimate: Estimate, *, cause: Trigger | None, previous: Estimate | None) -> None:
    """This estimate answers its cause, open cost questions of the same request, and what it replaces."""
    these = Q(pk=cause.pk) if cause else Q()
    if estimate.appointment_request_id:
        these |= Q(appointment_request=estimate.appointment_request_id)
    if previous:
        these |= Q(satisfied_by=previous)
    if these:
        Trigger.objects.running().filter(these).update(satisfied_by=estimate)


def _outcome(client: Client, service: Service, asked: AppointmentRequest | None, *, on: date) -> Outcome:
    coverage = asked.coverage if asked else None
    if coverage is None or coverage.type == "same_as_before":
        earlier = Coverage.objects.filter(client=client).exclude(type="same_as_before")
        coverage = earlier.order_by("-answered_at").first()
    answer = coverage.type if coverage else None
    age = client.age_on(on)
    asked_about_medicare = False
    if age is not None and age >= 65 and asked is not None:
        asked_about_medicare = asked.holds.filter(kind=Hold.Kind.AGE_65, lifted_at__isnull=False).exists()
    return decide(
        estimate_kind=service.estimate,
        coverage=answer,
        age=age,
        medicare_was_asked=asked_about_medicare,
    )


def _in_force(
    client: Client, *, appointment: Appointment | None, asked: AppointmentRequest | None, kind: Kind
) -> Estimate | None:
    """The version this one would replace: of the same visit, or of the same request without a visit yet."""
    for one in Estimate.objects.in_force().filter(client=client, kind=kind).order_by("-issued_at"):
        if appointment and one.appointment_id == appointment.pk:
            return one
        if asked and one.appointment_request_id == asked.pk and one.appointment_id is None:
            return one
    return None


def _changes(previous: Estimate, ordered: Ordered, *, clinic: Clinic, now: datetime) -> tuple[str, ...]:
    fresh = _fill(replace(ordered, previous=None), clinic=clinic, now=now).snapshot()
    return contents.changes_between(previous.snapshot, fresh)


def _replaced(previous: Estimate, changes: tuple[str, ...]) -> contents.Replaced:
    old = contents.from_snapshot(previous.snapshot)
    return contents.Replaced(
        number=previous.number,
        version=previous.version,
        issued_on=old.issued_at.date(),
        total_cents=previous.total_cents,
        changes=changes,
    )


def _fill(ordered: Ordered, *, clinic: Clinic, now: datetime) -> Contents:
    """The contents from today's rows, in the client's language. Sums are computed here, checked later."""
    local = clinic.local(now)
    asked = ordered.appointment_request
    language = ordered.language or (asked.language if asked else ordered.client.language)
    language = language if language in contents.LANGUAGES else "en"
    outcome, gfe = ordered.outcome, ordered.outcome.kind == Kind.GFE
    service, visit = ordered.service, ordered.appointment
    phone, email = words.phone(clinic.phone), clinic.email
    with translation.override(language):
        lines = _lines(ordered)
        primary = service.name
        follow_up = service.follow_up if gfe else None
        separate = (_follow_up_line(follow_up.name, language),) if follow_up and not ordered.scope else ()
    address, state = _office(clinic, visit)
    practitioner = ordered.practitioner
    provider = contents.provider_with_sums(
        contents.Provider(
            name=clinic.legal_name or clinic.name,
            npi=clinic.npi_organization,
            tin=clinic.tin,
            address=address,
            state=state,
            phone=phone,
            email=email,
            lines=lines,
            total_cents=0,
            practitioner=practitioner.name if practitioner else "",
            practitioner_npi=practitioner.npi if practitioner else "",
            practitioner_license=practitioner.license_number if practitioner else "",
        )
    )
    insured = outcome.basis == Basis.SELF_PAY
    filled = Contents(
        kind=outcome.kind or Kind.GFE,
        number=ordered.previous.number if ordered.previous else "",
        version=ordered.previous.version + 1 if ordered.previous else 1,
        language=language,
        issued_at=local,
        valid_through=deadlines.last_covered_visit_on(local.date()),
        basis=outcome.basis,
        clinic=contents.ClinicBlock(clinic.name, phone, email, clinic.website),
        patient=_patient(ordered.client),
        primary=primary,
        visit=_visit(visit, asked, clinic) if visit else None,
        scope=ordered.scope,
        diagnoses=ordered.diagnoses,
        diagnosis_statement=disclaimers.NOT_DETERMINED[language] if gfe and not ordered.diagnoses else "",
        providers=(provider,),
        separate=separate,
        disclaimers={
            key: disclaimers.text(key, language=language, phone=phone, email=email)
            for key in (disclaimers.required(insured=insured) if gfe else ())
        },
        total_cents=provider.total_cents,
        notes=ordered.notes,
        course=tuple(
            contents.CourseLine(more, provider.total_cents + more * follow_up.price_cents) for more in COURSES
        )
        if follow_up and not ordered.scope
        else (),
        course_each_cents=follow_up.price_cents if follow_up else 0,
        price_list_version=price_list_version(lines),
    )
    if ordered.previous:
        said = contents.changes_between(ordered.previous.snapshot, filled.snapshot())
        filled = replace(filled, replaced=_replaced(ordered.previous, said or ("correction",)))
    return filled


def price_list_version(lines: tuple[Line, ...]) -> str:
    """A short digest of names, codes and prices: equal lists have equal versions."""
    text = json.dumps([[line.description, line.codes, line.unit_cents] for line in lines])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _lines(ordered: Ordered) -> tuple[Line, ...]:
    """The price list of the service, times visits or people; a package is one line at its own price."""
    spanish = translation.get_language() == "es"
    rows = list(ordered.service.price_lines.all())
    codes = tuple(code for row in rows for code in row.service_codes)
    if package := ordered.package:
        count = -(-ordered.visits // package.visits) if ordered.scope else 1
        name = f"{ordered.service.name} × {package.visits}"
        return (Line.priced(name, codes=codes, unit_cents=package.price_cents, quantity=count),)
    asked = ordered.appointment_request
    people = asked.people if asked and ordered.service.is_workshop else 1
    return tuple(
        Line.priced(
            row.name_es if spanish and row.name_es else row.name,
            codes=tuple(row.service_codes),
            unit_cents=row.unit_cents,
            quantity=row.quantity * ordered.visits * people,
        )
        for row in rows
    )


def _patient(client: Client) -> contents.Patient:
    speaks = client.representative or {}
    name = f"{speaks.get('first_name', '')} {speaks.get('last_name', '')}".strip()
    return contents.Patient(client.legal_name, client.birth_date, name)


def _visit(appointment: Appointment, asked: AppointmentRequest | None, clinic: Clinic) -> contents.Visit:
    place = appointment.location
    return contents.Visit(
        starts_at=clinic.local(appointment.starts_at),
        ends_at=clinic.local(appointment.ends_at),
        place=place.address or place.name,
        people=asked.people if asked and appointment.service.is_workshop else 1,
    )


def _office(clinic: Clinic, appointment: Appointment | None) -> tuple[str, str]:
    """Where the service happens; for a video visit the office of record."""
    if appointment and appointment.location.address:
        return appointment.location.address, clinic.practice_state
    return _main_address(), clinic.practice_state


def _follow_up_line(name: str, language: str) -> str:
    after = {
        "en": "How many is set after your evaluation.",
        "es": "Cuántas se decide después de su evaluación.",
    }
    return f"{name}. {after[language]}"


def _last_visit_on(filled: Contents) -> date | None:
    if filled.scope:
        return filled.scope.ends_on
    return filled.visit.starts_at.date() if filled.visit else None


def _next_number(year: int) -> str:
    """Numbers have no gaps and no twins: one row a year, locked until the issue is committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scheduling_estimatenumber (year, last) VALUES (%s, 1) ON CONFLICT (year) "
            "DO UPDATE SET last = scheduling_estimatenumber.last + 1 RETURNING last",
            [year],
        )
        (last,) = cursor.fetchone()
    return f"{year}-{last:04}"


def _tell(estimate: Estimate, *, clinic: Clinic, now: datetime, by: User | None) -> None:
    """The mail that links to the document, held until the document exists; else a task for post or hand."""
    tell = notices.estimate_replaced if estimate.supersedes_id else notices.estimate_ready
    message = tell(estimate=estimate, now=now, by=by, clinic=clinic)
    if not message.is_waiting:
        staff_tasks.open_task(
            key=f"estimate-by-paper:{estimate.pk}",
            kind="estimate_by_paper",
            subject_type=SUBJECT,
            subject_id=estimate.pk,
            title="Print an estimate and post it or hand it over",
            priority=staff_tasks.Priority.TODAY,
            now=now,
        )


def _main_address() -> str:
    return (
        Location.objects.filter(kind=Location.Kind.CLINIC, is_active=True)
        .exclude(address="")
        .values_list("address", flat=True)
        .first()
        or ""
    )
