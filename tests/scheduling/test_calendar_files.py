"""The calendar file as another program reads it: lines after RFC 5545, the zone by dateutil's own parser."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from dateutil.tz import tzical

from intake.models import Practitioner
from notifications.models import Message
from scheduling import booking
from scheduling.models import Appointment, Room
from tests.factories import NOW, ZONE, make_appointment_request

pytestmark = pytest.mark.usefixtures("clinic")
BEFORE, AFTER = (datetime(2027, 3, day, 9, 0, tzinfo=ZONE) for day in (10, 24))  # clocks change on the 14th


@dataclass(frozen=True)
class Entry:
    method: str
    fields: dict[str, str]
    starts_at: datetime


def entry_of(message: Message) -> Entry:
    [part] = message.attachments
    text = base64.b64decode(part["content"]).decode()
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    unfolded = text.replace("\r\n ", "")
    assert part["type"].split("method=")[1] == unfolded.split("METHOD:")[1].split("\r\n")[0]
    fields, parameters = {}, {}
    for line in unfolded.split("BEGIN:VEVENT\r\n")[1].split("END:VEVENT")[0].splitlines():
        name, _colon, fields_value = line.partition(":")
        name, _semicolon, parameter = name.partition(";")
        fields[name], parameters[name] = fields_value, parameter
    zone = tzical(StringIO(text)).get(parameters["DTSTART"].removeprefix("TZID="))
    starts_at = datetime.strptime(fields["DTSTART"], "%Y%m%dT%H%M%S").replace(tzinfo=zone)
    return Entry(part["type"].split("method=")[1], fields, starts_at)


def story() -> tuple[Appointment, list[Entry]]:
    """Confirmed, moved over the change of the clock, cancelled: each told before the next happens."""
    visit = booking.confirm(
        appointment_request=make_appointment_request(),
        practitioner=Practitioner.objects.get(code="P1"),
        room=Room.objects.get(code="maple"),
        starts_at=BEFORE,
        by=None,
        now=NOW,
    )
    Message.objects.update(state="sent", sent_at=NOW)
    visit = booking.move(
        appointment=visit,
        practitioner=visit.practitioner,
        room=visit.room,
        starts_at=AFTER,
        by=None,
        now=NOW + timedelta(hours=1),
    )
    Message.objects.update(state="sent", sent_at=NOW)
    visit = booking.cancel(appointment=visit, by=None, now=NOW + timedelta(hours=2))
    told = [Message.objects.get(kind=kind) for kind in ("confirmed", "moved", "cancelled")]
    return visit, [entry_of(message) for message in told]


def test_an_update_and_a_cancellation_change_the_entry_that_is_there() -> None:
    visit, entries = story()

    assert {entry.fields["UID"] for entry in entries} == {f"{visit.pk}@example.com"}
    assert [entry.method for entry in entries] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [entry.fields["SEQUENCE"] for entry in entries] == ["0", "1", "2"]
    assert [entry.fields["STATUS"] for entry in entries] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    stamps = [entry.fields["DTSTAMP"] for entry in entries]
    assert stamps == sorted(set(stamps))
    assert {entry.fields["SUMMARY"] for entry in entries} == {"Visit at Example PT"}
    assert not {"DESCRIPTION", "COMMENT", "CATEGORIES"} & entries[0].fields.keys()


def test_its_zone_is_right_on_both_sides_of_the_change_of_the_clock() -> None:
    _visit, entries = story()

    assert [entry.starts_at.astimezone(UTC) for entry in entries] == [
        moment.astimezone(UTC) for moment in (BEFORE, AFTER, AFTER)
    ]
