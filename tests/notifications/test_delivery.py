"""The drain against a real SMTP server that can misbehave."""

import random
import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.foundation.staff_tasks import StaffTask
from notifications import delivery, outbox, suppression
from notifications.models import Attempt, Breaker, Heartbeat, Message, Priority, State, Suppression
from notifications.rendering import Attachment
from notifications.smtp import ALONE, Turn
from tests.mail_sink import Mode, Sink
from tests.notifications.messages import make_many, make_message
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_due_message_arrives_with_text_html_and_its_own_message_id(smtp_sink: Sink) -> None:
    message = make_message(
        attachments=[
            Attachment("visit.ics", "text/calendar; method=REQUEST", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
        ]
    )

    assert delivery.drain() == 1

    [mail] = smtp_sink.messages
    message.refresh_from_db()
    assert message.state == State.SENT
    assert message.sent_at is not None
    assert mail["Message-ID"] == message.message_id
    assert mail["Subject"] == "Your visit at Example PT"
    assert mail["Auto-Submitted"] == "auto-generated"
    types = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    assert types == ["text/plain", "text/html", "text/calendar"]
    calendar = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_filename() == "visit.ics"


def test_each_try_is_on_record_with_its_outcome(smtp_sink: Sink) -> None:
    message = make_message()

    delivery.drain(worker="one")

    [attempt] = message.tries.all()
    assert (attempt.number, attempt.worker, attempt.outcome) == (1, "one", Attempt.Outcome.SENT)
    assert attempt.ended_at is not None


def test_nothing_is_sent_twice_by_a_second_drain(smtp_sink: Sink) -> None:
    make_many(3)

    assert [delivery.drain(), delivery.drain()] == [3, 0]
    assert len(smtp_sink.messages) == 3


def test_many_messages_share_one_connection(smtp_sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    connect = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: opened.append(a) or connect(*a, **k))
    make_many(45)

    delivery.drain()

    assert len(smtp_sink.messages) == 45
    assert len(opened) == 1


def test_what_is_not_due_waits(smtp_sink: Sink) -> None:
    make_message(not_before=timezone.now() + timedelta(seconds=10))

    assert delivery.drain() == 0
    assert delivery.drain(now=timezone.now() + timedelta(seconds=11)) == 1


def test_urgent_leaves_first(smtp_sink: Sink) -> None:
    make_message(key="late", to="late@example.com", priority=Priority.LATER)
    make_message(key="urgent", to="urgent@example.com", priority=Priority.URGENT)

    delivery.drain()

    assert [mail["To"] for mail in smtp_sink.messages] == ["urgent@example.com", "late@example.com"]


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


def test_an_urgent_message_does_not_wait_for_a_long_batch(
    smtp_sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LONGEST_BATCH", 0.3)
    make_many(12)
    smtp_sink.slowness = 0.1

    def work() -> None:
        delivery.drain()
        connection.close()

    drain = threading.Thread(target=work)
    drain.start()
    wait_for(lambda: smtp_sink.envelopes)
    make_message(key="urgent", to="desk@example.com", priority=Priority.URGENT)
    drain.join()

    order = [envelope.rcpt_tos[0] for envelope in smtp_sink.envelopes]
    assert order.index("desk@example.com") < 6
    assert len(order) == len(set(order)) == 13


def test_a_message_that_cannot_be_read_fails_alone(smtp_sink: Sink) -> None:
    good, bad = make_many(2)
    with connection.cursor() as cursor:  # the address of one row in the place of another: it must not open
        cursor.execute('SELECT "to" FROM notifications_message WHERE key = %s', [good.key])
        stolen = cursor.fetchone()[0]
        cursor.execute('UPDATE notifications_message SET "to" = %s WHERE key = %s', [stolen, bad.key])

    assert delivery.drain() == 1

    bad = Message.objects.get(pk=bad.pk)
    assert (bad.state, bad.last_code) == (State.FAILED, "cannot be built: DecryptionError")
    assert [mail["To"] for mail in smtp_sink.messages] == ["person0@example.com"]
    assert StaffTask.objects.count() == 1


def test_a_row_that_keeps_killing_its_sender_is_taken_out(smtp_sink: Sink) -> None:
    poison = make_message(key="poison", to="poison@example.com")
    now = timezone.now()
    for died in range(3):
        delivery.claim(now=now, limit=1, worker=f"victim{died}")
        Attempt.objects.create(message=poison, number=died + 1, worker=f"victim{died}", started_at=now)
        now += timedelta(seconds=301)
    make_message(key="good", to="good@example.com")

    delivery.drain(now=now)

    poison.refresh_from_db()
    assert poison.state == State.FAILED
    assert [mail["To"] for mail in smtp_sink.messages] == ["good@example.com"]
    assert StaffTask.objects.count() == 1


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


def test_what_is_too_late_to_be_of_use_is_not_sent(smtp_sink: Sink) -> None:
    now = timezone.now()
    make_message(key="reminder", expires_at=now - timedelta(seconds=1), matters=False)
    make_message(key="confirmed", expires_at=now - timedelta(seconds=1))

    delivery.drain()

    assert smtp_sink.messages == []
    assert set(Message.objects.values_list("state", flat=True)) == {State.EXPIRED}
    assert [task.key for task in StaffTask.objects.all()] == [
        f"message:{Message.objects.get(key='confirmed').pk}"
    ]


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


def test_a_message_that_cannot_be_put_together_harms_neither_the_one_before_it_nor_the_one_after(
    smtp_sink: Sink,
) -> None:
    _first, broken, _last = make_many(3)
    broken.content = {"subject": "two\nlines", "text": "x"}
    broken.save()

    assert delivery.drain() == 2

    assert [mail["To"] for mail in smtp_sink.messages] == ["person0@example.com", "person2@example.com"]
    assert list(Message.objects.order_by("key").values_list("state", flat=True)) == [
        State.SENT,
        State.FAILED,
        State.SENT,
    ]


def test_no_transaction_is_open_while_the_mail_server_talks(smtp_sink: Sink) -> None:
    make_message()
    seen = []

    class Looks(delivery.Senders):
        def send(self, message: Message, turn: Turn = ALONE) -> None:
            seen.append(connection.in_atomic_block)
            super().send(message, turn)

    [claimed] = delivery.claim(now=timezone.now(), limit=1, worker="one")
    with Looks() as senders:
        delivery._deliver(claimed, senders=senders, worker="one", clock=timezone.now)

    assert seen == [False]


def test_workers_side_by_side_send_each_message_once(smtp_sink: Sink) -> None:
    make_many(60)

    def work(name: str) -> None:
        while delivery.drain(worker=name):
            pass
        connection.close()

    threads = [threading.Thread(target=work, args=(f"worker{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(mail["To"] for mail in smtp_sink.messages) == sorted(
        f"person{number}@example.com" for number in range(60)
    )


def test_a_finished_drain_leaves_its_heartbeat(smtp_sink: Sink) -> None:
    now = timezone.now()

    delivery.drain(now=now)

    assert Heartbeat.objects.get(name="drain").at == now


def test_waits_grow_and_are_spread() -> None:
    random.seed(1)
    waits = [delivery.retry_delay(attempts).total_seconds() for attempts in range(1, 12)]

    assert all(15 <= wait <= 3600 for wait in waits)
    assert waits[0] <= 30
    assert waits[-1] >= 1800
    assert settings.OUTBOX_PACE == 1


def test_a_complaint_suppresses_until_a_person_clears_it(smtp_sink: Sink) -> None:
    now = timezone.now()
    message = make_message()
    suppression.suppress(
        address_hash=message.to_hash, why=Suppression.Why.COMPLAINT, now=now, message=message
    )

    assert delivery.drain() == 0
    message.refresh_from_db()
    assert message.state == State.SUPPRESSED
