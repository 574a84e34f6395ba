"""Bad input about time, at the place where it comes in: a plain message, the right status, and nothing changed."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client as Browser

from config.foundation.clinic import Closure, Location
from intake.models import Practitioner, Service
from scheduling import availability
from scheduling.models import Appointment, Claim, Room, Shift, TimeOff
from tests.factories import NOW, make_appointment_request, make_user
from tests.scheduling.booked import at, confirm

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client: Browser) -> Browser:
    client.force_login(make_user())
    return client


def rows() -> tuple[int, int]:
    return Appointment.objects.count(), Claim.objects.count()


@pytest.mark.parametrize(
    ("start", "status"),
    [
        ("2027-02-22T09:00", 422),  # in the past
        ("2027-03-14T02:30", 422),  # in the gap of the clock change
        ("2027-03-03T25:00", 422),
        ("2027-02-30T09:00", 422),
        ("9999-12-31T23:59", 422),
        ("0001-01-01T00:00", 422),
        ("", 422),
        ("tomorrow", 422),
        ("2027-03-03T03:00", 422),  # a real time that was never open
        ("2027-03-07T09:00", 422),  # a Sunday
        ("2027-03-03T09:00:30", 422),  # with seconds
        ("2027-03-03T09:02", 422),  # no visit starts then
        ("2027-03-03T09:00\x00", 422),  # and what follows an end of text
        ("2027-03-03T09:00+99:00", 422),
    ],
)
def test_a_start_that_cannot_be_is_a_sentence(desk: Browser, start, status):
    asked, who, room = (
        make_appointment_request(),
        Practitioner.objects.get(code="P1"),
        Room.objects.get(code="maple"),
    )

    answer = desk.post(
        f"/staff/request/{asked.pk}/confirm/", {"slot": f"{start}|{who.pk}|{room.pk}", "version": 1}
    )

    asked.refresh_from_db()
    assert (answer.status_code, asked.status, asked.version, rows()) == (status, "new", 1, (0, 0))


@pytest.mark.parametrize("what", ["practitioner", "room", "both", "not an id"])
def test_an_unknown_code_or_someone_made_inactive_is_a_sentence(desk: Browser, what):
    asked, who, room = (
        make_appointment_request(),
        Practitioner.objects.get(code="P1"),
        Room.objects.get(code="maple"),
    )
    if what in {"practitioner", "both"}:
        Practitioner.objects.filter(pk=who.pk).update(active=False)
    if what in {"room", "both"}:
        Room.objects.filter(pk=room.pk).update(active=False)
    person = "P1" if what == "not an id" else who.pk

    answer = desk.post(
        f"/staff/request/{asked.pk}/confirm/", {"slot": f"2027-03-03T09:00|{person}|{room.pk}", "version": 1}
    )

    assert (answer.status_code, rows()) == (422, (0, 0))


def test_two_tabs_and_a_replayed_post_book_once(desk: Browser):
    asked, who, room = (
        make_appointment_request(),
        Practitioner.objects.get(code="P1"),
        Room.objects.get(code="maple"),
    )
    address, values = f"/staff/request/{asked.pk}/confirm/", {"version": 1}
    first = {**values, "slot": f"2027-03-03T09:00|{who.pk}|{room.pk}"}

    assert desk.post(address, first).status_code == 302
    assert desk.post(address, first).status_code == 302  # the same press again finds it done
    other_tab = {**values, "slot": f"2027-03-03T10:45|{who.pk}|{room.pk}"}
    assert desk.post(address, other_tab).status_code == 409
    assert rows() == (1, 2)


@pytest.mark.parametrize("version", ["0", "99", "-1", "1.0", "x", "", "9" * 30])
def test_a_version_nobody_can_have_is_stale(desk: Browser, version):
    asked, who, room = (
        make_appointment_request(),
        Practitioner.objects.get(code="P1"),
        Room.objects.get(code="maple"),
    )
    values = {"slot": f"2027-03-03T09:00|{who.pk}|{room.pk}", "version": version}

    assert desk.post(f"/staff/request/{asked.pk}/confirm/", values).status_code == 409
    assert rows() == (0, 0)


def refused(row: object) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)  # type: ignore[attr-defined]


def test_the_database_refuses_what_runs_backwards():
    who, main = Practitioner.objects.get(code="P1"), Location.objects.get(code="main")
    hours = {"practitioner": who, "location": main, "weekday": 0}
    refused(Shift(**hours, starts=time(12), ends=time(9)))
    refused(Shift(**hours, starts=time(9), ends=time(9)))
    refused(Closure(starts_on=date(2027, 3, 9), ends_on=date(2027, 3, 8)))
    refused(
        Closure(starts_on=date(2027, 3, 8), ends_on=date(2027, 3, 8), from_time=time(12), to_time=time(9))
    )
    refused(TimeOff(practitioner=who, starts_at=NOW, ends_at=NOW - timedelta(hours=1)))
    visit = confirm(make_appointment_request(), "2027-03-03T09:00")
    visit.ends_at = visit.starts_at - timedelta(minutes=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        visit.save()
    refused(
        Claim(
            resource=visit.claims.first().resource,
            appointment=visit,
            starts_at=at("2027-03-09T10:00"),
            ends_at=at("2027-03-09T09:00"),
        )
    )


def test_overlapping_shifts_open_each_time_once():
    who, main = Practitioner.objects.get(code="P1"), Location.objects.get(code="main")
    asked, day = make_appointment_request(), date(2027, 3, 3)

    def starts() -> list[object]:
        found = availability.for_request(asked, start=day, end=day, now=NOW)
        return [slot.starts_at for slot in found if slot.practitioner_id == who.pk]

    before = starts()
    Shift.objects.create(practitioner=who, location=main, weekday=2, starts=time(10), ends=time(13))

    assert starts() == before
    assert len(set(before)) == len(before) > 0


def test_someone_who_stopped_giving_a_service_is_refused_by_name(desk: Browser):
    asked, who, room = (
        make_appointment_request(),
        Practitioner.objects.get(code="P1"),
        Room.objects.get(code="maple"),
    )
    Service.objects.get(code="ORTHO-EVAL").practitioners.remove(who)

    answer = desk.post(
        f"/staff/request/{asked.pk}/confirm/", {"slot": f"2027-03-03T09:00|{who.pk}|{room.pk}", "version": 1}
    )

    assert answer.status_code == 422
    assert "does not give this service" in answer.content.decode()
    assert rows() == (0, 0)
