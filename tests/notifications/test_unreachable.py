"""An address that never resolves, and a mail server that cannot be found: what happens to the message, and who hears of it."""

import random
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from config.foundation.staff_tasks import StaffTask
from notifications import delivery, outbox, suppression
from notifications.models import Attempt, Breaker, Message, State
from tests.factories import make_user
from tests.mail_sink import Mode, Sink
from tests.notifications.messages import make_many, make_message

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = "alex@nowhere.example"


def drained_until_it_ends(message: Message, *, now: datetime) -> list[datetime]:
    """Drain at each moment at which the message is due again. The moments; the last is the one that ended it."""
    moments = []
    while message.is_waiting:
        moments.append(now)
        delivery.drain(now=now)
        message.refresh_from_db()
        now = max(message.not_before, now + timedelta(seconds=1))
    return moments


@pytest.mark.parametrize("answer", ["450 4.1.2 Domain not found", "451 4.4.3 Address lookup failed"])
def test_an_address_that_cannot_be_looked_up_is_tried_for_three_days_and_then_a_person_is_asked(
    smtp_sink: Sink, answer: str
) -> None:
    now = timezone.now()
    other, message = make_many(2, now=now)
    smtp_sink.answers[message.to] = answer

    moments = drained_until_it_ends(message, now=now)

    assert (message.state, message.last_code) == (State.FAILED, answer[:9])
    assert timedelta(days=3) <= moments[-1] - now <= timedelta(days=3, hours=1)
    waits = [later - earlier for earlier, later in pairwise(moments)]
    assert timedelta(seconds=15) <= waits[0] <= timedelta(seconds=30)
    assert max(waits) <= timedelta(hours=1)
    assert message.tries.count() == len(moments) < 200
    assert Message.objects.get(pk=other.pk).state == State.SENT
    assert [task.key for task in StaffTask.objects.all()] == [f"message:{message.pk}"]
    assert list(Message.objects.needing_a_person()) == [message]
    assert not suppression.is_suppressed(message.to), "nobody said that it does not exist"

    repeat = outbox.send_again(message=message, by=make_user(), now=moments[-1], to="right@example.com")
    delivery.drain(now=moments[-1])
    assert [mail["To"] for mail in smtp_sink.messages] == [other.to, "right@example.com"]
    assert repeat.text == message.text


def test_the_three_days_begin_with_the_first_try_and_not_while_our_own_mail_stood_still(
    smtp_sink: Sink,
) -> None:
    now = timezone.now()
    message = make_message(to=NOWHERE, now=now - timedelta(days=4))
    smtp_sink.answers[NOWHERE] = "451 4.4.3 Address lookup failed"

    moments = drained_until_it_ends(message, now=now)

    assert moments[-1] - now >= timedelta(days=3)
    assert StaffTask.objects.count() == 1


@pytest.mark.parametrize("answer", ["550 5.1.2 No such domain", "550 5.4.4 Unable to route: no MX"])
def test_an_address_whose_domain_does_not_exist_is_not_tried_again_and_a_person_is_asked_at_once(
    smtp_sink: Sink, answer: str
) -> None:
    message = make_message(to=NOWHERE)
    smtp_sink.answers[NOWHERE] = answer

    assert len(drained_until_it_ends(message, now=timezone.now())) == 1

    assert message.state == State.FAILED
    assert [task.key for task in StaffTask.objects.all()] == [f"message:{message.pk}"]


def test_an_address_at_which_the_server_hangs_up_does_not_stop_the_rest_and_ends_with_a_person(
    smtp_sink: Sink,
) -> None:
    now = timezone.now()
    message = make_message(to=NOWHERE, priority=0, key="first of all")
    make_many(3)
    smtp_sink.answers[NOWHERE] = "421 4.4.3 Cannot look that up, closing"

    for seconds in range(0, 60, 5):
        delivery.drain(now=now + timedelta(seconds=seconds))
    assert len(smtp_sink.messages) == 3

    for day in range(1, 5):
        make_message(key=f"day {day}", to=f"day{day}@example.com")
        for seconds in range(0, 900, 60):
            delivery.drain(now=now + timedelta(days=day, seconds=seconds))
    assert len(smtp_sink.messages) == 7
    message.refresh_from_db()
    assert message.state == State.FAILED
    assert [task.key for task in StaffTask.objects.all()] == [f"message:{message.pk}"]


def test_while_our_own_mail_server_cannot_be_found_nothing_is_given_up(
    smtp_sink: Sink, settings: Any
) -> None:
    now, found = timezone.now(), settings.EMAIL_HOST
    make_many(3)
    settings.EMAIL_HOST = "mail.nowhere.invalid"

    for hours in range(0, 24 * 5, 6):
        delivery.drain(now=now + timedelta(hours=hours))

    assert Breaker.objects.get().code == "mail server has no address"
    assert set(Message.objects.values_list("state", "attempts")) == {(State.QUEUED, 0)}
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {Attempt.Outcome.OURS}
    assert not StaffTask.objects.exists()

    settings.EMAIL_HOST = found
    for minutes in range(3):
        delivery.drain(now=now + timedelta(days=5, minutes=minutes))
    assert len(smtp_sink.messages) == 3


def test_a_passing_refusal_is_tried_again_later(smtp_sink: Sink) -> None:
    message = make_message()
    smtp_sink.mode = Mode.REFUSE_4XX

    delivery.drain()
    message.refresh_from_db()
    assert (message.state, message.last_code) == (State.QUEUED, "451 4.3.0")
    assert message.not_before > timezone.now()

    smtp_sink.mode = Mode.ACCEPT
    assert delivery.drain(now=timezone.now() + timedelta(hours=1)) == 1


def test_a_mailbox_that_does_not_exist_fails_at_once_and_is_never_written_to_again(smtp_sink: Sink) -> None:
    message = make_message(to="gone@example.com")
    smtp_sink.refused_addresses = {"gone@example.com"}

    delivery.drain()

    message.refresh_from_db()
    assert (message.state, message.last_code) == (State.FAILED, "550 5.1.1")
    assert suppression.is_suppressed("Gone@example.com")
    task = StaffTask.objects.get()
    assert (task.key, task.priority) == (f"message:{message.pk}", "today")
    assert "gone" not in task.title

    second = make_message(key="second", to="gone@example.com")
    smtp_sink.refused_addresses = set()
    delivery.drain()
    second.refresh_from_db()
    assert (second.state, smtp_sink.messages) == (State.SUPPRESSED, [])
    assert StaffTask.objects.count() == 2


@pytest.mark.parametrize(
    ("answer", "is_blocked"),
    [
        ("550 5.1.2 No such domain", True),
        ("550 5.1.10 Null MX", True),
        ("553 No such name", True),
        ("550 5.7.1 Policy", False),
        ("552 5.2.2 Full", False),
    ],
)
def test_only_an_address_that_does_not_exist_is_blocked(
    smtp_sink: Sink, answer: str, is_blocked: bool
) -> None:
    message = make_message(to="alex@nowhere.example")
    smtp_sink.answers["alex@nowhere.example"] = answer

    delivery.drain()

    message.refresh_from_db()
    assert message.state == State.FAILED
    assert StaffTask.objects.filter(key=f"message:{message.pk}").exists()
    assert suppression.is_suppressed(message.to) is is_blocked


def test_waits_grow_and_are_spread() -> None:
    random.seed(1)
    waits = [delivery.retry_delay(attempts).total_seconds() for attempts in range(1, 12)]

    assert all(15 <= wait <= 3600 for wait in waits)
    assert waits[0] <= 30
    assert waits[-1] >= 1800
    assert settings.OUTBOX_PACE == 1
