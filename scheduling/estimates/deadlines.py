"""When a good-faith estimate is due: pure date arithmetic, no clock, no database.

The rules are those of 45 CFR 149.610 (timing of estimates) and 149.620 (disputes). They are named here
by topic, not by paragraph letter, because published copies disagree about the letters.

Two dates are kept for every event. The *legal* date is the plain reading of the rule. The *target* date
is the earliest reading anyone could defend: one business day after every booking. Work queues and
warnings follow the target, so that no dispute about counting ever makes an estimate late.

A business day is Monday to Friday except federal legal holidays (5 U.S.C. 6103). State holidays and the
clinic's own closed days are business days: they never remove or postpone a duty.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

# Goes up when the same event would get another date; stored beside every date it produced.
RULE_VERSION = "2026-11"

DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 2021, 2099  # before the act there was no duty; after it nobody has tables

THREE_DAY_TIER = 10  # business days ahead from which three days are allowed
ONE_DAY_TIER = 3  # business days ahead from which a booking starts a clock at all
DISPUTE_DAYS = 120  # calendar days after the bill
DISPUTE_CENTS = 400_00  # a bill this much above one provider's estimate may be disputed
COPIES_KEPT_YEARS = 6


class Event(StrEnum):
    SCHEDULED = "scheduled"
    REQUESTED = "requested"
    CHANGED = "changed"
    RESCHEDULED = "rescheduled"
    SWITCHED = "switched"  # from "send a claim" to paying alone, after booking


class Tier(StrEnum):
    T1 = "T1"  # one business day after booking
    T3 = "T3"  # three business days after booking
    REQ = "REQ"  # three business days after being asked
    CHG = "CHG"  # one business day before the visit
    LATE = "LATE"  # a change found when no lawful date is left
    NONE = "NONE"  # the event starts no clock


@dataclass(frozen=True)
class Due:
    """What one event asks for. `legal_due_on` is None when no date is set or it has already passed."""

    tier: Tier
    legal_due_on: date | None
    target_due_on: date | None


class UnknownDate(ValueError):
    """A date outside the years this module has rules for."""


class VisitNeeded(ValueError):
    """The event can only be dated with the day of the visit."""


class VisitInPast(ValueError):
    """The visit lies before the event that is said to concern it."""


@lru_cache(maxsize=256)
def federal_holidays(year: int) -> frozenset[date]:
    """Weekday-observed federal holidays that fall in `year`.

    The next year's table is read as well: New Year's Day on a Saturday is observed on 31 December.
    """
    table = holidays.country_holidays("US", years=[year, year + 1], observed=True)
    return frozenset(day for day in table if day.year == year)


def is_business_day(day: date) -> bool:
    _check(day)
    return day.weekday() < 5 and day not in federal_holidays(day.year)


def add_business_days(day: date, count: int) -> date:
    """The `count`-th business day after `day`; day 0 is `day` itself, whatever kind of day it is."""
    _check(day)
    while count > 0:
        day += DAY
        if is_business_day(day):
            count -= 1
    return day


def subtract_business_days(day: date, count: int) -> date:
    """The `count`-th business day before `day`."""
    _check(day)
    while count > 0:
        day -= DAY
        if is_business_day(day):
            count -= 1
    return day


def lead_back(event_on: date, visit_on: date) -> int:
    """Business days counted back from the visit: the literal "at least N business days before"."""
    return _business_days(event_on, visit_on)


def lead_forward(event_on: date, visit_on: date) -> int:
    """Business days counted forward from the event. Differs from `lead_back` when either day is none."""
    return _business_days(event_on + DAY, visit_on + DAY)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar date of a moment at the clinic: a legal date is never the UTC date."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs an offset.")
    return moment.astimezone(zone).date()


def due(event: Event, *, event_on: date, visit_on: date | None = None) -> Due:
    """The dates for an event on the local date `event_on`; `visit_on` is the (next affected) visit.

    Raises VisitNeeded, VisitInPast or UnknownDate. A request needs no visit.
    """
    _check(event_on)
    if visit_on is not None:
        _check(visit_on)
        if visit_on < event_on:
            raise VisitInPast(f"The visit on {visit_on} lies before {event_on}.")
    if event == Event.REQUESTED:
        return _requested(event_on, visit_on)
    if visit_on is None:
        raise VisitNeeded(f"The event “{event}” needs the date of the visit.")
    if event == Event.CHANGED:
        return _changed(event_on, visit_on)
    return _booked(event_on, visit_on)


def last_covered_visit_on(issued_on: date) -> date:
    """The last day a recurring estimate may cover: twelve months from its issue, less a day."""
    return _add_years(issued_on, 1, roll_forward=False) - DAY


def keep_through(issued_on: date, *, years: int = COPIES_KEPT_YEARS) -> date:
    """A copy must be handed out on request at least through this day; 29 February rolls forward."""
    return _add_years(issued_on, max(years, COPIES_KEPT_YEARS), roll_forward=True)


def dispute_until(bill_received_on: date) -> date:
    """The last of the 120 calendar days in which a bill may be disputed; day 0 is the bill's."""
    return bill_received_on + DISPUTE_DAYS * DAY


def evidence_due_on(notice_on: date) -> date:
    """The provider's answer to a dispute: ten business days after the selection notice."""
    return add_business_days(notice_on, 10)


def settlement_notice_due_on(agreed_on: date) -> date:
    """A settlement is reported within three business days."""
    return add_business_days(agreed_on, 3)


def is_disputable(*, estimated_cents: int, billed_cents: int) -> bool:
    """May a bill of one provider be disputed? Compare per provider; unlisted items count as billed."""
    return billed_cents - estimated_cents >= DISPUTE_CENTS


def _booked(event_on: date, visit_on: date) -> Due:
    back, forward = lead_back(event_on, visit_on), lead_forward(event_on, visit_on)
    next_day = add_business_days(event_on, 1)
    target = next_day if max(back, forward) >= ONE_DAY_TIER else None
    if back >= THREE_DAY_TIER:
        return Due(Tier.T3, add_business_days(event_on, 3), target)
    if back >= ONE_DAY_TIER:
        return Due(Tier.T1, next_day, target)
    return Due(Tier.NONE, None, target)


def _requested(event_on: date, visit_on: date | None) -> Due:
    legal = add_business_days(event_on, 3)
    if visit_on is None:
        return Due(Tier.REQ, legal, legal)
    # The legal date may fall after the visit; an estimate is of use only before it.
    return Due(Tier.REQ, legal, max(event_on, min(legal, subtract_business_days(visit_on, 1))))


def _changed(event_on: date, visit_on: date) -> Due:
    legal = subtract_business_days(visit_on, 1)
    if event_on > legal:
        return Due(Tier.LATE, None, event_on)  # send at once, and tell the client
    return Due(Tier.CHG, legal, min(legal, add_business_days(event_on, 1)))


def _business_days(first: date, end: date) -> int:
    """Business days in the half-open span `first <= day < end`."""
    return sum(is_business_day(first + offset * DAY) for offset in range((end - first).days))


def _add_years(day: date, years: int, *, roll_forward: bool) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February in a common year
        return date(day.year + years, 3, 1) if roll_forward else date(day.year + years, 2, 28)


def _check(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UnknownDate(f"{day} is outside {FIRST_YEAR} to {LAST_YEAR}.")
