"""One column a person at work, or one a room."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from scheduling import wording
from scheduling.calendar.hours import Hours
from scheduling.models import Appointment

MACHINES = "machines"  # the column of services that need no practitioner
NO_ROOM = "no-room"  # the column of visits by video or elsewhere


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
