"""Fifty at once want one slot: one gets it, the others a clear answer, and nobody waits on a deadlock."""

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection

from intake.models import AppointmentRequest, Practitioner
from scheduling import availability, booking
from scheduling.models import Appointment, Claim, Room
from tests.factories import NOW, ZONE, load_sample_clinic, make_appointment_request
from tests.scheduling.booked import at

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


def confirm_at(pending: AppointmentRequest, start: str, room: str = "maple", who: str | None = "P1") -> str:
    booking.confirm(
        appointment_request=pending,
        practitioner=Practitioner.objects.get(code=who) if who else None,
        room=Room.objects.get(code=room) if room else None,
        starts_at=at(start),
        by=None,
        now=NOW,
    )
    return "booked"


FIRST_VISITS = [("2027-03-03T09:00", "maple"), ("2027-03-03T10:45", "cedar")]


def test_the_last_first_visit_of_a_day_is_given_once_at_whatever_time_it_is_wanted(requests):
    Practitioner.objects.filter(code="P1").update(max_first_visits_per_day=1)
    acts = [partial(confirm_at, each, *wanted) for each, wanted in zip(requests, FIRST_VISITS, strict=False)]

    answers = at_once([partial(naming_the_refusal, act) for act in acts])

    assert answers == {"booked": 1, "first_visits_full": 1}


def naming_the_refusal(act: Callable[[], str]) -> str:
    try:
        return act()
    except booking.NotBookable as no:
        return no.code


def test_the_control_that_asks_before_it_locks_gives_the_last_first_visit_twice(requests):
    Practitioner.objects.filter(code="P1").update(max_first_visits_per_day=1)
    looked, who = threading.Barrier(2), Practitioner.objects.get(code="P1")

    def book(pending: AppointmentRequest, start: str, room: str) -> str:
        where = Room.objects.get(code=room)
        verdict = availability.explain_slot(
            service=pending.service, practitioner=who, room=where, starts_at=at(start), now=NOW
        )
        looked.wait()
        booking.record(
            code=start,
            service=pending.service,
            client=pending.client,
            practitioner=who,
            room=where,
            starts_at=at(start),
            now=NOW,
        )
        return f"ok {verdict.ok}"

    acts = [partial(book, each, *wanted) for each, wanted in zip(requests[:2], FIRST_VISITS, strict=False)]

    assert at_once(acts) == {"ok True": 2}
    assert Appointment.objects.filter(is_first_visit=True).count() == 2


def test_the_last_seats_of_a_class_are_sold_once(transactional_db):
    load_sample_clinic(visits=True)
    workshop = Appointment.objects.get(seats__isnull=False)
    Appointment.objects.filter(pk=workshop.pk).update(seats=workshop.seats_taken + 2)
    asked = [make_appointment_request(service="WORKSHOP", people=1) for _ in range(5)]
    start = workshop.starts_at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
    who = workshop.practitioner.code

    answers = at_once([partial(confirm_at, each, start, "", who) for each in asked])

    workshop.refresh_from_db()
    assert answers == {"booked": 2, "SlotTaken": 3}
    assert workshop.seats_taken == workshop.seats
