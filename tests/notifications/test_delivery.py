"""The drain against a real SMTP server that can misbehave."""

import socket
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from config.foundation.staff_tasks import StaffTask
from notifications import delivery, suppression
from notifications.models import Attempt, Heartbeat, Message, Priority, State, Suppression
from notifications.rendering import Attachment
from notifications.smtp import ALONE, Turn
from tests.mail_sink import Sink
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


def test_nothing_is_sent_to_an_address_whose_owner_complained(smtp_sink: Sink) -> None:
    now = timezone.now()
    message = make_message()
    suppression.suppress(
        address_hash=message.to_hash, why=Suppression.Why.COMPLAINT, now=now, message=message
    )

    assert delivery.drain() == 0
    message.refresh_from_db()
    assert message.state == State.SUPPRESSED
