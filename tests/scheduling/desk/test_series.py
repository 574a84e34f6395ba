"""Twelve dates proposed, the impossible ones marked, one press, one mail, one estimate."""

import base64
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse
from icalendar import Calendar

from config.foundation.user import User
from intake.models import AppointmentRequest
from notifications.models import Message
from scheduling import booking, series
from scheduling.models import Appointment, Claim, Series, SeriesVisit, TimeOff
from tests.intake.test_samples import clinic, send
from tests.scheduling.desk.making import make_user

assert clinic

DENVER = ZoneInfo("America/Denver")
NOW = datetime(2027, 3, 1, 9, 24, tzinfo=DENVER)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


@pytest.fixture
def asked(clinic: None) -> AppointmentRequest:
    """R27: twice a week for six weeks, Tuesday and Thursday mornings; Robin is away March 15 to 19."""
    return send("R27")


@pytest.fixture
def robin(clinic: None) -> User:
    return make_user(first_name="Robin")


def slots(asked: AppointmentRequest) -> list[Any]:
    return [each.slot or each.instead for each in series.propose(appointment_request=asked, now=NOW)]


def test_twelve_dates_are_proposed_and_the_two_in_the_week_off_are_marked(asked: AppointmentRequest) -> None:
    proposed = series.propose(appointment_request=asked, now=NOW)
    days = [each.wished_at.astimezone(DENVER).date() for each in proposed]
    assert [each.number for each in proposed] == list(range(1, 13))
    assert {day.weekday() for day in days} == {1, 3}
    missed = [each for each in proposed if each.slot is None]
    assert [each.wished_at.astimezone(DENVER).date() for each in missed] == [
        date(2027, 3, 16),
        date(2027, 3, 18),
    ]
    assert {each.why for each in missed} == {"time_off"}
    assert all(each.instead is not None for each in missed)


def stand_ins(asked: AppointmentRequest) -> list[tuple[date, str]]:
    proposed = series.propose(appointment_request=asked, now=NOW)
    return [
        (each.instead.starts_at.astimezone(DENVER).date(), each.instead.practitioner_name.split()[0])
        for each in proposed
        if each.instead
    ]


def test_the_next_best_keeps_the_week_and_the_order_with_a_colleague(asked: AppointmentRequest) -> None:
    assert stand_ins(asked) == [(date(2027, 3, 15), "Jordan"), (date(2027, 3, 17), "Jordan")]
    starts = [slot.starts_at for slot in slots(asked)]
    assert starts == sorted(starts)


def test_who_asked_for_one_person_by_name_stays_with_her_on_the_nearest_day_between(
    asked: AppointmentRequest,
) -> None:
    asked.wishes = {**asked.wishes, "practitioner": "P1"}
    asked.save()
    assert stand_ins(asked)[0] == (date(2027, 3, 22), "Robin")
    assert {who for _day, who in stand_ins(asked)} == {"Robin"}


def test_a_colleague_of_another_gender_than_wished_does_not_stand_in(asked: AppointmentRequest) -> None:
    asked.wishes = {**asked.wishes, "gender": "woman"}
    asked.save()
    assert {who for _day, who in stand_ins(asked)} == {"Robin"}


def test_the_wall_time_stays_across_the_clock_change(asked: AppointmentRequest) -> None:
    kept = [each.slot for each in series.propose(appointment_request=asked, now=NOW) if each.slot]
    tuesdays = {
        s.starts_at.astimezone(DENVER).time() for s in kept if s.starts_at.astimezone(DENVER).weekday() == 1
    }
    assert len(tuesdays) == 1
    assert {s.starts_at.astimezone(DENVER).utcoffset() for s in kept} == {
        timedelta(hours=-7),
        timedelta(hours=-6),
    }


def test_no_two_dates_of_the_proposal_are_the_same_day(asked: AppointmentRequest) -> None:
    days = [slot.starts_at.astimezone(DENVER).date() for slot in slots(asked)]
    assert len(set(days)) == 12


def test_one_press_books_all_tells_once_and_issues_one_estimate(
    asked: AppointmentRequest, robin: User
) -> None:
    made = series.confirm(
        appointment_request=asked, times=slots(asked), by=robin, now=NOW, expect_version=asked.version
    )
    asked.refresh_from_db()
    assert asked.status == "booked"
    assert Appointment.objects.filter(appointment_request=asked, status="booked").count() == 12
    told = Message.objects.filter(kind="series_confirmed")
    assert told.count() == 1
    assert not Message.objects.filter(kind="confirmed").exists()
    assert told.get().text.count("http") >= 12
    events = Calendar.from_ical(_calendar_of(told.get())).walk("VEVENT")
    assert len({str(event["uid"]) for event in events}) == 12
    assert made.estimate is not None
    assert made.estimate.total_cents == 198000  # E04 of the sample clinic: 12 × $165
    assert made.estimate.snapshot["scope"]["visits"] == 12


def _calendar_of(message: Message) -> bytes:
    content = message.attachments[0]["content"]
    return content if isinstance(content, bytes) else base64.b64decode(content)


def test_with_the_pack_the_estimate_says_the_packs_price(asked: AppointmentRequest, robin: User) -> None:
    pack = asked.service.packages.get(code="PT-FU-6") if asked.service else None
    made = series.confirm(
        appointment_request=asked,
        times=slots(asked),
        by=robin,
        now=NOW,
        expect_version=asked.version,
        package=pack,
    )
    assert made.estimate is not None
    assert made.estimate.total_cents == 186000  # E05


