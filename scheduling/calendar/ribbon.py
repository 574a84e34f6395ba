"""The days ahead and how full they are."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from scheduling.calendar.hours import Hours
from scheduling.calendar.rules import day_bounds
from scheduling.models import Appointment


@dataclass(frozen=True)
class RibbonDay:
    day: date
    load: int
    shut: bool
    half: bool
    starts_week: bool
    fit: dict[str, Any] | None = None  # of the open request: {"count": 3, "ranks": [1]}


def ribbon(*, hours: Hours, now: datetime) -> list[RibbonDay]:
    """The days of `hours` and how full they are. One query."""
    clinic = hours.clinic
    start, end = day_bounds(hours.first, hours.last, clinic.zone)
    counts: dict[date, int] = defaultdict(int)
    taking = Appointment.objects.taking_time(now=now).filter(starts_at__gte=start, starts_at__lt=end)
    for starts_at in taking.values_list("starts_at", flat=True):
        counts[starts_at.astimezone(clinic.zone).date()] += 1
    found = []
    for position, day in enumerate(hours.days):
        part = any(c.location_id is None and not c.is_whole_day and c.covers(day) for c in hours.closures)
        found.append(
            RibbonDay(
                day=day,
                load=counts[day],
                shut=hours.is_shut(day) and not counts[day],
                half=part,
                starts_week=position > 0 and day.weekday() == 0,
            )
        )
    return found
