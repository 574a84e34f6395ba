"""Many members of staff confirm one slot at once, over HTTP, at two web processes of which one is killed.

The desk's own address with a signed-in session. One slot has one winner; who comes second gets 409 and the next
best times; nothing is a 5xx and PostgreSQL counts no deadlock. That the same attempts do book twice when they only
look before they write is shown by the control in tests/scheduling/test_contention.py.
"""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.middleware.csrf import _get_new_csrf_string

from config import servers
from config.commands import web_command
from intake.models import AppointmentRequest, Practitioner
from scheduling import availability
from scheduling.models import Appointment, Claim, Room
from tests.factories import load_sample_clinic, make_appointment_request, make_client, make_user
from tests.processes import ROOT, Process

CLIENTS = 20  # a slot
SERVICE = "ORTHO-EVAL"


@dataclass
class Tally:
    """What came back, slot by slot."""

    answers: Counter[int] = field(default_factory=Counter)
    winners: Counter[int] = field(default_factory=Counter)
    booked: set[UUID] = field(default_factory=set)
    without_next_best: list[str] = field(default_factory=list)
    cut_off: int = 0  # answers that never came: the process was killed


class Web(Process):
    """One gunicorn, as in production, on a port of its own."""

    def __init__(self, env: dict[str, str]) -> None:
        self.port = servers.free_port()
        super().__init__(web_command(bind=f"127.0.0.1:{self.port}", workers=1, threads=8), env=env, cwd=ROOT)

    def wait_until_open(self) -> None:
        self.wait_for(self._answers)

    def _answers(self) -> bool:
        try:
            caller = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            caller.request("GET", "/healthz/live")
            caller.getresponse().read()
        except OSError:
            return False
        return True


@pytest.fixture
def webs(transactional_db: None, process_environment: dict[str, str]) -> Iterator[list[Web]]:
    env = {**process_environment, "ALLOWED_HOSTS": "127.0.0.1"}
    started = [Web(env) for _ in range(2)]
    for web in started:
        web.wait_until_open()
    yield started
    for web in started:
        web.stop()


def signed_in() -> dict[str, str]:
    """The headers of a member of staff who has signed in."""
    user, session = make_user(), SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    token = _get_new_csrf_string()
    return {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={token}",
        "X-CSRFToken": token,
        "Content-Type": "application/x-www-form-urlencoded",
        "HX-Request": "true",
    }


def open_slots(count: int) -> list[tuple[datetime, Practitioner, Room]]:
    """Times that are open now and can all be booked: one a day for each practitioner and each room.

    More of one practitioner's day, and the limit of first visits would decide; more of one room's, and another
    practitioner's visit in it.
    """
    example = make_appointment_request(service=SERVICE)
    people, rooms = Practitioner.objects.in_bulk(), Room.objects.in_bulk()
    first, weeks = date(2027, 3, 8), timedelta(days=42)
    found: list[tuple[datetime, Practitioner, Room]] = []
    taken: set[tuple[UUID, date]] = set()
    while len(found) < count:
        end = first + weeks
        for slot in availability.for_request(example, start=first, end=end, now=example.submitted_at):
            wanted = {(key, slot.starts_at.date()) for key in (slot.practitioner_id, slot.room_id)}
            if taken.isdisjoint(wanted):
                taken |= wanted
                found.append((slot.starts_at, people[slot.practitioner_id], rooms[slot.room_id]))
        first = end + timedelta(days=1)
    return found[:count]


@dataclass
class Contest:
    """Twenty at a time for one slot, let go together."""

    webs: list[Web]
    headers: dict[str, str]
    tally: Tally = field(default_factory=Tally)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def for_one(self, slot: str, number: int, rivals: list[AppointmentRequest], *, kill: Web | None) -> None:
        barrier = threading.Barrier(len(rivals) + 1)
        threads = [
            threading.Thread(target=self.confirm, args=[asked, slot, number, which, barrier])
            for which, asked in enumerate(rivals)
        ]
        for thread in threads:
            thread.start()
        barrier.wait()
        if kill is not None:
            kill.kill()
        for thread in threads:
            thread.join()
        if kill is not None:
            self.webs = [web for web in self.webs if web is not kill]

    def confirm(
        self, asked: AppointmentRequest, slot: str, number: int, which: int, barrier: threading.Barrier
    ) -> None:
        barrier.wait()
        status, text = 0, ""
        for attempt in range(3):  # whose process was killed asks the other one, as a person would
            try:
                status, text = self.post(self.webs[(which + attempt) % len(self.webs)], asked, slot)
                break
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.tally.cut_off += 1
        with self.lock:
            self.tally.answers[status] += 1
            if status == 200:
                self.tally.winners[number] += 1
                self.tally.booked.add(asked.pk)
            if status == 409 and 'name="slot"' not in text:
                self.tally.without_next_best.append(text[:2000])

    def post(self, web: Web, asked: AppointmentRequest, slot: str) -> tuple[int, str]:
        caller = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
        body = urlencode({"slot": slot, "version": asked.version})
        caller.request("POST", f"/staff/request/{asked.pk}/confirm/", body, self.headers)
        answer = caller.getresponse()
        return answer.status, answer.read().decode()


def contest(webs: list[Web], slots: int, *, kill_at: int) -> Tally:
    """Whoever loses one slot wants the next; whoever won one makes room for somebody new."""
    going, client = Contest(list(webs), signed_in()), make_client()
    rivals: list[AppointmentRequest] = []
    for number, (starts_at, practitioner, room) in enumerate(open_slots(slots)):
        rivals = [asked for asked in rivals if asked.pk not in going.tally.booked]
        while len(rivals) < CLIENTS:
            rivals.append(make_appointment_request(service=SERVICE, client=client))
        slot = f"{starts_at.isoformat()}|{practitioner.pk}|{room.pk}"
        going.for_one(slot, number, rivals, kill=webs[1] if number == kill_at else None)
    return going.tally


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def check(webs: list[Web], slots: int) -> None:
    load_sample_clinic()
    before = deadlocks() if connection.vendor == "postgresql" else 0

    tally = contest(webs, slots, kill_at=slots * 3 // 4)

    attempts = slots * CLIENTS
    assert set(tally.answers) <= {200, 409}, tally.answers
    assert sum(tally.answers.values()) == attempts
    assert set(tally.winners.values()) == {1}, tally.winners
    assert tally.answers == {200: slots, 409: attempts - slots}
    assert tally.without_next_best == []
    assert tally.cut_off > 0  # the kill did hit somebody
    assert Appointment.objects.filter(status="booked").count() == slots
    assert Claim.objects.values("resource", "starts_at").distinct().count() == Claim.objects.count()
    if connection.vendor == "postgresql":
        webs[0].stop()  # its sessions hand in their statistics
        assert deadlocks() == before


@pytest.mark.timeout(300)
def test_contested_confirms_over_http_have_one_winner_a_slot(webs: list[Web]) -> None:
    check(webs, 25 if connection.vendor == "postgresql" else 3)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_ten_thousand_contested_confirms_over_http(webs: list[Web]) -> None:
    check(webs, 500 if connection.vendor == "postgresql" else 50)
