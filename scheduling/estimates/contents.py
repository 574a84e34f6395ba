"""What an estimate says: frozen values, their sums, and the check that nothing the law asks for is missing.

Pure: no database, no clock. `Contents.snapshot()` is what is stored, hashed and printed; the documents are
made from the snapshot alone, years later too. Sources: 45 CFR 149.610 (contents of an estimate) and, for
what we add, docs/decisions. Money is integer US cents.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from scheduling.estimates import codes, deadlines, disclaimers
from scheduling.estimates.disclaimers import CURRENT as CURRENT_WORDING

TEMPLATE_VERSION = "1"
LANGUAGES = ("en", "es")
NOTE_LENGTH = 4_000
LINE_LENGTH = 300
OLDEST_YEARS = 130
MAX_CENTS = 100_000_000  # a million dollars: above it somebody's finger slipped
PERIOD_DAYS = {"week": 7, "two_weeks": 14, "month": 30}


class Kind(StrEnum):
    GFE = "gfe"
    PRICE_SUMMARY = "price_summary"


class Basis(StrEnum):
    """Why the client gets an estimate."""

    UNINSURED = "uninsured"
    SELF_PAY = "self_pay"  # has a plan, no claim is sent by us
    NOT_KNOWN = "not_known"  # counts as self-pay


@dataclass(frozen=True)
class ClinicBlock:
    name: str
    phone: str
    email: str
    website: str = ""


@dataclass(frozen=True)
class Patient:
    name: str  # legal name, as on an ID
    born_on: date | None
    representative: str = ""  # parent, guardian or another who speaks for them


@dataclass(frozen=True)
class Visit:
    """A time that is set, as aware local datetimes of the clinic."""

    starts_at: datetime
    ends_at: datetime
    place: str
    people: int = 1


@dataclass(frozen=True)
class Scope:
    """Recurring care: timeframe, frequency and total number."""

    starts_on: date
    ends_on: date
    times: int
    per: str  # week, two_weeks, month
    visits: int


@dataclass(frozen=True)
class Diagnosis:
    code: str
    words: str = ""


@dataclass(frozen=True)
class Line:
    description: str
    codes: tuple[str, ...]
    unit_cents: int
    quantity: int
    total_cents: int
    included: bool = False  # part of another line's price; shows "included"

    @classmethod
    def priced(cls, description: str, *, codes: tuple[str, ...], unit_cents: int, quantity: int) -> "Line":
        return cls(description, codes, unit_cents, quantity, unit_cents * quantity)


@dataclass(frozen=True)
class Provider:
    """One provider or facility with its own lines: the $400 test is made against each one's total."""

    name: str
    npi: str
    tin: str
    address: str
    state: str
    phone: str
    email: str
    lines: tuple[Line, ...]
    total_cents: int
    practitioner: str = ""
    practitioner_npi: str = ""
    practitioner_license: str = ""


@dataclass(frozen=True)
class Replaced:
    """The estimate before this one, and in words what changed since."""

    number: str
    version: int
    issued_on: date
    total_cents: int
    changes: tuple[str, ...]


@dataclass(frozen=True)
class CourseLine:
    """ "If you need N more": shown beside the estimate on the page, never part of it."""

    more_visits: int
    total_cents: int


@dataclass(frozen=True)
class Contents:
    kind: Kind
    number: str
    version: int
    language: str
    issued_at: datetime  # aware, the clinic's local time
    valid_through: date
    basis: Basis
    clinic: ClinicBlock
    patient: Patient
    primary: str  # the main service in plain words
    visit: Visit | None  # None: not yet scheduled, and the document says so
    scope: Scope | None
    diagnoses: tuple[Diagnosis, ...]
    diagnosis_statement: str  # the fixed sentence where there is no code yet
    providers: tuple[Provider, ...]
    separate: tuple[str, ...]  # services that are booked separately; may be empty, the list still appears
    disclaimers: Mapping[str, str]
    total_cents: int
    notes: str = ""
    replaced: Replaced | None = None
    course: tuple[CourseLine, ...] = ()
    course_each_cents: int = 0
    disclaimer_version: str = CURRENT_WORDING
    template_version: str = TEMPLATE_VERSION
    price_list_version: str = ""
    code_set_release: str = codes.DIAGNOSIS_RELEASE

    def snapshot(self) -> dict[str, Any]:
        """The whole of it as JSON values: dates and times as ISO text."""
        return json.loads(json.dumps(asdict(self), default=_iso))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Missing:
    """One thing that keeps an estimate from being issued: where it belongs, and why it does not do."""

    item: str
    problem: str = "missing"

    def __str__(self) -> str:
        return f"{self.item}: {self.problem}"


class Incomplete(Exception):
    """The estimate may not be issued. `missing` names every reason."""

    def __init__(self, missing: tuple[Missing, ...]) -> None:
        self.missing = missing
        super().__init__("; ".join(str(one) for one in missing))


@dataclass
class _Findings:
    found: list[Missing] = field(default_factory=list)

    def need(self, good: object, item: str, problem: str = "missing") -> bool:
        if not good:
            self.found.append(Missing(item, problem))
        return bool(good)


def provider_with_sums(provider: Provider) -> Provider:
    return replace(provider, total_cents=sum(line.total_cents for line in provider.lines))


