"""Real processes of the product, as the tests start them. The commands are those of production."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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
    }
    noise = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    return {name: value for name, value in os.environ.items() if name not in ours | noise}


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
