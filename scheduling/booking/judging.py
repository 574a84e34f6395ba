"""Is a time free and allowed, asked under the lock, and what is to be claimed for it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from config.foundation.clinic import Location
from intake.models import Practitioner, Service
from scheduling import availability
from scheduling.availability import Diary, Slot
from scheduling.booking.refusals import NotBookable, Taken
from scheduling.models import Room
from scheduling.openings import Key, Mode, Refusal, Verdict, is_whole, minute_of

BUSY = frozenset({Refusal.PRACTITIONER_BUSY, Refusal.ROOM_BUSY, Refusal.ROOM_FULL})


@dataclass(frozen=True, slots=True)
class Place:
    """A time that was found free under the lock, and what is to be claimed for it."""

    slot: Slot
    keys: tuple[Key, ...]
    location_id: UUID
    class_id: UUID | None = None


def diary_around(
    service: Service, times: Iterable[datetime], *, now: datetime, ignoring: Collection[UUID] = ()
) -> Diary:
    """What must be known to judge these times: their days, and one more at both ends for other zones."""
    days, around = [moment.date() for moment in times], timedelta(days=1)
    return availability.load(
        service, start=min(days) - around, end=max(days) + around, now=now, ignoring=ignoring
    )


def judge(diary: Diary, slot: Slot, *, join: bool, party: int = 1, already_agreed: bool = False) -> Place:
    """Is the time free and allowed, and what has to be claimed? Raises Taken or NotBookable."""
    if not is_whole(slot.starts_at):
        raise NotBookable(Refusal.OFF_GRID)
    if not join:
        diary = replace(diary, calendar=replace(diary.calendar, sessions=()))
    verdict = diary.explain(
        starts_at=slot.starts_at, practitioner_id=slot.practitioner_id, room_id=slot.room_id, party=party
    )
    if not verdict.ok and already_agreed and verdict.why not in BUSY:
        verdict = _agreed(diary, slot)
    if verdict.why in BUSY:
        raise Taken
    if verdict.why is not None:
        raise NotBookable(verdict.why)
    person = diary.practitioners.get(verdict.person)
    room = diary.rooms.get(verdict.room)
    keys: list[Key] = [verdict.person] if verdict.person is not None else []
    if verdict.machine is not None:
        keys.append(verdict.machine)
    elif verdict.room is not None:
        keys += diary.calendar.rooms[verdict.room].whole
    chosen = replace(slot, practitioner_id=person.pk if person else None, room_id=room.pk if room else None)
    session = verdict.session if isinstance(verdict.session, UUID) else None
    return Place(chosen, tuple(keys), _location(diary, verdict), session)


def still_free(times: Iterable[tuple[Service, Slot]], *, now: datetime) -> list[bool]:
    """Could somebody be booked into each of these times now? One query for each service, however many times.

    A day that has its first visits keeps its times for those who come again.
    """
    asked = list(times)
    starts: dict[UUID, list[datetime]] = {}
    for service, slot in asked:
        starts.setdefault(service.pk, []).append(slot.starts_at)
    services = {service.pk: service for service, _slot in asked}
    diaries = {pk: diary_around(services[pk], moments, now=now) for pk, moments in starts.items()}
    found = []
    for service, slot in asked:
        try:
            judge(diaries[service.pk], slot, join=False)
        except Taken:
            found.append(False)
        except NotBookable as no:
            found.append(no.code == Refusal.FIRST_VISITS_FULL)
        else:
            found.append(True)
    return found


def _agreed(diary: Diary, slot: Slot) -> Verdict:
    """What was agreed elsewhere need not fit today's hours; person and room are taken as named."""
    person = diary.people_keys.get(slot.practitioner_id) if slot.practitioner_id else None
    room = diary.room_keys.get(slot.room_id) if slot.room_id else None
    start = minute_of(slot.starts_at)
    span = (start - diary.plan.before, start + diary.plan.minutes + diary.plan.after)

    def free(key: Key) -> bool:
        return all(span[1] <= low or high <= span[0] for low, high in diary.calendar.busy.get(key, ()))

    machine = None
    if room is not None and diary.plan.uses_machine:
        machine = next((key for key in diary.calendar.rooms[room].machines if free(key)), None)
        if machine is None:
            return Verdict(ok=False, why=Refusal.ROOM_FULL)
    elif room is not None and not all(map(free, diary.calendar.rooms[room].whole)):
        return Verdict(ok=False, why=Refusal.ROOM_BUSY)
    if person is not None and not free(person):
        return Verdict(ok=False, why=Refusal.PRACTITIONER_BUSY)
    return Verdict(ok=True, person=person, room=room, machine=machine)


def _location(diary: Diary, verdict: Verdict) -> UUID:
    """Where the visit is: the room's place, the service's own, or the first of the kind it is given in."""
    where = diary.calendar.rooms[verdict.room].location if verdict.room is not None else diary.plan.location
    if isinstance(where, UUID):
        return where
    kind = Location.Kind.VIDEO if diary.plan.mode == Mode.VIDEO else Location.Kind.CLINIC
    found = next((key for key, what in diary.calendar.places.items() if what.value == kind.value), None)
    if not isinstance(found, UUID):
        raise NotBookable(Refusal.WRONG_LOCATION)
    return found


def pk_of(row: Practitioner | Room | None) -> UUID | None:
    return None if row is None else row.pk