def grand_total(providers: tuple[Provider, ...]) -> int:
    return sum(provider.total_cents for provider in providers)


def digest(snapshot: Mapping[str, Any]) -> str:
    """SHA-256 over the one spelling of a snapshot: keys sorted, no spaces, UTF-8."""
    text = json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check(contents: Contents) -> tuple[Missing, ...]:
    """Everything that keeps `contents` from being issued on the day in `issued_at`; empty when fit."""
    seen = _Findings()
    today = contents.issued_at.date()
    seen.need(contents.issued_at.tzinfo, "issued_at", "has no offset")
    seen.need(contents.number, "number")
    seen.need(contents.version >= 1, "version")
    seen.need(contents.language in LANGUAGES, "language", "unknown")
    seen.need(contents.template_version, "template_version")
    seen.need(contents.clinic.name, "clinic.name")
    seen.need(contents.clinic.phone, "clinic.phone")
    seen.need(contents.clinic.email, "clinic.email")
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
    elif "good faith" in json.dumps(contents.snapshot(), ensure_ascii=False).lower():
        seen.need(False, "kind", "a price summary never calls itself a good-faith estimate")
    return tuple(seen.found)


def require_complete(contents: Contents) -> None:
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


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Which parts of two snapshots differ, by name: service, price, provider, place, date and so on.

    Numbers, times of issue and the wording of the law do not count.
    """
    parts: dict[str, Callable[[Mapping[str, Any]], Any]] = {
        "service": lambda one: [one["primary"], *_each_line(one, "description"), *_each_line(one, "codes")],
        "price": lambda one: [
            one["total_cents"],
            *_each_line(one, "unit_cents"),
            *_each_line(one, "quantity"),
        ],
        "provider": lambda one: [
            [block[name] for name in ("name", "npi", "tin", "practitioner", "practitioner_npi")]
            for block in one["providers"]
        ],
        "place": lambda one: (
            [block["address"] for block in one["providers"]] + [(one["visit"] or {}).get("place")]
        ),
        "date": lambda one: (one["visit"] or {}).get("starts_at", "")[:10],
        "plan": lambda one: one["scope"],
        "diagnosis": lambda one: one["diagnoses"],
        "patient": lambda one: one["patient"],
        "separate": lambda one: one["separate"],
        "language": lambda one: one["language"],
    }
    return tuple(name for name, part in parts.items() if part(old) != part(new))


def from_snapshot(data: Mapping[str, Any]) -> Contents:
    """The stored values as dataclasses again. KeyError or ValueError if the snapshot is not ours."""
    visit, scope, replaced = data["visit"], data["scope"], data["replaced"]
    return Contents(
        **{
            **data,
            "kind": Kind(data["kind"]),
            "basis": Basis(data["basis"]),
            "issued_at": datetime.fromisoformat(data["issued_at"]),
            "valid_through": date.fromisoformat(data["valid_through"]),
            "clinic": ClinicBlock(**data["clinic"]),
            "patient": Patient(**{**data["patient"], "born_on": _day(data["patient"]["born_on"])}),
            "visit": visit
            and Visit(
                **{
                    **visit,
                    "starts_at": datetime.fromisoformat(visit["starts_at"]),
                    "ends_at": datetime.fromisoformat(visit["ends_at"]),
                }
            ),
            "scope": scope
            and Scope(**{**scope, "starts_on": _day(scope["starts_on"]), "ends_on": _day(scope["ends_on"])}),
            "diagnoses": tuple(Diagnosis(**one) for one in data["diagnoses"]),
            "providers": tuple(
                Provider(
                    **{
                        **one,
                        "lines": tuple(
                            Line(**{**line, "codes": tuple(line["codes"])}) for line in one["lines"]
                        ),
                    }
                )
                for one in data["providers"]
            ),
            "separate": tuple(data["separate"]),
            "replaced": replaced
            and Replaced(
                **{
                    **replaced,
                    "issued_on": _day(replaced["issued_on"]),
                    "changes": tuple(replaced["changes"]),
                }
            ),
            "course": tuple(CourseLine(**one) for one in data["course"]),
        }
    )


def _check_visit(seen: _Findings, contents: Contents, today: date) -> None:
    if visit := contents.visit:
        if seen.need(visit.starts_at.tzinfo and visit.ends_at.tzinfo, "visit", "has no offset"):
            seen.need(visit.ends_at > visit.starts_at, "visit", "ends before it starts")
        seen.need(visit.starts_at.date() >= today, "visit", "in the past")
        seen.need(visit.place, "visit.place")
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
        where = f"providers.{number}"
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
    if contents.diagnoses:
        seen.need(all(codes.is_diagnosis(one.code) for one in contents.diagnoses), "diagnoses", "wrong shape")
        seen.need(not contents.diagnosis_statement, "diagnosis_statement", "contradicts the codes")
    else:
        fixed = disclaimers.NOT_DETERMINED.get(contents.language)
        seen.need(contents.diagnosis_statement == fixed, "diagnosis_statement")
    _check_disclaimers(seen, contents)


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


def _each_line(snapshot: Mapping[str, Any], name: str) -> list[Any]:
    return [line[name] for provider in snapshot["providers"] for line in provider["lines"]]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _iso(value: object) -> str:
    if isinstance(value, date):  # datetime is one too
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a snapshot")
