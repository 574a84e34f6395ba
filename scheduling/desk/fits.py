"""Where an open request fits: outlines and numbered cards in the calendar, the best times of the dock.

Starts that lie within a quarter of an hour of one another are one window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic
from intake.models import AppointmentRequest
from scheduling import availability, calendar, wording
from scheduling.desk.placing import can_be_placed
from scheduling.desk.words import reasons


@dataclass(frozen=True)
class Fits:
    """Where the open request fits in the shown range: outlines, numbered cards, a word for each column."""

    windows: list[dict[str, str]]
    events: list[dict[str, Any]]
    notes: dict[str, str]


def wall(moment: datetime, clinic: Clinic) -> str:
    return moment.astimezone(clinic.zone).strftime("%Y-%m-%dT%H:%M")


def _slot_column(slot: availability.Slot, *, by_rooms: bool) -> str:
    if by_rooms:
        return str(slot.room_id) if slot.room_id else calendar.NO_ROOM
    return str(slot.practitioner_id) if slot.practitioner_id else calendar.MACHINES


def fits_of(
    appointment_request: AppointmentRequest,
    *,
    first: date,
    last: date,
    by_rooms: bool,
    now: datetime,
    clinic: Clinic,
) -> Fits:
    """Starts that lie within a quarter of an hour of one another are one window."""
    if not can_be_placed(appointment_request):
        return Fits([], [], {})
    minutes = timedelta(minutes=appointment_request.service.minutes if appointment_request.service else 60)
    slots = availability.for_request(appointment_request, start=first, end=last, now=now)
    runs: dict[str, list[list[datetime]]] = {}
    for slot in slots:
        of_column = runs.setdefault(_slot_column(slot, by_rooms=by_rooms), [])
        if of_column and slot.starts_at - of_column[-1][-1] <= timedelta(minutes=15):
            of_column[-1].append(slot.starts_at)
        else:
            of_column.append([slot.starts_at])
    windows: list[Any] = []
    events: list[Any] = []
    notes: dict[str, str] = {}
    for column, found in runs.items():
        for starts in found:
            window = {
                "column": column,
                "start": wall(starts[0], clinic),
                "last": wall(starts[-1], clinic),
                "end": wall(starts[-1] + minutes, clinic),
            }
            windows.append(window)
            events.append(
                {
                    "id": f"w{len(events)}",
                    "columns": [column],
                    "start": window["start"],
                    "end": window["end"],
                    "background": True,
                    "classes": ["window"],
                }
            )
        notes[column] = _("fits %(span)s") % {
            "span": wording.span(
                found[0][0].astimezone(clinic.zone), (found[-1][-1] + minutes).astimezone(clinic.zone)
            )
        }
    name = appointment_request.client.initials_name
    for rank, slot in enumerate(availability.best_times(appointment_request, now=now), start=1):
        day = slot.starts_at.astimezone(clinic.zone).date()
        if not first <= day <= last:
            continue
        span = wording.span(slot.starts_at.astimezone(clinic.zone), slot.ends_at.astimezone(clinic.zone))
        events.append(
            {
                "id": f"rank{rank}",
                "columns": [_slot_column(slot, by_rooms=by_rooms)],
                "start": wall(slot.starts_at, clinic),
                "end": wall(slot.ends_at, clinic),
                "title": span,
                "sub": ", ".join(part for part in (name, slot.room_name.removesuffix(" room")) if part),
                "rank": str(rank),
                "label": _("Book %(day)s, %(span)s, %(who)s %(room)s")
                % {
                    "day": wording.long_day(day),
                    "span": span,
                    "who": slot.practitioner_name.split(" ")[0],
                    "room": slot.room_name,
                },
                "classes": ["fit-card"],
                "movable": True,
            }
        )
    return Fits(windows, events, notes)


def ribbon_fits(
    appointment_request: AppointmentRequest, *, now: datetime, clinic: Clinic
) -> dict[date, dict[str, Any]]:
    """For the two weeks over the calendar: where the best times are, and how many others fit."""
    if not can_be_placed(appointment_request):
        return {}
    today = now.astimezone(clinic.zone).date()
    found: dict[date, dict[str, Any]] = {}
    for slot in availability.for_request(
        appointment_request, start=today, end=today + timedelta(days=20), now=now
    ):
        day = slot.starts_at.astimezone(clinic.zone).date()
        found.setdefault(day, {"count": 0, "ranks": []})["count"] += 1
    for rank, slot in enumerate(availability.best_times(appointment_request, now=now), start=1):
        day = slot.starts_at.astimezone(clinic.zone).date()
        found.setdefault(day, {"count": 1, "ranks": []})["ranks"].append(rank)
    return found


@dataclass(frozen=True)
class BestTime:
    rank: int
    when: str
    who: str
    why: str
    value: str  # "2027-03-02T16:10|practitioner|room", local
    said: str
    day: date


def slot_value(slot: availability.Slot, clinic: Clinic) -> str:
    start = slot.starts_at.astimezone(clinic.zone)
    # The clock shows an hour twice in autumn: the second one is told apart by its offset.
    text = start.isoformat(timespec="minutes") if start.fold else wall(start, clinic)
    return f"{text}|{slot.practitioner_id or ''}|{slot.room_id or ''}"


def best_times(appointment_request: AppointmentRequest, *, now: datetime, clinic: Clinic) -> list[BestTime]:
    if not can_be_placed(appointment_request):
        return []
    return as_best_times(availability.best_times(appointment_request, now=now), clinic=clinic)


def as_best_times(slots: Sequence[availability.Slot], *, clinic: Clinic) -> list[BestTime]:
    found = []
    for rank, slot in enumerate(slots, start=1):
        start, end = slot.starts_at.astimezone(clinic.zone), slot.ends_at.astimezone(clinic.zone)
        who = ", ".join(
            part
            for part in (slot.practitioner_name.split(" ")[0], slot.room_name.removesuffix(" room"))
            if part
        )
        why = reasons(slot.reasons)
        found.append(
            BestTime(
                rank=rank,
                when=f"{wording.short_day(start.date())} · {wording.span(start, end)}",
                who=who,
                why=why,
                value=slot_value(slot, clinic),
                said=_("Book %(day)s, %(span)s, %(who)s. %(why)s")
                % {
                    "day": wording.long_day(start.date()),
                    "span": wording.span(start, end),
                    "who": who,
                    "why": why,
                },
                day=start.date(),
            )
        )
    return found
