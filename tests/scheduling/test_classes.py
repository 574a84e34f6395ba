"""A class is one appointment of many people: when it moves, or its teacher is ill, each of them hears of it."""

import base64
import re
from datetime import date

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client as Browser
from icalendar import Calendar

from config.foundation.clinic import Clinic
from intake.models import AppointmentRequest, Practitioner, Service
from notifications.models import Message
from scheduling import booking, reminders, sick_day
from scheduling.models import Appointment, Claim, Seat, TimeOff
from tests.factories import NOW, make_appointment_request, make_client, make_user
from tests.scheduling.booked import at, confirm

pytestmark = pytest.mark.usefixtures("clinic")
EVERYONE = ["seat0@example.org", "seat1@example.org"]


def a_class(start: str) -> tuple[Appointment, list[AppointmentRequest]]:
    people = [make_appointment_request(service="WORKSHOP") for _ in EVERYONE]
    for pending, email in zip(people, EVERYONE, strict=True):
        pending.client.email = email
        pending.client.save()
        visit = confirm(pending, start, who="P3", room="")
    return visit, people


def told(kind: str) -> list[str]:
    rows = Message.objects.filter(kind=kind, subject_type="scheduling.seat", state="queued")
    return sorted(row.to for row in rows)


def test_a_class_moves_with_everyone_in_it_and_each_is_told_the_new_time_once():
    visit, people = a_class("2027-03-20T09:30")
    teacher = Practitioner.objects.get(code="P3")

    booking.move(
        appointment=visit, practitioner=teacher, room=None,
        starts_at=at("2027-04-03T10:00"), by=make_user(), now=NOW,
    )  # fmt: skip

    visit.refresh_from_db()
    assert (visit.starts_at, visit.seats_taken) == (at("2027-04-03T10:00"), 2)
    assert Seat.objects.filter(appointment=visit, cancelled_at=None).count() == 2
    assert (told("confirmed"), told("moved")) == ([], EVERYONE)
    assert {AppointmentRequest.objects.get(pk=each.pk).status for each in people} == {"booked"}
    assert not Claim.objects.filter(appointment=visit, starts_at__lt=at("2027-04-01T00:00")).exists()


def test_a_class_that_cannot_move_there_stays_and_nobody_hears_of_it():
    visit, _people = a_class("2027-03-20T09:30")

    with pytest.raises(booking.NotBookable, match="outside_hours"):
        booking.move(
            appointment=visit, practitioner=Practitioner.objects.get(code="P3"), room=None,
            starts_at=at("2027-03-27T09:30"), by=make_user(), now=NOW,
        )  # fmt: skip

    visit.refresh_from_db()
    assert visit.starts_at == at("2027-03-20T09:30")
    assert (told("confirmed"), told("moved")) == (EVERYONE, [])


def test_on_a_sick_day_everyone_in_the_class_is_told_once_and_comes_back_into_the_queue():
    visit, people = a_class("2027-03-20T09:30")
    teacher, day, user = Practitioner.objects.get(code="P3"), date(2027, 3, 20), make_user()
    assert sick_day.affected(practitioner=teacher, day=day, now=NOW) == [visit]

    for cancelled in (1, 0):  # pressed twice
        done = sick_day.call_off(
            practitioner=teacher, day=day, chosen={visit.pk}, by=user, now=NOW, why="Casey is ill"
        )
        assert done.cancelled == cancelled

    visit.refresh_from_db()
    assert visit.status == "cancelled"
    assert (told("confirmed"), told("cancelled")) == ([], EVERYONE)
    assert not Seat.objects.filter(cancelled_at=None).exists()
    assert not Claim.objects.filter(appointment=visit).exists()
    assert {AppointmentRequest.objects.get(pk=each.pk).status for each in people} == {"new"}
    assert TimeOff.objects.filter(practitioner=teacher).count() == 1


def remind(moment: str) -> list[str]:
    before = set(Message.objects.filter(kind="reminder").values_list("pk", flat=True))
    reminders.enqueue_due(now=at(moment))
    return sorted(row.to for row in Message.objects.filter(kind="reminder").exclude(pk__in=before))


