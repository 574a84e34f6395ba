"""The sample clinic's requests stand in the queue as its list expects."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from intake.models import AppointmentRequest, Status
from intake.models.appointment_request import AWAITING_ANSWER
from intake.submission import NotReady
from tests.intake.test_samples import BY_ID, SAMPLES, clinic, send
from tests.scheduling.desk.making import make_user

assert clinic  # the fixture: the sample clinic, loaded
DENVER = ZoneInfo("America/Denver")
NOW = datetime(2027, 3, 1, 9, 24, tzinfo=DENVER)
PRIORITIES = {"urgent": 0, "same_day": 1, "normal": 3, "low": 4}

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def sent(clinic: None) -> dict[str, AppointmentRequest]:
    """Sample code → request, for all that are stored by Monday, 9:24 am."""
    found = {}
    for sample in SAMPLES:
        try:
            found[sample["id"]] = send(sample["id"])
        except NotReady:
            continue
    return found


def expected_place(code: str) -> tuple[int, datetime, datetime]:
    """Urgent, same day, overdue, due soonest, low; then by promise, then the oldest. From the list, not the code."""
    sample = BY_ID[code]
    expect = sample["expect"]
    promise = datetime.fromisoformat(expect["reply_by"]).replace(tzinfo=DENVER)
    rank = PRIORITIES[expect["priority"]]
    if rank == 3 and promise < NOW:
        rank = 2
    return rank, promise, datetime.fromisoformat(sample["submitted_at"])


def test_the_samples_stand_in_the_order_of_the_list(
    client: Browser, sent: dict[str, AppointmentRequest], on_monday: None
) -> None:
    client.force_login(make_user(), backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("desk:desk"))
    codes = {str(each.pk): code for code, each in sent.items() if BY_ID[code]["expect"]["stored"] == "stored"}
    shown = [codes[row.id] for group in page.context["groups"] for row in group.rows]
    waiting = {code for code, each in sent.items() if each.status in AWAITING_ANSWER}
    assert set(shown) == waiting & set(codes.values())
    assert shown == sorted(shown, key=expected_place)
    assert shown[0] == "R06"
    assert len(shown) >= 30


def test_no_sample_is_lost_to_a_tab(
    client: Browser, sent: dict[str, AppointmentRequest], on_monday: None
) -> None:
    """Every stored request is in one of the tabs; what looks like spam is set aside, never deleted."""
    client.force_login(make_user(), backend="allauth.account.auth_backends.AuthenticationBackend")
    shown = {
        row.id
        for tab in ("answer", "waiting", "other")
        for group in client.get(reverse("desk:desk"), {"tab": tab}).context["groups"]
        for row in group.rows
    }
    assert shown == {str(each.pk) for each in sent.values()}
    assert sent["R33"].status == Status.QUARANTINED
