"""What the calendar shows for a day or a week, as plain values.

Times leave here as naive wall times of the clinic ("2027-03-02T16:10"): the browser draws them as they are
and never computes with zones. The number of queries does not depend on how much is shown.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.foundation.clinic import Clinic, Closure
from intake.models import Practitioner, Service, ServiceKind
from scheduling import wording
from scheduling.models import (
    Appointment,
    AppointmentStatus,
    DateOverride,
    Room,
    Seat,
    ServiceHours,
    Shift,
    TimeOff,
)

MACHINES = "machines"  # the column of services that need no practitioner
NO_ROOM = "no-room"  # the column of visits by video or elsewhere
EARLIEST, LATEST = time(7), time(19, 30)
SHORT_MINUTES = 30

# Letter codes for services whose own code would not fit on a card. Others get their first two letters.
LETTERS = {
    "ORTHO-EVAL": "OE",
    "PELVIC-EVAL": "PE",
    "PT-FU": "FU",
    "PT-VISC": "VI",
    "PT-VIDEO": "VD",
    "TUNE": "TU",
    "EQUIP": "EQ",
    "WORKSHOP": "WS",
}


def letters(service: Service | None) -> str:
    if service is None:
        return "–"
    known = LETTERS.get(service.code.upper())
    if known:
        return known
    parts = [part for part in service.code.upper().split("-") if part]
    return (parts[0][0] + parts[1][0]) if len(parts) > 1 else service.code[:2].upper()


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


def day_bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments at which the first day begins and the last one ends."""
    start = datetime.combine(first, time(), zone).astimezone(UTC)
    return start, datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)


def read_hours(*, clinic: Clinic, first: date, last: date) -> Hours:
    start, end = day_bounds(first, last, clinic.zone)
    people = list(Practitioner.objects.active())
    shifts = list(Shift.objects.filter(practitioner__active=True))
    overrides: dict[tuple[Any, date], list[DateOverride]] = defaultdict(list)
    for override in DateOverride.objects.filter(on__range=(first, last)):
        overrides[override.practitioner_id, override.on].append(override)
    time_off: dict[Any, list[TimeOff]] = defaultdict(list)
    for off in TimeOff.objects.filter(starts_at__lt=end, ends_at__gt=start).defer("reason"):
        time_off[off.practitioner_id].append(off)
    closures = list(Closure.objects.filter(starts_on__lte=last, ends_on__gte=first))
    service_hours = list(ServiceHours.objects.filter(service__active=True, service__needs_practitioner=False))
    by_person: dict[Any, list[Shift]] = defaultdict(list)
    for shift in shifts:
        by_person[shift.practitioner_id].append(shift)
    hours = Hours(
        clinic=clinic,
        first=first,
        last=last,
        people=people,
        rooms=list(Room.objects.filter(active=True).order_by("position", "code")),
        stretches={},
        machine_hours=[],
        closures=closures,
        time_off=time_off,
        machines=bool(service_hours),
    )
    for person in people:
        hours.stretches[person.pk] = [
            stretch
            for day in hours.days
            for stretch in _stretches_on(day, by_person[person.pk], overrides.get((person.pk, day)))
        ]
    hours.machine_hours = [
        Stretch(day, entry.starts, entry.ends, None)
        for day in hours.days
        for entry in service_hours
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
        if shift.weekday == day.weekday() and _takes_place(shift, day)
    ]


def _takes_place(shift: Shift, day: date) -> bool:
    if shift.every_weeks == 1 or shift.anchor_on is None:
        return True
    monday, anchor = (d - timedelta(days=d.weekday()) for d in (day, shift.anchor_on))
    return day >= shift.anchor_on and (monday - anchor).days // 7 % shift.every_weeks == 0


def visits_between(*, start: datetime, end: datetime, now: datetime) -> list[Appointment]:
    """Visits to draw: what takes time, what was missed, and holds that ran out today. Four queries.

    A week has hundreds of visits and a dozen services and practitioners: those are read once, not with each visit.
    """
    seats = Prefetch("taken_seats", queryset=Seat.objects.filter(cancelled_at=None), to_attr="people_in_it")
    shown = Q(
        status__in=[
            AppointmentStatus.HELD,
            AppointmentStatus.BOOKED,
            AppointmentStatus.ARRIVED,
            AppointmentStatus.FULFILLED,
            AppointmentStatus.NO_SHOW,
        ]
    )
    return list(
        Appointment.objects.filter(shown, starts_at__lt=end, ends_at__gt=start)
        .exclude(status=AppointmentStatus.HELD, held_until__lt=now - timedelta(hours=12))
        .select_related("client", "room", "location")
        .defer("cancel_reason", "client__mailing_address", "client__contact_notes", "client__representative")
        .prefetch_related("service", "practitioner", seats)
        .order_by("starts_at", "id")
    )


