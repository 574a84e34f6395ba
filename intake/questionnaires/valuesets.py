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
    return LOCAL.get(canonical.split("|")[0])


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
    excluded = {
        (part.get("system"), concept.get("code"))
        for part in compose.get("exclude") or ()
        if isinstance(part, dict)
        for concept in part.get("concept") or ()
        if isinstance(concept, dict)
    }
    return [c for c in found if (c.get("system"), c.get("code")) not in excluded]


def _included(include: Any, contained: Mapping[str, Any]) -> list[Concept] | None:
    """One include of a compose: listed concepts, or all of a contained code system; filters are not computed."""
    if not isinstance(include, dict) or include.get("filter") or include.get("valueSet"):
        return None
    system, listed = include.get("system"), include.get("concept")
    if not isinstance(listed, list):
        listed = next(
            (
                resource.get("concept")
                for resource in contained.values()
                if resource.get("resourceType") == "CodeSystem" and system and resource.get("url") == system
            ),
            None,
        )
    if not isinstance(listed, list):
        return None
    return [{**c, "system": system} if system else c for c in listed if isinstance(c, dict)]


def _expanded(contains: list[Any]) -> Iterator[Concept]:
    for concept in contains:
        if not isinstance(concept, dict):
            continue
        if not concept.get("abstract") and not concept.get("inactive") and concept.get("code"):
            yield concept
        yield from _expanded(concept.get("contains") or [])
