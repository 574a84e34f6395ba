"""Mail: the outbox beside bare SMTP and beside Django's own way, more workers, and pages while mail is in trouble."""

import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from notifications import catalogue, delivery
from notifications.channels import build
from notifications.models import WAITING, Attempt, Message
from tests.bench.measure import Result, seconds
from tests.chaos.parts import Parts
from tests.chaos.people import FEWEST_SECONDS, Person
from tests.chaos.storm import database_url, form
from tests.factories import load_sample_clinic, make_user
from tests.notifications.messages import make_many

MAILS = 200  # a round
ROUNDS = 5
ABREAST_MAILS = 400
RELAY = "0.02"  # seconds a mail server takes to say it has a message; one on this host takes none
PEOPLE = 8  # a round of the page's case
WORKER = """
import sys, django; django.setup()
from notifications import catalogue, delivery
print("ready", flush=True)
for _line in sys.stdin:
    sent = 0
    while left := delivery.drain(limit=100000):  # each ends after twenty seconds
        sent += left
    print(sent, flush=True)
"""


@contextmanager
def sink(*, slowness: str = "0") -> Iterator[int]:
    """A mail server in a process of its own; its port."""
    command = [sys.executable, "-m", "tests.mail_sink", slowness]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        before = settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
            "notifications.smtp.SmtpBackend",
            "127.0.0.1",
            port,
        )
        try:
            yield port
        finally:
            settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = before
            process.kill()


def fill(count: int) -> list[Message]:
    """`count` due messages and no others, each as a client gets it: text and HTML."""
    Attempt.objects.all().delete()
    Message.objects.all().delete()
    return make_many(count, rendered=catalogue.kind("confirmed").preview("en"))


def drained() -> None:
    sent = delivery.drain(limit=MAILS)
    if sent != MAILS:
        raise RuntimeError(f"{sent} of {MAILS} left")


def raw(port: int, mails: list[tuple[str, bytes]]) -> None:
    """The least there is: bytes that are ready, one connection, nothing remembered."""
    with smtplib.SMTP("127.0.0.1", port) as server:
        for to, body in mails:
            server.sendmail(settings.DEFAULT_FROM_EMAIL, [to], body)


def djangos_way(messages: list[Message]) -> None:
    """`EmailMessage.send()` as it comes: a connection a mail, nothing remembered."""
    for message in messages:
        mail = build(message, sender=settings.DEFAULT_FROM_EMAIL)
        mail.connection = None
        mail.send()


def against_smtp() -> Iterator[Result]:
    """All three hand over the same mails, of the size a client gets, to the same server."""
    taken: dict[str, list[float]] = {"raw": [], "ours": [], "django": []}
    with sink() as port:
        for number in range(ROUNDS + 1):
            messages = fill(MAILS)
            mails = [
                (message.to, build(message, sender=settings.DEFAULT_FROM_EMAIL).as_sent())
                for message in messages
            ]
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            djangos = seconds(lambda rows=messages: djangos_way(rows))
            settings.EMAIL_BACKEND = "notifications.smtp.SmtpBackend"
            rows = {
                "raw": seconds(lambda ready=mails: raw(port, ready)),
                "ours": seconds(drained),
                "django": djangos,
            }
            if number:  # the first round warms up
                for name, value in rows.items():
                    taken[name].append(value)
    bare, ours, djangos = (statistics.median(taken[name]) for name in ("raw", "ours", "django"))
    yield Result(
        f"raw smtplib over the drain, {MAILS} mails, each marked", bare, ours, 0.6, 0.75, more_is_better=True
    )
    yield Result(
        f"Django's connection a mail over the drain, {MAILS} mails",
        djangos,
        ours,
        1.2,
        1.5,
        more_is_better=True,
    )


