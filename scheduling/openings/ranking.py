"""In which order: the wishes each time keeps, and a few that can all be held at once."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from scheduling.openings.clock import DAY, Span
from scheduling.openings.values import Calendar, Key, Opening, ServicePlan

NEAR = 10  # minutes; a visit this close to its neighbour leaves no hole worth having


class Reason(StrEnum):
    MARKED_TIME = "marked_time"
    WITHIN_DATES = "within_dates"
    OUTSIDE_DATES = "outside_dates"
    WISHED_DAY = "wished_day"
    OTHER_DAY = "other_day"
    WISHED_PART = "wished_part"
    OTHER_PART = "other_part"
    WISHED_PRACTITIONER = "wished_practitioner"
    OTHER_PRACTITIONER = "other_practitioner"
    SPEAKS_LANGUAGE = "speaks_language"
    OTHER_LANGUAGE = "other_language"
    WISHED_GENDER = "wished_gender"
    OTHER_GENDER = "other_gender"
    JOINS_CLASS = "joins_class"
    FILLS_GAP = "fills_gap"
    SOONEST = "soonest"


# Points for a wish kept. A date outside what the person can do outweighs all else; leaving the diary tidy
# only decides between times that suit the person equally well.
POINTS = {
    Reason.MARKED_TIME: 500,
    Reason.WITHIN_DATES: 200,
    Reason.WISHED_GENDER: 60,
    Reason.WISHED_DAY: 40,
    Reason.WISHED_PART: 30,
    Reason.SPEAKS_LANGUAGE: 30,
    Reason.WISHED_PRACTITIONER: 25,
    Reason.JOINS_CLASS: 10,
    Reason.FILLS_GAP: 4,
}

WISHES_BROKEN = frozenset(
    {
        Reason.OUTSIDE_DATES,
        Reason.OTHER_DAY,
        Reason.OTHER_PART,
        Reason.OTHER_PRACTITIONER,
        Reason.OTHER_LANGUAGE,
        Reason.OTHER_GENDER,
    }
)

PARTS_OF_DAY: Mapping[str, Span] = {
    "before_8am": (0, 8 * 60),
    "morning": (7 * 60, 12 * 60),
    "midday": (11 * 60, 14 * 60),
    "early_afternoon": (12 * 60, 15 * 60),
    "afternoon": (12 * 60, 17 * 60),
    "after_school": (15 * 60, 18 * 60),
    "late_afternoon": (15 * 60, 18 * 60),
    "evening": (17 * 60, DAY),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for. Empty means: anything is fine."""

    days: frozenset[int] = frozenset()  # Monday is 0
    parts: frozenset[str] = frozenset()  # names of PARTS_OF_DAY
    earliest: date | None = None
    latest: date | None = None
    person: Key | None = None
    gender: str = ""
    language: str = ""
    starts: frozenset[int] = frozenset()  # minutes; openings the person was shown and marked


class Ranked(NamedTuple):
    opening: Opening
    points: int
    reasons: tuple[Reason, ...]


def rank(
    openings: Iterable[Opening], wishes: Wishes, calendar: Calendar, service: ServicePlan
) -> list[Ranked]:
    """The openings, best first, each with the wishes it keeps and those it does not."""
    parts = [PARTS_OF_DAY[part] for part in wishes.parts if part in PARTS_OF_DAY]
    ranked = []
    for opening in openings:
        reasons = tuple(_reasons(opening, wishes, parts, calendar, service))
        ranked.append(Ranked(opening, sum(POINTS.get(reason, 0) for reason in reasons), reasons))
    ranked.sort(key=lambda one: (-one.points, one.opening.start))
    if ranked:
        soonest = min(ranked, key=lambda one: one.opening.start).opening.start
        ranked = [
            one._replace(reasons=(*one.reasons, Reason.SOONEST)) if one.opening.start == soonest else one
            for one in ranked
        ]
    return ranked


def _reasons(
    opening: Opening, wishes: Wishes, parts: Sequence[Span], calendar: Calendar, service: ServicePlan
) -> Iterator[Reason]:
    if opening.start in wishes.starts:
        yield Reason.MARKED_TIME
    if wishes.earliest or wishes.latest:
        within = (wishes.earliest or date.min) <= opening.day <= (wishes.latest or date.max)
        yield Reason.WITHIN_DATES if within else Reason.OUTSIDE_DATES
    if wishes.days:
        yield Reason.WISHED_DAY if opening.day.weekday() in wishes.days else Reason.OTHER_DAY
    if parts:
        kept = any(low <= opening.wall < high for low, high in parts)
        yield Reason.WISHED_PART if kept else Reason.OTHER_PART
    person = calendar.people.get(opening.person) if opening.person is not None else None
    if person is not None:
        if wishes.person is not None:
            yield Reason.WISHED_PRACTITIONER if person.key == wishes.person else Reason.OTHER_PRACTITIONER
        if wishes.language:
            yield Reason.SPEAKS_LANGUAGE if wishes.language in person.languages else Reason.OTHER_LANGUAGE
        if wishes.gender:
            yield Reason.WISHED_GENDER if person.gender == wishes.gender else Reason.OTHER_GENDER
    if opening.session is not None:
        yield Reason.JOINS_CLASS
    elif person is not None and _fills_gap(opening, calendar.busy.get(person.key, ()), service):
        yield Reason.FILLS_GAP


def _fills_gap(opening: Opening, busy: Sequence[Span], service: ServicePlan) -> bool:
    """Is there a visit right before or right after, so that no useless hole is left beside this one?"""
    claim_start, claim_end = opening.start - service.before, opening.end + service.after
    at = bisect_right(busy, (claim_start, claim_start))
    after_one = at > 0 and 0 <= claim_start - busy[at - 1][1] <= NEAR
    before_one = at < len(busy) and 0 <= busy[at][0] - claim_end <= NEAR
    return after_one or before_one


def choose(ranked: Sequence[Ranked], service: ServicePlan, *, count: int) -> list[Ranked]:
    """The best few that can all be held at once, on different days when that costs no wish."""
    chosen: list[Ranked] = []
    days: set[date] = set()
    rest = list(ranked)
    while rest and len(chosen) < count:
        free = [
            one for one in rest if not any(_collide(one.opening, other.opening, service) for other in chosen)
        ]
        if not free:
            break
        best_points = free[0].points - POINTS[Reason.FILLS_GAP]
        fresh = (one for one in free if one.points >= best_points and one.opening.day not in days)
        pick = next(fresh, free[0])
        chosen.append(pick)
        days.add(pick.opening.day)
        rest = [one for one in free if one is not pick]
    return chosen


def _collide(one: Opening, other: Opening, service: ServicePlan) -> bool:
    """Could the two not both be held? Times that overlap, whoever gives them: nobody can come to both."""
    block = service.before + service.after
    return one.start < other.end + block and other.start < one.end + block
