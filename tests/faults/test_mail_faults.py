"""Small faults on every run; `make chaos N=…` is the same with large numbers."""

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from config import servers
from config.celery import app as celery
from config.foundation.clinic import Clinic
from config.foundation.staff_tasks import StaffTask
from notifications import delivery, tasks
from notifications.models import Attempt, Heartbeat, Message, State
from notifications.rendering import Rendered, harmless
from tests.chaos.storm import storm
from tests.mail_sink import Sink
from tests.notifications.messages import make_many, make_message
from tests.processes import Process, Worker, wait_for


@pytest.fixture
def start_redis(tmp_path: Path) -> Iterator[Callable[[], Process]]:
    """Starts a Redis that may be killed, always on the same port."""
    port, started = servers.free_port(), []

    def start() -> Process:
        command = servers.redis_command(port=port, folder=tmp_path, durable=False)
        process = Process(command, env=dict(os.environ))
        started.append(process)
        process.wait_for(lambda: servers.answers(port))
        return process

    start.url = f"redis://{servers.LOOPBACK}:{port}/0"  # type: ignore[attr-defined]
    yield start
    for process in started:
        process.stop()


@pytest.mark.django_db(transaction=True)
def test_redis_killed_while_a_worker_sends_ends_nothing_and_repeats_nothing(
    start_redis: Callable[[], Process],
    smtp_sink: Sink,
    start_worker: Callable[..., Worker],
    manage: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    redis, url = start_redis(), start_redis.url  # type: ignore[attr-defined]
    start_worker(env={"REDIS_URL": url})

    def tick() -> None:
        with celery.connection_for_write(url) as line:
            tasks.drain.apply_async(connection=line)

    make_many(5)
    smtp_sink.slowness = 0.3
    tick()
    wait_for(lambda: smtp_sink.envelopes)
    redis.kill()  # the worker loses its broker with mail in hand
    wait_for(lambda: Attempt.objects.filter(outcome=Attempt.Outcome.SENT).count() == 5)
    assert Attempt.objects.count() == len(smtp_sink.envelopes) == 5
    wait_for(Heartbeat.objects.filter(name="drain").exists)  # and looks for no more

    smtp_sink.slowness = 0.0
    make_many(2, prefix="rescue")
    assert manage("drain", env={"REDIS_URL": url}).stdout.strip() == "2 sent"

    make_many(2, prefix="later")
    start_redis()
    tick()  # the same worker has found the new one
    wait_for(lambda: len(smtp_sink.envelopes) == 9)


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
        brief=True,
    )

    assert report.is_good, said
    assert report.requests == 12
    assert report.control_lost > 0


@pytest.mark.django_db(transaction=True)
def test_a_celery_worker_killed_while_it_sends_loses_nothing_and_any_second_copy_is_on_record(
    smtp_sink: Sink, worker: Worker
) -> None:
    messages = make_many(6)
    smtp_sink.slowness = 0.4
    tasks.drain.delay()
    wait_for(lambda: smtp_sink.envelopes)
    worker.kill()
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