@dataclass
class Card:
    """One visit as it is drawn, and as it is read out."""

    id: str
    name: str
    sub: str
    code: str
    service: str
    kind: str
    state: str
    mark: str
    label: str
    url: str
    start: datetime  # local
    end: datetime
    short: bool
    visit: Appointment = field(repr=False)

    @property
    def at(self) -> str:
        """Wall times as words: a template's own filter would turn them into UTC."""
        return wording.clock(self.start)

    @property
    def until(self) -> str:
        return wording.clock(self.end)

    @property
    def span(self) -> str:
        return wording.span(self.start, self.end)

    @property
    def weekday(self) -> str:
        return wording.weekday(self.start.date())

    @property
    def is_over(self) -> bool:
        return self.state in {"done", "gone"}


STATES = {
    AppointmentStatus.HELD: "held",
    AppointmentStatus.BOOKED: "",
    AppointmentStatus.ARRIVED: "here",
    AppointmentStatus.FULFILLED: "done",
    AppointmentStatus.NO_SHOW: "gone",
}


def name_of(visit: Appointment) -> str:
    """First name and initial, on every screen: a calendar is seen by whoever stands at the desk."""
    client = visit.client
    if client is None and visit.status == AppointmentStatus.HELD:
        return _("Waitlist")
    if client is None:
        people = sum(seat.people for seat in getattr(visit, "people_in_it", []))
        return ngettext("%(count)d person", "%(count)d people", people) % {"count": people}
    return client.initials_name


def card(visit: Appointment, *, zone: ZoneInfo, now: datetime, neutral: bool) -> Card:
    start, end = visit.starts_at.astimezone(zone), visit.ends_at.astimezone(zone)
    state = STATES.get(AppointmentStatus(visit.status), "gone")
    where = visit.room.name if visit.room else visit.location.name
    where = where.removesuffix(" room")
    mark, sub = "", where
    if state == "held":
        ran_out = visit.held_until is not None and visit.held_until <= now
        if ran_out:
            state = "gone"
        moment = wording.until(visit.held_until, now=now, zone=zone) if visit.held_until else ""
        sub = (_("hold ran out %(moment)s") if ran_out else _("held until %(moment)s")) % {"moment": moment}
    elif state == "here":
        mark = _("✓ here")
    elif state == "done":
        mark = "✓"
    elif state == "gone":
        mark = _("no-show")
    name = name_of(visit)
    service = _("Visit") if neutral else visit.service.public_name
    said = {
        "held": _("held"),
        "": _("booked"),
        "here": _("is here"),
        "done": _("done"),
        "gone": _("not coming"),
    }[state]
    return Card(
        id=str(visit.pk),
        name=name,
        sub=sub,
        code="" if neutral else letters(visit.service),
        service=service,
        kind={ServiceKind.WELLNESS: "wellness", ServiceKind.EDUCATION: "education"}.get(
            ServiceKind(visit.service.kind), ""
        )
        if not neutral
        else "",
        state=state,
        mark=mark,
        label=f"{name}, {service}, {wording.span(start, end)}, {where}, {said}",
        url=reverse("desk:visit", args=[visit.pk]),
        start=start,
        end=end,
        short=(visit.ends_at - visit.starts_at) <= timedelta(minutes=SHORT_MINUTES),
        visit=visit,
    )


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def column_of(visit: Appointment, *, by_rooms: bool) -> str:
    if by_rooms:
        return str(visit.room_id) if visit.room_id else NO_ROOM
    return str(visit.practitioner_id) if visit.practitioner_id else MACHINES


def columns(hours: Hours, visits: Sequence[Appointment], *, by_rooms: bool) -> list[dict[str, str]]:
    """One column a person at work (or with a visit anyway), or one a room."""
    if by_rooms:
        found = [{"id": str(room.pk), "title": room.name, "note": ""} for room in hours.rooms]
        if any(visit.room_id is None for visit in visits):
            found.append({"id": NO_ROOM, "title": _("Video, elsewhere"), "note": ""})
        return found
    busy = {visit.practitioner_id for visit in visits}
    found = []
    for person in hours.people:
        if person.pk not in busy and all(hours.is_off(person.pk, day) for day in hours.days):
            continue
        note = ""
        if hours.first == hours.last:
            note = ", ".join(
                wording.span(datetime.combine(hours.first, s.starts), datetime.combine(hours.first, s.ends))
                .replace(" pm", "")
                .replace(" am", "")
                for s in hours.works_on(person.pk, hours.first)
            )
        found.append({"id": str(person.pk), "title": person.short_name, "note": note})
    if hours.machine_hours or None in busy:
        found.append({"id": MACHINES, "title": _("Machines"), "note": ""})
    return found


