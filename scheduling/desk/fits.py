"""Where an open request fits: outlines and numbered cards in the calendar, the best times of the dock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic
from intake.models import AppointmentRequest
from scheduling import availability, calendar, wording
from scheduling.availability import Slot
from scheduling.desk.placing import SHORTEST_HOLD, TO_SEND_IT, can_be_placed
from scheduling.desk.words import reasons

QUARTER = timedelta(minutes=15)  # starts that lie so near one another are one window
RIBBON_DAYS = timedelta(days=20)  # the days over the calendar, wherever in the week today is


@dataclass(frozen=True)
class BestTime:
    rank: int
    when: str
    who: str
    why: str
    value: str  # "2027-03-02T16:10|practitioner|room", local
    said: str
    day: date


@dataclass(frozen=True)
class Suggested:
    """What the panel and the ribbon show of one search: the best times, and for each day how many others fit."""

    times: Sequence[BestTime] = field(default_factory=list)
    days: dict[date, dict[str, Any]] = field(default_factory=dict)


def suggested(
    appointment_request: AppointmentRequest, *, now: datetime, clinic: Clinic, by_mail: bool = False
) -> Suggested:
    """`by_mail`: leave out what would begin before an answer can come back."""
    if by_mail:
        now += SHORTEST_HOLD + TO_SEND_IT
    if not can_be_placed(appointment_request):
        return Suggested()
    today = now.astimezone(clinic.zone).date()
    best, every = availability.best_and_all(
        appointment_request, start=today, end=today + RIBBON_DAYS, now=now, clinic=clinic
    )
    days: dict[date, dict[str, Any]] = {}
    for slot in every:
        day = slot.starts_at.astimezone(clinic.zone).date()
        days.setdefault(day, {"count": 0, "ranks": []})["count"] += 1
    for rank, slot in enumerate(best, start=1):
        day = slot.starts_at.astimezone(clinic.zone).date()
        days.setdefault(day, {"count": 1, "ranks": []})["ranks"].append(rank)
    return Suggested(as_best_times(best, clinic=clinic), days)


def as_best_times(slots: Sequence[Slot], *, clinic: Clinic) -> list[BestTime]:
    return [_best_time(rank, slot, clinic=clinic) for rank, slot in enumerate(slots, start=1)]


def _best_time(rank: int, slot: Slot, *, clinic: Clinic) -> BestTime:
    start, end = slot.starts_at.astimezone(clinic.zone), slot.ends_at.astimezone(clinic.zone)
    where = (slot.practitioner_name.split(" ")[0], slot.room_name.removesuffix(" room"))
    who, why = ", ".join(filter(None, where)), reasons(slot.reasons)
    span = wording.span(start, end)
    return BestTime(
        rank=rank,
        when=f"{wording.short_day(start.date())} · {span}",
        who=who,
        why=why,
        value=slot_value(slot, clinic),
        said=_("Book %(day)s, %(span)s, %(who)s. %(why)s")
        % {"day": wording.long_day(start.date()), "span": span, "who": who, "why": why},
        day=start.date(),
    )


def slot_value(slot: Slot, clinic: Clinic) -> str:
    start = slot.starts_at.astimezone(clinic.zone)
    # The clock shows an hour twice in autumn: the second one is told apart by its offset.
    text = start.isoformat(timespec="minutes") if start.fold else _wall(start, clinic)
    return f"{text}|{slot.practitioner_id or ''}|{slot.room_id or ''}"


# --- in the calendar ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """Starts in one column that follow on one another: anything from `first` to `last` fits."""

    column: str
    first: datetime
    last: datetime
    end: datetime  # of a visit that begins last


@dataclass(frozen=True)
class Fits:
    """Where the open request fits in the shown range: outlines, numbered cards, a word for each column."""

    windows: list[dict[str, str]]
    events: list[dict[str, Any]]
    notes: dict[str, str]


def fits_of(
    appointment_request: AppointmentRequest,
    *,
    first: date,
    last: date,
    by_rooms: bool,
    now: datetime,
    clinic: Clinic,
) -> Fits | None:
    """None when no time may be named for it: then the calendar is as it always is."""
    service = appointment_request.service
    if service is None or not can_be_placed(appointment_request):
        return None
    best, every = availability.best_and_all(
        appointment_request, start=first, end=last, now=now, clinic=clinic
    )
    minutes = timedelta(minutes=service.minutes)
    windows = windows_of(every, minutes=minutes, by_rooms=by_rooms)
    name = appointment_request.client.initials_name
    cards = [
        _card(rank, slot, name=name, by_rooms=by_rooms, clinic=clinic)
        for rank, slot in enumerate(best, start=1)
        if first <= slot.starts_at.astimezone(clinic.zone).date() <= last
    ]
    outlines = [_outline(number, window, clinic=clinic) for number, window in enumerate(windows)]
    return Fits(
        [_wall_window(window, clinic) for window in windows],
        [*outlines, *cards],
        _notes(windows, clinic=clinic),
    )


def windows_of(slots: Iterable[Slot], *, minutes: timedelta, by_rooms: bool) -> list[Window]:
    runs: dict[str, list[list[datetime]]] = {}
    for slot in slots:
        of_column = runs.setdefault(_column(slot, by_rooms=by_rooms), [])
        if of_column and slot.starts_at - of_column[-1][-1] <= QUARTER:
            of_column[-1].append(slot.starts_at)
        else:
            of_column.append([slot.starts_at])
    return [
        Window(column, starts[0], starts[-1], starts[-1] + minutes)
        for column, found in runs.items()
        for starts in found
    ]


def _column(slot: Slot, *, by_rooms: bool) -> str:
    if by_rooms:
        return str(slot.room_id) if slot.room_id else calendar.NO_ROOM
    return str(slot.practitioner_id) if slot.practitioner_id else calendar.MACHINES


def _wall(moment: datetime, clinic: Clinic) -> str:
    return moment.astimezone(clinic.zone).strftime("%Y-%m-%dT%H:%M")


def _wall_window(window: Window, clinic: Clinic) -> dict[str, str]:
    return {
        "column": window.column,
        "start": _wall(window.first, clinic),
        "last": _wall(window.last, clinic),
        "end": _wall(window.end, clinic),
    }


def _outline(number: int, window: Window, *, clinic: Clinic) -> dict[str, Any]:
    return {
        "id": f"w{number}",
        "columns": [window.column],
        "start": _wall(window.first, clinic),
        "end": _wall(window.end, clinic),
        "background": True,
        "classes": ["window"],
    }


def _notes(windows: Iterable[Window], *, clinic: Clinic) -> dict[str, str]:
    """For each column from when to when it fits."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for window in windows:
        first, _end = spans.get(window.column, (window.first, window.end))
        spans[window.column] = (first, window.end)
    return {
        column: _("fits %(span)s")
        % {"span": wording.span(first.astimezone(clinic.zone), end.astimezone(clinic.zone))}
        for column, (first, end) in spans.items()
    }


def _card(rank: int, slot: Slot, *, name: str, by_rooms: bool, clinic: Clinic) -> dict[str, Any]:
    start, end = slot.starts_at.astimezone(clinic.zone), slot.ends_at.astimezone(clinic.zone)
    span = wording.span(start, end)
    return {
        "id": f"rank{rank}",
        "columns": [_column(slot, by_rooms=by_rooms)],
        "start": _wall(slot.starts_at, clinic),
        "end": _wall(slot.ends_at, clinic),
        "title": span,
        "sub": ", ".join(filter(None, (name, slot.room_name.removesuffix(" room")))),
        "rank": str(rank),
        "label": _("Book %(day)s, %(span)s, %(who)s %(room)s")
        % {
            "day": wording.long_day(start.date()),
            "span": span,
            "who": slot.practitioner_name.split(" ")[0],
            "room": slot.room_name,
        },
        "classes": ["fit-card"],
        "movable": True,
    }