def by_workers(count: int) -> Callable[[], None]:
    """`count` processes that wait for a word to drain."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "EMAIL_BACKEND": "notifications.smtp.SmtpBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(settings.EMAIL_PORT),
    }
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _each in range(count)
    ]
    for worker in workers:
        worker.stdout.readline()  # type: ignore[union-attr]

    def work() -> None:
        for worker in workers:
            worker.stdin.write("go\n")  # type: ignore[union-attr]
            worker.stdin.flush()  # type: ignore[union-attr]
        sent = sum(int(worker.stdout.readline()) for worker in workers)  # type: ignore[union-attr]
        if sent != ABREAST_MAILS:
            raise RuntimeError(f"{sent} of {ABREAST_MAILS} left")

    work.workers = workers  # type: ignore[attr-defined]
    return work


def side_by_side_workers() -> Iterator[Result]:
    with sink(slowness=RELAY):
        one, four = by_workers(1), by_workers(4)
        taken: dict[int, list[float]] = {1: [], 4: []}
        for _round in range(3):
            for number, work in ((1, one), (4, four)):
                fill(ABREAST_MAILS)
                taken[number].append(seconds(work))
        for work in (one, four):
            for worker in work.workers:  # type: ignore[attr-defined]
                worker.kill()
    single, several = statistics.median(taken[1]), statistics.median(taken[4])
    name = f"one worker over four, {ABREAST_MAILS} mails, a relay of 20 ms"
    yield Result(name, single, several, 1.3, 1.6, more_is_better=True)


def pages_in_trouble() -> Iterator[Result]:
    """The last POST of the form, which writes the messages, over HTTP: all up, mail black-holed, Redis stopped."""
    make_user(email="staff@clinic.example")
    taken: dict[str, list[float]] = {"up": [], "hole": [], "redis": []}
    with tempfile.TemporaryDirectory(prefix="clinic-bench-") as name:
        parts = Parts(
            folder=Path(name), environment={**os.environ, "DATABASE_URL": database_url(), "VAR_DIR": name}
        )
        try:
            parts.start()
            browser = Person(0, form(), parts.web_port)
            browser.look()
            orders = list(
                permutations(("up", "hole", "redis"))
            )  # so that none profits from its place in a round
            rounds = [(number, how) for number in range(ROUNDS + 1) for how in orders[number]]
            people = {
                (number, how): [
                    Person(1000 * number + 100 * place + each, form(), parts.web_port, dict(browser.cookies))
                    for each in range(1, PEOPLE + 1)
                ]
                for place, (number, how) in enumerate(rounds)
            }
            for group in people.values():
                for person in group:
                    person.begin()
                    person.tell_who()
            time.sleep(FEWEST_SECONDS)
            for at in rounds:
                with trouble(parts, at[1]):
                    for person in people[at]:
                        person.send()
                        if at[0]:  # the first round warms up
                            taken[at[1]].append(person.seconds[-1])
            _all_arrived()
        finally:
            parts.stop()
    up, hole, redis = (statistics.median(taken[how]) for how in ("up", "hole", "redis"))
    yield Result("request POST p50, mail black-holed over all up", hole, up, 1.2, 1.05)
    yield Result("request POST p50, Redis stopped over all up", redis, up, 1.2, 1.05)


@contextmanager
def trouble(parts: Parts, how: str) -> Iterator[None]:
    if how == "hole":
        parts.mail.say("hang")
    if how == "redis":
        parts.redis.kill()
    time.sleep(0.5)
    yield
    parts.heal()
    time.sleep(0.5)


def _all_arrived() -> None:
    ends_at = time.monotonic() + 90
    while Message.objects.filter(state__in=WAITING).exists():
        if time.monotonic() > ends_at:
            raise RuntimeError("mail did not arrive after the trouble was over")
        time.sleep(0.2)


def cases(full: bool) -> Iterator[Result]:
    load_sample_clinic()
    yield from against_smtp()
    yield from side_by_side_workers()
    yield from pages_in_trouble()
    call_command("flush", interactive=False, verbosity=0)
    connection.close()
