"""What the database knows about the time asked for, fed to `openings` as plain values.

One query, however many people, days and visits there are (`diary_rows`). Keys in the calendar are ids of
`Resource` rows, so that a claim needs no look-up.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from config.foundation.clinic import Clinic
from intake.models import AppointmentRequest, Practitioner, Service
from scheduling import diary_rows
from scheduling.models import Appointment, Resource, Room
from scheduling.openings import (
    DAY,
    PARTS_OF_DAY,
    WISHES_BROKEN,
    Calendar,
    Closed,
    Hours,
    Key,
    Mode,
    Opening,
    Override,
    Person,
    Place,
    Ranked,
    Reason,
    Refusal,
    RoomPlan,
    ServicePlan,
    Session,
    Span,
    Verdict,
    Wishes,
    choose,
    exists,
    explain,
    find_openings,
    local_day,
    minute_of,
    moment_of,
    rank,
)

SEARCHED_DAYS = 42  # how far ahead the best times are looked for
# Around a time that was just taken: three days, then two weeks.
NEAR_DAYS = (timedelta(days=1), timedelta(days=7))
WEEKDAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}


@dataclass(frozen=True, slots=True)
class Slot:
    """A time to offer or to book: who, where, when, and which wishes it keeps."""

    starts_at: datetime
    ends_at: datetime
    practitioner_id: UUID | None = None
    practitioner_name: str = ""
    room_id: UUID | None = None
    room_name: str = ""
    appointment_id: UUID | None = None  # a planned class to join
    reasons: tuple[Reason, ...] = ()


class Named(NamedTuple):
    pk: UUID
    name: str
    code: str


NOBODY = (None, "", "")


@dataclass(frozen=True, slots=True)
class Diary:
    """A service, the calendar around it, and whose ids its keys are."""

    calendar: Calendar
    plan: ServicePlan
    practitioners: dict[Key, Named]
    rooms: dict[Key, Named]
    people_keys: dict[UUID, Key]
    room_keys: dict[UUID, Key]

    def openings(self, *, first_day: date, last_day: date, party: int = 1) -> list[Opening]:
        return find_openings(self.calendar, self.plan, first_day=first_day, last_day=last_day, party=party)

    def explain(
        self, *, starts_at: datetime, practitioner_id: UUID | None, room_id: UUID | None, party: int = 1
    ) -> Verdict:
        person = room = None
        if practitioner_id is not None:
            person = self.people_keys.get(practitioner_id, practitioner_id)
        if room_id is not None:
            room = self.room_keys.get(room_id, room_id)
        return explain(
            self.calendar, self.plan, start=minute_of(starts_at), person=person, room=room, party=party
        )

    def slot(self, opening: Opening, reasons: tuple[Reason, ...] = ()) -> Slot:
        person, person_name, _ = self.practitioners.get(opening.person, NOBODY)
        room, room_name, _ = self.rooms.get(opening.room, NOBODY)
        return Slot(
            starts_at=moment_of(opening.start),
            ends_at=moment_of(opening.end),
            practitioner_id=person,
            practitioner_name=person_name,
            room_id=room,
            room_name=room_name,
            appointment_id=opening.session if isinstance(opening.session, UUID) else None,
            reasons=reasons,
        )

    def best(
        self, wishes: Wishes, *, first_day: date, last_day: date, count: int, party: int = 1
    ) -> list[Slot]:
        found = self.openings(first_day=first_day, last_day=last_day, party=party)
        ranked: list[Ranked] = rank(found, wishes, self.calendar, self.plan)
        return [self.slot(one.opening, one.reasons) for one in choose(ranked, self.plan, count=count)]


# --- what others ask --------------------------------------------------------------------------------


def for_request(
    appointment_request: AppointmentRequest, *, start: date, end: date, now: datetime
) -> list[Slot]:
    """Every time that may be offered for this request from `start` to `end`, local dates, both included."""
    if appointment_request.service is None:
        return []
    diary = load(appointment_request.service, start=start, end=end, now=now)
    found = diary.openings(first_day=start, last_day=end, party=appointment_request.people)
    return [diary.slot(opening) for opening in found]


def best_times(
    appointment_request: AppointmentRequest,
    *,
    now: datetime,
    count: int = 3,
    ignoring: Collection[UUID] = (),
) -> list[Slot]:
    """The times that suit the request best and can all be held at once; none while no service is chosen.

    `ignoring` are appointments whose own time counts as free.
    """
    service = appointment_request.service
    if service is None:
        return []
    wishes = wishes_of(appointment_request)
    first_day, last_day = _searched_days(wishes, now=now)
    diary = load(service, start=first_day, end=last_day, now=now, ignoring=ignoring)
    wishes = with_keys(wishes, diary, appointment_request)
    return diary.best(
        wishes, first_day=first_day, last_day=last_day, count=count, party=appointment_request.people
    )


def next_best_times(
    appointment_request: AppointmentRequest, *, near: datetime, now: datetime, count: int = 3
) -> list[Slot]:
    """What to offer somebody whose time, `near`, has just been taken: `count` times that keep every wish.

    The days around that time are searched first, then more of them; many may lose the same time at once, and six
    weeks of every diary are much to read for each of them. Where no such times are near, the best of all days.
    """
    service = appointment_request.service
    if service is None:
        return []
    wishes = wishes_of(appointment_request)
    first_day, _last_day = _searched_days(wishes, now=now)
    day = local_day(minute_of(near), Clinic.get().zone)
    for reach in NEAR_DAYS:
        start, end = max(first_day, day - reach), day + reach
        if start > end:
            continue
        diary = load(service, start=start, end=end, now=now)
        found = diary.best(
            with_keys(wishes, diary, appointment_request),
            first_day=start,
            last_day=end,
            count=count,
            party=appointment_request.people,
        )
        if len(found) == count and all(WISHES_BROKEN.isdisjoint(slot.reasons) for slot in found):
            return found
    return best_times(appointment_request, now=now, count=count)


def _searched_days(wishes: Wishes, *, now: datetime) -> tuple[date, date]:
    """From today, or the day wished for, six weeks ahead; nobody is searched for in the far future."""
    today = local_day(minute_of(now), Clinic.get().zone)
    first_day = max(today, wishes.earliest) if wishes.earliest else today
    first_day = min(first_day, today + timedelta(days=366))
    return first_day, first_day + timedelta(days=SEARCHED_DAYS)


def other_times(
    appointment: Appointment, *, now: datetime, count: int = 3, same_practitioner: bool = True
) -> list[Slot]:
    """Times this visit could be moved to, near its own, with the same practitioner."""
    zone = Clinic.get().zone
    day = local_day(minute_of(appointment.starts_at), zone)
    first_day = max(local_day(minute_of(now), zone), day - timedelta(days=7))
    found = times_to_move_to(appointment, start=first_day, end=first_day + timedelta(days=21), now=now)
    if same_practitioner:
        found = [slot for slot in found if slot.practitioner_id == appointment.practitioner_id]
    nearest = sorted(found, key=lambda slot: abs(slot.starts_at - appointment.starts_at))
    return sorted(nearest[:count], key=lambda slot: slot.starts_at)


def times_to_move_to(appointment: Appointment, *, start: date, end: date, now: datetime) -> list[Slot]:
    """Every time a visit could have instead; its own time counts as free and is left out."""
    diary = load(appointment.service, start=start, end=end, now=now, ignoring=[appointment.pk])
    found = diary.openings(first_day=start, last_day=end)
    slots = (diary.slot(opening) for opening in found)
    return [slot for slot in slots if slot.starts_at != appointment.starts_at]


def explain_slot(
    *,
    service: Service,
    starts_at: datetime,
    now: datetime,
    practitioner: Practitioner | None = None,
    room: Room | None = None,
    party: int = 1,
    ignoring: Collection[UUID] = (),
) -> Verdict:
    """May this time be offered, or the first reason why not."""
    day = starts_at.astimezone(UTC).date()
    around = timedelta(days=1)
    diary = load(service, start=day - around, end=day + around, now=now, ignoring=ignoring)
    return diary.explain(
        starts_at=starts_at,
        practitioner_id=practitioner.pk if practitioner else None,
        room_id=room.pk if room else None,
        party=party,
    )


def local_moment(wall: datetime, zone: ZoneInfo) -> tuple[datetime, Refusal | None]:
    """A typed time as a moment. A time without an offset is the clinic's; the skipped hour is named as such."""
    if wall.tzinfo is not None:
        return wall, None
    missing = None if exists(wall, zone) else Refusal.NO_SUCH_TIME
    return wall.replace(tzinfo=zone).astimezone(UTC), missing


