"""What a request wishes for, as `openings` ranks it."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from intake.models import AppointmentRequest
from scheduling.availability.diary import Diary
from scheduling.openings import PARTS_OF_DAY, Wishes, minute_of

WEEKDAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}


def wishes_of(appointment_request: AppointmentRequest) -> Wishes:
    """The wishes of a request as `openings` ranks them; what cannot be read is no wish."""
    wished: dict[str, Any] = appointment_request.wishes or {}
    return Wishes(
        days=frozenset(WEEKDAYS[day] for day in wished.get("days") or () if day in WEEKDAYS),
        parts=frozenset(part for part in wished.get("parts") or () if part in PARTS_OF_DAY),
        earliest=read_date(wished.get("earliest")),
        latest=read_date(wished.get("latest")),
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


def read_date(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
