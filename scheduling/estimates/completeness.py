"""The check that nothing the law asks for is missing, and that the sums agree: pure.

An estimate that fails it is not issued; every reason is named at once. Sources: 45 CFR 149.610 (contents of an
estimate). Shapes and check digits of numbers are in `codes.py`, the fixed wording in `disclaimers.py`.
"""

import json
from dataclasses import dataclass, field
from datetime import date

from scheduling.estimates import codes, deadlines, disclaimers
from scheduling.estimates.contents import LANGUAGES, Basis, Contents, Kind, Provider, Scope, grand_total

NOTE_LENGTH = 4_000
LINE_LENGTH = 300
OLDEST_YEARS = 130
MAX_CENTS = 100_000_000  # a million dollars: above it somebody's finger slipped
PERIOD_DAYS = {"week": 7, "two_weeks": 14, "month": 30}
# What staff call the parts of an estimate, and the warnings about them.
NAMES = {
    "number": "Number",
    "language": "Language",
    "clinic.name": "Name of the clinic",
    "clinic.phone": "Phone of the clinic",
    "clinic.email": "Mail of the clinic",
    "patient.name": "Legal name of the client",
    "patient.born_on": "Birth date of the client",
    "primary": "Main service",
    "visit": "Date of the visit",
    "visit.place": "Place of the visit",
    "scope": "Dates of the plan",
    "scope.frequency": "How often",
    "scope.visits": "Visits in all",
    "providers": "Clinic and prices",
    "providers.name": "Legal name of the clinic",
    "providers.npi": "NPI of the clinic",
    "providers.tin": "Tax ID (EIN) of the clinic",
    "providers.address": "Address of the clinic",
    "providers.state": "State of the clinic",
    "providers.practitioner_license": "License of the therapist",
    "providers.practitioner_npi": "NPI of the therapist",
    "providers.lines": "Price list of the service",
    "providers.lines.codes": "Service codes in the price list",
    "providers.lines.unit_cents": "A price in the price list",
    "providers.lines.quantity": "A count in the price list",
    "providers.lines.description": "A name in the price list",
    "diagnoses": "Diagnosis codes",
    "entitlement": "Who pays",
    "notes": "Notes",
    "why": "The reason",
    "total_cents": "Total",
}
PROBLEMS = {
    "prefix": "the first two digits are not known to us; look at it twice",
    "ssn": "this is the form of a social security number; an EIN is free of charge and safer on paper",
    "unknown": "not in our list; look at it twice",
    "parent": "a longer code exists, and this one cannot be billed",
}
GOOD_FAITH = ("good faith", "good-faith", "buena fe")


@dataclass(frozen=True)
class Missing:
    """One thing that keeps an estimate from being issued: where it belongs, and why it does not do."""

    item: str
    problem: str = "missing"

    def __str__(self) -> str:
        return f"{self.item}: {self.problem}"

    @property
    def in_words(self) -> str:
        """For staff: what it is, and what is wrong with it."""
        parts = [part for part in self.item.split(".") if not part.isdigit()]
        known = next((key for key in (".".join(parts), parts[0], parts[-1]) if key in NAMES), "")
        return f"{NAMES.get(known, self.item)}: {PROBLEMS.get(self.problem, self.problem)}"


class Incomplete(Exception):
    """The estimate may not be issued. `missing` names every reason."""

    def __init__(self, missing: tuple[Missing, ...]) -> None:
        self.missing = missing
        super().__init__("; ".join(str(one) for one in missing))

    @property
    def in_words(self) -> str:
        return "; ".join(one.in_words for one in self.missing)


@dataclass
class _Findings:
    found: list[Missing] = field(default_factory=list)

    def need(self, good: object, item: str, problem: str = "missing") -> bool:
        if not good:
            self.found.append(Missing(item, problem))
        return bool(good)


