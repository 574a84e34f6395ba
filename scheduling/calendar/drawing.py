"""A day or a week as the calendar in the browser takes it. (A whole month of bare times is `feeds.visits_json`.)"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from scheduling import wording
from scheduling.calendar.cards import card
from scheduling.calendar.columns import MACHINES, column_of, columns
from scheduling.calendar.hours import Hours, Stretch
from scheduling.calendar.rules import day_bounds
from scheduling.models import Appointment, AppointmentStatus

EARLIEST, LATEST = time(7), time(19, 30)
DAY_ENDS = time(23, 59)


def feed(
    *,
    hours: Hours,
    visits: Sequence[Appointment],
    by_rooms: bool,
    now: datetime,
    neutral: bool,
    may_move: bool,
    new_visit: str = "",
    fits_for: set[str] | None = None,
    only: str = "",
) -> dict[str, Any]:
    """Columns and events of a range for the calendar in the browser.

    `only`: the one column to show, if there is such a one.
    `fits_for`: the columns in which the open request fits somewhere; the others step back. None: no request.
    """
    shown = columns(hours, visits, by_rooms=by_rooms)
    shown = [column for column in shown if column["id"] == only] or shown
    drawing = Drawing(hours, {column["id"] for column in shown}, fits_for)
    if by_rooms:
        drawing.open_rooms()
    else:
        drawing.open_people()
        drawing.time_off()
    drawing.closures()
    for visit in visits:
        drawing.visit(
            visit,
            column_of(visit, by_rooms=by_rooms),
            now=now,
            neutral=neutral,
            may_move=may_move,
            new=new_visit,
        )
    drawing.now_line(now, labelled=shown[0]["id"] if shown else "")
    hidden = [] if hours.first == hours.last else _hidden_days(hours, visits, hours.clinic.zone)
    opens, closes = drawing.opens, drawing.closes
    return {
        "columns": shown,
        "events": drawing.events,
        "opens": f"{opens:%H:%M}" if opens.minute == 0 else f"{opens.hour:02d}:00",
        "closes": f"{closes:%H:%M}",
        "hidden_days": hidden,
        "fits": [],
    }


@dataclass
class Drawing:
    """What has been drawn so far, and the hours that must be seen for it."""

    hours: Hours
    names: set[str]  # of the columns
    fits_for: set[str] | None
    events: list[dict[str, Any]] = field(default_factory=list)
    opens: time = EARLIEST
    closes: time = LATEST

    def open_people(self) -> None:
        for person in self.hours.people:
            for stretch in self.hours.stretches.get(person.pk, []):
                self._open(str(person.pk), stretch)
        for stretch in self.hours.machine_hours:
            self._open(MACHINES, stretch)

    def open_rooms(self) -> None:
        """A room is open while anybody is at work."""
        for day in self.hours.days:
            if self.hours.is_shut(day):
                continue
            todays = [s for person in self.hours.people for s in self.hours.works_on(person.pk, day)]
            if todays:
                first, last = min(s.starts for s in todays), max(s.ends for s in todays)
                for room in self.hours.rooms:
                    self._open(str(room.pk), Stretch(day, first, last, room.location_id))

    def time_off(self) -> None:
        zone = self.hours.clinic.zone
        for person in self.hours.people:
            title = _("%(name)s is off") % {"name": person.short_name}
            for off in self.hours.time_off.get(person.pk, []):
                for day in self.hours.days:
                    low, high = day_bounds(day, day, zone)
                    start, end = max(off.starts_at, low), min(off.ends_at, high)
                    if start < end and self.hours.works_on(person.pk, day):
                        starts = max(start.astimezone(zone).time(), self.opens) if start > low else self.opens
                        ends = min(end.astimezone(zone).time(), self.closes) if end < high else self.closes
                        self._ground(str(person.pk), day, starts, ends, ["block"], title=title)

    def closures(self) -> None:
        for closure in self.hours.closures:
            for day in filter(closure.covers, self.hours.days):
                starts, ends = closure.from_time or self.opens, closure.to_time or self.closes
                for column in self.names:
                    where = closure.location_id
                    if where is None or _is_at(self.hours, column, day, where):
                        title = closure.reason or _("Closed")
                        self._ground(column, day, starts, ends, ["block"], title=title)

    def visit(
        self, visit: Appointment, column: str, *, now: datetime, neutral: bool, may_move: bool, new: str
    ) -> None:
        drawn = card(visit, zone=self.hours.clinic.zone, now=now, neutral=neutral)
        self.opens = min(self.opens, drawn.start.time())
        self.closes = max(self.closes, drawn.end.time())
        marks = {"short": drawn.short, "new": drawn.id == new}
        classes = [name for name in (drawn.kind, drawn.state) if name] + self._back(column)
        self.events.append(
            {
                "id": drawn.id,
                "columns": [column],
                "start": iso(drawn.start),
                "end": iso(drawn.end),
                "title": drawn.name,
                "sub": drawn.sub,
                "code": drawn.code,
                "service": drawn.service,
                "mark": drawn.mark,
                "label": drawn.label,
                "classes": classes + [name for name, holds in marks.items() if holds],
                "url": drawn.url,
                "movable": may_move and visit.status == AppointmentStatus.BOOKED and visit.starts_at > now,
                "move_url": f"{drawn.url}move/",
                "arrive_url": f"{drawn.url}arrive/" if may_move and drawn.expected else "",
                "version": visit.version,
            }
        )
        end = drawn.end + timedelta(minutes=visit.buffer_after_minutes)
        if drawn.state in {"", "held", "here"} and drawn.end < end and end.date() == drawn.end.date():
            hint = _("Time between visits")
            self._ground(column, end.date(), drawn.end.time(), end.time(), ["buffer"], hint=hint)

    def now_line(self, now: datetime, *, labelled: str) -> None:
        """A line through all columns; the first one says the time."""
        local = now.astimezone(self.hours.clinic.zone)
        if self.hours.first <= local.date() <= self.hours.last:
            ends = (local + timedelta(minutes=1)).time()
            for column in self.names:
                said = {"title": wording.clock(local)} if column == labelled else {}
                self._ground(column, local.date(), local.time(), ends, ["now-line"], **said)

    def _open(self, column: str, stretch: Stretch) -> None:
        self.opens, self.closes = min(self.opens, stretch.starts), max(self.closes, stretch.ends)
        classes = ["shift", f"q{stretch.starts.minute // 15}", *self._back(column)]
        self._ground(column, stretch.day, stretch.starts, stretch.ends, classes)

    def _ground(
        self, column: str, day: date, starts: time, ends: time, classes: list[str], **more: Any
    ) -> None:
        if column not in self.names:
            return
        self.events.append(
            {
                "id": f"g{len(self.events)}",
                "columns": [column],
                "start": iso(datetime.combine(day, starts)),
                "end": iso(datetime.combine(day, ends if ends > starts else DAY_ENDS)),
                "background": True,
                "classes": classes,
                **more,
            }
        )

    def _back(self, column: str) -> list[str]:
        return ["stepped-back"] if self.fits_for is not None and column not in self.fits_for else []


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def _is_at(hours: Hours, column: str, day: date, location_id: Any) -> bool:
    room = next((room for room in hours.rooms if str(room.pk) == column), None)
    if room is not None:
        return bool(room.location_id == location_id)
    return any(
        str(person_id) == column and stretch.day == day and stretch.location_id == location_id
        for person_id, stretches in hours.stretches.items()
        for stretch in stretches
    )


def _hidden_days(hours: Hours, visits: Sequence[Appointment], zone: ZoneInfo) -> list[int]:
    """Days of a week without hours and visits, as the browser counts them (0 is Sunday)."""
    busy = {visit.starts_at.astimezone(zone).date() for visit in visits}
    empty = [
        day
        for day in hours.days
        if day not in busy
        and not any(s.day == day for stretches in hours.stretches.values() for s in stretches)
        and not any(s.day == day for s in hours.machine_hours)
    ]
    return [(day.weekday() + 1) % 7 for day in empty] if len(empty) < len(hours.days) else []
