"""Lists a clinic works from, a sick day, and the owner's numbers."""

import csv
import io
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.foundation.clinic import Clinic
from config.foundation.staff_tasks import StaffTask, open_task
from intake.models import AppointmentRequest, Hold, Service
from notifications.models import Message
from scheduling import booking, numbers
from scheduling.models import Appointment, TimeOff
from tests.scheduling.desk.making import MONDAY, make_clinic, make_request, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_monday() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


def queries_of(browser: Browser, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert browser.get(address).status_code == 200
    return len(seen)


def test_the_lists_show_what_waits_today(staff: Browser) -> None:
    service = make_clinic()
    make_request(service=service, name="Due Today")
    make_request(service=service, name="Due Later", reply_by=MONDAY + timedelta(days=3))
    held = make_request(service=service, name="On Hold", status="on_hold")
    Hold.objects.create(appointment_request=held, kind="medicare_hold", opened_at=MONDAY)
    make_visit(service=service, starts_at=MONDAY + timedelta(hours=1))
    open_task(key="t", kind="call", subject_type="", subject_id="", title="Call the printer", now=MONDAY)
    page = staff.get(reverse("desk:lists"))
    assert {row.name for row in page.context["promises"]} == {"Due Today", "On Hold"}
    assert [held.kinds for held in page.context["holds"]] == ["Medicare"]
    assert len(page.context["today"]) == 1
    assert "Call the printer" in page.content.decode()


@pytest.mark.parametrize(
    ("about", "page"),
    [("scheduling.trigger", "estimates:waiting"), ("scheduling.estimate", "estimates:proof")],
)
def test_a_task_about_an_estimate_leads_to_it(staff: Browser, about: str, page: str) -> None:
    make_clinic()
    pk = uuid.uuid4()
    open_task(key="t", kind="estimate_due", subject_type=about, subject_id=pk, title="Due", now=MONDAY)
    (task,) = staff.get(reverse("desk:lists")).context["tasks"]
    assert task.url == reverse(page, args=[pk])


def test_the_lists_ask_the_database_as_often_for_many_rows_as_for_few(staff: Browser) -> None:
    service = make_clinic()

    def fill(number: int) -> None:
        for _ in range(number):
            held = make_request(service=service, status="on_hold", priority="same_day")
            Hold.objects.create(appointment_request=held, kind="medicare_hold", opened_at=MONDAY)
            make_visit(service=service, starts_at=MONDAY + timedelta(hours=1))
            make_visit(service=service, starts_at=MONDAY + timedelta(days=2), status="cancelled")
            key = str(held.pk)
            open_task(key=key, kind="x", subject_type="intake.appointmentrequest", subject_id=key, title="x")

    fill(2)
    few = queries_of(staff, reverse("desk:lists"))
    fill(20)
    assert queries_of(staff, reverse("desk:lists")) == few
    assert few <= 40


def test_calls_keep_their_outcomes_and_their_history(staff: Browser) -> None:
    asked = make_request(service=make_clinic(), priority="urgent")
    asked.client.phone = "+18015550102"
    asked.client.save()
    for version, outcome in ((1, "no_answer"), (2, "left_message")):
        with time_machine.travel(MONDAY + timedelta(minutes=version), tick=False):
            answer = staff.post(
                reverse("desk:decide", args=[asked.pk]),
                {"act": "call", "outcome": outcome, "version": version, "next": "/staff/lists/#calls"},
            )
        assert answer.url == "/staff/lists/#calls"
    lists = staff.get(reverse("desk:lists"))
    assert "The call is written down." in lists.content.decode()
    call = lists.context["calls"][0]
    assert [each.text for each in call.tries] == ["Called: left a message", "Called: no answer"]
    assert asked.events.filter(what__startswith="call_").count() == 2
    assert call.phone == "801-555-0102"


def test_a_call_from_elsewhere_does_not_lead_out_of_the_house(staff: Browser) -> None:
    asked = make_request(service=make_clinic(), priority="urgent")
    posted = {"act": "call", "outcome": "talked", "version": 1, "next": "https://example.net/staff/"}
    assert staff.post(reverse("desk:decide", args=[asked.pk]), posted).url == reverse(
        "desk:request", args=[asked.pk]
    )


def test_a_person_who_must_not_be_called_has_no_number(staff: Browser) -> None:
    asked = make_request(service=make_clinic(), priority="urgent")
    asked.client.phone, asked.client.call_ok = "+18015550102", False
    asked.client.save()
    page = staff.get(reverse("desk:lists")).content.decode()
    assert "555-0102" not in page
    assert "Do not call." in page


def test_a_shared_screen_shows_no_name_and_no_number_on_the_lists(staff: Browser) -> None:
    asked = make_request(service=make_clinic(), priority="urgent")
    asked.client.phone = "+18015550102"
    asked.client.save()
    staff.post(reverse("desk:neutral"))
    page = staff.get(reverse("desk:lists")).content.decode()
    assert "Testerman" not in page
    assert "555-0102" not in page


def test_a_task_is_done_once(staff: Browser) -> None:
    make_clinic()
    task = open_task(key="t", kind="call", subject_type="", subject_id="", title="Call", now=MONDAY)
    address = reverse("desk:task_done", args=[task.pk])
    staff.post(address, {"outcome": "reached"})
    answer = staff.post(address, {"outcome": "again"}, follow=True)
    assert StaffTask.objects.get().outcome == "reached"
    assert "done already" in answer.content.decode()


# --- a sick day -------------------------------------------------------------------------------------


def book(day: int, hour: int, name: str) -> Appointment:
    asked = make_request(service=Service.objects.get(), name=name)
    return booking.confirm(
        appointment_request=asked, practitioner=None, room=None,
        starts_at=MONDAY.replace(day=day, hour=hour, minute=0), by=None, now=MONDAY,
    )  # fmt: skip


def test_a_sick_day_lists_who_is_affected_and_tells_each_once(staff: Browser) -> None:
    robin = make_clinic().practitioners.get()
    ill, other = book(3, 17, "Blair Testerman"), book(4, 17, "Kit Voorbeeld")
    second = book(3, 20, "Max Muster")
    address = reverse("desk:sick_day")
    page = staff.get(address, {"practitioner": str(robin.pk), "day": "2027-03-03"})
    assert [row["visit"].pk for row in page.context["rows"]] == [ill.pk, second.pk]
    assert not TimeOff.objects.exists()
    posted = {"practitioner": str(robin.pk), "day": "2027-03-03", "visit": [str(ill.pk), str(second.pk)]}
    for _ in range(2):  # pressed twice
        assert staff.post(address, posted).status_code == 302
    assert TimeOff.objects.count() == 1
    assert Message.objects.filter(kind="cancelled").count() == 2
    for visit, status in ((ill, "cancelled"), (second, "cancelled"), (other, "booked")):
        visit.refresh_from_db()
        assert visit.status == status
    assert ill.appointment_request is not None
    assert AppointmentRequest.objects.get(pk=ill.appointment_request_id).status == "new"


def test_a_visit_that_is_not_ticked_stays(staff: Browser) -> None:
    robin = make_clinic().practitioners.get()
    visit = book(3, 17, "Blair Testerman")
    staff.post(reverse("desk:sick_day"), {"practitioner": str(robin.pk), "day": "2027-03-03"})
    visit.refresh_from_db()
    assert visit.status == "booked"
    assert TimeOff.objects.count() == 1


@pytest.mark.parametrize(
    "posted",
    [
        {},
        {"practitioner": "x", "day": "2027-03-03"},
        {"practitioner": "00000000-0000-0000-0000-000000000000", "day": "2027-03-03"},
        {"practitioner": "robin", "day": "yesterday"},
        {"practitioner": "robin", "day": "2027-02-01"},
        {"practitioner": "robin", "day": "2027-03-03", "visit": "x"},
    ],
)
def test_a_sick_day_that_makes_no_sense_is_a_sentence(staff: Browser, posted: dict[str, str]) -> None:
    robin = make_clinic().practitioners.get()
    if posted.get("practitioner") == "robin":
        posted = {**posted, "practitioner": str(robin.pk)}
    answer = staff.post(reverse("desk:sick_day"), posted)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not TimeOff.objects.exists()


def test_the_database_enters_the_same_time_off_once() -> None:
    robin = make_clinic().practitioners.get()
    span = {"practitioner": robin, "starts_at": MONDAY, "ends_at": MONDAY + timedelta(hours=8)}
    TimeOff.objects.create(**span)
    with pytest.raises(IntegrityError), transaction.atomic():
        TimeOff.objects.create(**span)


# --- numbers ----------------------------------------------------------------------------------------


def test_the_numbers_count_promises_answers_and_states(staff: Browser) -> None:
    service = make_clinic()
    sent = MONDAY - timedelta(days=2)
    kept = make_request(
        service=service, submitted_at=sent, reply_by=sent + timedelta(hours=8), status="booked"
    )
    late = make_request(
        service=service, submitted_at=sent, reply_by=sent + timedelta(hours=8), status="booked"
    )
    make_request(service=service, submitted_at=sent, reply_by=MONDAY - timedelta(hours=1))  # overdue, open
    make_request(service=service)  # not due yet: counts for nothing
    AppointmentRequest.objects.filter(pk=kept.pk).update(answered_at=sent + timedelta(hours=2))
    AppointmentRequest.objects.filter(pk=late.pk).update(answered_at=sent + timedelta(hours=10))
    found = numbers.collect(days=7, now=MONDAY, clinic=Clinic.get())
    by_name = {figure.name: figure for figure in found.figures}
    assert by_name["Answered by the promise"].value == "33"
    assert by_name["Answered by the promise"].of == 3
    assert by_name["Time to answer, median"].value == "6.0"
    assert {f.name: f.value for f in found.states}["Booked"] == "2"
    assert "33" in staff.get(reverse("desk:numbers"), {"days": "7"}).content.decode()


def test_the_table_has_no_formula_and_nothing_of_a_person(staff: Browser) -> None:
    make_request(service=make_clinic(), name="=cmd|' /C calc'!A0 Testerman")
    Clinic.objects.update(name='=HYPERLINK("http://example.net")')
    answer = staff.get(reverse("desk:numbers_csv"))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert rows[0][0] == "What"
    cells = [cell for row in rows for cell in row]
    assert not any(cell.startswith(numbers.STARTS_A_FORMULA) for cell in cells)
    assert not any("Testerman" in cell or "hip" in cell for cell in cells)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", " =1"])
def test_a_cell_that_starts_like_a_formula_is_text(text: str) -> None:
    assert numbers.safe(text) == f"'{text}"


@pytest.mark.parametrize("days", ["", "x", "-7", "9999", "0", "１０"])
def test_a_period_that_makes_no_sense_is_thirty_days(staff: Browser, days: str) -> None:
    make_clinic()
    assert staff.get(reverse("desk:numbers"), {"days": days}).context["days"] == 30


def test_an_empty_clinic_has_numbers_too(staff: Browser) -> None:
    make_clinic()
    assert "–" in staff.get(reverse("desk:numbers")).content.decode()