def test_when_one_time_is_taken_nothing_is_booked(asked: AppointmentRequest, robin: User) -> None:
    times = slots(asked)
    taken = times[-1]
    visit = booking.record(
        code="someone-else",
        service=asked.service,
        client=None,
        practitioner=asked.service.practitioners.get(pk=taken.practitioner_id),
        room=None,
        starts_at=taken.starts_at,
        now=NOW,
    )
    with pytest.raises(booking.SlotTaken):
        series.confirm(
            appointment_request=asked, times=times, by=robin, now=NOW, expect_version=asked.version
        )
    assert Appointment.objects.filter(appointment_request=asked).count() == 0
    assert not Series.objects.exists()
    assert not Message.objects.filter(kind="series_confirmed").exists()
    assert Claim.objects.filter(appointment=visit).exists()


def test_undo_takes_the_whole_series_back(asked: AppointmentRequest, robin: User) -> None:
    made = series.confirm(
        appointment_request=asked, times=slots(asked), by=robin, now=NOW, expect_version=asked.version
    )
    with pytest.raises(booking.TooLate):
        series.undo(series=made, by=robin, now=NOW + timedelta(seconds=11))
    series.undo(series=made, by=robin, now=NOW + timedelta(seconds=5))
    asked.refresh_from_db()
    assert asked.status == "new"
    assert not Claim.objects.filter(appointment__appointment_request=asked).exists()
    assert Message.objects.get(kind="series_confirmed").state == "withdrawn"
    assert made.estimate is not None
    made.estimate.refresh_from_db()
    assert made.estimate.status == "voided"


def test_cancelling_one_visit_leaves_the_others_and_the_answer(
    asked: AppointmentRequest, robin: User
) -> None:
    made = series.confirm(
        appointment_request=asked, times=slots(asked), by=robin, now=NOW, expect_version=asked.version
    )
    first = made.visits.get(number=1).appointment
    booking.cancel(appointment=first, by=None, now=NOW + timedelta(hours=1))
    asked.refresh_from_db()
    assert asked.status == "booked"
    assert series.cancel_rest(series=made, by=robin, now=NOW + timedelta(hours=2), why="Moves away") == 11
    asked.refresh_from_db()
    assert asked.status == "withdrawn"


def test_the_database_lets_a_request_have_one_series_and_a_visit_one_place(
    asked: AppointmentRequest, robin: User
) -> None:
    made = series.confirm(
        appointment_request=asked, times=slots(asked)[:2], by=robin, now=NOW, expect_version=asked.version
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Series.objects.create(appointment_request=asked, created_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        SeriesVisit.objects.create(series=made, appointment=made.visits.get(number=1).appointment, number=9)


# --- the page ---------------------------------------------------------------------------------------


@pytest.fixture
def on_monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def staff(client: Browser, robin: User, on_monday: None) -> Browser:
    client.force_login(robin, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_the_page_proposes_and_one_post_books(staff: Browser, asked: AppointmentRequest) -> None:
    page = staff.get(reverse("desk:series", args=[asked.pk]))
    text = page.content.decode()
    assert text.count('name="slot"') == 12
    assert "Robin is off then." in text
    assert "2 of the dates cannot be kept" in text
    posted = {
        "version": asked.version,
        "slot": [line["value"] for line in page.context["lines"]],
        "package": "PT-FU-6",
    }
    address = reverse("desk:series_confirm", args=[asked.pk])
    first, second = staff.post(address, posted), staff.post(address, posted)
    assert first.status_code == second.status_code == 302
    assert first.url == second.url
    assert Appointment.objects.filter(appointment_request=asked).count() == 12
    receipt = staff.get(first.url).content.decode()
    assert "12 visits are booked" in receipt
    assert "$1,860.00" in receipt
    staff.post(reverse("desk:series_undo", args=[Series.objects.get().pk]))
    asked.refresh_from_db()
    assert asked.status == "new"


@pytest.mark.parametrize("slot", [["x"], ["2027-03-14T02:30||"], ["2027-03-02T09:00|nobody|"], []])
def test_dates_that_cannot_be_read_are_a_sentence(
    staff: Browser, asked: AppointmentRequest, slot: list[str]
) -> None:
    answer = staff.post(
        reverse("desk:series_confirm", args=[asked.pk]), {"version": asked.version, "slot": slot}
    )
    assert answer.status_code == 422
    assert not Appointment.objects.filter(appointment_request=asked).exists()


def test_a_series_page_older_than_the_request_books_nothing(
    staff: Browser, asked: AppointmentRequest
) -> None:
    page = staff.get(reverse("desk:series", args=[asked.pk]))
    AppointmentRequest.objects.filter(pk=asked.pk).update(version=asked.version + 1)
    posted = {"version": asked.version, "slot": [line["value"] for line in page.context["lines"]]}
    answer = staff.post(reverse("desk:series_confirm", args=[asked.pk]), posted)
    assert answer.status_code == 409
    assert not Appointment.objects.filter(appointment_request=asked).exists()


def test_proposing_asks_the_database_as_often_for_twelve_as_for_four(
    staff: Browser, asked: AppointmentRequest, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(35):
        staff.get(reverse("desk:series", args=[asked.pk]))
    assert TimeOff.objects.exists()