def test_everyone_in_a_class_is_reminded_two_days_and_three_hours_before_and_never_twice():
    a_class("2027-03-20T10:00")

    assert remind("2027-03-18T09:59") == []
    assert (remind("2027-03-18T10:01"), remind("2027-03-18T10:06")) == (EVERYONE, [])
    assert (remind("2027-03-20T08:01"), remind("2027-03-20T08:06")) == (EVERYONE, [])
    assert (remind("2027-03-20T09:45"), remind("2027-03-20T10:01")) == ([], [])


def test_a_class_in_the_morning_is_reminded_of_the_evening_before_and_nobody_is_written_to_at_night():
    a_class("2027-03-20T09:30")

    assert remind("2027-03-18T09:31") == EVERYONE
    assert [remind(f"2027-03-19T{time}") for time in ("19:29", "20:01")] == [[], []]
    assert remind("2027-03-19T19:31") == EVERYONE


def test_a_class_that_moved_is_reminded_of_at_its_new_time_only():
    visit, _people = a_class("2027-03-20T10:00")
    assert remind("2027-03-18T10:01") == EVERYONE
    booking.move(
        appointment=visit, practitioner=Practitioner.objects.get(code="P3"), room=None,
        starts_at=at("2027-04-03T10:00"), by=make_user(), now=at("2027-03-18T10:02"),
    )  # fmt: skip

    assert set(Message.objects.filter(kind="reminder").values_list("state", flat=True)) == {"withdrawn"}
    assert remind("2027-03-20T08:01") == []
    assert remind("2027-04-01T10:01") == EVERYONE


def test_nobody_is_reminded_of_a_class_that_is_off_or_that_they_left():
    visit, _people = a_class("2027-03-20T10:00")
    leaves = Seat.objects.get(appointment=visit, client__email=EVERYONE[0])
    remind("2027-03-18T10:01")
    booking.leave_class(seat=leaves, by=make_user(), now=at("2027-03-18T10:02"))

    assert Message.objects.get(kind="reminder", subject_id=leaves.pk).state == "withdrawn"
    assert remind("2027-03-20T08:01") == EVERYONE[1:]

    visit.refresh_from_db()
    booking.cancel(appointment=visit, by=make_user(), now=at("2027-03-20T08:02"), why="ill")
    assert not Message.objects.filter(kind="reminder").exclude(state="withdrawn").exists()
    assert remind("2027-03-20T08:15") == []


def test_who_joined_a_class_after_the_reminder_was_due_has_just_been_confirmed():
    Clinic.objects.update(change_notice_hours=48)
    a_class("2027-03-20T10:00")
    late = make_appointment_request(service="WORKSHOP")
    late.client.email = "late@example.org"
    late.client.save()
    confirm(late, "2027-03-20T10:00", who="P3", room="", now=at("2027-03-18T14:00"))

    assert remind("2027-03-18T14:05") == EVERYONE
    assert remind("2027-03-20T08:01") == ["late@example.org", *EVERYONE]


def page_in(message: Message) -> str:
    """The address of the page that a mail leads to, on this site."""
    [path] = set(re.findall(r"http://testserver(/v/[^\s#]+)", message.text))
    return path


def of(kind: str, who: str = EVERYONE[0]) -> Message:
    """The one message of this kind to this person."""
    [message] = [row for row in Message.objects.filter(kind=kind) if row.to == who]
    return message


def test_a_mail_about_a_class_offers_only_what_its_page_can_do(client):
    visit, _people = a_class("2027-03-20T10:00")
    booking.move(
        appointment=visit, practitioner=Practitioner.objects.get(code="P3"), room=None,
        starts_at=at("2027-04-03T10:00"), by=None, now=at("2027-03-18T10:02"),
    )  # fmt: skip
    remind("2027-04-01T10:01")

    for kind in ("confirmed", "moved", "reminder"):
        message = of(kind)
        assert "See my visit: http" in message.text
        for missing in ("#coming", "See my visit and price", "Move or cancel", "birth date"):
            assert missing not in message.text + message.html, kind
    for kind in ("confirmed", "moved"):
        assert f"Give my place back: http://testserver{page_in(of(kind))}#change" in of(kind).text

    with time_machine.travel(at("2027-04-01T10:02"), tick=False):
        page = client.get(page_in(of("moved"))).content.decode()
    assert 'id="change"' in page
    assert "Give my place back" in page
    assert "Your visit is set" in page
    assert "Saturday, April 3" in page
    assert "We keep a place for you." in page
    assert "Nothing is booked yet" not in page


