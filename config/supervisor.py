"""Keeps a handful of processes running together, and stops all of them together.

Every process leads a group of its own: a Ctrl-C in the terminal reaches the supervisor alone, and what a killed
leader left behind is still found.
"""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config import servers

STOP_SECONDS = 10  # how long a process may take to finish what it does
RESTARTS, WITHIN_SECONDS = 5, 60.0


class CannotRun(Exception):
    """Something keeps a process from running; the message is a sentence for people."""


@dataclass
class Process:
    name: str
    command: list[str]
    log: Path
    started: deque[float] = field(default_factory=deque)
    running: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str]) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.running = subprocess.Popen(
                self.command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=servers.die_with_parent,
            )
        self.started.append(time.monotonic())

    def has_ended(self) -> bool:
        return self.running is not None and self.running.poll() is not None

    def fails_too_often(self) -> bool:
        while self.started and self.started[0] < time.monotonic() - WITHIN_SECONDS:
            self.started.popleft()
        return len(self.started) > RESTARTS

    def signal_group(self, number: signal.Signals) -> None:
        if self.running is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running.pid, number)

    def last_lines(self) -> str:
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        return ""


class Supervisor:
    """Use as a context: whatever happens inside, every process is stopped at its end."""

    def __init__(self, *, logs: Path) -> None:
        self.logs = logs
        self.processes: list[Process] = []
        self.environment: dict[str, str] = dict(os.environ)
        self.stopping = False

    def __enter__(self) -> "Supervisor":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self.stop()

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        if not self.stopping:
            self.stopping = True
            raise SystemExit(0)

    def start(
        self, name: str, command: list[str], *, ready: Callable[[], bool] | None = None, seconds: float = 60
    ) -> None:
        """Start a process; with `ready`, wait until it says so.

        Raises `CannotRun` when it ends or takes too long.
        """
        process = Process(name=name, command=command, log=self.logs / f"{name}.log")
        process.log.unlink(missing_ok=True)
        self.processes.append(process)
        process.start(self.environment)
        deadline = time.monotonic() + seconds
        while ready is not None and not ready():
            if process.has_ended() or time.monotonic() > deadline:
                raise CannotRun(f"The {name} process did not start.\n{process.last_lines()}")
            time.sleep(0.05)

    def watch(self) -> None:
        """Start again what ended on its own, until somebody asks to stop."""
        while True:
            for process in self.processes:
                if process.has_ended():
                    self.start_again(process)
            time.sleep(0.5)

    def start_again(self, process: Process) -> None:
        process.signal_group(signal.SIGKILL)  # what its leader left behind
        if process.fails_too_often():
            raise CannotRun(f"The {process.name} process keeps stopping.\n{process.last_lines()}")
        process.start(self.environment)

    def stop(self) -> None:
        """Ask the leaders, last started first, wait, then end whatever is left of every group."""
        for process in reversed(self.processes):
            if process.running is not None and not process.has_ended():
                process.running.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in reversed(self.processes):
            if process.running is not None:
                with suppress(subprocess.TimeoutExpired):
                    process.running.wait(timeout=max(0.1, deadline - time.monotonic()))
        for process in self.processes:
            process.signal_group(signal.SIGKILL)
            if process.running is not None:
                process.running.wait()
