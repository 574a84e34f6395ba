"""Everything about opening in a range of local days, read once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from config.foundation.clinic import Clinic, Closure
from intake.models import Practitioner
from scheduling.calendar import rules
from scheduling.models import DateOverride, Room, Shift, TimeOff


@dataclass(frozen=True)
class Stretch:
    """Open time of one practitioner on one local day, wall clock."""

    day: date
    starts: time
    ends: time
    location_id: Any


@dataclass
class Hours:
    """Everything about opening in a range of local days, read once."""

    clinic: Clinic
    first: date
    last: date
    people: list[Practitioner]
    rooms: list[Room]
    stretches: dict[Any, list[Stretch]]  # practitioner id -> stretches
    machine_hours: list[Stretch]
    closures: list[Closure]
    time_off: dict[Any, list[TimeOff]]
    machines: bool = False

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=step) for step in range((self.last - self.first).days + 1)]

    def works_on(self, person_id: Any, day: date) -> list[Stretch]:
        return [stretch for stretch in self.stretches.get(person_id, []) if stretch.day == day]

    def is_off(self, person_id: Any, day: date) -> bool:
        """Not at work that day: no hours, or away for all of them."""
        stretches = self.works_on(person_id, day)
        if not stretches:
            return True
        zone = self.clinic.zone
        away = self.time_off.get(person_id, [])
        return all(
            any(
                off.starts_at <= datetime.combine(day, stretch.starts, zone)
                and off.ends_at >= datetime.combine(day, stretch.ends, zone)
                for off in away
            )
            for stretch in stretches
        )

    def is_shut(self, day: date) -> bool:
        whole = any(c.location_id is None and c.is_whole_day and c.covers(day) for c in self.closures)
        return whole or not any(not self.is_off(person.pk, day) for person in self.people)


def read_hours(*, clinic: Clinic, first: date, last: date) -> Hours:
    """One query."""
    found = rules.read(clinic=clinic, first=first, last=last)
    by_person: dict[Any, list[Shift]] = defaultdict(list)
    for shift in found.shifts:
        by_person[shift.practitioner_id].append(shift)
    overrides: dict[tuple[Any, date], list[DateOverride]] = defaultdict(list)
    for override in found.overrides:
        overrides[override.practitioner_id, override.on].append(override)
    time_off: dict[Any, list[TimeOff]] = defaultdict(list)
    for off in found.time_off:
        time_off[off.practitioner_id].append(off)
    hours = Hours(
        clinic=clinic,
        first=first,
        last=last,
        people=found.people,
        rooms=found.rooms,
        stretches={},
        machine_hours=[],
        closures=found.closures,
        time_off=time_off,
        machines=bool(found.service_hours),
    )
    for person in found.people:
        hours.stretches[person.pk] = [
            stretch
            for day in hours.days
            for stretch in _stretches_on(day, by_person[person.pk], overrides.get((person.pk, day)))
        ]
    hours.machine_hours = [
        Stretch(day, entry.starts, entry.ends, None)
        for day in hours.days
        for entry in found.service_hours
        if entry.weekday == day.weekday()
    ]
    return hours


def _stretches_on(
    day: date, shifts: Iterable[Shift], overrides: Sequence[DateOverride] | None
) -> list[Stretch]:
    if overrides:
        return [Stretch(day, o.starts, o.ends, o.location_id) for o in overrides if o.starts and o.ends]
    return [
        Stretch(day, shift.starts, shift.ends, shift.location_id)
        for shift in shifts
        if shift.takes_place_on(day)
    ]
