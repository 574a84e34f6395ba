"""Small faults on every run; `make chaos N=…` is the same with large numbers."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from config.foundation.clinic import Clinic
from config.foundation.staff_tasks import StaffTask
from notifications import delivery
from notifications.models import Attempt, Message, State
from notifications.rendering import Rendered, harmless
from tests.chaos.storm import storm
from tests.mail_sink import Sink
from tests.notifications.messages import make_many, make_message
from tests.processes import ROOT


@pytest.mark.django_db(transaction=True)
def test_mail_leaves_without_redis(
    smtp_sink: Sink, manage: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    make_many(3)

    done = manage("drain", env={"REDIS_URL": "redis://127.0.0.1:1/0"})

    assert done.stdout.strip() == "3 sent", done.stderr
    assert len(smtp_sink.messages) == 3


@pytest.mark.postgresql  # database lines are cut
@pytest.mark.timeout(170)
@pytest.mark.django_db(transaction=True)
def test_a_small_storm_loses_nothing_and_the_unprotected_way_does() -> None:
    said: list[str] = []

    report = storm(
        12,
        seed=3,
        say=said.append,
        only=("both workers", "all web processes", "Redis", "lines cut", "drops after DATA"),
    )

    assert report.is_good, said
    assert report.requests == 12
    assert report.control_lost > 0


@pytest.mark.django_db(transaction=True)
def test_a_sender_killed_while_it_sends_loses_nothing_and_any_second_copy_is_on_record(
    smtp_sink: Sink, process_environment: dict[str, str]
) -> None:
    messages = make_many(6)
    smtp_sink.slowness = 0.4
    command = [sys.executable, str(ROOT / "manage.py"), "drain"]
    with subprocess.Popen(command, env=process_environment, cwd=ROOT) as sender:
        ends_at = time.monotonic() + 40
        while not smtp_sink.envelopes and time.monotonic() < ends_at:
            time.sleep(0.01)
        sender.kill()
    assert 0 < len(smtp_sink.envelopes) < 6
    smtp_sink.slowness = 0.0

    delivery.drain(now=timezone.now() + delivery.LEASE + timedelta(seconds=1))

    copies = Counter(mail["Message-ID"] for mail in smtp_sink.messages)
    assert set(copies) == {message.message_id for message in messages}
    assert sum(copies.values()) <= 7
    for name, times in copies.items():
        unsure = Attempt.objects.filter(message__message_id=name, outcome=Attempt.Outcome.OPEN)
        assert times == 1 or unsure.exists()
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_was_down_gets_everything_when_it_is_back(
    smtp_sink: Sink, manage: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    make_many(3)
    with smtp_sink.stopped():
        assert manage("drain").stdout.strip() == "0 sent"

    delivery.drain(now=timezone.now() + timedelta(minutes=1))

    assert len(smtp_sink.messages) == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "name", ["Alex\r\nBcc: everyone@example.net", "Alex\u202e\u200b", "=?utf-8?q?x?=\nTo: y"]
)
def test_a_name_cannot_add_a_header_on_the_way_out(smtp_sink: Sink, name: str) -> None:
    clinic = Clinic.objects.create(pk=1, name=name, short_name=name)
    make_message(
        to="o'brien+x@example.com",
        rendered=Rendered(subject=harmless(f"Visit at {name}"), text=f"{clinic}\n", html=""),
    )

    delivery.drain()

    message = Message.objects.get()
    if message.state == State.FAILED:  # refused whole, and a person is told
        assert StaffTask.objects.filter(key=f"message:{message.pk}").exists()
        return
    [envelope], [mail] = smtp_sink.envelopes, smtp_sink.messages
    assert envelope.rcpt_tos == ["o'brien+x@example.com"]
    assert mail["Bcc"] is None
    assert len(mail.get_all("To")) == len(mail.get_all("From")) == len(mail.get_all("Subject")) == 1
