"""The sample clinic as plain values, read from the file without a database."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scheduling.openings import (
    DAY,
    Calendar,
    Closed,
    Hours,
    Mode,
    Person,
    Place,
    RoomPlan,
    ServicePlan,
    Session,
    Span,
    minute_of,
)
from tests.factories import sample_file

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
SAMPLE: dict[str, Any] = sample_file()
ZONE = ZoneInfo(SAMPLE["timezone"])
NOW = minute_of(datetime.fromisoformat(SAMPLE["anchor_now"]))


def wall_minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def local_minute(text: str) -> int:
    return minute_of(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def service_plan(row: dict[str, Any]) -> ServicePlan:
    bookable = tuple(
        Hours(WEEKDAYS.index(day), wall_minutes(span[0]), wall_minutes(span[1]), "main")
        for day, span in row.get("bookable_hours", {}).items()
    )
    return ServicePlan(
        key=row["code"],
        minutes=row["minutes"],
        before=row["before"],
        after=row["after"],
        rooms=tuple(row["rooms"]),
        mode=Mode(row["modes"][0]),
        location=row.get("at"),
        needs_person=bool(row["practitioners"]),
        uses_machine=row.get("uses_equipment_place", False),
        bookable=bookable,
        is_first_visit=row["for"][0] == "new" and "returning" not in row["for"],
        seats=row.get("max_people"),
    )


SERVICES = {row["code"]: service_plan(row) for row in SAMPLE["services"]}


def room_plan(row: dict[str, Any]) -> RoomPlan:
    machines = tuple(f"{row['code']}#{number}" for number in range(1, row.get("equipment_places", 0) + 1))
    return RoomPlan(row["code"], row["location"], machines)


ROOMS = {row["code"]: room_plan(row) for row in SAMPLE["rooms"]}


def person_plan(row: dict[str, Any]) -> Person:
    hours = tuple(
        Hours(
            WEEKDAYS.index(day),
            wall_minutes(shift["from"]),
            wall_minutes(shift["to"]),
            shift["at"],
            shift.get("every_weeks", 1),
            date.fromisoformat(shift["starting"]) if "starting" in shift else None,
        )
        for day, shifts in row["weekly_hours"].items()
        for shift in shifts
    )
    off = tuple(
        (local_minute(away["from"]), local_minute(away["to"]))
        for away in SAMPLE["time_off"]
        if away["practitioner"] == row["code"]
    )
    return Person(
        key=row["code"],
        services=frozenset(row["services"]),
        hours=hours,
        time_off=off,
        minimum_notice=row["minimum_notice_hours"] * 60,
        max_first_visits=row["max_first_visits_per_day"],
        gender=row["gender_for_matching"],
        languages=frozenset(row["languages"]),
    )


def closed(row: dict[str, Any]) -> Closed:
    first = date.fromisoformat(row.get("date") or row["date_from"])
    last = date.fromisoformat(row.get("date") or row["date_to"])
    return Closed(
        first, last, wall_minutes(row.get("from", "00:00")), wall_minutes(row["to"]) if "to" in row else DAY
    )


def booked() -> tuple[dict[str, list[Span]], tuple[Session, ...], dict[tuple[str, date], int]]:
    busy: dict[str, list[Span]] = {}
    sessions: list[Session] = []
    first_visits: dict[tuple[str, date], int] = {}
    for row in SAMPLE["appointments"]:
        service = SERVICES[row["service"]]
        start = local_minute(row["start"])
        span = (start - service.before, start + service.minutes + service.after)
        if row["practitioner"]:
            busy.setdefault(row["practitioner"], []).append(span)
        if service.uses_machine:
            machines = ROOMS[row["room"]].machines
            busy.setdefault(next(m for m in machines if span not in busy.get(m, [])), []).append(span)
        elif row["room"]:
            for key in ROOMS[row["room"]].whole:
                busy.setdefault(str(key), []).append(span)
        if service.seats is not None:
            sessions.append(
                Session(row["code"], service.key, row["practitioner"], start, service.seats - row["people"])
            )
        if service.is_first_visit:
            day = datetime.fromisoformat(row["start"]).date()
            first_visits[(row["practitioner"], day)] = first_visits.get((row["practitioner"], day), 0) + 1
    return {key: sorted(spans) for key, spans in busy.items()}, tuple(sessions), first_visits


def sample_calendar(**changes: Any) -> Calendar:
    busy, sessions, first_visits = booked()
    values: dict[str, Any] = {
        "zone": ZONE,
        "now": NOW,
        "people": {row["code"]: person_plan(row) for row in SAMPLE["practitioners"]},
        "rooms": ROOMS,
        "places": {row["code"]: Place(row["kind"]) for row in SAMPLE["locations"]},
        "closures": tuple(closed(row) for row in SAMPLE["closures"]),
        "busy": busy,
        "sessions": sessions,
        "first_visits": first_visits,
    }
    return Calendar(**{**values, **changes})


def in_days(count: int) -> date:
    return datetime.fromisoformat(SAMPLE["anchor_now"]).date() + timedelta(days=count)
