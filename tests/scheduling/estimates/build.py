"""A complete estimate to change one thing of. Everything in it is invented."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from scheduling.estimates import disclaimers
from scheduling.estimates.contents import (
    Basis,
    ClinicBlock,
    Contents,
    Kind,
    Line,
    Patient,
    Provider,
    Scope,
    Visit,
    provider_with_sums,
)

DENVER = ZoneInfo("America/Denver")
ISSUED_AT = datetime(2027, 2, 26, 14, 5, tzinfo=DENVER)
CLINIC = ClinicBlock("Example Physical Therapy & Movement", "801-555-0100", "hello@example.com")


def a_line(**changes: Any) -> Line:
    line = Line.priced("First visit, 75 minutes", codes=("97161", "97140"), unit_cents=210_00, quantity=1)
    return replace(line, **changes)


def a_provider(*lines: Line, **changes: Any) -> Provider:
    provider = Provider(
        name="Example Physical Therapy & Movement, PLLC (fictional)",
        npi="2000000036",
        tin="00-0000000",
        address="100 Example Street, Suite 1, Salt Lake City, UT 84101",
        state="UT",
        phone="801-555-0100",
        email="hello@example.com",
        lines=lines or (a_line(),),
        total_cents=0,
        practitioner="Robin Example, PT, DPT",
        practitioner_npi="2000000010",
        practitioner_license="UT-EXAMPLE-0001",
    )
    return replace(provider_with_sums(provider), **changes)


def an_estimate(*, language: str = "en", **changes: Any) -> Contents:
    """A good-faith estimate for a first visit on 8 March 2027; a price summary with `kind=`."""
    providers = changes.pop("providers", (a_provider(),))
    kind = changes.pop("kind", Kind.GFE)
    basis = changes.pop("basis", Basis.UNINSURED)
    keys = disclaimers.required(insured=basis == Basis.SELF_PAY) if kind == Kind.GFE else ()
    contents = Contents(
        kind=kind,
        number="2027-0101",
        version=1,
        language=language,
        issued_at=ISSUED_AT,
        valid_through=date(2028, 2, 25),
        basis=basis,
        clinic=CLINIC,
        patient=Patient("Alex Sample", date(1986, 4, 19)),
        primary="First visit: back, hip, joint or muscle pain",
        visit=Visit(
            datetime(2027, 3, 8, 10, 30, tzinfo=DENVER),
            datetime(2027, 3, 8, 11, 45, tzinfo=DENVER),
            "100 Example Street, Suite 1, Salt Lake City, UT 84101",
        ),
        scope=None,
        diagnoses=(),
        diagnosis_statement=disclaimers.NOT_DETERMINED[language] if kind == Kind.GFE else "",
        providers=providers,
        separate=("Follow-up visit. How many is set after your evaluation.",),
        disclaimers={
            key: disclaimers.text(key, language=language, phone=CLINIC.phone, email=CLINIC.email)
            for key in keys
        },
        total_cents=sum(provider.total_cents for provider in providers),
    )
    return replace(contents, **changes)


def a_plan(**changes: Any) -> Scope:
    return replace(Scope(date(2027, 3, 8), date(2027, 5, 31), times=1, per="week", visits=8), **changes)
