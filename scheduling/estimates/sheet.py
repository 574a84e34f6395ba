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

_EN = {
    "title_gfe": "Good Faith Estimate",
    "title_price_summary": "Price summary",
    "number": "No. {number}, version {version}",
    "given": "Given on {day} at {hour}",
    "given_on": "Given on {day}",
    "given_at": "at {hour}",
    "replaces": "Replaces no. {number}, version {version}, of {day}",
    "what": "This is what we expect your care to cost.",
    "what_price_summary": "This is what it costs.",
    "no_bill": "This is not a bill.",
    "nothing_now": "There is nothing to pay now.",
    "total_gfe": "Total expected cost",
    "total_price_summary": "Total price",
    "for": "For",
    "born": "Born {day}",
    "speaks": "Represented by {name}",
    "basis_uninsured": "Paying without insurance",
    "basis_self_pay": "Has a health plan; we send no claim for this care",
    "basis_not_known": "Paying for the care directly",
    "care": "Care planned",
    "care_price_summary": "What you asked for",
    "not_scheduled": "Not yet scheduled",
    "one_visit": "One visit",
    "people": "{count} people",
    "scope": "{visits} visits, {frequency}, from {first} to {last}",
    "each_week": "{times} a week",
    "once_week": "once a week",
    "each_two_weeks": "{times} every two weeks",
    "once_two_weeks": "once every two weeks",
    "each_month": "{times} a month",
    "once_month": "once a month",
    "times": "{count} times",
    "valid": "This estimate covers care through {day}.",
    "diagnosis": "Diagnosis: {codes}",
    "changed": "What changed since the estimate before",
    "changed_total": "The total was {old}. It is now {new}.",
    "who": "Who gives the care, and what it costs",
    "who_price_summary": "What it costs",
    "npi": "NPI {npi}",
    "tin": "Tax ID {tin}",
    "therapist": "Therapist: {name}",
    "state": "State: {state}",
    "caption": "Services expected from {name}",
    "caption_price_summary": "Prices",
    "service": "Service",
    "code": "Code",
    "count": "Count",
    "each": "Each",
    "cost": "Expected cost",
    "cost_price_summary": "Price",
    "included": "included",
    "provider_total": "Total for {name}",
    "all_total": "Total for everything",
    "notes": "Notes",
    "separate": "Booked separately",
    "rights": "Your rights",
    "an_estimate": "This is an estimate",
    "if_higher": "If your bill is $400 or more above it",
    "keep": "Keep this paper",
    "questions": "Questions?",
    "ask": "Call {phone} or write to {email}. Ask for this paper in large print or in Spanish.",
    "other_language": "También lo tenemos en español.",
    "foot": "{clinic}. Estimate {number}, version {version}",
    "foot_price_summary": "{clinic}. Price summary {number}, version {version}",
    "page": "Page {page} of {pages}",
    "mark": "Check mark {mark}",
    "change_service": "The service is different.",
    "change_price": "The price is different.",
    "change_provider": "Another person or clinic gives the care.",
    "change_place": "The place is different.",
    "change_date": "The date is different.",
    "change_plan": "The number or timing of the visits is different.",
    "change_diagnosis": "The diagnosis was set or changed.",
    "change_patient": "A name or birth date was corrected.",
    "change_separate": "The list of services booked separately is different.",
    "change_language": "The language is different.",
    "change_correction": "We corrected an error.",
    "change_renewal": "A new period of care begins.",
}