def wishes_of(appointment_request: AppointmentRequest) -> Wishes:
    """The wishes of a request as `openings` ranks them; what cannot be read is no wish."""
    wished: dict[str, Any] = appointment_request.wishes or {}
    return Wishes(
        days=frozenset(WEEKDAYS[day] for day in wished.get("days") or () if day in WEEKDAYS),
        parts=frozenset(part for part in wished.get("parts") or () if part in PARTS_OF_DAY),
        earliest=_date(wished.get("earliest")),
        latest=_date(wished.get("latest")),
        person=wished.get("practitioner") or None,
        gender=wished.get("gender") or "",
        language=wished.get("language") or "",
        starts=frozenset(minute_of(start) for start in marked_times(appointment_request)),
    )


def marked_times(appointment_request: AppointmentRequest) -> list[datetime]:
    """The openings the client marked after sending, earliest first."""
    marked = (appointment_request.wishes or {}).get("times") or []
    return sorted(datetime.fromisoformat(text) for text in marked)


def with_keys(wishes: Wishes, diary: Diary, appointment_request: AppointmentRequest) -> Wishes:
    """Wishes that name a practitioner, by code or id, and those that follow from who the client is."""
    client = appointment_request.client
    wanted = wishes.person if wishes.person is not None else client.home_practitioner_id
    person = diary.people_keys.get(wanted) if isinstance(wanted, UUID) else None
    if person is None and isinstance(wanted, str):
        named = (key for key, who in diary.practitioners.items() if wanted in {str(who.pk), who.code})
        person = next(named, None)
    language = wishes.language or (client.language if client.language != "en" else "")
    return replace(wishes, person=person, language=language)


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


