"""The days the clocks change, the repeated hour, a leap day, and a client in another zone: with real rows."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client as Browser
from icalendar import Calendar

from config.foundation.clinic import Clinic, Location
from intake.models import Practitioner
from scheduling import availability, desk, notices
from scheduling.availability import Slot
from scheduling.calendar_entry import calendar_entry
from scheduling.models import DateOverride
from scheduling.views.places import read_place
from tests.factories import NOW, ZONE, make_appointment_request
from tests.scheduling.booked import confirm

pytestmark = pytest.mark.usefixtures("clinic")
SPRING, AUTUMN, LEAP = date(2027, 3, 14), date(2027, 11, 7), date(2028, 2, 29)


def open_on(day: date, starts: time, ends: time) -> list[datetime]:
    """The starts that P1 has when the hours of this one day are these."""
    who, main = Practitioner.objects.get(code="P1"), Location.objects.get(code="main")
    DateOverride.objects.create(practitioner=who, on=day, starts=starts, ends=ends, location=main)
    found = availability.for_request(make_appointment_request(), start=day, end=day, now=NOW)
    return [slot.starts_at for slot in found if slot.practitioner_id == who.pk]


def test_the_hour_that_is_skipped_is_offered_to_nobody():
    starts = open_on(SPRING, time(0), time(6))

    walls = {start.astimezone(ZONE).time() for start in starts}
    assert walls
    assert not [wall for wall in walls if time(2) <= wall < time(3)]
    # Six hours on the wall are five that pass; the visit takes 75 minutes of those.
    assert max(starts) - min(starts) == timedelta(hours=5) - timedelta(minutes=75)


def test_the_repeated_hour_is_open_twice_and_each_can_be_booked_once():
    starts = open_on(AUTUMN, time(0), time(4))

    half_past_one = [start for start in starts if start.astimezone(ZONE).time() == time(1, 30)]
    assert [start.astimezone(UTC).hour for start in half_past_one] == [7, 8]
    assert max(starts) - min(starts) == timedelta(hours=5) - timedelta(minutes=75)


def test_the_desk_books_the_very_half_past_one_that_it_showed(client: Browser):
    starts = open_on(AUTUMN, time(0), time(4))
    clinic, who = Clinic.get(), Practitioner.objects.get(code="P1")
    second = [start for start in starts if start.astimezone(ZONE).time() == time(1, 30)][1]

    shown = desk.slot_value(Slot(second, second, who.pk, "", None, ""), clinic)

    place, problem = read_place({"slot": shown}, clinic=clinic)
    assert (place.starts_at, problem) == (second, "")


@pytest.mark.parametrize(
    ("start", "in_utc"),
    [
        ("2027-03-11T07:30", "14:30"),  # the Thursday before the clocks go forward
        ("2027-03-22T09:00", "15:00"),  # a Monday after
        ("2027-11-04T07:30", "13:30"),
        ("2027-11-08T09:00", "16:00"),
        ("2028-02-29T07:30", "14:30"),  # a leap day
    ],
)
def test_the_clinics_hours_stay_on_the_wall_and_the_calendar_file_says_the_same(start, in_utc):
    visit = confirm(make_appointment_request(), start)

    assert f"{visit.starts_at.astimezone(UTC):%H:%M}" == in_utc
    content = calendar_entry(
        appointment=visit, clinic=Clinic.get(), title="Visit", attendee="a@example.com", now=NOW
    ).content
    [event] = Calendar.from_ical(content).walk("VEVENT")
    assert f"{event['DTSTART'].dt:%Y-%m-%dT%H:%M}" == start
    # Somebody who joins by video from far away has the same moment in their own calendar.
    assert event["DTSTART"].dt.astimezone(ZoneInfo("Asia/Tokyo")) == visit.starts_at


def test_a_page_names_the_zone_of_its_times(client: Browser):
    before = confirm(make_appointment_request(), "2027-03-11T07:30")
    after = confirm(make_appointment_request(), "2027-03-22T09:00")

    with time_machine.travel(NOW, tick=False):
        pages = [client.get(notices.visit_path(visit)).content.decode() for visit in (before, after)]

    assert ["(MST)" in page for page in pages] == [True, False]
    assert "(MDT)" in pages[1]
