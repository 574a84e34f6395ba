"""Values no form of the desk makes, in every field of every act: a sentence or a plain no, and nothing is done."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from config.foundation.staff_tasks import StaffTask, open_task
from intake.models import AppointmentRequest, RequestEvent
from notifications.models import Message
from scheduling import booking, freed_times, waitlist
from scheduling.models import Appointment, Claim, EstimateEvent, FreedTime, TimeOff
from tests.scheduling.desk.making import MONDAY, make_clinic, make_request, make_user

pytestmark = pytest.mark.django_db

NONSENSE = ["", "x", "99999999999999999999", "٣", "\x00", "||", "2027-02-30T25:61", "x" * 5000]
NONSENSE += ["00000000-0000-0000-0000-000000000000"]
FIELDS = (
    *("version", "other_version", "slot", "starts_at", "day", "time", "practitioner", "room", "column", "by"),
    *(
        "service",
        "package",
        "hold",
        "outcome",
        "visit",
        "request",
        "who",
        "where",
        "wish",
        "mode",
        "next",
        "how",
    ),
)
ACTS = ("hold", "release", "service", "call", "nothing")  # of the many decisions, those that name something


@pytest.fixture(autouse=True)
def on_monday() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


def addresses() -> list[str]:
    """Every act of the desk on rows that are there: a request, a visit, a freed time on offer, a task."""
    service = make_clinic()
    asked, other = make_request(service=service), make_request(service=service, name="Kit Voorbeeld")
    at = MONDAY.replace(hour=18, minute=0)
    booked, gone = (
        booking.confirm(
            appointment_request=make_request(service=service, name=name), practitioner=None, room=None,
            starts_at=at + timedelta(days=days), by=None, now=MONDAY,
        )
        for name, days in (("Max Muster", 2), ("Gale Specimen", 3))
    )  # fmt: skip
    booking.cancel(appointment=gone, by=None, now=MONDAY)
    waits = make_request(service=service, name="One Wait", status="waitlisted")
    (freed,) = freed_times.free(now=MONDAY)
    made = waitlist.invite(freed=freed, people=[waits], by=make_user(), now=MONDAY)
    task = open_task(key="t", kind="other", subject_type="", subject_id="", title="Call the bank")
    of_request = [
        reverse(f"desk:{name}", args=[asked.pk]) for name in ("confirm", "offer", "decide", "series_confirm")
    ]
    of_two = [reverse(f"desk:{name}", args=[asked.pk, other.pk]) for name in ("join", "part")]
    of_visit = [
        reverse(f"desk:{name}", args=[booked.pk])
        for name in ("visit_move", "visit_cancel", "visit_undo", "fill")
    ]
    rest = [reverse("desk:fill", args=[gone.pk]), reverse("desk:sick_day"), reverse("desk:entry")]
    assert (made.status, task.done_at) == ("open", None)
    return [*of_request, *of_two, *of_visit, *rest]


def everything() -> tuple[object, ...]:
    """What an act could have changed."""
    return (
        list(AppointmentRequest.objects.order_by("pk").values_list("pk", "status", "version")),
        list(Appointment.objects.order_by("pk").values_list("pk", "status", "version", "starts_at")),
        list(FreedTime.objects.order_by("pk").values_list("pk", "status")),
        list(StaffTask.objects.order_by("pk").values_list("pk", "done_at")),
        *(each.objects.count() for each in (Claim, Message, RequestEvent, TimeOff, EstimateEvent)),
    )


@pytest.mark.parametrize("nonsense", NONSENSE, ids=[ascii(each)[:24] for each in NONSENSE])
def test_nonsense_in_every_field_is_never_an_error_and_changes_nothing(staff: Browser, nonsense: str) -> None:
    found = addresses()
    before = everything()
    for address in found:
        for act in ACTS if address.endswith("/decide/") else ("",):
            for version in (nonsense, "1"):  # 1: as on a fresh page, only what is asked for is not there
                posted = dict.fromkeys(FIELDS, nonsense) | {"act": act, "version": version, "reason": ""}
                answer = staff.post(address, posted, headers={"HX-Request": "true"})
                assert answer.status_code in {302, 404, 409, 422}, (address, act, answer.status_code)
    assert everything() == before


def test_what_came_of_a_task_may_hold_anything_a_keyboard_sends(staff: Browser) -> None:
    task = open_task(key="t", kind="other", subject_type="", subject_id="", title="Call the bank")
    staff.post(reverse("desk:task_done", args=[task.pk]), {"outcome": "talked\x00 to them"})
    task.refresh_from_db()
    assert task.outcome == "talked to them"
