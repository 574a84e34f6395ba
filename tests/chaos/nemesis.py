"""Faults, one after another, drawn from a seed. Each is written down with the moment it began and ended."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from tests.chaos.parts import Part, Parts

BETWEEN, BRIEFLY = (0.3, 2.0), (0.2, 0.6)  # seconds from one fault to the next
NOT_YET = 0.1  # seconds until a victim is looked for again
OTHER_LINES = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class Fault:
    what: str
    began_at: float  # seconds since the epoch, as in the mail server's log
    ended_at: float


class Nemesis:
    """Goes once through all kinds in random order, then draws, until told to stop; then heals what it hurt."""

    def __init__(
        self,
        parts: Parts,
        *,
        database_url: str,
        seed: int,
        only: tuple[str, ...] = ("",),
        brief: bool = False,
    ) -> None:
        self.parts, self.database_url = parts, database_url
        self.between = BRIEFLY if brief else BETWEEN
        self.draw = random.Random(seed)
        self.faults: list[Fault] = []
        self.lines_cut = 0
        self._kinds: dict[str, Callable[[], bool]] = {
            "a web process killed": lambda: self._child(parts.web),
            "all web processes killed": lambda: self._restart(parts.web, 0.2),
            "a worker killed": self._worker,
            "a worker's child killed": lambda: self._child(self.draw.choice(parts.workers)),
            "both workers killed": self._workers,
            "beat killed": lambda: self._restart(parts.beat, self.draw.uniform(0.1, 1.5)),
            "Redis killed and emptied": lambda: self._restart(parts.redis, self.draw.uniform(0.2, 2.5)),
            "database lines cut": lambda: self._cut(all_of_them=True),
            "some database lines cut": lambda: self._cut(all_of_them=False),
            "mail server killed": lambda: self._restart(parts.mail, self.draw.uniform(0.2, 2.0)),
            "mail server hangs": lambda: self._mood("hang", 1.0),
            "mail server says later": lambda: self._mood("4xx", 0.8),
            "mail server knows no mailbox": lambda: self._mood("5xx", 0.3),
            "mail server refuses us": lambda: self._mood("ours", 0.8),
            "mail server drops after DATA": lambda: self._mood("drop", 0.3),
        }
        self._kinds = {what: do for what, do in self._kinds.items() if any(word in what for word in only)}
        self._first = list(self._kinds)
        self.draw.shuffle(self._first)

    def rage(self, *, until: Callable[[], bool], seconds: float) -> None:
        """In the caller's thread: a part that is started dies with the thread that started it (prctl(2)).

        Every kind has its turn, however soon `until` is true; no later than `seconds` all is healed.
        """
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at and not (self.has_done_all and until()):
            time.sleep(self.draw.uniform(*self.between) if self._strike() else NOT_YET)
        self.parts.heal()

    def count(self, start: str) -> int:
        return sum(fault.what.startswith(start) for fault in self.faults)

    def _strike(self) -> bool:
        what = self._first.pop() if self._first else self.draw.choice(list(self._kinds))
        began_at = time.time()
        if self._kinds[what]():
            self.faults.append(Fault(what, began_at, time.time()))
            return True
        if not self.count(what):
            self._first.insert(0, what)  # its victim is not up again yet
        return False

    @property
    def has_done_all(self) -> bool:
        return not self._first

    def _restart(self, part: Part, away: float) -> bool:
        """Only what is at work is killed: a part that never gets up would prove nothing."""
        if not part.is_ready():
            return False
        part.kill()
        time.sleep(away)
        part.start()
        return True

    def _child(self, part: Part) -> bool:
        return part.is_ready() and part.kill_child(self.draw.randrange(8))

    def _worker(self) -> bool:
        return self._restart(self.draw.choice(self.parts.workers), self.draw.uniform(0.0, 0.5))

    def _workers(self) -> bool:
        if not all(worker.is_ready() for worker in self.parts.workers):
            return False
        if self.parts.control:  # found with a batch in hand, while it has any
            self.parts.control.writes(within=3)
        for sender in self.parts.senders:
            sender.kill()
        for sender in self.parts.senders:
            sender.start()
        return True

    def _mood(self, mood: str, seconds: float) -> bool:
        if not self.parts.mail.is_ready():
            return False
        self.parts.mail.say(mood)
        time.sleep(seconds)
        self.parts.mail.say("accept")
        return True

    def _cut(self, *, all_of_them: bool) -> bool:
        """For half a second: pages and senders hold their line only while they need it."""
        ends_at, before = time.monotonic() + 0.5, self.lines_cut
        with psycopg.connect(self.database_url, autocommit=True) as line:
            while time.monotonic() < ends_at:
                for (pid,) in line.execute(OTHER_LINES).fetchall():
                    if all_of_them or self.draw.random() < 0.5:
                        line.execute("SELECT pg_terminate_backend(%s)", [pid])
                        self.lines_cut += 1
                time.sleep(0.02)
        return self.lines_cut > before
