"""From today's rows to the contents of a document. Nothing is stored here; sums are checked when it is frozen."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import translation

from config.foundation.models import Clinic, Location
from intake import words
from intake.models import AppointmentRequest, Client, Package, Practitioner, Service
from scheduling.estimates import contents, deadlines, disclaimers
from scheduling.estimates.contents import Basis, Contents, Kind, Line, Scope
from scheduling.estimates.entitlement import Outcome
from scheduling.estimates.sheet import money
from scheduling.models import Appointment, Estimate, Trigger

COURSES = (4, 6, 8)  # "if you need N more": beside the estimate, never in it

_AFTER_EVALUATION = {
    "en": "How many is set after your evaluation.",
    "es": "Cuántas se decide después de su evaluación.",
}
_A_VISIT = {"en": "{each} a visit", "es": "{each} por visita"}


@dataclass(frozen=True)
class Ordered:
    """What an estimate is about, before it is put into words."""

    client: Client
    service: Service
    outcome: Outcome
    reason: Estimate.Reason
    also: tuple[Service, ...] = ()  # further services of the same kind that were asked about
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


def fill(ordered: Ordered, *, clinic: Clinic, now: datetime) -> Contents:
    """The contents from today's rows, in the client's language. Sums are computed here, checked later."""
    language = language_of(ordered)
    outcome, gfe = ordered.outcome, ordered.outcome.kind == Kind.GFE
    issued_on = clinic.local(now).date()
    phone = words.phone(clinic.phone)
    with translation.override(language):
        lines = lines_of(ordered)
        primary = " + ".join(one.name for one in (ordered.service, *ordered.also))
        follow_up = ordered.service.follow_up if gfe and not ordered.scope else None
        separate = (f"{follow_up.name}. {_AFTER_EVALUATION[language]}",) if follow_up else ()
    provider = _provider(ordered, lines, clinic=clinic, phone=phone)
    visit, asked = ordered.appointment, ordered.appointment_request
    keys = disclaimers.required(insured=outcome.basis == Basis.SELF_PAY) if gfe else ()
    filled = Contents(
        kind=outcome.kind or Kind.GFE,
        number=ordered.previous.number if ordered.previous else "",
        version=ordered.previous.version + 1 if ordered.previous else 1,
        language=language,
        issued_at=clinic.local(now),
        valid_through=_valid_through(ordered, clinic=clinic, issued_on=issued_on),
        basis=outcome.basis,
        clinic=contents.ClinicBlock(clinic.name, phone, clinic.email, clinic.website),
        patient=patient_of(ordered.client),
        primary=primary,
        visit=_visit(visit, asked, clinic) if visit else None,
        scope=ordered.scope,
        diagnoses=ordered.diagnoses,
        diagnosis_statement=disclaimers.NOT_DETERMINED[language] if gfe and not ordered.diagnoses else "",
        providers=(provider,),
        separate=separate,
        disclaimers={
            key: disclaimers.text(key, language=language, phone=phone, email=clinic.email) for key in keys
        },
        total_cents=provider.total_cents,
        notes=ordered.notes,
        course=_courses(provider.total_cents, follow_up),
        course_each_cents=follow_up.price_cents if follow_up else 0,
        price_list_version=price_list_version(lines),
        package_code=ordered.package.code if ordered.package else "",
    )
    return _as_replacement(filled, ordered.previous)


def replaced_by(previous: Estimate, changes: tuple[str, ...]) -> contents.Replaced:
    """How a new version points back at the one before it, with the names of what changed."""
    old = contents.from_snapshot(previous.snapshot)
    return contents.Replaced(
        number=previous.number,
        version=previous.version,
        issued_on=old.issued_at.date(),
        total_cents=previous.total_cents,
        changes=changes,
    )


def language_of(ordered: Ordered) -> str:
    asked = ordered.appointment_request
    language = ordered.language or (asked.language if asked else ordered.client.language)
    return language if language in contents.LANGUAGES else "en"


def lines_of(ordered: Ordered) -> tuple[Line, ...]:
    """The price lists of what was asked for, in the language in force, times visits or people."""
    lines = _service_lines(ordered, ordered.service)
    for service in ordered.also:
        lines += _service_lines(replace(ordered, package=None), service)
    return lines


def patient_of(client: Client) -> contents.Patient:
    speaks = client.representative or {}
    name = f"{speaks.get('first_name', '')} {speaks.get('last_name', '')}".strip()
    return contents.Patient(client.legal_name, client.birth_date, name)


def price_list_version(lines: tuple[Line, ...]) -> str:
    """A short digest of names, codes and prices: equal lists have equal versions."""
    text = json.dumps([[line.description, line.codes, line.unit_cents] for line in lines])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _service_lines(ordered: Ordered, service: Service) -> tuple[Line, ...]:
    """Whole packages at their own price first; visits beyond them at the price of one."""
    language = translation.get_language()
    rows = list(service.price_lines.all())
    visits = ordered.visits
    packages: tuple[Line, ...] = ()
    if package := ordered.package:
        count, visits = divmod(visits, package.visits) if ordered.scope else (1, 0)
        each = _A_VISIT["es" if language == "es" else "en"].format(
            each=money(package.price_cents // package.visits)
        )
        codes = tuple(code for row in rows for code in row.service_codes)
        name = f"{service.name} × {package.visits} ({each})"
        line = Line.priced(name, codes=codes, unit_cents=package.price_cents, quantity=count)
        packages = (line,) if count else ()
    asked = ordered.appointment_request
    people = asked.people if asked and service.is_workshop else 1
    return packages + tuple(
        Line.priced(
            row.name_es if language == "es" and row.name_es else row.name,
            codes=tuple(row.service_codes),
            unit_cents=row.unit_cents,
            quantity=row.quantity * visits * people,
        )
        for row in (rows if visits else ())
    )


def _valid_through(ordered: Ordered, *, clinic: Clinic, issued_on: date) -> date:
    """Twelve months from the issue, or to the day of a visit that is booked even further ahead."""
    last = deadlines.last_covered_visit_on(issued_on)
    visit = ordered.appointment
    return max(last, clinic.local(visit.starts_at).date()) if visit else last


def _as_replacement(filled: Contents, previous: Estimate | None) -> Contents:
    if previous is None:
        return filled
    said = contents.changes_between(previous.snapshot, filled.snapshot())
    return replace(filled, replaced=replaced_by(previous, said or ("correction",)))


def _courses(total_cents: int, follow_up: Service | None) -> tuple[contents.CourseLine, ...]:
    if follow_up is None:
        return ()
    return tuple(contents.CourseLine(more, total_cents + more * follow_up.price_cents) for more in COURSES)


def _provider(ordered: Ordered, lines: tuple[Line, ...], *, clinic: Clinic, phone: str) -> contents.Provider:
    address, state = _office(clinic, ordered.appointment)
    practitioner = ordered.practitioner
    return contents.provider_with_sums(
        contents.Provider(
            name=clinic.legal_name or clinic.name,
            npi=clinic.npi_organization,
            tin=clinic.tin,
            address=address,
            state=state,
            phone=phone,
            email=clinic.email,
            lines=lines,
            total_cents=0,
            practitioner=practitioner.name if practitioner else "",
            practitioner_npi=practitioner.npi if practitioner else "",
            practitioner_license=practitioner.license_number if practitioner else "",
        )
    )


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


def _main_address() -> str:
    return (
        Location.objects.filter(kind=Location.Kind.CLINIC, is_active=True)
        .exclude(address="")
        .values_list("address", flat=True)
        .first()
        or ""
    )
