"""A snapshot put into words: the one source of both the page and the PDF.

Pure but for Django's names of days and months. Everything here is text a client reads, in the language of
the snapshot; sums and dates come formatted, so that no template counts, rounds or translates.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.utils import translation
from django.utils.dateformat import format as format_date

from scheduling.estimates import contents as c
from scheduling.estimates import disclaimers
from scheduling.estimates.sheet_words import WORDS


@dataclass(frozen=True)
class Row:
    description: str
    codes: str
    quantity: str
    each: str
    total: str


@dataclass(frozen=True)
class Block:
    """One provider: who, where, the lines and their sum."""

    name: str
    address: tuple[str, ...]
    numbers: tuple[str, ...]
    caption: str
    rows: tuple[Row, ...]
    total_label: str
    total: str


@dataclass(frozen=True)
class Sheet:
    language: str
    is_gfe: bool
    title: str
    document_title: str  # for the window and the PDF's metadata: no name in it
    clinic: str
    number: str
    given: str
    given_lines: tuple[str, ...]  # the same in two short lines, for the head of the paper
    replaces: str
    what: str
    no_bill: str
    nothing_now: str
    total_label: str
    total: str
    person: str
    person_lines: tuple[str, ...]
    primary: str
    care_lines: tuple[str, ...]
    blocks: tuple[Block, ...]
    all_total: str  # only where several providers make up the total
    changes: tuple[str, ...]
    notes: tuple[str, ...]
    separate_intro: str
    separate: tuple[str, ...]
    rights: tuple[tuple[str, tuple[str, ...]], ...]
    ask: str
    other_language: str
    other_language_code: str
    foot: str
    page: str
    mark: str
    course: tuple[tuple[int, str], ...]
    course_each: str
    words: Mapping[str, str]

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def money(cents: int) -> str:
    return f"${cents // 100:,}.{cents % 100:02}"


def sheet(snapshot: Mapping[str, Any]) -> Sheet:
    """Everything the document says, ready to be set. Raises KeyError for a language nobody wrote."""
    estimate = c.from_snapshot(snapshot)
    words = WORDS[estimate.language]
    gfe = estimate.kind == c.Kind.GFE

    def say(key: str, **values: object) -> str:
        other = f"{key}_price_summary"
        return (words[other] if not gfe and other in words else words[key]).format(**values)

    with translation.override(estimate.language):
        return Sheet(
            language=estimate.language,
            is_gfe=gfe,
            words=words,
            **_head(estimate, words, say),
            person=estimate.patient.name,
            person_lines=_person(estimate, say),
            primary=estimate.primary,
            care_lines=_care(estimate, say),
            blocks=tuple(_block(one, say, gfe=gfe) for one in estimate.providers),
            all_total=say("all_total") if len(estimate.providers) > 1 else "",
            changes=_changes(estimate, say),
            notes=tuple(line for line in estimate.notes.splitlines() if line.strip()),
            separate_intro=estimate.disclaimers.get("D1", ""),
            separate=estimate.separate or ((disclaimers.NONE_EXPECTED[estimate.language],) if gfe else ()),
            rights=_rights(estimate, words),
            **_foot(estimate, words, say),
            mark=say("mark", mark=c.digest(snapshot)[:12]),
            course=tuple((one.more_visits, money(one.total_cents)) for one in estimate.course),
            course_each=money(estimate.course_each_cents) if estimate.course else "",
        )


def _head(estimate: c.Contents, words: Mapping[str, str], say: Any) -> dict[str, Any]:
    """What it is, of when, and the one big number."""
    day, hour = _day(estimate.issued_at), _at_hour(estimate.issued_at)
    title, replaced = words[f"title_{estimate.kind}"], estimate.replaced
    return {
        "title": title,
        "document_title": f"{title} {estimate.number}, {estimate.version}",
        "clinic": estimate.clinic.name,
        "number": say("number", number=estimate.number, version=estimate.version),
        "given": say("given", day=day, hour=hour),
        "given_lines": (say("given_on", day=day), say("given_at", hour=hour)),
        "replaces": say(
            "replaces", number=replaced.number, version=replaced.version, day=_day(replaced.issued_on)
        )
        if replaced
        else "",
        "what": say("what"),
        "no_bill": say("no_bill"),
        "nothing_now": say("nothing_now"),
        "total_label": words[f"total_{estimate.kind}"],
        "total": money(estimate.total_cents),
    }


def _foot(estimate: c.Contents, words: Mapping[str, str], say: Any) -> dict[str, Any]:
    """Whom to ask, and what stands below every page."""
    return {
        "ask": say("ask", phone=estimate.clinic.phone, email=estimate.clinic.email),
        "other_language": say("other_language"),
        "other_language_code": "es" if estimate.language == "en" else "en",
        "foot": say("foot", clinic=estimate.clinic.name, number=estimate.number, version=estimate.version),
        "page": words["page"],
    }


def _person(estimate: c.Contents, say: Any) -> tuple[str, ...]:
    lines = []
    if estimate.patient.born_on and estimate.kind == c.Kind.GFE:
        lines.append(say("born", day=_day(estimate.patient.born_on, weekday=False)))
    if estimate.patient.representative:
        lines.append(say("speaks", name=estimate.patient.representative))
    if estimate.kind == c.Kind.GFE:
        lines.append(say(f"basis_{estimate.basis}"))
    return tuple(lines)


def _care(estimate: c.Contents, say: Any) -> tuple[str, ...]:
    lines, scope = [], estimate.scope
    if visit := estimate.visit:
        when = f"{_day(visit.starts_at)}, {_hours(visit.starts_at, visit.ends_at)}"
        lines += [when[:1].upper() + when[1:], visit.place]
        if visit.people > 1:
            lines.append(say("people", count=visit.people))
    elif scope and scope.is_booked:
        lines.append(say("booked", day=_day(scope.starts_on)))
    else:
        lines.append(say("not_scheduled"))
    if scope:
        lines.append(_plan(scope, say))
    elif estimate.kind == c.Kind.GFE:
        lines.append(say("one_visit"))
    if estimate.kind == c.Kind.GFE:
        codes = ", ".join(f"{one.code} {one.words}".strip() for one in estimate.diagnoses)
        lines.append(say("diagnosis", codes=codes) if codes else estimate.diagnosis_statement)
        lines.append(say("valid", day=_day(estimate.valid_through, weekday=False)))
    return tuple(lines)


def _plan(scope: c.Scope, say: Any) -> str:
    """Recurring care in one line: how many, how often, from when to when."""
    once = scope.times == 1
    times = say("times", count=scope.times)
    return str(
        say(
            "scope",
            visits=scope.visits,
            frequency=say(f"once_{scope.per}") if once else say(f"each_{scope.per}", times=times),
            first=_day(scope.starts_on, weekday=False),
            last=_day(scope.ends_on, weekday=False),
        )
    )


def _block(provider: c.Provider, say: Any, *, gfe: bool) -> Block:
    numbers: list[str] = []
    if gfe:
        numbers += [say("npi", npi=provider.npi), say("tin", tin=provider.tin)]
        numbers.append(say("state", state=provider.state))
        if provider.practitioner:
            numbers.append(say("therapist", name=provider.practitioner))
            numbers.append(say("npi", npi=provider.practitioner_npi))
    elif provider.practitioner:
        numbers.append(provider.practitioner)
    return Block(
        name=provider.name,
        address=tuple(line for line in (provider.address, provider.phone, provider.email) if line),
        numbers=tuple(numbers),
        caption=say("caption", name=provider.name),
        rows=tuple(
            Row(
                description=line.description,
                codes=", ".join(line.codes),
                quantity=str(line.quantity),
                each=say("included") if line.included else money(line.unit_cents),
                total=money(line.total_cents),
            )
            for line in provider.lines
        ),
        total_label=say("provider_total", name=provider.name),
        total=money(provider.total_cents),
    )


def _changes(estimate: c.Contents, say: Any) -> tuple[str, ...]:
    if not (replaced := estimate.replaced):
        return ()
    said = [say(f"change_{one}") for one in replaced.changes]
    if replaced.total_cents != estimate.total_cents:
        said.append(say("changed_total", old=money(replaced.total_cents), new=money(estimate.total_cents)))
    return tuple(said)


def _rights(estimate: c.Contents, words: Mapping[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    def these(*keys: str) -> tuple[str, ...]:
        return tuple(estimate.disclaimers[key] for key in keys if key in estimate.disclaimers)

    if estimate.kind != c.Kind.GFE:
        return ()
    return (
        (words["an_estimate"], these("D3", "D6", "D2", "D9", "D5")),
        (words["if_higher"], these("D4", "D7")),
        (words["keep"], these("D8")),
    )


def _day(moment: date, *, weekday: bool = True) -> str:
    if translation.get_language() == "es":
        # Days and months have small letters in Spanish; Django's have large ones.
        return format_date(moment, r"l j \d\e F \d\e Y" if weekday else r"j \d\e F \d\e Y").lower()
    return format_date(moment, "l, F j, Y" if weekday else "F j, Y")


def _hour(moment: datetime) -> str:
    return format_date(moment, "g:i a").replace("a.m.", "am").replace("p.m.", "pm")


def _at_hour(moment: datetime) -> str:
    if translation.get_language() == "es":
        return f"{'a la' if moment.hour in {1, 13} else 'a las'} {_hour(moment)}"
    return f"at {_hour(moment)}"


def _hours(start: datetime, end: datetime) -> str:
    if translation.get_language() == "es":
        return f"de {_hour(start)} a {_hour(end)}"
    return f"{_hour(start)} to {_hour(end)}"
