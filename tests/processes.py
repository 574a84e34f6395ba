"""Real processes of the product, as the tests start them. The commands are those of production."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil

from config import servers
from config.commands import worker_command
from tests import services

ROOT = Path(__file__).resolve().parent.parent


def clean_environment() -> dict[str, str]:
    """The environment of a person at a terminal: nothing of what the test run has set for itself."""
    ours = {
        *services.SETTINGS,
        "DATABASE_URL",
        "REDIS_URL",
        "VAR_DIR",
        "STATIC_ROOT",
        "PORT",
        services.RUNNING,
        services.OWN_DATABASES,
    }
    noise = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    return {name: value for name, value in os.environ.items() if name not in ours | noise}


def wait_for(happened: Callable[[], object], *, seconds: float = 40) -> None:
    ends_at = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends_at
        time.sleep(0.01)


class Process:
    """One process of the product. `kill()` is SIGKILL to all its processes; `stop()` lets it finish."""

    def __init__(self, command: list[str], *, env: dict[str, str], cwd: Path = ROOT) -> None:
        self.log = Path(tempfile.mkstemp(prefix="clinic-process-", suffix=".log")[1])
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=servers.die_with_parent,
            )

    def wait_for(self, happened: Callable[[], bool], *, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The process did not start:\n{self.output}")
            time.sleep(0.05)

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)
        self._signal(signal.SIGKILL)
        self.process.wait()
        self.log.unlink(missing_ok=True)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class Worker(Process):
    """A real Celery worker; `include` names modules with further tasks."""

    def __init__(self, *, concurrency: int, env: dict[str, str], cwd: Path, include: str = "") -> None:
        command = [*worker_command(concurrency=concurrency), *(["--include", include] if include else [])]
        super().__init__(command, env=env, cwd=cwd)

    def wait_until_ready(self, *, seconds: float = 40) -> None:
        self.wait_for(lambda: " ready." in self.output, seconds=seconds)


class RunningClinic:
    """One `python -m config.run` with its data in a folder of its own."""

    def __init__(self, folder: Path, *, port: int) -> None:
        self.port = port
        self.output = folder / "output"
        environment = {**clean_environment(), "DEBUG": "1", "VAR_DIR": str(folder / "var"), "PORT": str(port)}
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.run"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=servers.die_with_parent,
            )
        self.family: list[psutil.Process] = []

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def said(self) -> str:
        return self.output.read_text()

    def wait_until_open(self, *, seconds: float = 90) -> None:
        self.wait_for(lambda: "The clinic is open." in self.said(), seconds=seconds)
        self.family = psutil.Process(self.process.pid).children(recursive=True)

    def wait_for(self, happened: Callable[[], bool], *, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)

    def status_of(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def part(self, words: str) -> psutil.Process:
        """The leading process of one part that is alive, by a word of its command."""
        return self.parts(words)[0]

    def parts(self, words: str) -> list[psutil.Process]:
        return [part for part in psutil.Process(self.process.pid).children() if words in command(part)]

    def stop(self, number: signal.Signals) -> int:
        self.family = [*self.family, *psutil.Process(self.process.pid).children(recursive=True)]
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def left_behind(self) -> list[str]:
        _, alive = psutil.wait_procs(self.family, timeout=5)
        return [f"{process.pid} {process.name()}" for process in alive]


def command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # gone, or dead and not yet taken note of
        return ""
