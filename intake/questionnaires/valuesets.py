"""Answer lists from value sets: contained ones, and a few short ones of the standard itself.

No terminology server is ever asked: a client's form calls nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

V2_YES_NO = "http://terminology.hl7.org/CodeSystem/v2-0136"
DATA_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
GENDER = "http://hl7.org/fhir/administrative-gender"
MARITAL = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
CONDITION = "http://terminology.hl7.org/CodeSystem/condition-clinical"

Concept = Mapping[str, Any]


def _concepts(system: str, **codes: str) -> list[Concept]:
    return [
        {"system": system, "code": code.replace("_", "-"), "display": words} for code, words in codes.items()
    ]


LOCAL: Mapping[str, list[Concept]] = {
    "http://hl7.org/fhir/ValueSet/yesnodontknow": [
        {"system": V2_YES_NO, "code": "Y", "display": "Yes"},
        {"system": V2_YES_NO, "code": "N", "display": "No"},
        {"system": DATA_ABSENT, "code": "asked-unknown", "display": "Don't know"},
    ],
    "http://hl7.org/fhir/ValueSet/administrative-gender": _concepts(
        GENDER, male="Male", female="Female", other="Other", unknown="Unknown"
    ),
    "http://hl7.org/fhir/ValueSet/marital-status": _concepts(
        MARITAL,
        A="Annulled",
        D="Divorced",
        I="Interlocutory",
        L="Legally Separated",
        M="Married",
        C="Common Law",
        P="Polygamous",
        T="Domestic partner",
        U="Unmarried",
        S="Never Married",
        W="Widowed",
    ),
    "http://hl7.org/fhir/ValueSet/condition-clinical": _concepts(
        CONDITION,
        active="Active",
        recurrence="Recurrence",
        relapse="Relapse",
        inactive="Inactive",
        remission="Remission",
        resolved="Resolved",
    ),
}


def concepts(canonical: str, contained: Mapping[str, Any]) -> list[Concept] | None:
    """The concepts of a value set, or None when it cannot be known without asking someone."""
    if canonical.startswith("#"):
        value_set = contained.get(canonical[1:])
        return _of_value_set(value_set, contained) if isinstance(value_set, dict) else None
    url = canonical.split("|")[0]
    inside = next((one for one in contained.values() if _is_value_set(one, url)), None)
    return LOCAL.get(url) if inside is None else _of_value_set(inside, contained)


def _is_value_set(resource: Mapping[str, Any], url: str) -> bool:
    return resource.get("resourceType") == "ValueSet" and resource.get("url") == url


def _of_value_set(value_set: Mapping[str, Any], contained: Mapping[str, Any]) -> list[Concept] | None:
    expansion = value_set.get("expansion")
    if isinstance(expansion, dict) and isinstance(expansion.get("contains"), list):
        return list(_expanded(expansion["contains"]))
    compose = value_set.get("compose")
    if not isinstance(compose, dict) or not isinstance(compose.get("include"), list):
        return None
    found: list[Concept] = []
    for include in compose["include"]:
        part = _included(include, contained)
        if part is None:
            return None
        found.extend(part)
    if any(part.get("filter") or not part.get("concept") for part in objects(compose.get("exclude"))):
        return None  # what is left out cannot be computed here
    excluded = {
        _identity(part.get("system"), concept)
        for part in objects(compose.get("exclude"))
        for concept in objects(part.get("concept"))
    }
    return [concept for concept in found if _identity(concept.get("system"), concept) not in excluded]


def _identity(system: Any, concept: Concept) -> tuple[str, str]:
    """As text: a file may hold any JSON where a code should be."""
    return str(system), str(concept.get("code"))


def objects(found: Any) -> list[dict[str, Any]]:
    """The JSON objects of what should be a list of them."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _included(include: Any, contained: Mapping[str, Any]) -> list[Concept] | None:
    """One include of a compose: listed concepts, or all of a contained code system; filters are not computed."""
    if not isinstance(include, dict) or include.get("filter") or include.get("valueSet"):
        return None
    system, listed = include.get("system"), include.get("concept")
    if not isinstance(listed, list):
        systems = (one for one in contained.values() if one.get("resourceType") == "CodeSystem")
        listed = next(
            (list(_hierarchy(one.get("concept"))) for one in systems if system and one.get("url") == system),
            None,
        )
    if not isinstance(listed, list):
        return None
    return [{**c, "system": system} if system else c for c in listed if isinstance(c, dict)]


def _hierarchy(concepts: Any) -> Iterator[Concept]:
    """The concepts of a code system, those below others too."""
    for concept in objects(concepts):
        yield {name: part for name, part in concept.items() if name != "concept"}
        yield from _hierarchy(concept.get("concept"))


def _expanded(contains: Any) -> Iterator[Concept]:
    for concept in objects(contains):
        if not concept.get("abstract") and not concept.get("inactive") and concept.get("code"):
            yield concept
        yield from _expanded(concept.get("contains"))