def check(contents: Contents) -> tuple[Missing, ...]:
    """Everything that keeps `contents` from being issued on the day in `issued_at`; empty when fit."""
    seen = _Findings()
    today = contents.issued_at.date()
    seen.need(contents.issued_at.tzinfo, "issued_at", "has no offset")
    seen.need(contents.number, "number")
    seen.need(contents.version >= 1, "version")
    seen.need(contents.language in LANGUAGES, "language", "unknown")
    seen.need(contents.template_version, "template_version")
    seen.need(contents.clinic.name.strip(), "clinic.name")
    seen.need(contents.clinic.phone.strip(), "clinic.phone")
    seen.need(contents.clinic.email.strip(), "clinic.email")
    seen.need(contents.valid_through >= today, "valid_through", "in the past")
    seen.need(contents.patient.name.strip(), "patient.name")
    seen.need(contents.primary.strip(), "primary")
    seen.need(len(contents.primary) <= LINE_LENGTH, "primary", "too long")
    seen.need(len(contents.notes) <= NOTE_LENGTH, "notes", "too long")
    _check_visit(seen, contents, today)
    _check_sums(seen, contents)
    if contents.replaced:
        seen.need(contents.replaced.changes, "replaced.changes")
        seen.need(contents.replaced.number, "replaced.number")
    if contents.kind == Kind.GFE:
        _check_good_faith(seen, contents, today)
    else:
        said = {name: value for name, value in contents.snapshot().items() if name != "patient"}
        text = json.dumps(said, ensure_ascii=False).lower()
        calls_itself = any(words in text for words in GOOD_FAITH)
        seen.need(not calls_itself, "kind", "a price summary never calls itself a good-faith estimate")
    return tuple(seen.found)


def require(contents: Contents) -> None:
    """Raises Incomplete with every reason at once."""
    if missing := check(contents):
        raise Incomplete(missing)


def warnings(contents: Contents) -> tuple[Missing, ...]:
    """What staff should look at twice, and nothing waits for."""
    found = [
        Missing(f"providers.{number}.tin", warning)
        for number, provider in enumerate(contents.providers)
        if codes.is_tin(provider.tin) and (warning := codes.tin_warning(provider.tin))
    ]
    found += [
        Missing(f"diagnoses.{one.code}", warning)
        for one in contents.diagnoses
        if (warning := codes.diagnosis_warning(one.code))
    ]
    return tuple(found)


def _check_visit(seen: _Findings, contents: Contents, today: date) -> None:
    if visit := contents.visit:
        if seen.need(visit.starts_at.tzinfo and visit.ends_at.tzinfo, "visit", "has no offset"):
            seen.need(visit.ends_at > visit.starts_at, "visit", "ends before it starts")
        seen.need(visit.starts_at.date() >= today, "visit", "in the past")
        seen.need(visit.starts_at.date() <= contents.valid_through, "visit", "after the last covered day")
        seen.need(visit.place.strip(), "visit.place")
        seen.need(visit.people >= 1, "visit.people")
    if scope := contents.scope:
        _check_scope(seen, scope, today)


