"""A day on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from scheduling import wording
from scheduling.calendar.cards import card
from scheduling.calendar.columns import MACHINES, column_of, columns
from scheduling.calendar.hours import Hours
from scheduling.models import Appointment


@dataclass(frozen=True)
class SheetLine:
    """A visit on paper, or a gap of at least half an hour (no visit)."""

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


def day_sheets(hours: Hours, visits: Sequence[Appointment], *, now: datetime) -> list[Sheet]:
    """One table a person at work. First name and initial only; no phone, no reason."""
    zone = hours.clinic.zone
    sheets = []
    for column in columns(hours, visits, by_rooms=False):
        own = [v for v in visits if column_of(v, by_rooms=False) == column["id"]]
        stretches = [s for p, found in hours.stretches.items() if str(p) == column["id"] for s in found]
        if column["id"] == MACHINES:
            stretches = hours.machine_hours
        lines: list[tuple[datetime, SheetLine]] = []
        for visit in own:
            drawn = card(visit, zone=zone, now=now, neutral=False)
            if drawn.state == "gone":
                continue
            new = "N" if visit.service.is_first_visit else "R"
            note = drawn.sub if drawn.state == "held" else ""
            room = visit.room.name.removesuffix(" room") if visit.room else visit.location.name
            lines.append(
                (
                    drawn.start,
                    SheetLine(
                        wording.span(drawn.start, drawn.end), drawn.name, drawn.code, room, "", new, note
                    ),
                )
            )
        for stretch in stretches:
            free = datetime.combine(stretch.day, stretch.starts, zone)
            close = datetime.combine(stretch.day, stretch.ends, zone)
            for following in [*sorted(own, key=lambda v: v.starts_at), None]:
                start = min(following.starts_at.astimezone(zone), close) if following else close
                if start - free >= timedelta(minutes=30):
                    lines.append((free, SheetLine(wording.span(free, start), note=_("free"), gap=True)))
                if following:
                    free = max(free, following.ends_at.astimezone(zone))
        lines.sort(key=lambda pair: pair[0])
        sheets.append(Sheet(column["title"], column["note"], [line for _at, line in lines]))
    return sheets
