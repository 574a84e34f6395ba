"""Acts of the desk: one press does one thing, a refusal is a sentence, nothing is done twice."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from intake.models import AppointmentRequest, Hold
from scheduling.models import Appointment, Claim, Offer
from tests.scheduling.desk.making import MONDAY, make_clinic, make_request, make_visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]


@pytest.fixture
def on_monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


def best(staff: Browser, asked: AppointmentRequest) -> list[Any]:
    return list(staff.get(reverse("desk:request", args=[asked.pk])).context["times"])


def confirm(staff: Browser, asked: AppointmentRequest, slot: str, version: int = 1) -> Any:
    return staff.post(reverse("desk:confirm", args=[asked.pk]), {"slot": slot, "version": version})


def test_one_press_on_the_best_time_books_it(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    answer = confirm(staff, asked, best(staff, asked)[0].value)
    visit = Appointment.objects.get()
    assert answer.status_code == 302
    assert answer.url == f"/staff/visit/{visit.pk}/?booked=1"
    assert visit.status == "booked"
    assert Claim.objects.filter(appointment=visit).count() == 2
    receipt = staff.get(answer.url).content.decode()
    assert "Blair T. is booked, Tue" in receipt
    assert reverse("desk:visit_undo", args=[visit.pk]) in receipt


def test_a_drag_books_the_same_way(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    who = str(asked.service.practitioners.get().pk)
    dropped = {"column": who, "by": "people", "starts_at": "2027-03-03T10:20", "version": 1}
    answer = staff.post(reverse("desk:confirm", args=[asked.pk]), dropped, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Wed 10:20 am" in answer.content.decode()
    assert Appointment.objects.get().room is not None


def test_a_double_click_books_once(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    slot = best(staff, asked)[0].value
    first, second = confirm(staff, asked, slot), confirm(staff, asked, slot)
    assert first.url == second.url
    assert Appointment.objects.count() == 1


def test_undo_gives_the_request_and_the_time_back(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    confirm(staff, asked, best(staff, asked)[0].value)
    staff.post(reverse("desk:visit_undo", args=[Appointment.objects.get().pk]))
    asked.refresh_from_db()
    assert asked.status == "new"
    assert not Claim.objects.exists()


def test_undo_after_ten_seconds_is_refused_in_words(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    confirm(staff, asked, best(staff, asked)[0].value)
    with time_machine.travel(MONDAY + timedelta(seconds=11), tick=False):
        answer = staff.post(reverse("desk:visit_undo", args=[Appointment.objects.get().pk]))
    assert answer.status_code == 409
    assert "Too late to undo." in answer.content.decode()


def test_a_time_that_was_just_taken_is_answered_with_the_next_best(staff: Browser) -> None:
    service = make_clinic()
    one, other = make_request(service=service), make_request(service=service, name="Kit Voorbeeld")
    slot = best(staff, one)[0].value
    confirm(staff, other, slot)
    answer = confirm(staff, one, slot)
    assert answer.status_code == 409
    assert "That time was taken a moment ago" in answer.content.decode()
    assert answer.context["times"]
    assert Appointment.objects.count() == 1


def test_a_page_older_than_the_request_changes_nothing(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    slot = best(staff, asked)[0].value
    AppointmentRequest.objects.filter(pk=asked.pk).update(version=2)
    answer = confirm(staff, asked, slot, version=1)
    assert answer.status_code == 409
    assert "This page is older than the request" in answer.content.decode()
    assert not Appointment.objects.exists()


def test_a_hold_cannot_be_confirmed_away(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    slot = best(staff, asked)[0].value
    Hold.objects.create(appointment_request=asked, kind="medicare_hold", opened_at=MONDAY)
    answer = confirm(staff, asked, slot)
    assert answer.status_code == 422
    assert "A named person must lift it first." in answer.content.decode()


def test_a_drop_outside_hours_says_so(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    who = str(asked.service.practitioners.get().pk)
    answer = confirm(staff, asked, f"2027-03-03T07:00|{who}|")
    assert answer.status_code == 422
    assert "Outside Robin’s hours." in answer.content.decode()


@pytest.mark.parametrize(
    "slot", ["", "x", "2027-03-03T10:00|x|", "2027-03-03T10:00|00000000-0000-0000-0000-000000000000|", "2027-03-14T02:30||"]
)  # fmt: skip
def test_times_people_and_rooms_that_do_not_exist_are_sentences(staff: Browser, slot: str) -> None:
    asked = make_request(service=make_clinic())
    assert confirm(staff, asked, slot).status_code == 422
    assert not Appointment.objects.exists()


def test_an_offer_holds_the_ticked_times(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    slots = [time.value for time in best(staff, asked)]
    answer = staff.post(reverse("desk:offer", args=[asked.pk]), {"slot": slots, "version": 1})
    assert answer.status_code == 302
    assert Offer.objects.get().times.count() == 3
    asked.refresh_from_db()
    assert asked.status == "offered"


def test_an_offer_ends_before_the_notice_the_practitioner_needs(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    first = "2027-03-02T09:00"  # tomorrow; Robin wants 12 hours of notice, the clinic holds 48
    slots = [f"{first}||", *[time.value for time in best(staff, asked)[1:]]]
    staff.post(reverse("desk:offer", args=[asked.pk]), {"slot": slots, "version": 1})
    until = Offer.objects.get().expires_at
    assert until <= Offer.objects.get().times.order_by("starts_at")[0].starts_at


def test_a_time_too_soon_to_be_answered_is_not_offered(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    robin = asked.service.practitioners.get() if asked.service else None
    assert robin is not None
    robin.minimum_notice_hours = 23
    robin.save()
    slots = [f"2027-03-02T09:00|{robin.pk}|", f"2027-03-04T09:00|{robin.pk}|"]
    with time_machine.travel(MONDAY + timedelta(minutes=20), tick=False):  # a quarter of an hour is left
        answer = staff.post(reverse("desk:offer", args=[asked.pk]), {"slot": slots, "version": 1})
    assert answer.status_code == 422
    assert "too soon for an answer by mail" in answer.content.decode()
    assert not Offer.objects.exists()


def test_an_offer_of_one_time_is_refused(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    slot = best(staff, asked)[0].value
    answer = staff.post(reverse("desk:offer", args=[asked.pk]), {"slot": slot, "version": 1})
    assert answer.status_code == 422
    assert "Tick two or three times." in answer.content.decode()


def test_a_visit_is_moved_and_cancelled_with_a_reason(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    confirm(staff, asked, best(staff, asked)[0].value)
    visit = Appointment.objects.get()
    where = {"day": "2027-03-04", "time": "14:00", "version": visit.version}
    assert staff.post(reverse("desk:visit_move", args=[visit.pk]), where).status_code == 302
    visit.refresh_from_db()
    assert visit.starts_at.isoformat() == "2027-03-04T21:00:00+00:00"
    address = reverse("desk:visit_cancel", args=[visit.pk])
    assert staff.post(address, {"version": visit.version, "reason": " "}).status_code == 422
    assert staff.post(address, {"version": visit.version, "reason": "Ill", "again": "on"}).status_code == 302
    visit.refresh_from_db()
    assert visit.status == "cancelled"


@pytest.mark.parametrize("step", ["visit_arrive", "visit_fulfil", "visit_no_show"])
def test_each_step_of_the_day_is_taken_back_by_the_undo_that_it_offers(staff: Browser, step: str) -> None:
    service = make_clinic()
    was = "arrived" if step == "visit_fulfil" else "booked"
    visit = make_visit(service=service, starts_at=MONDAY - timedelta(minutes=20), status=was)
    today = reverse("desk:lists") + "#today"
    page = staff.post(reverse(f"desk:{step}", args=[visit.pk]), {"next": today}, follow=True)
    undo = reverse("desk:visit_undo", args=[visit.pk])
    assert f'action="{undo}"' in page.content.decode()
    page = staff.post(undo, {"next": today}, follow=True)
    assert "Undone." in page.content.decode()
    visit.refresh_from_db()
    assert visit.status == was


def test_a_press_in_the_calendar_is_answered_by_the_line_alone(staff: Browser) -> None:
    visit = make_visit(service=make_clinic(), starts_at=MONDAY)
    part = {"HX-Request": "true"}
    here = reverse("desk:visit_arrive", args=[visit.pk])
    answer = staff.post(here, {"stay": "1"}, headers=part)
    assert "Kit V. is here." in answer.content.decode()
    assert 'id="panel"' not in answer.content.decode()
    Appointment.objects.filter(pk=visit.pk).update(status="cancelled")
    answer = staff.post(here, {"stay": "1"}, headers=part)
    assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (422, True)


def test_a_client_has_arrived_by_one_press_and_a_second_does_nothing(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    confirm(staff, asked, best(staff, asked)[0].value)
    visit = Appointment.objects.get()
    for _ in range(2):
        assert staff.post(reverse("desk:visit_arrive", args=[visit.pk])).status_code == 302
    visit.refresh_from_db()
    assert visit.status == "arrived"
    assert visit.events.filter(what="arrived").count() == 1


def test_every_act_is_a_post(staff: Browser) -> None:
    asked = make_request(service=make_clinic())
    for name in ("confirm", "offer", "visit_move", "visit_cancel", "visit_arrive", "visit_undo"):
        assert staff.get(reverse(f"desk:{name}", args=[asked.pk])).status_code == 405
