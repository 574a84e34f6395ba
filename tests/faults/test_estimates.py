"""Confirm many visits while the worker is killed at random: one issued version each, each inside its date."""

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from config import servers
from config.foundation.models import User
from intake.models import AppointmentRequest, Client, Coverage, Practitioner, Service
from notifications.models import Message, State
from scheduling import availability, booking
from scheduling.models import Estimate, EstimateDocument, Room, Trigger
from tests.faults import estimate_worker
from tests.processes import ROOT
from tests.scheduling.estimates.build import DENVER
from tests.scheduling.estimates.conftest import SAMPLE, load, read

pytestmark = pytest.mark.django_db(transaction=True)
STARTS = datetime(2027, 2, 26, 9, 0, tzinfo=DENVER)


class Killable:
    """A worker that is killed again and again, and started again at once. Loads while the test prepares."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.kills = 0
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.estimate_worker", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=servers.die_with_parent,
        )

    def start(self) -> None:
        assert self.parent.stdin
        self.parent.stdin.write("start\n")
        self.parent.stdin.flush()
        self.pid = int(self._said())

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        assert self._said() == "gone\n"
        self.kills += 1

    def end(self) -> None:
        self.parent.kill()  # and with it the worker
        self.parent.communicate()

    def _said(self) -> str:
        assert self.parent.stdout
        return self.parent.stdout.readline()


@pytest.fixture
def environment(
    process_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> dict[str, str]:
    clock = {"SIMULATED_FROM": STARTS.isoformat(), "STARTED_AT": str(time.time())}
    for name, value in clock.items():
        monkeypatch.setenv(name, value)
    return {
        **process_environment,
        **clock,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "OUTBOX_PACE": "0.001",
    }


@pytest.fixture
def worker(environment: dict[str, str]) -> Iterator[Killable]:
    running = Killable(environment)
    yield running
    running.end()


@pytest.fixture
def careless_worker(environment: dict[str, str]) -> Iterator[Killable]:
    running = Killable(environment, "careless")
    yield running
    running.end()


def a_clinic() -> User:
    load(read(SAMPLE.read_text(encoding="utf-8")))
    return User.objects.create_user("desk@example.com", "a long password", is_front_desk=True)


def requests(count: int) -> list[AppointmentRequest]:
    service = Service.objects.get(code="PT-FU")
    people = [
        Client(
            first_name="Alex", last_name=f"Sample{number}", email=f"alex{number}@example.com", email_ok=True
        )
        for number in range(count)
    ]
    for one in people:
        one.set_birth_date(datetime(1986, 4, 19, tzinfo=DENVER).date())
    Client.objects.bulk_create(people)
    answers = Coverage.objects.bulk_create(Coverage(client=one, type="none") for one in people)
    return AppointmentRequest.objects.bulk_create(
        AppointmentRequest(
            reference=f"R{number:05}",
            submission_id=uuid.uuid4(),
            client=one,
            service=service,
            client_status="returning",
            coverage=answer,
            submitted_at=STARTS - timedelta(days=1),
            reply_by=STARTS,
        )
        for number, (one, answer) in enumerate(zip(people, answers, strict=True))
    )


def free_times(count: int) -> list[Any]:
    """Times of one service that do not touch each other, week after week."""
    service, found = Service.objects.get(code="PT-FU"), []
    day = STARTS.date() + timedelta(days=5)
    taken: dict[tuple[Any, Any], datetime] = {}
    while len(found) < count:
        diary = availability.load(service, start=day, end=day + timedelta(days=6), now=STARTS)
        slots = [
            diary.slot(one)
            for one in diary.openings(first_day=day, last_day=day + timedelta(days=6), party=1)
        ]
        for slot in sorted(slots, key=lambda one: one.starts_at):
            keys = [("person", slot.practitioner_id), ("room", slot.room_id)]
            if all(taken.get(key, slot.starts_at) <= slot.starts_at for key in keys):
                found.append(slot)
                taken.update(dict.fromkeys(keys, slot.ends_at + timedelta(minutes=15)))
        day += timedelta(days=7)
    return found[:count]


def confirm_all(count: int, running: Killable, by: User, *, kills: int) -> None:
    draw = random.Random(7)
    strikes = sorted(draw.sample(range(2, count), kills))
    people, rooms = (
        {one.pk: one for one in Practitioner.objects.all()},
        {one.pk: one for one in Room.objects.all()},
    )
    for number, (asked, slot) in enumerate(zip(requests(count), free_times(count), strict=True)):
        booking.confirm(
            appointment_request=asked,
            practitioner=people.get(slot.practitioner_id),
            room=rooms.get(slot.room_id),
            starts_at=slot.starts_at,
            by=by,
            now=estimate_worker.simulated_now(),
        )
        if number in strikes:
            time.sleep(draw.uniform(0, 0.2))
            running.kill()
            running.start()


def run(count: int, *, kills: int, worker: Killable) -> None:
    by = a_clinic()
    worker.start()
    confirm_all(count, worker, by, kills=kills)
    ends_at = time.monotonic() + 90 + count / 5
    while Trigger.objects.running().exists() and time.monotonic() < ends_at:
        time.sleep(0.1)
    assert worker.kills == kills
    assert Estimate.objects.count() == count
    assert Estimate.objects.filter(version=1, status="issued", document_state="made").count() == count
    assert EstimateDocument.objects.count() == count
    assert len({one.number for one in Estimate.objects.all()}) == count
    sent = Message.objects.filter(kind="estimate_ready", state=State.SENT)
    assert sent.count() == count
    for trigger in Trigger.objects.all():
        assert trigger.provided_at
        assert trigger.target_due_on
        assert trigger.provided_at.astimezone(DENVER).date() <= trigger.target_due_on


@pytest.mark.timeout(300)  # a busy machine; alone it takes some ten seconds
def test_fifty_confirms_with_the_worker_killed_give_one_estimate_each_in_time(worker: Killable) -> None:
    run(50, kills=4, worker=worker)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_a_thousand_confirms_with_the_worker_killed_give_one_estimate_each_in_time(worker: Killable) -> None:
    run(1000, kills=40, worker=worker)


def test_a_careless_worker_that_is_killed_loses_documents(careless_worker: Killable) -> None:
    """The control: without the order of things that we keep, a kill leaves estimates without a paper."""
    by = a_clinic()
    for asked, slot in zip(requests(6), free_times(6), strict=True):
        booking.confirm(
            appointment_request=asked,
            practitioner=Practitioner.objects.get(pk=slot.practitioner_id),
            room=Room.objects.get(pk=slot.room_id),
            starts_at=slot.starts_at,
            by=by,
            now=STARTS,
        )
    careless_worker.start()
    ends_at = time.monotonic() + 20
    while not EstimateDocument.objects.exists() and time.monotonic() < ends_at:
        time.sleep(0.01)
    careless_worker.kill()

    lost = Estimate.objects.filter(document_state="made", document=None)
    assert EstimateDocument.objects.exists()
    assert lost.exists()
