"""The client's side by private link: GET shows, POST acts, a dead link says nothing."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone

from config.foundation import links
from config.foundation.clinic import Clinic, Location
from notifications.models import Message
from scheduling import availability, booking, reminders
from scheduling.models import Appointment, Offer, Shift
from scheduling.views.client.shown import moment_in
from tests.factories import NOW, ZONE, make_appointment_request, make_user
from tests.scheduling.booked import confirm

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def offer_link() -> tuple[Offer, str]:
    pending = make_appointment_request()
    times = availability.best_times(pending, now=NOW)
    made = booking.offer(appointment_request=pending, times=times, by=make_user(), now=NOW)
    return made, links.issue(purpose="offer", subject_id=made.pk, expires_at=made.expires_at).path()


def visit_link(start: str = "2027-03-08T09:00") -> tuple[Appointment, str]:
    visit = confirm(make_appointment_request(), start)
    return visit, links.issue(
        purpose="visit", subject_id=visit.pk, expires_at=NOW + timedelta(days=60)
    ).path()


def test_an_offered_time_is_taken_in_one_tap(client: Browser):
    made, path = offer_link()
    times = list(made.times.order_by("starts_at"))

    page = client.get(path)
    assert page.status_code == 200
    assert page.content.decode().count('name="time"') == 3
    assert made.times.filter(status="held").count() == 3  # looking took nothing
    answer = client.post(path, {"time": str(times[0].pk)})

    assert answer.status_code == 302
    times[0].refresh_from_db()
    assert times[0].status == "booked"
    assert client.get(answer["Location"]).status_code == 200
    assert client.post(path, {"time": str(times[1].pk)}).status_code == 404
    assert client.get(path).status_code == 404


def test_a_time_that_was_never_offered_changes_nothing(client: Browser):
    made, path = offer_link()

    assert client.post(path, {"time": "f47ac10b-58cc-4372-a567-0e02b2c3d479"}).status_code == 422
    assert made.times.filter(status="held").count() == 3


def test_none_of_these_frees_the_times(client: Browser):
    made, path = offer_link()

    assert client.post(path, {"act": "none", "note": "Fridays"}).status_code == 200
    made.refresh_from_db()
    assert made.status == "turned_down"


def test_a_visit_is_moved_and_cancelled_by_link(client: Browser):
    visit, path = visit_link()
    page = client.get(path).content.decode()
    value = page.split('<option value="')[1].split('"')[0]

    assert client.post(path, {"act": "move", "time": value, "version": visit.version}).status_code == 302
    before = visit.starts_at
    visit.refresh_from_db()
    assert visit.starts_at != before
    assert client.post(path, {"act": "cancel", "version": 1}).status_code == 409  # another tab
    assert client.post(path, {"act": "cancel", "version": visit.version}).status_code == 302
    visit.refresh_from_db()
    assert visit.status == "cancelled"
    assert client.post(path, {"act": "cancel", "version": visit.version}).status_code == 409


def test_a_time_that_was_never_shown_is_not_a_move(client: Browser):
    visit, path = visit_link()

    assert (
        client.post(path, {"act": "move", "time": "20270307T0900Z", "version": visit.version}).status_code
        == 422
    )


def test_a_late_change_shows_its_fee_and_wants_it_confirmed(client: Browser):
    visit, path = visit_link("2027-03-03T09:00")
    late = datetime(2027, 3, 2, 12, 0, tzinfo=ZONE)
    other = confirm(make_appointment_request(client=visit.client), "2027-03-10T09:00")
    booking.cancel(appointment=other, by=None, now=NOW, fee_cents=0)  # the first one was let go
    with time_machine.travel(late, tick=False):
        assert "$105.00" in client.get(path).content.decode()
        unsure = client.post(path, {"act": "cancel", "version": visit.version})
        assert unsure.status_code == 422
        assert (
            '<details class="fold" open><summary>Cancel my visit' in unsure.content.decode()
        )  # where they were
        client.post(path, {"act": "cancel", "version": visit.version, "fee": "10500"})

    visit.refresh_from_db()
    assert (visit.status, visit.fee_cents) == ("cancelled", 10500)
    assert "you agreed to pay" in client.get(path).content.decode()


def test_a_visit_can_be_moved_to_other_days_not_only_to_other_quarters_of_an_hour(client: Browser):
    _visit, path = visit_link()

    values = [part.split('"')[0] for part in client.get(path).content.decode().split('<option value="')[1:]]

    days = Counter(moment_in(value).astimezone(ZONE).date() for value in values)
    assert len(days) >= 6
    assert max(days.values()) <= 3


def test_when_no_other_time_is_open_the_page_says_so_and_what_one_can_do(client: Browser):
    _visit, path = visit_link()
    Shift.objects.all().delete()

    page = client.get(path).content.decode()

    assert "No other time is open just now" in page
    assert "Move my visit" not in page
    assert "Tell me when an earlier time opens" in page


def test_a_time_that_was_given_away_meanwhile_is_said_to_be_taken(client: Browser):
    visit, path = visit_link()
    values = [part.split('"')[0] for part in client.get(path).content.decode().split('<option value="')[1:]]
    rival = make_appointment_request()
    confirm(rival, moment_in(values[-1]).astimezone(ZONE).strftime("%Y-%m-%dT%H:%M"))

    answer = client.post(path, {"act": "move", "time": values[-1], "version": visit.version})

    assert answer.status_code == 409
    assert "Your old time is still yours" in answer.content.decode()


@pytest.mark.parametrize("text", ["00010101T0000Z", "99991231T2359Z", "20270230T0900Z", "soon", ""])
def test_a_time_that_cannot_be_is_no_move_and_no_wish(client: Browser, text):
    visit, path = visit_link()
    asked = make_appointment_request()
    Clinic.objects.update(shows_openings=True)
    wish = links.issue(purpose="request", subject_id=asked.pk, expires_at=NOW + timedelta(days=9)).path()

    assert client.post(path, {"act": "move", "time": text, "version": visit.version}).status_code == 422
    assert client.post(wish, {"act": "mark", "time": text, "version": asked.version}).status_code == 409


def test_a_link_that_does_not_work_says_so_in_each_language(client: Browser):
    page = client.get("/v/nothing-at-all")

    assert page.status_code == 404
    text = page.content.decode()
    assert "This link does not work" in text
    assert 'lang="es"' in text.split("</head>")[1]
    assert "Este enlace no funciona" in text


def test_a_visit_goes_into_a_calendar(client: Browser):
    _visit, path = visit_link()

    answer = client.get(path, {"calendar": "1"})

    assert answer["Content-Type"].startswith("text/calendar")
    assert b"BEGIN:VEVENT" in answer.content


def test_who_is_reminded_says_that_they_are_coming_and_staff_see_it(client: Browser):
    visit, path = visit_link()

    assert 'value="coming"' not in client.get(path).content.decode(), "a week before nobody asks"
    with time_machine.travel(visit.starts_at - timedelta(hours=47), tick=False):
        assert 'value="coming"' in client.get(path).content.decode()
        for _pressed in range(2):
            page = client.post(path, {"act": "coming"}, follow=True).content.decode()
        assert "You told us that you are coming." in page
        assert 'value="coming"' not in page
        client.force_login(make_user())
        assert "Says they are coming" in client.get(f"/staff/visit/{visit.pk}/").content.decode()
    assert visit.events.filter(what="coming").count() == 1


def test_what_was_said_of_a_time_is_not_said_of_the_one_it_moved_to(client: Browser):
    visit, path = visit_link()
    with time_machine.travel(visit.starts_at - timedelta(hours=47), tick=False):
        client.post(path, {"act": "coming"})
    booking.move(
        appointment=visit, practitioner=visit.practitioner, room=visit.room, starts_at=visit.starts_at + timedelta(days=2),
        by=make_user(), now=visit.starts_at - timedelta(hours=46),
    )  # fmt: skip

    visit.refresh_from_db()
    with time_machine.travel(visit.starts_at - timedelta(hours=40), tick=False):
        assert 'value="coming"' in client.get(path).content.decode()


def test_nobody_says_that_they_come_to_a_visit_that_is_over(client: Browser):
    visit, path = visit_link()

    with time_machine.travel(visit.starts_at + timedelta(minutes=1), tick=False):
        assert client.post(path, {"act": "coming"}).status_code == 409
    assert not visit.events.filter(what="coming").exists()


def test_the_mails_and_the_page_of_a_video_visit_lead_into_its_room(client: Browser):
    Location.objects.filter(code="main").update(kind="video", way_in="https://video.example/room")
    visit, path = visit_link()
    with time_machine.travel(visit.starts_at - timedelta(hours=47), tick=False):
        reminders.enqueue_due(now=timezone.now())

    said = {message.kind: message for message in Message.objects.filter(kind__in=["confirmed", "reminder"])}
    assert len(said) == 2
    for message in said.values():
        assert "By video. Open the video room: https://video.example/room\n" in message.text
        assert 'href="https://video.example/room"' in message.html
    assert 'href="https://video.example/room"' in client.get(path).content.decode()


def test_without_a_room_the_mail_says_that_the_way_in_comes(client: Browser):
    Location.objects.filter(code="main").update(kind="video")
    visit_link()

    said = Message.objects.get(kind="confirmed")

    assert "By video. You get the way in before the visit." in said.text
