"""What an estimate says: frozen values and their sums. `completeness.py` checks that nothing is missing.

Pure: no database, no clock. `Contents.snapshot()` is what is stored, hashed and printed; the documents are
made from the snapshot alone, years later too. Sources: 45 CFR 149.610 (contents of an estimate) and, for
what we add, docs/decisions. Money is integer US cents.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from scheduling.estimates import codes
from scheduling.estimates.disclaimers import CURRENT as CURRENT_WORDING

TEMPLATE_VERSION = "2"
LANGUAGES = ("en", "es")


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
    is_booked: bool = False  # every visit has its time already


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
    package_code: str = ""
    code_set_release: str = codes.DIAGNOSIS_RELEASE

    def snapshot(self) -> dict[str, Any]:
        """The whole of it as JSON values: dates and times as ISO text."""
        return json.loads(json.dumps(asdict(self), default=_iso))  # type: ignore[no-any-return]


def provider_with_sums(provider: Provider) -> Provider:
    return replace(provider, total_cents=sum(line.total_cents for line in provider.lines))


def grand_total(providers: tuple[Provider, ...]) -> int:
    return sum(provider.total_cents for provider in providers)


def digest(snapshot: Mapping[str, Any]) -> str:
    """SHA-256 over the one spelling of a snapshot: keys sorted, no spaces, UTF-8."""
    text = json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


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
        "plan": lambda one: one["scope"] and {"is_booked": False, **one["scope"]},
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


def _each_line(snapshot: Mapping[str, Any], name: str) -> list[Any]:
    return [line[name] for provider in snapshot["providers"] for line in provider["lines"]]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _iso(value: object) -> str:
    if isinstance(value, date):  # datetime is one too
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a snapshot")
