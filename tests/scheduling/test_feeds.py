"""Calendars outside the desk: bounded, shaped by role, one query; a secret address that can be taken back."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from config.foundation.clinic import Clinic
from intake.models import Practitioner
from scheduling import feeds
from scheduling.models import Appointment
from tests.factories import NOW, make_appointment_request, make_user
from tests.scheduling.booked import at, confirm

pytestmark = pytest.mark.usefixtures("clinic")
START, END = at("2027-03-01T00:00"), at("2027-04-01T00:00")


def read(**more) -> list[dict[str, object]]:
    return json.loads(feeds.visits_json(start=START, end=END, now=NOW, **{"with_names": True, **more}))


def test_a_month_of_visits_is_one_query_however_many_there_are():
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            read()
        return len(seen)

    confirm(make_appointment_request(), "2027-03-03T09:00")
    read()  # what a process asks once, whoever comes first, is no part of it
    first = queries()
    for day in ("2027-03-08", "2027-03-10", "2027-03-22"):
        confirm(make_appointment_request(), f"{day}T09:00")

    assert (first, queries(), len(read())) == (1, 1, 4)


def test_names_are_not_even_read_for_a_shared_screen():
    visit = confirm(make_appointment_request(), "2027-03-03T09:00")

    [full], [bare] = read(), read(with_names=False)

    assert (UUID(str(full["id"])), full["name"], full["service"]) == (visit.pk, "Alex S", "ORTHO-EVAL")
    assert set(full) - set(bare) == {"name", "service"}
    assert full["start"].startswith("2027-03-03T16:00:00")


def test_a_range_is_bounded_and_a_visit_belongs_to_the_range_it_starts_in():
    confirm(make_appointment_request(), "2027-03-03T09:00")

    for start, end in ((START, START), (END, START), (START, START + timedelta(days=43))):
        with pytest.raises(feeds.TooLong):
            feeds.visits_json(start=start, end=end, now=NOW, with_names=True)
    at_its_end = feeds.visits_json(start=at("2027-03-03T10:15"), end=END, now=NOW, with_names=True)
    assert json.loads(at_its_end) == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from": "x", "to": "y"},
        {"from": "2027-03-01", "to": "2030-03-01"},
        {"from": "0001-01-01", "to": "9999-12-31"},
    ],
)
def test_a_range_nobody_can_read_is_a_plain_refusal(client: Browser, query):
    client.force_login(make_user())

    assert client.get("/staff/visits.json", query).status_code == 422


def test_the_desk_gets_its_range(client: Browser):
    confirm(make_appointment_request(), "2027-03-03T09:00")
    client.force_login(make_user())

    answer = client.get("/staff/visits.json", {"from": "2027-03-01", "to": "2027-03-08T00:00:00-07:00"})

    assert [one["name"] for one in answer.json()] == ["Alex S"]


def own_calendar() -> tuple[Browser, Practitioner]:
    robin = Practitioner.objects.get(code="P1")
    robin.user = make_user(roles="therapist")
    robin.save()
    browser = Browser()
    browser.force_login(robin.user)
    return browser, robin


def test_a_practitioner_subscribes_makes_a_new_address_and_stops_it():
    browser, robin = own_calendar()
    visit = confirm(make_appointment_request(), "2027-03-03T09:00")
    Appointment.objects.filter(pk=visit.pk).update(starts_at=NOW, ends_at=NOW + timedelta(hours=1))

    def address() -> str:
        page = browser.get("/staff/calendar-link/").content.decode()
        return page.split('value="http')[1].split('"')[0].split("/v/")[1] if 'value="http' in page else ""

    assert address() == ""
    browser.post(f"/staff/calendar-link/{robin.pk}/make/")
    first = address()
    feed = feeds.practitioner_calendar(robin, clinic=Clinic.get(), now=NOW)
    [event] = Calendar.from_ical(feed).walk("VEVENT")
    assert (str(event["SUMMARY"]), event["DTSTART"].dt) == ("Visit", NOW)
    for secret in (b"Alex", b"ORTHO", b"Sample", b"First visit"):
        assert secret not in feed
    anybody = Browser().get(f"/v/{first}")
    assert (anybody.status_code, anybody["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert Browser().post(f"/v/{first}").status_code == 405

    browser.post(f"/staff/calendar-link/{robin.pk}/make/")
    assert Browser().get(f"/v/{first}").status_code == 404
    second = address()
    browser.post(f"/staff/calendar-link/{robin.pk}/revoke/")
    assert Browser().get(f"/v/{second}").status_code == 404


def test_nobody_makes_an_address_for_somebody_else(client: Browser):
    _browser, robin = own_calendar()
    client.force_login(make_user(roles="therapist front_desk"))

    assert client.post(f"/staff/calendar-link/{robin.pk}/make/").status_code == 404
    assert robin.name not in client.get("/staff/calendar-link/").content.decode()