_ES = {
    "title_gfe": "Estimado de Buena Fe",
    "title_price_summary": "Resumen de precios",
    "number": "N.º {number}, versión {version}",
    "given": "Entregado el {day} a las {hour}",
    "given_on": "Entregado el {day}",
    "given_at": "a las {hour}",
    "replaces": "Sustituye al n.º {number}, versión {version}, del {day}",
    "what": "Esto es lo que esperamos que cueste su atención.",
    "what_price_summary": "Esto es lo que cuesta.",
    "no_bill": "Esto no es una factura.",
    "nothing_now": "No tiene que pagar nada ahora.",
    "total_gfe": "Costo total esperado",
    "total_price_summary": "Precio total",
    "for": "Para",
    "born": "Fecha de nacimiento: {day}",
    "speaks": "En representación: {name}",
    "basis_uninsured": "Paga sin seguro médico",
    "basis_self_pay": "Tiene un plan de salud; no enviamos ningún reclamo por esta atención",
    "basis_not_known": "Paga la atención directamente",
    "care": "Atención prevista",
    "care_price_summary": "Lo que pidió",
    "not_scheduled": "Todavía sin fecha",
    "one_visit": "Una visita",
    "people": "{count} personas",
    "scope": "{visits} visitas, {frequency}, del {first} al {last}",
    "each_week": "{times} por semana",
    "once_week": "una vez por semana",
    "each_two_weeks": "{times} cada dos semanas",
    "once_two_weeks": "una vez cada dos semanas",
    "each_month": "{times} al mes",
    "once_month": "una vez al mes",
    "times": "{count} veces",
    "valid": "Este estimado cubre la atención hasta el {day}.",
    "diagnosis": "Diagnóstico: {codes}",
    "changed": "Qué cambió desde el estimado anterior",
    "changed_total": "El total era {old}. Ahora es {new}.",
    "who": "Quién le atiende y cuánto cuesta",
    "who_price_summary": "Cuánto cuesta",
    "npi": "NPI {npi}",
    "tin": "Identificación fiscal (TIN) {tin}",
    "therapist": "Terapeuta: {name}",
    "state": "Estado: {state}",
    "caption": "Servicios previstos de {name}",
    "caption_price_summary": "Precios",
    "service": "Servicio",
    "code": "Código",
    "count": "Cantidad",
    "each": "Cada uno",
    "cost": "Costo esperado",
    "cost_price_summary": "Precio",
    "included": "incluido",
    "provider_total": "Total de {name}",
    "all_total": "Total de todo",
    "notes": "Notas",
    "separate": "Se reserva por separado",
    "rights": "Sus derechos",
    "an_estimate": "Esto es un estimado",
    "if_higher": "Si su factura es $400 o más alta",
    "keep": "Guarde este papel",
    "questions": "¿Preguntas?",
    "ask": "Llame al {phone} o escriba a {email}. Puede pedir este papel en letra grande o en inglés.",
    "other_language": "We have it in English, too.",
    "foot": "{clinic}. Estimado {number}, versión {version}",
    "foot_price_summary": "{clinic}. Resumen de precios {number}, versión {version}",
    "page": "Página {page} de {pages}",
    "mark": "Marca de control {mark}",
    "change_service": "El servicio es distinto.",
    "change_price": "El precio es distinto.",
    "change_provider": "Le atiende otra persona u otra clínica.",
    "change_place": "El lugar es distinto.",
    "change_date": "La fecha es distinta.",
    "change_plan": "El número o el ritmo de las visitas es distinto.",
    "change_diagnosis": "El diagnóstico se estableció o cambió.",
    "change_patient": "Se corrigió un nombre o una fecha de nacimiento.",
    "change_separate": "La lista de servicios que se reservan por separado es distinta.",
    "change_language": "El idioma es distinto.",
    "change_correction": "Corregimos un error.",
    "change_renewal": "Empieza un nuevo período de atención.",
}

WORDS: Mapping[str, Mapping[str, str]] = {"en": _EN, "es": _ES}


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
        head = {"number": estimate.number, "version": estimate.version}
        replaced = estimate.replaced
        return Sheet(
            language=estimate.language,
            is_gfe=gfe,
            title=words[f"title_{estimate.kind}"],
            document_title=f"{words[f'title_{estimate.kind}']} {estimate.number}, {estimate.version}",
            clinic=estimate.clinic.name,
            number=say("number", **head),
            given=say("given", day=_day(estimate.issued_at), hour=_hour(estimate.issued_at)),
            given_lines=(
                say("given_on", day=_day(estimate.issued_at)),
                say("given_at", hour=_hour(estimate.issued_at)),
            ),
            replaces=say(
                "replaces",
                number=replaced.number,
                version=replaced.version,
                day=_day(replaced.issued_on),
            )
            if replaced
            else "",
            what=say("what"),
            no_bill=say("no_bill"),
            nothing_now=say("nothing_now"),
            total_label=words[f"total_{estimate.kind}"],
            total=money(estimate.total_cents),
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
            ask=say("ask", phone=estimate.clinic.phone, email=estimate.clinic.email),
            other_language=say("other_language"),
            other_language_code="es" if estimate.language == "en" else "en",
            foot=say("foot", clinic=estimate.clinic.name, **head),
            page=words["page"],
            mark=say("mark", mark=c.digest(snapshot)[:12]),
            course=tuple((one.more_visits, money(one.total_cents)) for one in estimate.course),
            course_each=money(estimate.course_each_cents) if estimate.course else "",
            words=words,
        )


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
    lines = []
    if visit := estimate.visit:
        lines += [f"{_day(visit.starts_at)}, {_hours(visit.starts_at, visit.ends_at)}", visit.place]
        if visit.people > 1:
            lines.append(say("people", count=visit.people))
    else:
        lines.append(say("not_scheduled"))
    if scope := estimate.scope:
        once = scope.times == 1
        frequency = (
            say(f"once_{scope.per}")
            if once
            else say(f"each_{scope.per}", times=say("times", count=scope.times))
        )
        lines.append(
            say(
                "scope",
                visits=scope.visits,
                frequency=frequency,
                first=_day(scope.starts_on, weekday=False),
                last=_day(scope.ends_on, weekday=False),
            )
        )
    elif estimate.kind == c.Kind.GFE:
        lines.append(say("one_visit"))
    if estimate.kind == c.Kind.GFE:
        codes = ", ".join(f"{one.code} {one.words}".strip() for one in estimate.diagnoses)
        lines.append(say("diagnosis", codes=codes) if codes else estimate.diagnosis_statement)
        lines.append(say("valid", day=_day(estimate.valid_through, weekday=False)))
    return tuple(lines)


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
        return format_date(moment, r"l j \d\e F \d\e Y" if weekday else r"j \d\e F \d\e Y")
    return format_date(moment, "l, F j, Y" if weekday else "F j, Y")


def _hour(moment: datetime) -> str:
    return format_date(moment, "g:i a").replace("a.m.", "am").replace("p.m.", "pm")


def _hours(start: datetime, end: datetime) -> str:
    if translation.get_language() == "es":
        return f"de {_hour(start)} a {_hour(end)}"
    return f"{_hour(start)} to {_hour(end)}"
