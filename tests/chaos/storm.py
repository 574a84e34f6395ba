"""One storm from beginning to end. The database it gets is migrated and empty."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml
from django.db import connection

from config.sample_requests import posted
from notifications.models import WAITING, Message, State
from scheduling.tasks import watch_estimates
from tests.chaos import reckoning
from tests.chaos.nemesis import Nemesis
from tests.chaos.parts import Parts
from tests.chaos.people import Crowd, Form
from tests.chaos.reckoning import Reckoning
from tests.factories import SAMPLE, load_sample_clinic, make_user
from tests.notifications.messages import make_message

STAFF = 1  # people who are told of each request
QUIET_WITHIN = 180.0  # seconds after the last fault in which all mail is out
Kinds = tuple[str, ...]  # words of the faults that may strike
EVERY: Kinds = ("",)
CONTROL = "control"  # what its messages wait for
PROTECTED_SIZE = 40  # messages that wait when the senders start, so that the first faults find them at work
# Messages of the control: more than it can send while every kind of fault strikes once.
SHORT_CONTROL, LONG_CONTROL = 150, 400


@dataclass(frozen=True)
class Report:
    requests: int
    kills: int
    lost: int
    repeats: int
    control_lost: int
    unexplained: int
    problems: list[str]

    @property
    def is_good(self) -> bool:
        return (
            not self.lost
            and not self.unexplained
            and not self.problems
            and self.kills > 0 < self.control_lost
        )

    def as_line(self) -> dict[str, int]:
        """design: the last line of `make chaos`."""
        return {
            name: getattr(self, name) for name in ("requests", "kills", "lost", "repeats", "control_lost")
        }


def storm(
    count: int,
    *,
    seed: int,
    say: Callable[[str], None],
    logs: str = "",
    only: Kinds = EVERY,
    brief: bool = False,
) -> Report:
    """`count` requests under faults, and the control beside them. Bounded: faults end after 4 minutes and 0.6 s a request.

    `brief`: every kind of fault strikes once, then people come to their end in peace.
    """
    load_sample_clinic()
    for number in range(STAFF):
        make_user(email=f"staff{number}@clinic.example")
    url = database_url()
    with tempfile.TemporaryDirectory(prefix="clinic-chaos-") as name:
        folder = Path(name)
        environment = {**os.environ, "DATABASE_URL": url, "VAR_DIR": name}
        parts = Parts(folder=folder, environment=environment, with_control=True)
        try:
            control = _write_messages(SHORT_CONTROL if brief else LONG_CONTROL)
            parts.start()
            crowd, nemesis, waited = _protected(parts, count, url=url, seed=seed, only=only, brief=brief)
            found = reckoning.reckon(
                acknowledged=[person.address for person in crowd.acknowledged],
                staff=STAFF,
                log=parts.mail_log,
                faults=nemesis.faults,
                dead=parts.dead,
            )
            problems = crowd.problems[:20]
            if len(crowd.people) < count:
                problems.append(f"only {len(crowd.people)} of {count} people came in time")
            if waited is None:
                problems.append("mail was not quiet in time")
            _tell(say, crowd, nemesis, found, waited)
            control_lost = _lost(control, parts)
        finally:
            parts.stop()
            if logs:
                shutil.copytree(folder, logs, dirs_exist_ok=True)
    report = Report(
        requests=len(crowd.acknowledged),
        kills=len(nemesis.faults),
        lost=found.lost,
        repeats=len(found.repeats),
        control_lost=control_lost,
        unexplained=found.unexplained,
        problems=problems,
    )
    for problem in problems:
        say(f"problem: {problem}")
    return report


def database_url() -> str:
    """The address of the database this process works on, for others. PostgreSQL only: lines are cut here."""
    if connection.vendor != "postgresql":
        sys.exit("The fault suite needs PostgreSQL.")
    at = connection.settings_dict
    password = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
    return f"postgres://{at['USER']}{password}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


def _protected(
    parts: Parts, count: int, *, url: str, seed: int, only: Kinds, brief: bool
) -> tuple[Crowd, Nemesis, float | None]:
    nemesis = Nemesis(parts, database_url=url, seed=seed, only=only, brief=brief)
    crowd = Crowd(count, form=form(), port=parts.web_port)
    crowd.start()
    crowd.is_there.wait(60)  # faults that strike before anybody came would prove less
    nemesis.rage(until=lambda: brief or not crowd.is_busy, seconds=240 + count * 0.6)
    crowd.finish(all_of_them=brief)
    connection.close()  # our own line was cut with the others
    watch_estimates()  # what beat would do within the minute: else the estimates asked for last come after the count
    return crowd, nemesis, _quiet()


def form() -> Form:
    samples = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))["requests"]
    said = posted(next(sample["form"] for sample in samples if sample["id"] == "R01"))
    # Wishes for days that are over, and a phone number that all would share, say nothing here.
    return {
        name: values for name, values in said.items() if not name.startswith(("earliest", "latest", "phone"))
    }


def _quiet() -> float | None:
    """Seconds until no message waits any more; None when it takes too long."""
    started = time.monotonic()
    while time.monotonic() - started < QUIET_WITHIN:
        if not Message.objects.filter(state__in=WAITING).exclude(waits_for=CONTROL).exists():
            return time.monotonic() - started
        time.sleep(0.2)
    return None


def _write_messages(control: int) -> set[str]:
    """Messages there are before the storm, for both ways; the Message-IDs of those for the unprotected one."""
    for number in range(PROTECTED_SIZE):
        make_message(key=f"protected:{number}", to=f"person{number}@{CONTROL}.example")
    return {
        make_message(
            key=f"control:{number}", to=f"person{number}@{CONTROL}.example", waits_for=CONTROL
        ).message_id
        for number in range(control)
    }


def _lost(names: set[str], parts: Parts) -> int:
    """How many of its messages the unprotected way has marked as sent and not sent."""
    assert parts.control is not None
    parts.control.end()
    marked = Message.objects.filter(message_id__in=names, state=State.SENT)
    return len(set(marked.values_list("message_id", flat=True)) - set(reckoning.taken(parts.mail_log)))


def _tell(
    say: Callable[[str], None], crowd: Crowd, nemesis: Nemesis, found: Reckoning, waited: float | None
) -> None:
    for line in (*found.lost_requests, *found.lost_messages):
        say(f"LOST {line}")
    for line in found.repeats:
        say(line)
    kinds = {fault.what: nemesis.count(fault.what) for fault in nemesis.faults}
    for what, times in sorted(kinds.items()):
        say(f"{times:5} times {what}")
    seconds = sorted(second for person in crowd.people for second in person.seconds) or [0.0]
    say(
        f"{found.messages} messages, {found.staff_tasks} told to staff instead, {nemesis.lines_cut} lines cut; "
        f"page p50 {seconds[len(seconds) // 2]:.3f} s, p99 {seconds[len(seconds) * 99 // 100]:.3f} s; "
        f"quiet after {waited if waited is None else round(waited, 1)} s"
    )
