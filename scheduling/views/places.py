"""Where a form or a drag wants a visit."""

from datetime import UTC
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic
from intake.models import Practitioner
from scheduling import availability, calendar, desk
from scheduling.models import Room
from scheduling.openings import read_moment


def read_place(values: Any, *, clinic: Clinic) -> tuple[desk.Place | None, str]:
    """Where a form or a drag wants a visit: `slot` ("start|practitioner|room"), or column + by + starts_at,
    or practitioner, room, day and time. What does not exist is a sentence, never an error page."""
    practitioner_id, room_id = values.get("practitioner", ""), values.get("room", "")
    text = values.get("starts_at", "")
    if values.get("slot"):
        text, practitioner_id, room_id = [*values["slot"].split("|"), "", ""][:3]
    elif values.get("day") and values.get("time"):
        text = f"{values['day']}T{values['time']}"
    elif values.get("column"):
        if values.get("by") == "rooms":
            room_id = values["column"]
        else:
            practitioner_id = values["column"]
    try:
        wall = read_moment(text)
    except ValueError:
        return None, _("That is not a day and time we can read.")
    if not 2000 <= wall.year < 2100:
        return None, _("That is not a day and time we can read.")
    starts_at, missing = availability.local_moment(wall, clinic.zone)
    if missing:
        return None, desk.refusal(missing)
    practitioner = room = None
    if practitioner_id and practitioner_id != calendar.MACHINES:
        practitioner = _by_id(Practitioner.objects.filter(active=True), practitioner_id)
        if practitioner is None:
            return None, _("That person does not work here any more.")
    if room_id and room_id != calendar.NO_ROOM:
        room = _by_id(Room.objects.filter(active=True), room_id)
        if room is None:
            return None, _("That room is not there any more.")
    return desk.Place(starts_at.astimezone(UTC), practitioner, room), ""


def _by_id(rows: Any, text: str) -> Any:
    try:
        return rows.filter(pk=UUID(text)).first()
    except ValueError:
        return None


def place_choices() -> dict[str, Any]:
    """For “Place” and “Move”: nothing can be done by dragging alone."""
    return {
        "people": list(Practitioner.objects.active()),
        "rooms": list(Room.objects.filter(active=True).order_by("position", "code")),
    }
