"""Which questionnaires a request is asked, how they stand on the safety page, and what was answered.

The forms themselves are FHIR files (`intake/questionnaires/`); this is the bridge from the request form's flat
names to them. A form's fields carry its slug as prefix (`safety-i3`), so several stand on one page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from intake import form_library
from intake.models import Hold, Questionnaire, Service
from intake.questionnaires import model, sheet
from intake.questionnaires.model import Value
from intake.questionnaires.sheet import Sheet
from intake.screening import FoundFlag, facts_of, flags_for

SHOWN = sheet.SHOWN
# An area's own questions are asked when the area is ticked; the rest of a service's forms always.
AREA_FORMS = {
    "back": {"low_back", "mid_back", "tailbone", "neck"},
    "hip": {"hip", "thigh"},
    "groin": {"groin"},
    "pelvic": {"pelvis", "belly"},
}
SENSITIVE_FORM = "pelvic"  # a service that asks it is a private matter
KNOWN = ("pregnancy_status", "pregnancy_weeks")  # asked once, on the page before, and known to every form


@dataclass(frozen=True, slots=True)
class Asked:
    row: Questionnaire
    form: model.Questionnaire

    @property
    def prefix(self) -> str:
        return f"{self.row.slug}-"


def forms_of(services: Iterable[Service]) -> list[Asked]:
    """The published forms that these services ask, each once, in the services' order."""
    urls = list(dict.fromkeys(link.url for service in services for link in service.questionnaires.all()))
    rows = {row.url: row for row in Questionnaire.objects.published().filter(url__in=urls)}
    return [Asked(rows[url], form_library.form_of(rows[url])) for url in urls if url in rows]


def asked_of(
    service: Service | None, services: Sequence[Service], said: Mapping[str, Sequence[str]]
) -> list[Asked]:
    """The forms on this person's safety page. Not sure: those of the visits that new clients start with."""
    of = [service] if service else [one for one in services if one.is_first_visit]
    areas = set(said.get("body_areas") or ())
    return [
        asked
        for asked in forms_of(of)
        if asked.row.slug not in AREA_FORMS
        or AREA_FORMS[asked.row.slug] & areas
        or (asked.row.slug == SENSITIVE_FORM and service is not None)
        or has_answers(asked, said)
    ]


def has_answers(asked: Asked, said: Mapping[str, Sequence[str]]) -> bool:
    return any(_is_question(asked, name) and any(values) for name, values in said.items())


def is_name_of(asked: Iterable[Asked], name: str) -> bool:
    """Whether a posted name belongs to one of these forms (a question, or what the page had shown)."""
    return any(_is_question(one, name) or name.startswith(f"{one.prefix}~") for one in asked)


def _is_question(asked: Asked, name: str) -> bool:
    """A field of this form: `knee-i0`, and not `knee-injury-i0` of another."""
    start = f"{asked.prefix}i"
    return name.startswith(start) and name[len(start) : len(start) + 1].isdecimal()


def known_from(said: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    status = next(iter(said.get("pregnancy_status") or ()), "")
    weeks = next(iter(said.get("pregnancy_weeks") or ()), "")
    known: dict[str, Any] = {"pregnancy_status": status} if status else {}
    if status and weeks.isdecimal() and len(weeks) < 4:
        known["pregnancy_weeks"] = int(weeks)
    return known


def sheets(
    asked: Iterable[Asked],
    said: Mapping[str, Sequence[str]],
    *,
    language: str,
    zone: tzinfo,
    files: Mapping[str, Sequence[Value]] | None = None,
    excused: sheet.Excused | None = None,
) -> list[Sheet]:
    """Each form as it stands with what was said; blank when nothing was. `zone` is that of times typed.

    `files`: those sent along as answers, by the names of their fields. `excused`: fields whose file may come later.
    """
    known = known_from(said)
    return [
        sheet.read(
            one.form,
            said,
            known=_of(one, known),
            files=files,
            excused=excused,
            prefix=one.prefix,
            language=language,
            zone=zone,
        )
        if has_answers(one, said) or one.prefix + SHOWN in said
        else sheet.opened(one.form, known=_of(one, known), prefix=one.prefix, language=language)
        for one in asked
    ]


def _of(asked: Asked, known: Mapping[str, Any]) -> dict[str, Any]:
    return {link_id: value for link_id, value in known.items() if link_id in asked.form.by_link_id}


def is_sensitive(service: Service | None) -> bool:
    return service is not None and any(
        link.url.endswith(f"/{SENSITIVE_FORM}") for link in service.questionnaires.all()
    )


def answered(asked: Iterable[Asked], read: Iterable[Sheet]) -> dict[str, dict[str, str]]:
    """form → question → code (or text) of its first answer, as `alarms.flags_in` wants it."""
    found: dict[str, dict[str, str]] = {}
    for one, page in zip(asked, read, strict=True):
        found[one.row.slug] = {
            link_id: _code(values[0].raw)
            for link_id, values in page.answers().items()
            if link_id not in KNOWN and values
        }
    return found


def _code(raw: Any) -> str:
    return str(raw.get("code") or raw.get("display") or "") if isinstance(raw, dict) else str(raw)


def flags_in(read: Iterable[Sheet], said: Mapping[str, Sequence[str]]) -> list[FoundFlag]:
    """What the forms' rules find, with what the page before told about pregnancy."""
    facts = facts_of(pregnancy_status=next(iter(said.get("pregnancy_status") or ()), ""))
    return flags_for([page.tree for page in read], facts=facts)


def holds_from(flags: Iterable[FoundFlag]) -> set[str]:
    """Holds (by kind) that the forms of the equipment room and of wellness ask for."""
    blocking = {flag.questionnaire for flag in flags if flag.blocks}
    found = {Hold.Kind.EQUIPMENT for url in blocking if "equipment" in url}
    return {str(kind) for kind in found | {Hold.Kind.PRACTITIONER for url in blocking if "wellness" in url}}
