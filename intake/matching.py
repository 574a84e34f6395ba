"""Who is this, and did they write before? Pure: values in, values out; the caller fetches the candidates.

A person is taken for a known client only when the birth date, the name and one way to reach them all agree.
A shared mail address or telephone alone never joins two people: families share inboxes.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Person:
    """What is compared. `key` is the row of a candidate; empty for the person who writes now."""

    first_name: str
    last_name: str
    born_on: date | None
    email: str = ""
    phone: str = ""  # E.164
    name_to_use: str = ""
    key: str = ""


class Likeness(StrEnum):
    SAME = "same"  # name, birth date and a way to reach them
    LIKELY = "likely"  # birth date and a way to reach them, and the names do not contradict
    SHARED_CONTACT = "shared_contact"  # another person at the same mail address or phone
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Found:
    same: Person | None = None
    likely: list[Person] = field(default_factory=list)
    shares_contact: bool = False


def likeness(one: Person, other: Person) -> Likeness:
    shares = bool(one.email and one.email.casefold() == other.email.casefold()) or bool(
        one.phone and one.phone == other.phone
    )
    if not shares:
        return Likeness.NONE
    if one.born_on is None or other.born_on is None:
        # Workshop guests give no birth date: the whole name must agree before it is even likely.
        return Likeness.LIKELY if _same_name(one, other) else Likeness.SHARED_CONTACT
    if one.born_on != other.born_on:
        return Likeness.SHARED_CONTACT
    if _same_name(one, other):
        return Likeness.SAME
    return Likeness.LIKELY if _may_be_same_name(one, other) else Likeness.SHARED_CONTACT


def find(person: Person, candidates: Iterable[Person]) -> Found:
    """Compare with everyone who shares a birth date, a mail address or a phone. Two equals are nobody."""
    by_likeness: dict[Likeness, list[Person]] = {kind: [] for kind in Likeness}
    for candidate in candidates:
        by_likeness[likeness(person, candidate)].append(candidate)
    same = by_likeness[Likeness.SAME]
    return Found(
        same=same[0] if len(same) == 1 else None,
        likely=by_likeness[Likeness.LIKELY] + (same if len(same) > 1 else []),
        shares_contact=bool(by_likeness[Likeness.SHARED_CONTACT]),
    )


def folded(name: str) -> str:
    """For comparing only: no case, no accents, no punctuation."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub(r"[\W_]+", " ", plain).strip()


def _same_name(one: Person, other: Person) -> bool:
    if folded(one.last_name) != folded(other.last_name):
        return False
    return bool(
        {folded(one.first_name), folded(one.name_to_use)} & {folded(other.first_name)} - {""}
    ) or bool(folded(other.name_to_use) and folded(other.name_to_use) == folded(one.first_name))


def _may_be_same_name(one: Person, other: Person) -> bool:
    """B. Testerman and Blair Testerman; Ann-Marie and Ann; a maiden name beside the same first name."""
    first, second = folded(one.first_name), folded(other.first_name)
    firsts_agree = bool(first and second) and (first.startswith(second) or second.startswith(first))
    lasts_agree = folded(one.last_name) == folded(other.last_name)
    return firsts_agree or (lasts_agree and first[:1] == second[:1])