def give_back(client: Browser, message: Message, *, when: str, sure: str = "yes") -> HttpResponse:
    asked = AppointmentRequest.objects.get(pk=Seat.objects.get(pk=message.subject_id).appointment_request_id)
    with time_machine.travel(at(when), tick=False):
        data = {"act": "give_back", "sure": sure, "version": asked.version}
        return client.post(page_in(message), data, follow=True)


def test_a_place_in_a_class_is_given_back_by_link_and_everyone_concerned_hears_of_it(client):
    visit, people = a_class("2027-03-20T10:00")
    mine = of("confirmed")

    unsure = give_back(client, mine, when="2027-03-10T10:00", sure="")
    assert (unsure.status_code, Seat.objects.filter(cancelled_at=None).count()) == (422, 2)
    given = give_back(client, mine, when="2027-03-10T10:00")

    assert "You took your request back" in given.content.decode()
    visit.refresh_from_db()
    assert (visit.status, visit.seats_taken) == ("booked", 1)
    assert [AppointmentRequest.objects.get(pk=each.pk).status for each in people] == ["withdrawn", "booked"]
    assert told("cancelled") == EVERYONE[:1]
    told_staff = Message.objects.get(kind="staff_change", subject_id=visit.pk)
    assert "A client gave back a place in a class" in told_staff.text
    assert "The class of Saturday, March 20, 10\xa0am takes place." in told_staff.text
    [entry] = of("cancelled").attachments
    cancelled = Calendar.from_ical(base64.b64decode(entry["content"]))
    assert str(cancelled["METHOD"]) == "CANCEL"
    assert cancelled.walk("VEVENT")[0]["SEQUENCE"] == 1
    assert remind("2027-03-18T10:01") == EVERYONE[1:]

    again = give_back(client, mine, when="2027-03-10T10:01")
    assert (again.status_code, visit.seats_taken) == (409, 1)


def test_soon_before_a_class_its_place_is_given_back_by_calling(client):
    Clinic.objects.update(change_notice_hours=48)
    a_class("2027-03-20T10:00")
    late = make_appointment_request(service="WORKSHOP")
    confirm(late, "2027-03-20T10:00", who="P3", room="", now=at("2027-03-18T14:00"))

    refused = give_back(client, of("confirmed"), when="2027-03-18T14:05")

    assert (refused.status_code, Seat.objects.filter(cancelled_at=None).count()) == (409, 3)
    assert "It is soon. Please call us." in refused.content.decode()
    told_late = of("confirmed", late.client.email)
    assert "Please call us as soon as you can." in told_late.text
    assert "#change" not in told_late.text + told_late.html


def test_whose_place_was_agreed_elsewhere_hears_the_same_and_is_sent_to_no_page():
    guest = make_client(email="guest@example.org")
    visit = booking.record(
        code="agreed", service=Service.objects.get(code="WORKSHOP"), client=guest, people=2, room=None,
        practitioner=Practitioner.objects.get(code="P3"), starts_at=at("2027-03-20T10:00"), now=NOW,
    )  # fmt: skip
    assert not Message.objects.exists()

    assert remind("2027-03-18T10:01") == ["guest@example.org"]
    booking.move(
        appointment=visit, practitioner=Practitioner.objects.get(code="P3"), room=None,
        starts_at=at("2027-04-03T10:00"), by=None, now=at("2027-03-18T10:02"),
    )  # fmt: skip
    visit.refresh_from_db()
    booking.cancel(appointment=visit, by=make_user(), now=at("2027-03-18T10:03"), why="ill")

    for kind in ("reminder", "moved", "cancelled"):
        message = of(kind, "guest@example.org")
        assert "http" not in message.text
        assert "/v/" not in message.html
    for kind in ("reminder", "moved"):
        assert "Please call us as soon as you can." in of(kind, "guest@example.org").text


def test_who_agreed_elsewhere_and_wants_no_reminders_gets_none():
    guest = make_client(email="guest@example.org", contact_notes={"email_reminders_ok": False})
    booking.record(
        code="agreed", service=Service.objects.get(code="WORKSHOP"), client=guest, people=1, room=None,
        practitioner=Practitioner.objects.get(code="P3"), starts_at=at("2027-03-20T10:00"), now=NOW,
    )  # fmt: skip

    remind("2027-03-18T10:01")

    assert Message.objects.get().state == "not_sent"