# --- rows to values ---------------------------------------------------------------------------------


def load(
    service: Service, *, start: date, end: date, now: datetime, ignoring: Collection[UUID] = ()
) -> Diary:
    """The calendar of everyone and every room that can serve `service`, from `start` to `end` (local dates)."""
    # A day more at both ends: local days begin and end at other hours than UTC's.
    since = datetime.combine(start - timedelta(days=1), time.min, UTC)
    until = datetime.combine(end + timedelta(days=2), time.min, UTC)
    rules = diary_rows.read(
        service, start=start, end=end, since=since, until=until, now=now, ignoring=ignoring
    )
    (zone_name, horizon) = rules["clinic"][0] if rules["clinic"] else ("America/Denver", None)
    zone = ZoneInfo(zone_name)

    rooms = _rooms(rules["rooms"])
    people = _people(service, rules)
    plan = _plan(service, rules)
    keys = [*people, *(key for room in rooms.values() for key in room.whole)]
    sessions, first_visits = _planned(service, rules, zone)
    calendar = Calendar(
        zone=zone,
        now=_minute_up(now),
        people=people,
        rooms=rooms,
        places={UUID(pk): Place(kind) for pk, kind in rules["locations"]},
        closures=tuple(_closed(row) for row in rules["closures"]),
        busy=_busy(keys, [*rules["people_busy"], *rules["rooms_busy"]]),
        sessions=sessions,
        first_visits=first_visits,
        horizon_days=horizon,
    )
    practitioners = {row[0]: Named(UUID(row[1]), row[2], row[7]) for row in rules["people"]}
    named_rooms = {
        row[0]: Named(UUID(row[1]), row[4], row[5]) for row in rules["rooms"] if row[2] == Resource.Kind.ROOM
    }
    return Diary(
        calendar=calendar,
        plan=plan,
        practitioners=practitioners,
        rooms=named_rooms,
        people_keys={who.pk: key for key, who in practitioners.items()},
        room_keys={room.pk: key for key, room in named_rooms.items()},
    )


def _busy(keys: Iterable[Key], rows: Iterable[list[Any]]) -> dict[Key, list[Span]]:
    """The claimed spans of each key, sorted; they do not overlap, the database sees to it."""
    busy: dict[Key, list[Span]] = {key: [] for key in keys}
    for key, starts, ends in rows:
        if key in busy:
            busy[key] = sorted(zip(starts, ends, strict=True))
    return busy


