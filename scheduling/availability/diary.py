"""A service, the calendar around it, and whose ids its keys are."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from scheduling.openings import (
    Calendar,
    Key,
    Opening,
    Ranked,
    Reason,
    Refusal,
    ServicePlan,
    Verdict,
    Wishes,
    choose,
    explain,
    find_openings,
    is_whole,
    minute_of,
    moment_of,
    rank,
)


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
        verdict = explain(
            self.calendar, self.plan, start=minute_of(starts_at), person=person, room=room, party=party
        )
        return verdict if is_whole(starts_at) or not verdict.ok else Verdict(ok=False, why=Refusal.OFF_GRID)

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