def who_is_off(hours: Hours) -> list[str]:
    return [p.short_name for p in hours.people if all(hours.is_off(p.pk, day) for day in hours.days)]


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
) -> dict[str, Any]:
    """Columns and events of a range for the calendar in the browser.

    `fits_for`: the columns in which the open request fits somewhere; the others step back. None: no request.
    """
    zone = hours.clinic.zone
    shown = columns(hours, visits, by_rooms=by_rooms)
    names = {column["id"] for column in shown}
    events: list[dict[str, Any]] = []
    opens, closes = EARLIEST, LATEST

    def back(column: str) -> list[str]:
        return ["stepped-back"] if fits_for is not None and column not in fits_for else []

    def ground(column: str, day: date, starts: time, ends: time, classes: list[str], **more: Any) -> None:
        nonlocal opens, closes
        if column not in names:
            return
        events.append(
            {
                "id": f"g{len(events)}",
                "columns": [column],
                "start": _iso(datetime.combine(day, starts)),
                "end": _iso(datetime.combine(day, ends))
                if ends > starts
                else _iso(datetime.combine(day, time(23, 59))),
                "background": True,
                "classes": classes,
                **more,
            }
        )

    def open_hours(column: str, stretch: Stretch) -> None:
        nonlocal opens, closes
        opens, closes = min(opens, stretch.starts), max(closes, stretch.ends)
        quarter = f"q{stretch.starts.minute // 15}"
        ground(column, stretch.day, stretch.starts, stretch.ends, ["shift", quarter, *back(column)])

    if by_rooms:
        for day in hours.days:
            if hours.is_shut(day):
                continue
            todays = [s for person in hours.people for s in hours.works_on(person.pk, day)]
            if todays:
                first, last = min(s.starts for s in todays), max(s.ends for s in todays)
                for room in hours.rooms:
                    open_hours(str(room.pk), Stretch(day, first, last, room.location_id))
    else:
        for person in hours.people:
            for stretch in hours.stretches.get(person.pk, []):
                open_hours(str(person.pk), stretch)
        for stretch in hours.machine_hours:
            open_hours(MACHINES, stretch)
        for person in hours.people:
            for off in hours.time_off.get(person.pk, []):
                for day in hours.days:
                    low, high = day_bounds(day, day, zone)
                    start, end = max(off.starts_at, low), min(off.ends_at, high)
                    if start < end and hours.works_on(person.pk, day):
                        ground(
                            str(person.pk),
                            day,
                            max(start.astimezone(zone).time(), opens) if start > low else opens,
                            min(end.astimezone(zone).time(), closes) if end < high else closes,
                            ["block"],
                            title=_("%(name)s is off") % {"name": person.short_name},
                        )
    for closure in hours.closures:
        for day in hours.days:
            if not closure.covers(day):
                continue
            for column in names:
                if closure.location_id is not None and not _is_at(hours, column, day, closure.location_id):
                    continue
                starts, ends = closure.from_time or opens, closure.to_time or closes
                ground(column, day, starts, ends, ["block"], title=closure.reason or _("Closed"))

    for visit in visits:
        drawn = card(visit, zone=zone, now=now, neutral=neutral)
        column = column_of(visit, by_rooms=by_rooms)
        opens, closes = min(opens, drawn.start.time()), max(closes, drawn.end.time())
        classes = [name for name in (drawn.kind, drawn.state) if name] + back(column)
        if drawn.short:
            classes.append("short")
        if drawn.id == new_visit:
            classes.append("new")
        still = visit.status in {AppointmentStatus.BOOKED} and visit.starts_at > now
        events.append(
            {
                "id": drawn.id,
                "columns": [column],
                "start": _iso(drawn.start),
                "end": _iso(drawn.end),
                "title": drawn.name,
                "sub": drawn.sub,
                "code": drawn.code,
                "service": drawn.service,
                "mark": drawn.mark,
                "label": drawn.label,
                "classes": classes,
                "url": drawn.url,
                "movable": may_move and still,
                "move_url": f"{drawn.url}move/",
                "version": visit.version,
            }
        )
        if drawn.state in {"", "held", "here"} and visit.buffer_after_minutes:
            end = drawn.end + timedelta(minutes=visit.buffer_after_minutes)
            if end.date() == drawn.end.date():
                ground(
                    column,
                    drawn.end.date(),
                    drawn.end.time(),
                    end.time(),
                    ["buffer"],
                    hint=_("Time between visits"),
                )
    local = now.astimezone(zone)
    if hours.first <= local.date() <= hours.last:
        for column in names:
            minute = local + timedelta(minutes=1)
            ground(column, local.date(), local.time(), minute.time(), ["now-line"])
    hidden = [] if hours.first == hours.last else _hidden_days(hours, visits, zone)
    return {
        "columns": shown,
        "events": events,
        "opens": f"{opens:%H:%M}" if opens.minute == 0 else f"{opens.hour:02d}:00",
        "closes": f"{closes:%H:%M}",
        "hidden_days": hidden,
        "fits": [],
    }


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
    taking = Appointment.objects.filter(starts_at__gte=start, starts_at__lt=end).filter(
        Q(status__in=[AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED, AppointmentStatus.FULFILLED])
        | Q(status=AppointmentStatus.HELD, held_until__gt=now)
    )
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