def _planned(
    service: Service, rules: dict[str, list[Any]], zone: ZoneInfo
) -> tuple[tuple[Session, ...], dict[tuple[Key, date], int]]:
    """Classes that can be joined, and how many first visits each practitioner has on each local day."""
    by_id = {row[1]: row[0] for row in rules["people"]}
    sessions = tuple(
        Session(UUID(pk), service.pk, by_id.get(practitioner), start, left)
        for pk, practitioner, start, left in rules.get("classes", ())
    )
    counts: dict[tuple[Key, date], int] = {}
    for practitioner, start in rules.get("first_visits", ()):
        if practitioner in by_id:
            place = (by_id[practitioner], local_day(start, zone))
            counts[place] = counts.get(place, 0) + 1
    return sessions, counts


def _people(service: Service, rules: dict[str, list[Any]]) -> dict[Key, Person]:
    hours: dict[str, list[Hours]] = {}
    for who, weekday, starts, ends, location, every, anchor in rules["shifts"]:
        starting = _date(anchor)
        hours.setdefault(who, []).append(
            Hours(weekday, _wall(starts), _wall(ends), UUID(location), every, starting)
        )
    days: dict[str, dict[date, list[tuple[int, int, Key]]]] = {}
    for who, on, starts, ends, location in rules["overrides"]:
        stretches = days.setdefault(who, {}).setdefault(date.fromisoformat(on), [])
        if starts is not None:
            stretches.append((_wall(starts), _wall(ends), UUID(location)))
    off: dict[str, list[Span]] = {}
    for who, start, end in rules["time_off"]:
        off.setdefault(who, []).append((start, end))
    people: dict[Key, Person] = {}
    for key, who, _name, notice, most, gender, languages, _code in rules["people"]:
        spoken = json.loads(languages) if isinstance(languages, str) else languages
        people[key] = Person(
            key=key,
            services=frozenset({service.pk}),
            hours=tuple(hours.get(who, ())),
            overrides=tuple(Override(day, tuple(what)) for day, what in days.get(who, {}).items()),
            time_off=tuple(off.get(who, ())),
            minimum_notice=notice * 60,
            max_first_visits=most,
            gender=gender,
            languages=frozenset(spoken or ()),
        )
    return people


def _rooms(rows: list[Any]) -> dict[Key, RoomPlan]:
    machines: dict[str, list[Key]] = {}
    rooms: dict[str, tuple[Key, UUID]] = {}
    for key, room, kind, location, _name, _code, in_use, room_in_use in rows:
        if not (in_use and room_in_use):
            continue
        if kind == Resource.Kind.ROOM:
            rooms[room] = (key, UUID(location))
        else:
            machines.setdefault(room, []).append(key)
    return {key: RoomPlan(key, where, tuple(machines.get(room, ()))) for room, (key, where) in rooms.items()}


def _plan(service: Service, rules: dict[str, list[Any]]) -> ServicePlan:
    # Rooms out of use stay in the plan: a service all of whose rooms are closed still needs a room.
    where = {row[0]: UUID(row[3]) for row in rules["rooms"] if row[2] == Resource.Kind.ROOM}
    rooms = tuple(where)
    home = where[rooms[0]] if rooms else service.location_id
    return ServicePlan(
        key=service.pk,
        minutes=service.minutes,
        before=service.buffer_before_minutes,
        after=service.buffer_after_minutes,
        rooms=rooms,
        mode=mode_of(service),
        location=service.location_id,
        needs_person=service.needs_practitioner,
        uses_machine=service.uses_equipment_place,
        bookable=tuple(
            Hours(day, _wall(starts), _wall(ends), home) for day, starts, ends in rules.get("hours", ())
        ),
        is_first_visit=service.is_first_visit,
        seats=service.max_people,
    )


def mode_of(service: Service) -> Mode:
    """How a service is given. One that can be given in several ways is booked in a room first."""
    for mode in (Mode.IN_PERSON, Mode.VIDEO, Mode.OFFSITE):
        if mode in service.modes:
            return mode
    return Mode.IN_PERSON


def _closed(row: list[Any]) -> Closed:
    first, last, start, end, location = row
    return Closed(
        first_day=date.fromisoformat(first),
        last_day=date.fromisoformat(last),
        start=_wall(start) if start else 0,
        end=_wall(end) if end else DAY,
        location=UUID(location) if location else None,
    )


def _wall(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:5])


def _minute_up(moment: datetime) -> int:
    """The first whole minute that is not before this moment: a time that has begun is over."""
    minute = minute_of(moment)
    return minute if moment_of(minute) >= moment else minute + 1
