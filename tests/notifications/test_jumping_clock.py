"""A clock that jumps by hours and back, under the drain and under the reminders: nothing is told twice, nothing lost."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from notifications import attempts, delivery
from notifications.models import Attempt, Breaker, Message, State
from scheduling import reminders
from scheduling.models import Appointment
from tests.factories import load_sample_clinic, make_appointment_request, make_client
from tests.mail_sink import Mode, Sink
from tests.notifications.messages import make_many, make_message
from tests.notifications.test_notices import make_visit

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


# --- the drain and its leases ------------------------------------------------------------------------


def test_ahead_while_a_mail_is_on_its_way_costs_at_most_one_copy_and_it_is_on_record(smtp_sink: Sink) -> None:
    make_message()
    now = timezone.now()
    [claimed] = delivery.claim(now=now, limit=1, worker="one")
    with delivery.Senders() as senders:
        attempt = delivery._begin(claimed, worker="one", now=now)
        assert attempt is not None
        senders.send(claimed)
        # Before the first worker writes it down, another one whose clock is an hour ahead takes the row.
        delivery.drain(now=now + HOUR, worker="ahead")
        attempts.sent(claimed, attempt, now=now)

    assert len(smtp_sink.messages) == 2
    assert Message.objects.get().state == State.SENT
    assert Attempt.objects.count() == 2


@pytest.mark.parametrize("jump", [6 * HOUR, -6 * HOUR], ids=["ahead", "back"])
def test_in_the_middle_of_a_batch_each_message_leaves_once(smtp_sink: Sink, jump: timedelta) -> None:
    now = timezone.now()
    make_many(6, now=now)
    batch = delivery.claim(now=now, limit=6, worker="one")

    def clock() -> datetime:
        return now if len(smtp_sink.envelopes) < 2 else now + jump

    with delivery.Senders() as senders:
        delivery._deliver_batch(batch, senders=senders, worker="one", clock=clock, should_stop=lambda: False)
    delivery.drain(now=now + jump, worker="another")
    delivery.drain(now=now + timedelta(seconds=1), worker="another")

    assert sorted(mail["To"] for mail in smtp_sink.messages) == [
        f"person{each}@example.com" for each in range(6)
    ]
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


def test_ahead_another_worker_takes_what_is_not_begun_and_the_first_does_not_begin_it(
    smtp_sink: Sink,
) -> None:
    now = timezone.now()
    make_many(6, now=now)
    batch = delivery.claim(now=now, limit=6, worker="one")

    assert delivery.drain(now=now + 6 * HOUR, worker="ahead") == 6
    with delivery.Senders() as senders:
        left = delivery._deliver_batch(
            batch, senders=senders, worker="one", clock=lambda: now, should_stop=lambda: False
        )

    assert (left, len(smtp_sink.messages), Attempt.objects.count()) == (0, 6, 6)


def test_back_after_a_worker_died_its_rows_wait_for_the_end_of_their_lease_and_leave_once(
    smtp_sink: Sink,
) -> None:
    now = timezone.now()
    make_many(3, now=now - 6 * HOUR)
    delivery.claim(now=now, limit=3, worker="dead")

    assert delivery.drain(now=now - 6 * HOUR) == 0
    assert delivery.drain(now=now + timedelta(minutes=6)) == 3
    assert delivery.drain(now=now + HOUR) == 0
    assert len(smtp_sink.messages) == 3


def test_back_what_was_written_ahead_waits_until_then_and_is_not_lost(smtp_sink: Sink) -> None:
    now = timezone.now()
    make_message(now=now)

    assert delivery.drain(now=now - HOUR) == 0
    assert delivery.drain(now=now) == 1


def test_back_a_pause_of_the_mail_server_does_not_last_for_hours(smtp_sink: Sink) -> None:
    now = timezone.now()
    make_message(key="there", now=now - 6 * HOUR)
    with smtp_sink.stopped():
        delivery.drain(now=now)
    assert Breaker.objects.get().failures == 1

    make_message(key="new", to="new@example.com", now=now - 6 * HOUR)
    assert delivery.drain(now=now - 6 * HOUR) == 1
    assert delivery.drain(now=now + HOUR) == 1


def test_a_mailbox_that_says_later_is_not_given_up_because_the_clock_ran_ahead_for_hours(
    smtp_sink: Sink,
) -> None:
    now = timezone.now()
    message = make_message(now=now)
    smtp_sink.mode = Mode.REFUSE_4XX
    for moment in (now, now + 6 * HOUR, now + timedelta(minutes=2)):
        delivery.drain(now=moment)
    smtp_sink.mode = Mode.ACCEPT

    assert delivery.drain(now=now + 8 * HOUR) == 1
    message.refresh_from_db()
    assert message.state == State.SENT


# --- reminders ---------------------------------------------------------------------------------------


@pytest.fixture
def visit(db: None) -> Appointment:
    load_sample_clinic()
    client = make_client(email="alex@example.com")
    return make_visit(make_appointment_request(client=client), confirmed_at=None)  # Monday, March 8, 9 am


Runs = Callable[..., list[str]]


@pytest.fixture
def runs(smtp_sink: Sink) -> Runs:
    """`runs(visit, begins, ends, off)`: beat and drain every twenty minutes by a clock that is wrong by `off(now)`.

    Returns what has left in that time.
    """

    def run(begins: datetime, ends: datetime, off: Callable[[datetime], timedelta]) -> list[str]:
        before, now = len(smtp_sink.envelopes), begins
        while now < ends:
            shown = now + off(now)
            reminders.enqueue_due(now=shown)
            delivery.drain(now=shown)
            now += timedelta(minutes=20)
        return [str(mail["Subject"]) for mail in smtp_sink.messages[before:]]

    return run


def right(now: datetime) -> timedelta:
    return timedelta(0)


def test_ahead_a_reminder_comes_early_and_not_again_when_the_clock_is_right(
    visit: Appointment, runs: Runs
) -> None:
    two_days = visit.starts_at - 48 * HOUR

    assert len(runs(two_days - 5 * HOUR, two_days - 4 * HOUR, lambda now: 5 * HOUR)) == 1
    assert runs(two_days - 4 * HOUR, two_days + 4 * HOUR, right) == []
    assert len(runs(two_days + 4 * HOUR, visit.starts_at, right)) == 1


def test_back_a_reminder_that_was_sent_is_not_sent_again(visit: Appointment, runs: Runs) -> None:
    two_days = visit.starts_at - 48 * HOUR

    assert len(runs(two_days, two_days + HOUR, right)) == 1
    assert runs(two_days + HOUR, two_days + 7 * HOUR, lambda now: -6 * HOUR) == []
    assert runs(two_days + 7 * HOUR, two_days + 10 * HOUR, right) == []


def test_beyond_the_visit_and_back_no_reminder_is_lost(visit: Appointment, runs: Runs) -> None:
    three_days = visit.starts_at - 72 * HOUR

    assert runs(three_days, three_days + HOUR, lambda now: 96 * HOUR) == []
    assert len(runs(three_days + HOUR, visit.starts_at, right)) == 2


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_clock_does_each_reminder_leaves_exactly_once(
    visit: Appointment, runs: Runs, seed: int
) -> None:
    """Any number of jumps of up to eight hours in the days before, a right clock on the last evening."""
    draw = random.Random(seed)
    spells = {hour: draw.choice([0, 0, -8, -3, 2, 5, 8]) * HOUR for hour in range(0, 72, 3)}
    begins = visit.starts_at - 84 * HOUR

    def off(now: datetime) -> timedelta:
        return spells[(now - begins) // (3 * HOUR) * 3]

    early = runs(begins, begins + 60 * HOUR, off)
    late = runs(begins + 60 * HOUR, visit.starts_at, right)

    assert len(early) + len(late) == 2
    leads = sorted(Message.objects.values_list("key", "state"))
    assert [key.split(":")[-1] for key, _state in leads] == ["3", "48"]
    assert {state for _key, state in leads} == {State.SENT}
