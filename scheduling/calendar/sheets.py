"""A day on paper."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from django.utils.translation import gettext as _

from scheduling import wording
from scheduling.calendar.cards import card
from scheduling.calendar.columns import MACHINES, column_of, columns
from scheduling.calendar.hours import Hours, Stretch
from scheduling.models import Appointment, TimeOff

NO_FLAGS: Mapping[UUID, str] = MappingProxyType({})


@dataclass(frozen=True)
class SheetLine:
    """A visit on paper, or a gap (no visit): free for half an hour or more, off, or closed."""

    time: str
    who: str = ""
    code: str = ""
    room: str = ""
    flags: str = ""
    new: str = ""
    note: str = ""
    gap: bool = False


@dataclass(frozen=True)
class Sheet:
    name: str
    hours: str
    lines: list[SheetLine]


def day_sheets(
    hours: Hours, visits: Sequence[Appointment], *, now: datetime, flags: Mapping[UUID, str] = NO_FLAGS
) -> list[Sheet]:
    """One table a person at work. First name and initial only; no phone, no reason.

    `flags`: request -> the letters of what somebody should know on the day.
    """
    sheets = []
    for column in columns(hours, visits, by_rooms=False):
        own = [v for v in visits if column_of(v, by_rooms=False) == column["id"]]
        stretches = [s for p, found in hours.stretches.items() if str(p) == column["id"] for s in found]
        if column["id"] == MACHINES:
            stretches = hours.machine_hours
        off = [each for p, found in hours.time_off.items() if str(p) == column["id"] for each in found]
        lines = [
            *_visit_lines(own, hours=hours, now=now, flags=flags),
            *_gaps(own, stretches, hours=hours, off=off),
        ]
        lines.sort(key=lambda pair: pair[0])
        sheets.append(Sheet(column["title"], column["note"], [line for _at, line in lines]))
    return sheets


def _visit_lines(
    visits: Iterable[Appointment], *, hours: Hours, now: datetime, flags: Mapping[UUID, str]
) -> Iterator[tuple[datetime, SheetLine]]:
    for visit in visits:
        drawn = card(visit, zone=hours.clinic.zone, now=now, neutral=False)
        if drawn.state == "gone":
            continue
        yield (
            drawn.start,
            SheetLine(
                time=drawn.span,
                who=drawn.name,
                code=drawn.code,
                room=visit.room.name.removesuffix(" room") if visit.room else visit.location.name,
                flags=flags.get(visit.appointment_request_id, "") if visit.appointment_request_id else "",
                new="N" if visit.service.is_first_visit else "R",
                note=drawn.sub if drawn.state == "held" else "",
            ),
        )


@dataclass(frozen=True)
class Span:
    starts: datetime
    ends: datetime
    note: str = ""


def _gaps(
    visits: Iterable[Appointment], stretches: Iterable[Stretch], *, hours: Hours, off: Iterable[TimeOff]
) -> Iterator[tuple[datetime, SheetLine]]:
    """Half an hour or more in which nobody comes; and when the person is away or the clinic is shut."""
    zone, away = hours.clinic.zone, list(off)
    visited = [Span(visit.starts_at.astimezone(zone), visit.ends_at.astimezone(zone)) for visit in visits]
    for stretch in stretches:
        opens = datetime.combine(stretch.day, stretch.starts, zone)
        close = datetime.combine(stretch.day, stretch.ends, zone)
        blocked = [
            Span(max(each.starts, opens), min(each.ends, close), each.note)
            for each in _away(stretch, hours=hours, off=away)
            if each.starts < close and opens < each.ends
        ]
        for each in blocked:
            yield each.starts, SheetLine(wording.span(each.starts, each.ends), note=each.note, gap=True)
        free = opens
        for following in [*sorted([*visited, *blocked], key=lambda each: each.starts), Span(close, close)]:
            start = min(following.starts, close)
            if start - free >= timedelta(minutes=30):
                yield free, SheetLine(wording.span(free, start), note=_("free"), gap=True)
            free = max(free, following.ends)


def _away(stretch: Stretch, *, hours: Hours, off: Iterable[TimeOff]) -> Iterator[Span]:
    zone, day = hours.clinic.zone, stretch.day
    for each in off:
        yield Span(each.starts_at.astimezone(zone), each.ends_at.astimezone(zone), _("off"))
    for closure in hours.closures:
        if closure.covers(day) and closure.location_id in {None, stretch.location_id}:
            starts = datetime.combine(day, closure.from_time or stretch.starts, zone)
            ends = datetime.combine(day, closure.to_time or stretch.ends, zone)
            yield Span(starts, ends, closure.reason or _("closed"))
