"""The running clinic that is to be hurt: web, two workers, beat, Redis and a mail server, each by itself.

Beside them a sender of the unprotected kind, if asked for: it dies whenever both workers do.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config import servers
from config.commands import beat_command, web_command, worker_command

ROOT = Path(__file__).resolve().parent.parent.parent
WORKERS = 2
OLD_ENOUGH = 6.0  # seconds, for a part that shows by nothing that it is at work
# Leases, waits and back-offs run this much faster than in a clinic; the mail server's timeouts fit inside.
FAST = {
    "OUTBOX_PACE": "0.02",
    "EMAIL_CONNECT_TIMEOUT": "1",
    "EMAIL_TIMEOUT": "1",
    "EMAIL_AFTER_DATA_TIMEOUT": "2",
}


@dataclass
class Part:
    """One process and its children. `dead` collects the ids of all that were killed."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    port: int = 0
    least: int = 1  # processes it has when it is at work
    dead: set[int] = field(default_factory=set)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=servers.die_with_parent,
            )
        self.started_at = time.monotonic()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_ready(self) -> bool:
        """It is at work: its port answers, its children are there, or it had time to start."""
        if not self.is_running or (self.port and not servers.answers(self.port)):
            return False
        return len(self.pids()) >= self.least if self.port or self.least > 1 else self.age > OLD_ENOUGH

    @property
    def age(self) -> float:
        return time.monotonic() - self.started_at

    def pids(self) -> list[int]:
        """The leader and everyone in its session, oldest first."""
        if self.process is None:
            return []
        if not Path("/proc").is_dir():
            return [self.process.pid]
        found = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.process.pid:  # its session, see proc(5)
                    found.append(int(entry.name))
        return sorted(found)

    def kill(self) -> None:
        """SIGKILL to all of it, at once and without a word."""
        if self.process is None:
            return
        self.dead.update(self.pids())
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def writes(self, *, within: float) -> bool:
        """Wait until it writes a line to its log."""
        size, ends_at = self.log.stat().st_size, time.monotonic() + within
        while time.monotonic() < ends_at:
            if self.log.stat().st_size > size:
                return True
            time.sleep(0.02)
        return False

    def end(self) -> None:
        """Ask it to end, and wait until it has."""
        if self.process is not None and self.is_running:
            self.process.terminate()
            self.process.wait(timeout=30)

    def kill_child(self, which: int) -> bool:
        """SIGKILL to one of its children; its leader starts another."""
        children = [pid for pid in self.pids() if self.process and pid != self.process.pid]
        if not children:
            return False
        victim = children[which % len(children)]
        self.dead.add(victim)
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        return True

    def say(self, word: str) -> None:
        if self.process and self.process.stdin:
            with suppress(OSError):
                self.process.stdin.write(f"{word}\n".encode())
                self.process.stdin.flush()


class Parts:
    """All processes of one clinic, in `folder`, on the database that `environment` names."""

    def __init__(self, *, folder: Path, environment: dict[str, str], with_control: bool = False) -> None:
        self.folder = folder
        self.web_port, self.redis_port, self.mail_port = (servers.free_port() for _part in range(3))
        self.mail_log = folder / "taken.jsonl"
        self.mail_log.touch()
        self.environment = {
            **environment,
            **FAST,
            "REDIS_URL": f"redis://{servers.LOOPBACK}:{self.redis_port}/0",
            "EMAIL_BACKEND": "notifications.smtp.SmtpBackend",
            "EMAIL_HOST": servers.LOOPBACK,
            "EMAIL_PORT": str(self.mail_port),
            "SITE_URL": f"http://localhost:{self.web_port}",
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(ROOT),
        }
        redis_folder = folder / "redis"
        redis_folder.mkdir()
        self.redis = self._part(
            "redis",
            servers.redis_command(port=self.redis_port, folder=redis_folder, durable=False),
            port=self.redis_port,
        )
        self.mail = self._part(
            "mail", module("tests.chaos.sink", str(self.mail_port), str(self.mail_log)), port=self.mail_port
        )
        self.web = self._part(
            "web", web_command(bind=f"{servers.LOOPBACK}:{self.web_port}"), port=self.web_port, least=2
        )
        self.beat = self._part("beat", beat_command(schedule=str(folder / "beat-schedule")))
        self.workers = [
            self._part(f"worker{number}", worker_command(concurrency=1), least=2) for number in range(WORKERS)
        ]
        self.control = self._part("control", module("tests.chaos.control")) if with_control else None

    @property
    def all(self) -> list[Part]:
        control = [self.control] if self.control else []
        return [self.redis, self.mail, self.web, self.beat, *self.workers, *control]

    @property
    def senders(self) -> list[Part]:
        """Everyone who sends mail."""
        return [*self.workers, *([self.control] if self.control else [])]

    @property
    def dead(self) -> set[int]:
        """Every process id that was killed."""
        return set().union(*(part.dead for part in self.all))

    def start(self, *, seconds: float = 60) -> None:
        """Returns when requests are answered and mail is taken. Raises TimeoutError."""
        for part in self.all:
            part.start()
        ends_at = time.monotonic() + seconds
        for port in (self.web_port, self.mail_port):
            while not servers.answers(port):
                if time.monotonic() > ends_at:
                    raise TimeoutError(f"The clinic did not start; see {self.folder}.")
                time.sleep(0.05)

    def stop(self) -> None:
        for part in self.all:
            part.kill()

    def heal(self) -> None:
        """Everything runs again and behaves."""
        for part in self.all:
            if not part.is_running:
                part.start()
        self.mail.say("accept")

    def _part(self, name: str, command: list[str], *, port: int = 0, least: int = 1) -> Part:
        return Part(name, command, self.environment, self.folder / f"{name}.log", port=port, least=least)


def module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]
