"""On each request and visit staff see what was told, what became of it, and can do something about it."""

from datetime import timedelta
from itertools import product

import pytest
from django.db import transaction
from django.test import Client as Browser
from django.utils import timezone

from config.foundation.staff_tasks import StaffTask
from intake import notices
from intake.ledger import Row
from intake.models import AppointmentRequest, Service
from notifications import delivery
from notifications.models import Attempt, Message, Receipt, State
from scheduling import class_notices, series_notices, told, waitlist_notices
from scheduling import notices as visits
from scheduling.models import Appointment, FreedTime, Invitation, Seat, Series
from tests.factories import load_sample_clinic, make_appointment_request, make_client, make_user
from tests.notifications.test_notices import make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> AppointmentRequest:
    load_sample_clinic()
    return make_appointment_request(client=make_client(email="alex.sample@example.com"))


@pytest.fixture
def visit(asked: AppointmentRequest) -> Appointment:
    now = timezone.now()
    booked = make_visit(asked, starts_at=now + timedelta(days=7), ends_at=now + timedelta(days=7, hours=1))
    with transaction.atomic():
        notices.received(appointment_request=asked, now=now)
        notices.staff_alert(appointment_request=asked, now=now)
        visits.confirmed(appointment=booked, has_estimate=True, now=now)
    return booked


@pytest.fixture
def staff(client: Browser, asked: AppointmentRequest) -> Browser:
    client.force_login(make_user(roles="front_desk"))
    return client


def test_a_request_shows_what_its_client_was_told_and_so_does_the_visit(
    staff: Browser, visit: Appointment, asked: AppointmentRequest
) -> None:
    page = staff.get(f"/staff/request/{asked.pk}/").content.decode()

    assert {row.label for row in told.about_request(asked)} == {"Confirmed", "Received"}
    assert "2 messages" in page
    assert "alex.sample@example.com" in page
    assert [row.label for row in told.about_visit(visit)] == ["Confirmed"]
    assert "1 message" in staff.get(f"/staff/visit/{visit.pk}/").content.decode()


def test_staff_see_what_was_told_about_a_place_in_a_class_a_series_and_a_time_that_opened(
    staff: Browser, visit: Appointment, asked: AppointmentRequest
) -> None:
    now = visit.starts_at - timedelta(days=1)
    workshop = make_visit(asked, service=Service.objects.get(code="WORKSHOP"), client=None, seats=12)
    AppointmentRequest.objects.filter(pk=asked.pk).update(status="booked")
    seat = Seat.objects.create(appointment=workshop, client=asked.client, appointment_request=asked)
    series = Series.objects.create(appointment_request=asked, created_at=now)
    series.visits.create(appointment=visit, number=1)
    freed = FreedTime.objects.create(
        freed_by=workshop, hold=workshop, told_at=now, expires_at=visit.starts_at, created_at=now
    )
    invitation = Invitation.objects.create(freed_time=freed, visit=visit)
    with transaction.atomic():
        class_notices.reminder(seat=seat, lead_hours=48, now=now)
        series_notices.confirmed(series=series, visits=[visit], now=now)
        waitlist_notices.invited(invitation=invitation, now=now)

    assert told_about(told.about_request(asked)) == ["Confirmed", "Received", "Reminder", "Series confirmed"]
    assert told_about(told.about_visit(visit)) == ["Confirmed", "Series confirmed", "Waitlist offer"]
    assert told_about(told.about_visit(workshop)) == ["Reminder"]
    page = staff.get(f"/staff/clients/{asked.client.pk}/").content.decode()
    for label in ("Reminder", "Series confirmed", "Waitlist offer"):
        assert label in page


def told_about(rows: list[Row]) -> list[str]:
    return sorted(row.label for row in rows)


def test_what_came_back_stands_out_and_is_marked_as_called_from_the_page(
    staff: Browser, visit: Appointment, asked: AppointmentRequest
) -> None:
    message = Message.objects.get(kind="confirmed")
    Message.objects.filter(pk=message.pk).update(
        state=State.SENT, sent_at=timezone.now(), receipt=Receipt.BOUNCED
    )
    delivery.open_task(message, now=timezone.now())
    here = f"/staff/request/{asked.pk}/"
    page = staff.get(here).content.decode()
    assert "did not arrive" in page
    assert "Called instead" in page

    answer = staff.post(f"/staff/messages/{message.pk}/told/", {"how": "called", "next": here})

    assert answer["Location"] == here
    assert StaffTask.objects.get(key=f"message:{message.pk}").done_at is not None
    page = staff.get(here).content.decode()
    assert "did not arrive" not in page
    assert "Then called" in page or "then called" in page


def test_send_again_leads_back_and_never_to_another_site(staff: Browser, visit: Appointment) -> None:
    message = Message.objects.get(kind="received")
    Message.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=timezone.now())
    here = f"/staff/visit/{visit.pk}/"

    assert staff.post(f"/staff/messages/{message.pk}/again/", {"next": here})["Location"] == here
    assert Message.objects.filter(key__contains=":again:").count() == 1
    for evil in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        answer = staff.post(f"/staff/messages/{message.pk}/told/", {"how": "called", "next": evil})
        assert answer["Location"] == "/staff/messages/"


def test_a_possible_second_copy_is_said(asked: AppointmentRequest, visit: Appointment) -> None:
    message = Message.objects.get(kind="received")
    Attempt.objects.create(message=message, number=1, worker="x:1", started_at=timezone.now())
    Message.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=timezone.now(), attempts=2)

    [row] = [row for row in told.about_request(asked) if row.id == message.pk]

    assert row.detail == "may have arrived twice"


def test_a_row_and_the_list_agree_on_what_needs_a_person(visit: Appointment) -> None:
    message = Message.objects.get(kind="received")
    for state, receipt, matters in product(State, Receipt, [True, False]):
        Message.objects.filter(pk=message.pk).update(
            state=state, receipt=receipt, matters=matters, sent_at=timezone.now(), lease_until=timezone.now()
        )
        message.refresh_from_db()
        listed = Message.objects.needing_a_person().filter(pk=message.pk).exists()
        assert message.needs_a_person == listed, (state, receipt, matters)
