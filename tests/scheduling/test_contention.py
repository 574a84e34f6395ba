"""Fifty at once want one slot: one gets it, the others a clear answer, and nobody waits on a deadlock."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection

from intake.models import AppointmentRequest, Practitioner
from scheduling import availability, booking
from scheduling.models import Appointment, Claim, Room
from tests.factories import NOW, load_sample_clinic, make_appointment_request
from tests.scheduling.test_booking import at

CLIENTS = 50
START = "2027-03-03T09:00"


@pytest.fixture
def requests(transactional_db: None) -> list[AppointmentRequest]:
    load_sample_clinic()
    return [make_appointment_request() for _ in range(CLIENTS)]


def at_once(acts: list[Callable[[], str]]) -> Counter[str]:
    """Run all on connections of their own, let go at the same moment; how often each answer came."""
    barrier, answers = threading.Barrier(len(acts)), Counter[str]()

    def run(act: Callable[[], str]) -> None:
        barrier.wait()
        try:
            answer = act()
        except Exception as error:
            answer = type(error).__name__
        finally:
            connection.close()
        answers[answer] += 1

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def deadlocks() -> int:
    """How many PostgreSQL has counted; SQLite has one writer and none."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_fifty_confirms_of_one_slot_have_one_winner(requests):
    practitioner, room = Practitioner.objects.get(code="P1"), Room.objects.get(code="maple")
    before = deadlocks()

    def confirm(pending: AppointmentRequest) -> str:
        booking.confirm(
            appointment_request=pending,
            practitioner=practitioner,
            room=room,
            starts_at=at(START),
            by=None,
            now=NOW,
        )
        return "booked"

    answers = at_once([lambda pending=pending: confirm(pending) for pending in requests])

    assert answers == {"booked": 1, "SlotTaken": CLIENTS - 1}
    assert deadlocks() == before
    assert (Appointment.objects.count(), Claim.objects.count()) == (1, 2)


def test_the_control_that_checks_and_then_inserts_books_twice(requests):
    practitioner, room = Practitioner.objects.get(code="P1"), Room.objects.get(code="maple")
    service = requests[0].service
    looked = threading.Barrier(10)

    def book(pending: AppointmentRequest) -> str:
        verdict = availability.explain_slot(
            service=service, practitioner=practitioner, room=room, starts_at=at(START), now=NOW
        )
        looked.wait()
        if not verdict.ok:
            return "taken"
        Appointment.objects.create(
            service=service,
            practitioner=practitioner,
            room=room,
            location=room.location,
            starts_at=at(START),
            ends_at=at("2027-03-03T10:15"),
            price_cents=0,
        )
        return "booked"

    answers = at_once([lambda pending=pending: book(pending) for pending in requests[:10]])

    assert answers["booked"] > 1
