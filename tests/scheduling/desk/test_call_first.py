"""A call that was promised comes before any time: on the page, in the queue, and whoever asks for a time."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from intake.models import AppointmentRequest, Flag, RequestEvent
from scheduling import booking, desk, waitlist
from scheduling.models import Appointment
from tests.scheduling.desk.making import MONDAY, make_clinic, make_request

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]
TUESDAY_AT_TEN = MONDAY + timedelta(hours=24, minutes=36)


@pytest.fixture
def on_monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def same_day() -> AppointmentRequest:
    found = make_request(service=make_clinic(), priority="same_day")
    Flag.objects.create(appointment_request=found, level="same_day", finding={"label": "Fever"})
    return found


def act(browser: Browser, pending: AppointmentRequest, name: str, **posted: object) -> int:
    pending.refresh_from_db()
    values = {"version": pending.version, **posted}
    return browser.post(
        reverse(f"desk:{name}", args=[pending.pk]), values, headers={"HX-Request": "true"}
    ).status_code


def a_slot(pending: AppointmentRequest) -> str:
    assert pending.service
    return f"2027-03-02T10:00|{pending.service.practitioners.get().pk}|"


def test_a_same_day_request_shows_whom_to_call_and_no_times(
    staff: Browser, same_day: AppointmentRequest
) -> None:
    page = staff.get(reverse("desk:request", args=[same_day.pk]))
    text = page.content.decode()
    assert page.context["times"] == []
    assert "data-rank" not in text
    assert "We said that we call before we offer a time." in text
    assert all(word in text for word in ("Talked", "Left message", "No answer"))
    assert "data-drag-request" not in text


@pytest.mark.parametrize("wanted", ["confirm", "offer"])
def test_no_time_is_given_before_the_call_whoever_asks(
    staff: Browser, same_day: AppointmentRequest, wanted: str
) -> None:
    assert act(staff, same_day, wanted, slot=[a_slot(same_day), "2027-03-03T10:00||"]) == 422
    same_day.refresh_from_db()
    assert same_day.status == "new"
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("priority", ["urgent", "same_day"])
def test_the_booking_itself_refuses_too(same_day: AppointmentRequest, priority: str) -> None:
    same_day.priority = priority
    same_day.save()
    with pytest.raises(booking.NotBookable) as no:
        booking.confirm(
            appointment_request=same_day,
            practitioner=None,
            room=None,
            starts_at=TUESDAY_AT_TEN,
            by=None,
            now=MONDAY,
        )
    assert no.value.code == "call_first"


@pytest.mark.parametrize(("outcome", "then"), [("talked", 200), ("left_message", 422), ("no_answer", 422)])
def test_only_who_has_talked_may_name_a_time(
    staff: Browser, same_day: AppointmentRequest, outcome: str, then: int
) -> None:
    assert act(staff, same_day, "decide", act="call", outcome=outcome) == 200
    assert act(staff, same_day, "confirm", slot=a_slot(same_day)) == then
    assert Appointment.objects.exists() == (then == 200)


def test_a_talk_does_not_lift_urgent_answers_but_a_look_with_a_reason_does(
    staff: Browser, same_day: AppointmentRequest
) -> None:
    AppointmentRequest.objects.update(priority="urgent")
    act(staff, same_day, "decide", act="call", outcome="talked")
    assert act(staff, same_day, "confirm", slot=a_slot(same_day)) == 422
    assert act(staff, same_day, "decide", act="looked_at", why="Was at the emergency room; all clear") == 200
    assert act(staff, same_day, "confirm", slot=a_slot(same_day)) == 200


def test_who_was_called_leaves_the_calls_and_keeps_the_mark(
    staff: Browser, same_day: AppointmentRequest
) -> None:
    assert desk.counts()["calls"] == 1
    assert "Call before any time" in staff.get(reverse("desk:desk")).content.decode()
    act(staff, same_day, "decide", act="call", outcome="talked")
    assert desk.counts()["calls"] == 0
    page = staff.get(reverse("desk:desk")).content.decode()
    assert "Was called" in page
    assert "Call before any time" not in page


def test_no_freed_time_goes_to_whom_we_have_not_called(same_day: AppointmentRequest) -> None:
    AppointmentRequest.objects.update(status="waitlisted")
    assert not waitlist.waiting().exists()
    RequestEvent.objects.create(appointment_request=same_day, at=MONDAY, what="call_talked")
    assert waitlist.waiting().exists()
