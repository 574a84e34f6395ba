"""The drain while the mail server is down, hangs, or hangs up."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from config.foundation.staff_tasks import StaffTask
from notifications import delivery
from notifications.models import Attempt, Breaker, Message, State
from tests.mail_sink import Mode, Sink
from tests.notifications.messages import make_many, make_message

pytestmark = pytest.mark.django_db(transaction=True)


def test_while_the_server_is_down_nothing_is_counted_and_all_leaves_afterwards(smtp_sink: Sink) -> None:
    make_many(5)
    now = timezone.now()
    with smtp_sink.stopped():
        assert delivery.drain(now=now) == 0
        assert delivery.drain(now=now) == 0  # the breaker is open: not even tried

    assert Breaker.objects.get().failures == 1
    assert Attempt.objects.count() == 1
    assert set(Message.objects.values_list("state", "attempts")) == {(State.QUEUED, 0)}

    assert delivery.drain(now=now + timedelta(seconds=61)) == 5
    assert Breaker.objects.get().failures == 0
    assert StaffTask.objects.count() == 0


def test_half_open_one_message_goes_first_and_only_its_success_lets_the_others_follow(
    smtp_sink: Sink,
) -> None:
    make_many(5)
    now = timezone.now()
    with smtp_sink.stopped():
        delivery.drain(now=now)
        again = now + timedelta(seconds=61)
        assert delivery.drain(now=again) == 0
    assert (Attempt.objects.count(), Breaker.objects.get().failures) == (2, 2)
    assert delivery.claim(now=again, limit=5, worker="early") == []

    last = again + timedelta(seconds=61)
    [first] = delivery.claim(now=last, limit=5, worker="one")

    assert delivery._deliver_batch(
        [first], senders=delivery.Senders(), worker="one", clock=lambda: last, should_stop=lambda: False
    )
    assert (Breaker.objects.get().failures, delivery.drain(now=last)) == (0, 4)


def test_when_the_server_takes_the_text_and_hangs_up_a_second_copy_is_possible_and_on_record(
    smtp_sink: Sink,
) -> None:
    message = make_message()
    smtp_sink.mode = Mode.DROP_AFTER_DATA

    delivery.drain()

    message.refresh_from_db()
    assert message.state == State.QUEUED
    assert message.not_before > timezone.now() + timedelta(minutes=9)
    assert message.tries.get().outcome == Attempt.Outcome.UNKNOWN

    smtp_sink.mode = Mode.ACCEPT
    delivery.drain(now=timezone.now() + timedelta(minutes=11))
    copies = smtp_sink.messages
    assert len(copies) == 2
    assert len({mail["Message-ID"] for mail in copies}) == 1


def test_a_server_that_hangs_up_after_the_text_gets_one_message_and_then_a_pause(smtp_sink: Sink) -> None:
    make_many(20)
    smtp_sink.mode = Mode.DROP_AFTER_DATA
    now = timezone.now()

    delivery.drain(now=now)
    delivery.drain(now=now + timedelta(seconds=1))

    assert len(smtp_sink.messages) == 1
    smtp_sink.mode = Mode.ACCEPT
    delivery.drain(now=now + timedelta(minutes=1))
    assert len(smtp_sink.messages) == 20
    delivery.drain(now=now + timedelta(minutes=15))
    assert len(smtp_sink.messages) == 21, "the one nobody knows of goes again, the others do not"


def test_a_server_that_hangs_does_not_hold_the_drain_for_long(smtp_sink: Sink, settings: Any) -> None:
    settings.EMAIL_AFTER_DATA_TIMEOUT = 0.3
    make_message()
    smtp_sink.mode = Mode.HANG

    assert delivery.drain() == 0
    assert Attempt.objects.get().outcome == Attempt.Outcome.UNKNOWN
