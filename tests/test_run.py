"""`make run`: started for real, looked at over HTTP, stopped by signals, and nothing of it left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config import servers
from tests.processes import ROOT, RunningClinic, clean_environment

pytestmark = [pytest.mark.timeout(180), pytest.mark.without_database]


@pytest.fixture
def open_clinic(tmp_path: Path) -> Iterator[Callable[..., RunningClinic]]:
    started: list[RunningClinic] = []

    def start(*, port: int | None = None) -> RunningClinic:
        clinic = RunningClinic(tmp_path, port=port or servers.free_port())
        started.append(clinic)
        return clinic

    yield start
    for clinic in started:
        if clinic.process.poll() is None:
            clinic.stop(signal.SIGTERM)


def test_it_opens_prints_where_and_who_and_stops_whole_on_sigterm(
    open_clinic: Callable[..., RunningClinic],
) -> None:
    clinic = open_clinic()
    clinic.wait_until_open()

    assert clinic.status_of("/") in {200, 404}
    said = clinic.said()
    assert f"http://localhost:{clinic.port}/staff/" in said
    assert "/dev/mailbox/" in said
    assert "robin@example.com" in said
    assert len(clinic.family) >= 6  # Redis, web and its workers, worker and its pool, beat

    assert clinic.stop(signal.SIGTERM) == 0
    assert clinic.left_behind() == []


def test_a_part_that_dies_is_started_again_and_ctrl_c_leaves_nothing(
    open_clinic: Callable[..., RunningClinic],
) -> None:
    clinic = open_clinic()
    clinic.wait_until_open()
    web = clinic.part("gunicorn")

    web.kill()
    clinic.wait_for(lambda: not web.is_running() or web.status() == psutil.STATUS_ZOMBIE)
    clinic.wait_for(lambda: servers.answers(clinic.port))
    clinic.part(" worker").kill()
    time.sleep(0.2)

    assert clinic.stop(signal.SIGINT) == 0
    assert clinic.left_behind() == []


def test_a_killed_supervisor_takes_its_parts_with_it(open_clinic: Callable[..., RunningClinic]) -> None:
    if sys.platform != "linux":
        return  # the kernel's help that this rests on is Linux's
    clinic = open_clinic()
    clinic.wait_until_open()

    clinic.stop(signal.SIGKILL)

    _, alive = psutil.wait_procs(clinic.family, timeout=20)
    assert alive == []


def test_a_second_start_is_as_good_as_the_first(open_clinic: Callable[..., RunningClinic]) -> None:
    first = open_clinic()
    first.wait_until_open()
    first.stop(signal.SIGTERM)
    first.output.unlink()

    second = open_clinic()
    second.wait_until_open()

    assert second.status_of("/") in {200, 404}
    assert "robin@example.com" in second.said()


def test_a_port_in_use_is_a_clear_sentence(open_clinic: Callable[..., RunningClinic]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        clinic = open_clinic(port=port)

        assert clinic.process.wait(timeout=30) == 1
    assert f"Port {port} is not free" in clinic.said()
    assert "Traceback" not in clinic.said()


def test_make_run_passes_a_signal_on(tmp_path: Path) -> None:
    """`make run` itself, as a person starts it: SIGTERM to make stops all."""
    port = servers.free_port()
    environment = {**clean_environment(), "VAR_DIR": str(tmp_path / "var"), "PORT": str(port)}
    output = (tmp_path / "output").open("wb")
    make = subprocess.Popen(
        ["make", "run"], cwd=ROOT, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 90
    while b"The clinic is open." not in (tmp_path / "output").read_bytes():
        assert make.poll() is None, (tmp_path / "output").read_text()
        assert time.monotonic() < deadline, (tmp_path / "output").read_text()
        time.sleep(0.1)
    family = psutil.Process(make.pid).children(recursive=True)

    os.kill(make.pid, signal.SIGTERM)
    make.wait(timeout=30)

    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
