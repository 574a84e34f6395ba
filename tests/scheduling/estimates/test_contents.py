"""An estimate that lacks anything the law asks for, or whose sums disagree, is refused by name."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduling.estimates import codes, completeness, contents, disclaimers
from scheduling.estimates.contents import Basis, Contents, Diagnosis, Kind, Patient, Replaced, Visit
from tests.scheduling.estimates.build import DENVER, ISSUED_AT, a_line, a_plan, a_provider, an_estimate


def refused(estimate: Contents) -> list[str]:
    return [str(one) for one in completeness.check(estimate)]


def with_provider(**changes: Any) -> Contents:
    return an_estimate(providers=(a_provider(**changes),))


def with_line(**changes: Any) -> Contents:
    provider = a_provider(a_line(**changes))
    return an_estimate(providers=(provider,))


def with_visit(**changes: Any) -> Contents:
    visit = an_estimate().visit
    assert visit
    return an_estimate(visit=replace(visit, **changes))


def without_disclaimer(key: str, basis: Basis = Basis.UNINSURED) -> Contents:
    whole = an_estimate(basis=basis)
    return replace(whole, disclaimers={name: text for name, text in whole.disclaimers.items() if name != key})


@pytest.mark.parametrize("language", contents.LANGUAGES)
@pytest.mark.parametrize("basis", list(Basis))
def test_a_complete_estimate_may_be_issued(language: str, basis: Basis) -> None:
    assert refused(an_estimate(language=language, basis=basis)) == []


REFUSALS: dict[str, Contents] = {
    "number: missing": an_estimate(number=""),
    "language: unknown": replace(an_estimate(), language="fr"),
    "clinic.name: missing": an_estimate(clinic=replace(an_estimate().clinic, name="")),
    "clinic.phone: missing": an_estimate(clinic=replace(an_estimate().clinic, phone="")),
    "clinic.email: missing": an_estimate(clinic=replace(an_estimate().clinic, email="")),
    "patient.name: missing": an_estimate(patient=Patient("  ", date(1986, 4, 19))),
    "patient.born_on: missing": an_estimate(patient=Patient("Alex Sample", None)),
    "patient.born_on: in the future": an_estimate(patient=Patient("Alex Sample", date(2027, 2, 27))),
    "patient.born_on: too long ago": an_estimate(patient=Patient("Alex Sample", date(1880, 1, 1))),
    "primary: missing": an_estimate(primary=" "),
    "visit: in the past": with_visit(
        starts_at=ISSUED_AT - timedelta(days=1), ends_at=ISSUED_AT - timedelta(hours=23)
    ),
    "visit: ends before it starts": with_visit(ends_at=datetime(2027, 3, 8, 10, 0, tzinfo=DENVER)),
    "visit.place: missing": with_visit(place=""),
    "visit.people: missing": with_visit(people=0),
    "providers: missing": an_estimate(providers=()),
    "providers.0.name: missing": with_provider(name=""),
    "providers.0.npi: missing": with_provider(npi=""),
    "providers.0.npi: wrong check digit or shape": with_provider(npi="2000000037"),
    "providers.0.tin: missing": with_provider(tin=""),
    "providers.0.tin: wrong shape": with_provider(tin="12-345678"),
    "providers.0.address: missing": with_provider(address=""),
    "providers.0.state: missing": with_provider(state=""),
    "providers.0.practitioner_license: missing": with_provider(practitioner_license=""),
    "providers.0.practitioner_npi: missing": with_provider(practitioner_npi=""),
    "providers.0.practitioner_npi: wrong check digit or shape": with_provider(practitioner_npi="1234567890"),
    "providers.0.lines: missing": with_provider(lines=()),
    "providers.0.total_cents: wrong sum": with_provider(total_cents=209_99),
    "providers.0.lines.0.description: missing": with_line(description=""),
    "providers.0.lines.0.description: too long": with_line(description="x" * 301),
    "providers.0.lines.0.codes: missing": with_line(codes=()),
    "providers.0.lines.0.codes: wrong shape": with_line(codes=("97161", "9716")),
    "providers.0.lines.0.quantity: below one": with_line(quantity=0, total_cents=0),
    "providers.0.lines.0.unit_cents: zero": with_line(unit_cents=0, total_cents=0),
    "providers.0.lines.0.unit_cents: out of range": with_line(unit_cents=-1, total_cents=-1),
    "providers.0.lines.0.unit_cents: included, so not charged again": with_line(included=True),
    "providers.0.lines.0.total_cents: wrong sum": with_line(total_cents=420_00),
    "total_cents: wrong sum": an_estimate(total_cents=209_99),
    "total_cents: out of range": with_line(unit_cents=0, total_cents=0),
    "scope: over 12 months": an_estimate(scope=a_plan(ends_on=date(2028, 2, 26))),
    "scope: ends before it starts": an_estimate(scope=a_plan(ends_on=date(2027, 3, 7))),
    "scope: in the past": an_estimate(scope=a_plan(starts_on=date(2027, 1, 1), ends_on=date(2027, 2, 1))),
    "scope.frequency: missing": an_estimate(scope=a_plan(times=0)),
    "scope.visits: missing": an_estimate(scope=a_plan(visits=0)),
    "scope.visits: more than the frequency allows": an_estimate(scope=a_plan(visits=14)),
    "diagnoses: wrong shape": an_estimate(diagnoses=(Diagnosis("back pain"),), diagnosis_statement=""),
    "diagnosis_statement: missing": an_estimate(diagnosis_statement=""),
    "diagnosis_statement: contradicts the codes": an_estimate(diagnoses=(Diagnosis("M54.50"),)),
    "disclaimer_version: unknown": an_estimate(disclaimer_version="2021"),
    **{f"disclaimers.{key}: missing": without_disclaimer(key) for key in disclaimers.ALWAYS},
    "disclaimers.D9: missing": without_disclaimer("D9", Basis.SELF_PAY),
    "disclaimers.D4: not the fixed wording": an_estimate(
        disclaimers={**an_estimate().disclaimers, "D4": "You may dispute."}
    ),
    "replaced.changes: missing": an_estimate(
        replaced=Replaced("2027-0100", 1, date(2027, 2, 1), 210_00, changes=())
    ),
    "notes: too long": an_estimate(notes="x" * 4_001),
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_what_is_missing_or_wrong_is_named(reason: str) -> None:
    assert reason in refused(REFUSALS[reason])


def test_issuing_raises_with_every_reason_at_once() -> None:
    with pytest.raises(completeness.Incomplete) as refusal:
        completeness.require(an_estimate(number="", primary=""))

    assert {one.item for one in refusal.value.missing} == {"number", "primary"}


def test_a_plan_of_exactly_twelve_months_less_a_day_is_accepted() -> None:
    assert refused(an_estimate(scope=a_plan(ends_on=date(2028, 2, 25)))) == []


def test_a_visit_not_yet_scheduled_is_accepted_and_says_so_by_being_none() -> None:
    assert refused(an_estimate(visit=None)) == []


def test_a_visit_today_is_not_in_the_past() -> None:
    assert refused(with_visit(starts_at=ISSUED_AT.replace(hour=8), ends_at=ISSUED_AT.replace(hour=9))) == []


def test_a_note_of_four_thousand_characters_is_accepted() -> None:
    assert refused(an_estimate(notes="n" * 4_000)) == []


def test_several_providers_each_have_their_own_total() -> None:
    two = (a_provider(), a_provider(a_line(unit_cents=50_00, total_cents=50_00), name="Another, LLC"))

    assert refused(an_estimate(providers=two)) == []
    assert an_estimate(providers=two).total_cents == 260_00


@pytest.mark.parametrize(
    "changes", [{"providers": (a_provider(npi="", tin="", practitioner_license=""),)}, {"scope": a_plan()}]
)
def test_a_price_summary_needs_no_numbers_of_the_law(changes: dict[str, Any]) -> None:
    assert refused(an_estimate(kind=Kind.PRICE_SUMMARY, patient=Patient("Alex", None), **changes)) == []


def test_a_price_summary_never_calls_itself_a_good_faith_estimate() -> None:
    summary = an_estimate(kind=Kind.PRICE_SUMMARY, notes="This is your Good Faith Estimate.")

    assert refused(summary) == ["kind: a price summary never calls itself a good-faith estimate"]


@pytest.mark.parametrize(
    "estimate",
    [
        an_estimate(),
        an_estimate(visit=None, scope=a_plan(), diagnoses=(Diagnosis("M54.50", "Low back pain"),)),
        an_estimate(replaced=Replaced("2027-0100", 2, date(2027, 2, 1), 210_00, ("price",)), language="es"),
        an_estimate(kind=Kind.PRICE_SUMMARY),
    ],
)
def test_a_snapshot_reads_back_as_it_was(estimate: Contents) -> None:
    assert contents.from_snapshot(estimate.snapshot()) == estimate


def test_any_change_of_a_snapshot_changes_its_digest() -> None:
    first, other = an_estimate().snapshot(), with_line(description="First visit, 90 minutes").snapshot()

    assert contents.digest(first) == contents.digest(dict(reversed(first.items())))
    assert contents.digest(first) != contents.digest(other)


def test_what_changed_is_named() -> None:
    old = an_estimate().snapshot()
    new = an_estimate(
        providers=(
            a_provider(a_line(unit_cents=240_00, total_cents=240_00), practitioner="Jordan Sample, PT"),
        ),
        visit=Visit(
            datetime(2027, 3, 9, 10, 30, tzinfo=DENVER), datetime(2027, 3, 9, 12, 0, tzinfo=DENVER), "There"
        ),
    ).snapshot()

    assert contents.changes_between(old, new) == ("price", "provider", "place", "date")
    assert contents.changes_between(old, old) == ()


def test_another_hour_of_the_same_day_is_no_change() -> None:
    visit = an_estimate().visit
    assert visit
    later = an_estimate(visit=replace(visit, starts_at=visit.starts_at + timedelta(hours=3)))

    assert contents.changes_between(an_estimate().snapshot(), later.snapshot()) == ()


@pytest.mark.parametrize("npi", ["1234567893", "1558598797", "2000000002", "1000000004", "2345678900"])
def test_npis_with_the_right_check_digit(npi: str) -> None:
    assert codes.is_npi(npi)


@pytest.mark.parametrize(
    "npi",
    [
        "1234567890",
        "1234567839",
        "1558598779",
        "3234567893",
        "123456789",
        "12345678930",
        "1234567 93",
        "١٢٣٤٥٦٧٨٩٣",
        "",
    ],
)
def test_npis_that_are_none(npi: str) -> None:
    assert not codes.is_npi(npi)


def test_an_unknown_ein_prefix_or_an_ssn_is_a_warning_only() -> None:
    assert codes.tin_warning("00-0000000") == "prefix"
    assert codes.tin_warning("87-1234567") == ""
    assert codes.tin_warning("123-45-6789") == "ssn"
    assert [str(one) for one in completeness.warnings(an_estimate())] == ["providers.0.tin: prefix"]


@pytest.mark.parametrize("code", ["97161", "0552T", "4040F", "G0283", "97110-GP", "97110-GP-59"])
def test_service_codes_by_shape(code: str) -> None:
    assert codes.is_service_code(code)


@pytest.mark.parametrize("code", ["9716", "971611", "W0001", "97161 ", "G028", "97110-G"])
def test_service_codes_of_no_shape(code: str) -> None:
    assert not codes.is_service_code(code)


@pytest.mark.parametrize(
    ("code", "warning"),
    [("M54.50", ""), ("M54.5", "parent"), ("M25.55", "parent"), ("R10.2", "parent"), ("Z99.9", "unknown")],
)
def test_a_diagnosis_without_enough_digits_or_unknown_is_a_warning(code: str, warning: str) -> None:
    assert codes.is_diagnosis(code)
    assert codes.diagnosis_warning(code) == warning


def test_every_disclaimer_exists_in_every_language_of_every_version() -> None:
    for wording in disclaimers.WORDING.values():
        for language in contents.LANGUAGES:
            assert set(wording[language]) == {*disclaimers.ALWAYS, disclaimers.INSURED_ONLY}
            assert all(text.strip() for text in wording[language].values())


def test_no_official_description_of_a_service_code_is_shipped() -> None:
    # Typical openings of the official texts; ours are plain words.
    openings = ("therapeutic procedure, 1 or more areas", "physical therapy evaluation: low complexity")
    root = Path(contents.__file__).resolve().parents[2]

    for path in [*root.glob("scheduling/**/*.py"), *root.glob("intake/**/*.py"), root / "sample-clinic.yaml"]:
        assert not any(opening in path.read_text().lower() for opening in openings), path


# --- every field that is needed, emptied one after the other -----------------------------------------

# What may be empty; everything else must be missed.
MAY_BE_EMPTY = {
    "clinic.website",
    "code_set_release",
    "course",
    "course_each_cents",
    "diagnoses",
    "notes",
    "package_code",
    "patient.representative",
    "price_list_version",
    "providers.0.email",
    "providers.0.lines.0.included",
    "providers.0.phone",
    "providers.0.practitioner",  # asked before anybody is chosen
    "replaced",
    "scope",
    "separate",  # the list appears all the same
    "visit",  # “not yet scheduled”
    "basis",  # an enumeration: never empty
    "kind",
}


def emptied(value: Any) -> Any:
    if isinstance(value, str):
        return ""
    if isinstance(value, tuple):
        return ()
    if isinstance(value, dict):
        return {}
    return 0 if isinstance(value, int) else None


def mutants(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every way to empty one field of a dataclass or of one below it, with the path to the field."""
    for field in fields(value):
        inner, name = getattr(value, field.name), f"{path}{field.name}"
        if isinstance(inner, date) and not isinstance(inner, datetime):
            yield name, replace(value, **{field.name: None if "born" in name else date(2000, 1, 1)})
        elif isinstance(inner, datetime):
            yield name, replace(value, **{field.name: inner.replace(tzinfo=None)})
        elif not is_dataclass(inner):
            yield name, replace(value, **{field.name: emptied(inner)})
        if is_dataclass(inner):
            for below, mutant in mutants(inner, f"{name}."):
                yield below, replace(value, **{field.name: mutant})
        if isinstance(inner, tuple) and inner and is_dataclass(inner[0]):
            for below, mutant in mutants(inner[0], f"{name}.0."):
                yield below, replace(value, **{field.name: (mutant, *inner[1:])})


WHOLE = an_estimate(basis=Basis.SELF_PAY)


@pytest.mark.parametrize(
    ("path", "mutant"),
    [(path, mutant) for path, mutant in mutants(WHOLE) if path not in MAY_BE_EMPTY],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_estimate_without_any_one_of_its_fields_is_refused(path: str, mutant: Contents) -> None:
    assert refused(mutant), path


@pytest.mark.parametrize(
    "path", sorted(path for path, _ in mutants(WHOLE) if path in MAY_BE_EMPTY - {"basis", "kind", "visit"})
)
def test_what_may_be_empty_may_be(path: str) -> None:
    [mutant] = [mutant for name, mutant in mutants(WHOLE) if name == path]

    problems = [one for one in refused(mutant) if "diagnosis_statement" not in one]

    assert problems == []
