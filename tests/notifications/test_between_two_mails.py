"""What stands between two mails: the mark of one, the beginning of the next, and all that can come in between."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from notifications import attempts, delivery, outbox
from notifications.models import Attempt, Message, State
from notifications.smtp import ALONE, Turn
from tests.mail_sink import Sink
from tests.notifications.messages import make_many, make_message
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_withdrawn_after_it_was_claimed_is_not_sent(smtp_sink: Sink) -> None:
    message = make_message()
    [claimed] = delivery.claim(now=timezone.now(), limit=5, worker="one")
    outbox.withdraw(key=message.key, reason="cancelled")

    with delivery.Senders() as senders:
        left, _coming = delivery._deliver(claimed, senders=senders, worker="one", clock=timezone.now)

    message.refresh_from_db()
    assert (left, message.state, smtp_sink.messages) == (False, State.WITHDRAWN, [])


def test_a_worker_that_lost_its_lease_does_not_start(smtp_sink: Sink) -> None:
    make_message()
    now = timezone.now()
    [slow] = delivery.claim(now=now, limit=5, worker="slow")
    later = now + timedelta(seconds=301)
    [quick] = delivery.claim(now=later, limit=5, worker="quick")

    with delivery.Senders() as senders:
        for row, worker in ((slow, "slow"), (quick, "quick")):
            delivery._deliver(row, senders=senders, worker=worker, clock=lambda: later)

    assert [attempt.worker for attempt in Attempt.objects.all()] == ["quick"]
    assert len(smtp_sink.messages) == 1


def test_a_lease_ends_after_its_last_moment_and_a_mark_that_comes_later_still_ends_the_message() -> None:
    message = make_message()
    [slow] = delivery.claim(now=message.not_before, limit=5, worker="slow")
    attempt = attempts.begin(slow, worker="slow", now=message.not_before)
    assert attempt is not None
    ends = slow.lease_until
    assert ends is not None
    assert delivery.claim(now=ends, limit=5, worker="quick") == []
    [taken] = delivery.claim(now=ends + timedelta(microseconds=1), limit=5, worker="quick")

    attempts.sent(slow, attempt, now=ends)  # the mail server had the text all the while

    assert attempts.begin(taken, worker="quick", now=ends) is None
    message.refresh_from_db()
    assert (message.state, message.lease_owner, Attempt.objects.count()) == (State.SENT, "", 1)


def cut_the_line() -> None:
    """As when the database restarts while the mail server talks."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )


@pytest.mark.postgresql  # a file has no line to lose
def test_the_fact_that_it_left_survives_a_lost_database_connection(smtp_sink: Sink) -> None:
    message = make_message()
    [claimed] = delivery.claim(now=timezone.now(), limit=1, worker="one")

    class CutsTheLine(delivery.Senders):
        def send(self, message: Message, turn: Turn = ALONE) -> None:
            super().send(message, turn)
            cut_the_line()

    with CutsTheLine() as senders:
        delivery._deliver(claimed, senders=senders, worker="one", clock=timezone.now)

    message.refresh_from_db()
    assert message.state == State.SENT
    assert message.tries.get().outcome == Attempt.Outcome.SENT


def test_a_message_withdrawn_while_the_one_before_it_is_sent_stays(
    smtp_sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    make_many(3)

    class Withdraws(delivery.Senders):
        def send(self, message: Message, turn: Turn = ALONE) -> None:
            super().send(message, turn)
            outbox.withdraw(key="visit:1", reason="cancelled")

    batch = delivery.claim(now=timezone.now(), limit=3, worker="one")
    with Withdraws() as senders:
        left = delivery._deliver_batch(
            sorted(batch, key=lambda row: row.key),
            senders=senders,
            worker="one",
            clock=timezone.now,
            should_stop=lambda: False,
        )

    assert left == 2
    assert [mail["To"] for mail in smtp_sink.messages] == ["person0@example.com", "person2@example.com"]
    assert Attempt.objects.filter(outcome=Attempt.Outcome.SENT).count() == Attempt.objects.count() == 2
    assert "message_poisonous" not in caplog.text, "nothing is wrong with it"


@pytest.mark.postgresql  # a file has no line to lose
def test_a_line_cut_between_two_messages_loses_neither_and_repeats_none(smtp_sink: Sink) -> None:
    make_many(3)
    batch = delivery.claim(now=timezone.now(), limit=3, worker="one")

    class CutsTheLine(delivery.Senders):
        def send(self, message: Message, turn: Turn = ALONE) -> None:
            super().send(message, turn)
            cut_the_line()

    with CutsTheLine() as senders:
        left = delivery._deliver_batch(
            batch, senders=senders, worker="one", clock=timezone.now, should_stop=lambda: False
        )

    assert left == len(smtp_sink.messages) == 3
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}
    assert Attempt.objects.filter(outcome=Attempt.Outcome.SENT).count() == Attempt.objects.count() == 3


def delivered_while_a_mark_waits(senders: delivery.Senders, sink: Sink) -> int:
    """How many mails leave while the first of three cannot be marked, since another holds its row."""
    first, *_others = make_many(3)
    batch = sorted(delivery.claim(now=timezone.now(), limit=3, worker="one"), key=lambda row: row.key)

    def deliver() -> None:
        delivery._deliver_batch(
            batch, senders=senders, worker="one", clock=timezone.now, should_stop=lambda: False
        )
        connection.close()

    sender = threading.Thread(target=deliver)
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT 1 FROM notifications_message WHERE id = %s FOR NO KEY UPDATE", [first.pk])
        sender.start()
        wait_for(lambda: sink.envelopes)
        time.sleep(0.3)
        left = len(sink.envelopes)
    sender.join()
    assert len(sink.envelopes) == Message.objects.filter(state=State.SENT).count() == 3
    return left


@pytest.mark.postgresql  # on SQLite the mark is written before anything else is done
def test_no_text_leaves_before_the_mail_before_it_is_marked(smtp_sink: Sink) -> None:
    with delivery.Senders() as senders:
        assert delivered_while_a_mark_waits(senders, smtp_sink) == 1


@pytest.mark.postgresql
def test_control_a_sender_that_does_not_ask_would_leave_two_unmarked(smtp_sink: Sink) -> None:
    class DoesNotAsk(delivery.Senders):
        def send(self, message: Message, turn: Turn = ALONE) -> None:
            super().send(message, replace(turn, may_go=lambda: True))

    with DoesNotAsk() as senders:
        assert delivered_while_a_mark_waits(senders, smtp_sink) == 2


@pytest.mark.postgresql
def test_a_mail_is_marked_at_once_when_the_line_to_the_mail_server_must_be_opened_anew(
    smtp_sink: Sink,
) -> None:
    first, *_others = make_many(2)
    batch = sorted(delivery.claim(now=timezone.now(), limit=2, worker="one"), key=lambda row: row.key)

    class HangsUp(delivery.Senders):
        def send(self, message: Message, turn: Turn = ALONE) -> None:
            super().send(message, turn)
            smtp_sink.down()
            self.drop(message.channel)

    with HangsUp() as senders:
        left = delivery._deliver_batch(
            batch, senders=senders, worker="one", clock=timezone.now, should_stop=lambda: False
        )

    states = list(Message.objects.order_by("key").values_list("state", flat=True))
    assert (left, states) == (1, [State.SENT, State.QUEUED])
    assert first.tries.get().outcome == Attempt.Outcome.SENT
