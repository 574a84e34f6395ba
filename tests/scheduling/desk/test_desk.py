"""The desk: the queue, one open request, and the calendar's feed."""

import uuid
from datetime import time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.foundation.access_log import AccessEvent
from config.foundation.clinic import Closure
from intake.models import AppointmentRequest, Flag, Hold, Marker, RequestEvent
from scheduling.models import TimeOff
from tests.scheduling.desk.making import MONDAY, make_clinic, make_request, make_user, make_visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]


@pytest.fixture
def on_monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


def queries_of(browser: Browser, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert browser.get(address).status_code == 200
    return len(seen)


def test_the_queue_shows_what_needs_somebody_first_first(staff: Browser) -> None:
    service = make_clinic()
    late, soon = MONDAY - timedelta(hours=1), MONDAY + timedelta(hours=2)
    make_request(service=service, name="Low Hurry", priority="low", reply_by=late)
    make_request(service=service, name="Due Soon", reply_by=soon)
    make_request(service=service, name="Due Later", reply_by=soon + timedelta(days=1))
    make_request(service=service, name="Over Due", reply_by=late)
    make_request(service=service, name="Same Day", priority="same_day")
    make_request(service=service, name="Most Urgent", priority="urgent", reply_by=soon)
    page = staff.get(reverse("desk:desk"))
    names = [row.name for group in page.context["groups"] for row in group.rows]
    assert names == ["Most Urgent", "Same Day", "Over Due", "Due Soon", "Due Later", "Low Hurry"]
    assert [group.key for group in page.context["groups"]] == [
        "urgent", "same_day", "overdue", "today", "later", "low",
    ]  # fmt: skip


def test_the_number_to_answer_stands_in_the_page_title(staff: Browser) -> None:
    service = make_clinic()
    make_request(service=service)
    make_request(service=service, status="booked")
    assert "<title>(1) Desk" in staff.get(reverse("desk:desk")).content.decode()


def test_the_desk_asks_the_database_as_often_for_three_rows_as_for_many(staff: Browser) -> None:
    service = make_clinic()

    def fill(number: int) -> None:
        for _ in range(number):
            each = make_request(service=service)
            Flag.objects.create(appointment_request=each, level="note", finding={"label": "x"})
            Marker.objects.create(appointment_request=each, code="has_question")
            Hold.objects.create(appointment_request=each, kind="staff_hold", opened_at=MONDAY)
            make_visit(service=service, starts_at=MONDAY + timedelta(hours=1))

    fill(3)
    few = queries_of(staff, reverse("desk:desk"))
    fill(30)
    assert queries_of(staff, reverse("desk:desk")) == few
    assert few <= 30


@pytest.mark.parametrize(
    ("header", "most"), [({}, 30), ({"HTTP_HX_REQUEST": "true"}, 21)], ids=["a whole page", "its panel alone"]
)
def test_an_open_request_takes_thirty_queries_at_most(
    staff: Browser, header: dict[str, str], most: int
) -> None:
    service = make_clinic()
    for _ in range(5):
        opened = make_request(service=service)
        Flag.objects.create(appointment_request=opened, level="note", finding={"label": "x"})
        Marker.objects.create(appointment_request=opened, code="has_question")
        RequestEvent.objects.create(appointment_request=opened, at=MONDAY, by=make_user(), what="call_talked")
        make_visit(service=service, starts_at=MONDAY + timedelta(hours=1))
    address = reverse("desk:request", args=[opened.pk])
    staff.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert staff.get(address, **header).status_code == 200
    assert len(seen) <= most, "\n".join(each["sql"][:160] for each in seen.captured_queries)


def test_opening_a_request_is_written_down(staff: Browser) -> None:
    opened = make_request(service=make_clinic())
    staff.get(reverse("desk:request", args=[opened.pk]))
    seen = AccessEvent.objects.get(subject_id=str(opened.pk))
    assert seen.action == "opened"
    assert "answers" in seen.fields


def test_an_open_request_names_the_three_best_times(staff: Browser) -> None:
    opened = make_request(service=make_clinic())
    page = staff.get(reverse("desk:request", args=[opened.pk]))
    assert len(page.context["times"]) == 3
    assert page.context["times"][0].when.startswith("Tue, Mar 2")  # Robin wants 12 hours of notice


def test_an_offer_by_mail_names_no_time_that_begins_before_an_answer_can_come(client: Browser) -> None:
    opened = make_request(service=make_clinic())
    address = reverse("desk:request", args=[opened.pk])
    # Robin wants 12 hours of notice: at 8:50 pm, 9 am is a time to confirm by phone, and none to send by mail.
    with time_machine.travel(MONDAY.replace(day=2, hour=3, minute=50), tick=False):
        client.force_login(make_user(), backend="allauth.account.auth_backends.AuthenticationBackend")
        now = client.get(address).context["times"][0]
        mailed = client.get(address, {"mode": "offer"}).context["times"]
    assert now.value.startswith("2027-03-02T09:00")
    assert all(each.value > "2027-03-02T09:30" for each in mailed)


def test_a_request_on_hold_is_given_no_time(staff: Browser) -> None:
    held = make_request(service=make_clinic(), status="on_hold")
    Hold.objects.create(appointment_request=held, kind="medicare_hold", opened_at=MONDAY)
    page = staff.get(reverse("desk:request", args=[held.pk]))
    assert page.context["times"] == []
    assert "Hold: Medicare" in page.content.decode()


def test_the_front_desk_does_not_see_answers(client: Browser) -> None:
    client.force_login(
        make_user(is_therapist=False), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    opened = make_request(service=make_clinic())
    page = client.get(reverse("desk:request", args=[opened.pk])).content.decode()
    assert "Only a therapist sees the answers." in page
    assert "My right hip pops." in page


def test_a_shared_screen_shows_first_names_and_nothing_about_health(staff: Browser) -> None:
    service = make_clinic()
    opened = make_request(service=service)
    make_visit(service=service, starts_at=MONDAY + timedelta(hours=1))
    staff.post(reverse("desk:neutral"))
    page = staff.get(reverse("desk:request", args=[opened.pk])).content.decode()
    assert "Blair T." in page
    assert "Testerman" not in page
    assert "hip" not in page
    feed = staff.get(reverse("desk:calendar")).content.decode()
    assert "Kit V." in feed
    assert "Voorbeeld" not in feed
    assert "Follow-up" not in feed


def test_a_look_changes_nothing_on_the_shared_screen_switch(staff: Browser) -> None:
    assert staff.get(reverse("desk:neutral")).status_code == 405


def test_the_feed_gives_wall_times_of_the_clinic(staff: Browser) -> None:
    service = make_clinic()
    visit = make_visit(service=service, starts_at=MONDAY.replace(hour=17, minute=0))
    events = staff.get(reverse("desk:calendar")).json()["events"]
    assert next(e for e in events if e["id"] == str(visit.pk))["start"] == "2027-03-01T10:00"


def test_the_feed_asks_the_database_as_often_for_many_visits_as_for_one(staff: Browser) -> None:
    service = make_clinic()
    make_visit(service=service, starts_at=MONDAY)
    few = queries_of(staff, reverse("desk:calendar"))
    for number in range(20):
        make_visit(service=service, starts_at=MONDAY + timedelta(hours=number))
    assert queries_of(staff, reverse("desk:calendar")) == few


def test_the_feed_outlines_where_an_open_request_fits(staff: Browser) -> None:
    opened = make_request(service=make_clinic())
    feed = staff.get(reverse("desk:calendar"), {"day": "2027-03-02", "request": str(opened.pk)}).json()
    assert [(fit["start"], fit["end"]) for fit in feed["fits"]] == [("2027-03-02T09:00", "2027-03-02T17:00")]


@pytest.mark.parametrize(
    "query", ["?day=2027-02-30", "?day=" + "9" * 5000, "?day=0001-01-01", "?rows=-1", "?view=century", "?request=1"]
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_the_plain_desk(staff: Browser, query: str) -> None:
    make_clinic()
    assert staff.get(reverse("desk:desk") + query).status_code == 200
    assert staff.get(reverse("desk:calendar") + query).status_code == 200
    assert staff.get(reverse("desk:bar") + query).status_code == 200


def test_a_time_that_does_not_fit_says_why_and_names_the_next(staff: Browser) -> None:
    opened = make_request(service=make_clinic())
    service = opened.service
    make_visit(service=service, starts_at=MONDAY)
    address = reverse("desk:why", args=[opened.pk])
    who = str(service.practitioners.get().pk)
    said = staff.get(address, {"column": who, "by": "people", "starts_at": "2027-03-02T08:00"}).json()
    assert said == {"ok": False, "text": "Outside Robin’s hours. Next that fits: 9 am."}


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2027-03-14T02:30", "99999-01-01T00:00", "2027-03-02T09:00|x|y"]
)
def test_a_time_nobody_can_read_is_a_sentence(staff: Browser, text: str) -> None:
    opened = make_request(service=make_clinic())
    answer = staff.get(reverse("desk:why", args=[opened.pk]), {"starts_at": text})
    assert answer.status_code == 400
    assert answer.json()["text"]


def test_a_request_that_does_not_exist_is_not_found(staff: Browser) -> None:
    assert staff.get(reverse("desk:request", args=[uuid.uuid4()])).status_code == 404


def test_polling_tells_when_the_open_request_was_changed(staff: Browser) -> None:
    opened = make_request(service=make_clinic())
    address, seen = reverse("desk:pulse"), {"request": str(opened.pk), "version": "1"}
    assert staff.get(address, seen).json()["panel"] == ""
    AppointmentRequest.objects.filter(pk=opened.pk).update(version=2)
    assert staff.get(address, seen).json()["panel"]


def test_the_day_sheet_holds_no_phone_and_no_reason(staff: Browser) -> None:
    service = make_clinic()
    make_visit(service=service, starts_at=MONDAY + timedelta(hours=1))
    page = staff.get(reverse("desk:sheet", args=["2027-03-01"])).content.decode()
    assert "Kit V." in page
    assert "Voorbeeld" not in page
    assert staff.get(reverse("desk:sheet", args=["someday"])).status_code == 404


def test_the_day_sheet_says_who_is_off_and_when_the_clinic_is_shut_instead_of_free(staff: Browser) -> None:
    service = make_clinic()
    make_visit(service=service, starts_at=MONDAY.replace(hour=18, minute=0))  # 11 am to noon
    TimeOff.objects.create(
        practitioner=service.practitioners.get(),
        starts_at=MONDAY.replace(hour=16, minute=0),
        ends_at=MONDAY.replace(hour=17, minute=0),
    )
    Closure.objects.create(
        starts_on=MONDAY.date(),
        ends_on=MONDAY.date(),
        from_time=time(15),
        to_time=time(18),
        reason="Fire drill",
    )
    (sheet,) = staff.get(reverse("desk:sheet", args=["2027-03-01"])).context["sheets"]
    assert [(line.time, line.who or line.note) for line in sheet.lines] == [
        ("9–10 am", "off"), ("10–11 am", "free"), ("11 am–12 pm", "Kit V."), ("12–3 pm", "free"),
        ("3–5 pm", "Fire drill"),
    ]  # fmt: skip


def test_nobody_gets_in_without_signing_in(client: Browser) -> None:
    for name in ("desk", "queue", "calendar", "pulse", "bar"):
        assert client.get(reverse(f"desk:{name}")).status_code == 302