def _check_scope(seen: _Findings, scope: Scope, today: date) -> None:
    known = seen.need(scope.per in PERIOD_DAYS and scope.times >= 1, "scope.frequency")
    seen.need(scope.visits >= 1, "scope.visits")
    seen.need(scope.ends_on >= today, "scope", "in the past")
    if not seen.need(scope.ends_on >= scope.starts_on, "scope", "ends before it starts"):
        return
    seen.need(scope.ends_on <= deadlines.last_covered_visit_on(today), "scope", "over 12 months")
    if known:
        # A part of a week or month counts as a whole one.
        periods = -(-((scope.ends_on - scope.starts_on).days + 1) // PERIOD_DAYS[scope.per])
        seen.need(scope.visits <= periods * scope.times, "scope.visits", "more than the frequency allows")


def _check_sums(seen: _Findings, contents: Contents) -> None:
    seen.need(contents.providers, "providers")
    for number, provider in enumerate(contents.providers):
        where = f"providers.{number}"
        seen.need(provider.lines, f"{where}.lines")
        for position, line in enumerate(provider.lines):
            at = f"{where}.lines.{position}"
            seen.need(line.description.strip(), f"{at}.description")
            seen.need(len(line.description) <= LINE_LENGTH, f"{at}.description", "too long")
            seen.need(line.quantity >= 1, f"{at}.quantity", "below one")
            seen.need(0 <= line.unit_cents <= MAX_CENTS, f"{at}.unit_cents", "out of range")
            if line.included:
                seen.need(line.unit_cents == 0, f"{at}.unit_cents", "included, so not charged again")
            else:
                seen.need(line.unit_cents, f"{at}.unit_cents", "zero")
            seen.need(line.total_cents == line.unit_cents * line.quantity, f"{at}.total_cents", "wrong sum")
        seen.need(
            provider.total_cents == sum(line.total_cents for line in provider.lines),
            f"{where}.total_cents",
            "wrong sum",
        )
    seen.need(contents.total_cents == grand_total(contents.providers), "total_cents", "wrong sum")
    seen.need(0 < contents.total_cents <= MAX_CENTS, "total_cents", "out of range")


def _check_good_faith(seen: _Findings, contents: Contents, today: date) -> None:
    """What only the law's estimate needs, in the order of the rule."""
    born = contents.patient.born_on
    if seen.need(born, "patient.born_on") and born:
        seen.need(born <= today, "patient.born_on", "in the future")
        seen.need(today.year - born.year <= OLDEST_YEARS, "patient.born_on", "too long ago")
    for number, provider in enumerate(contents.providers):
        _check_provider(seen, provider, f"providers.{number}")
    if contents.diagnoses:
        seen.need(all(codes.is_diagnosis(one.code) for one in contents.diagnoses), "diagnoses", "wrong shape")
        seen.need(not contents.diagnosis_statement, "diagnosis_statement", "contradicts the codes")
    else:
        fixed = disclaimers.NOT_DETERMINED.get(contents.language)
        seen.need(contents.diagnosis_statement == fixed, "diagnosis_statement")
    _check_disclaimers(seen, contents)


def _check_provider(seen: _Findings, provider: Provider, where: str) -> None:
    """Who gives the care: numbers, place, and a licence where a person is named."""
    seen.need(provider.name.strip(), f"{where}.name")
    seen.need(provider.address.strip(), f"{where}.address")
    seen.need(provider.state.strip(), f"{where}.state")
    if seen.need(provider.npi, f"{where}.npi"):
        seen.need(codes.is_npi(provider.npi), f"{where}.npi", "wrong check digit or shape")
    if seen.need(provider.tin, f"{where}.tin"):
        seen.need(codes.is_tin(provider.tin), f"{where}.tin", "wrong shape")
    if provider.practitioner:
        seen.need(provider.practitioner_license, f"{where}.practitioner_license")
        if seen.need(provider.practitioner_npi, f"{where}.practitioner_npi"):
            seen.need(
                codes.is_npi(provider.practitioner_npi),
                f"{where}.practitioner_npi",
                "wrong check digit or shape",
            )
    for position, line in enumerate(provider.lines):
        at = f"{where}.lines.{position}.codes"
        if seen.need(line.codes, at):
            seen.need(all(codes.is_service_code(code) for code in line.codes), at, "wrong shape")


def _check_disclaimers(seen: _Findings, contents: Contents) -> None:
    known = contents.disclaimer_version in disclaimers.WORDING and contents.language in LANGUAGES
    if not seen.need(known, "disclaimer_version", "unknown"):
        return
    for key in disclaimers.required(insured=contents.basis == Basis.SELF_PAY):
        if seen.need(contents.disclaimers.get(key), f"disclaimers.{key}"):
            wording = disclaimers.text(
                key,
                language=contents.language,
                phone=contents.clinic.phone,
                email=contents.clinic.email,
                version=contents.disclaimer_version,
            )
            seen.need(contents.disclaimers[key] == wording, f"disclaimers.{key}", "not the fixed wording")
