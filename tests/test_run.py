"""`make run`: started for real, looked at over HTTP, stopped by signals, and nothing of it left behind.

A start costs a dozen seconds of two cores, so there are three: the clinic of the journeys, `make run` on the data
that one leaves, and one whose supervisor is killed.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from config import servers
from tests.processes import ROOT, RunningClinic, clean_environment

# After the journeys, as the shorter timeout says: their clinic is stopped here.
pytestmark = [pytest.mark.timeout(180), pytest.mark.once]


@contextmanager
def started(folder: Path, *, port: int | None = None) -> Iterator[RunningClinic]:
    clinic = RunningClinic(folder, port=port or servers.free_port())
    try:
        yield clinic
    finally:
        if clinic.process.poll() is None:
            clinic.stop(signal.SIGTERM)


@pytest.fixture(scope="module")
def used_folder(running_clinic: RunningClinic) -> Path:
    """The folder of the first start, whose processes were asked to stop by Ctrl-C."""
    if running_clinic.process.poll() is None:
        running_clinic.part(" worker").kill()  # one that is being started again must not be left either
        time.sleep(0.2)
        running_clinic.stop(signal.SIGINT)
    return running_clinic.output.parent


def test_it_opens_and_prints_where_and_who(running_clinic: RunningClinic) -> None:
    assert running_clinic.status_of("/") == 200
    said = running_clinic.said()
    assert f"http://localhost:{running_clinic.port}/staff/" in said
    assert "/dev/mailbox/" in said
    assert "robin@example.com" in said
    assert len(running_clinic.family) >= 6  # Redis, web and its workers, worker and its pool, beat


def test_a_part_that_dies_is_started_again(running_clinic: RunningClinic) -> None:
    web = running_clinic.part("gunicorn")

    web.kill()

    running_clinic.wait_for(lambda: any(part.pid != web.pid for part in running_clinic.parts("gunicorn")))
    running_clinic.wait_for(lambda: servers.answers(running_clinic.port))


def test_ctrl_c_stops_it_whole(running_clinic: RunningClinic, used_folder: Path) -> None:
    assert running_clinic.process.returncode == 0
    assert running_clinic.left_behind() == []


def test_a_second_start_by_make_is_as_good_and_sigterm_to_make_stops_all(
    used_folder: Path, tmp_path: Path
) -> None:
    port, output = servers.free_port(), tmp_path / "output"
    environment = {**clean_environment(), "VAR_DIR": str(used_folder / "var"), "PORT": str(port)}
    with output.open("wb") as said:
        make = subprocess.Popen(
            ["make", "run"], cwd=ROOT, env=environment, stdout=said, stderr=said, stdin=subprocess.DEVNULL
        )
    deadline = time.monotonic() + 90
    while b"The clinic is open." not in output.read_bytes():
        assert make.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.1)
    assert "robin@example.com" in output.read_text()
    assert "Loading the sample clinic" not in output.read_text()
    family = psutil.Process(make.pid).children(recursive=True)

    os.kill(make.pid, signal.SIGTERM)
    make.wait(timeout=30)

    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []


def test_a_killed_supervisor_takes_its_parts_with_it(used_folder: Path) -> None:
    if sys.platform != "linux":
        return  # the kernel's help that this rests on is Linux's
    (used_folder / "output").unlink()
    with started(used_folder) as clinic:
        clinic.wait_until_open()

        clinic.stop(signal.SIGKILL)

    _, alive = psutil.wait_procs(clinic.family, timeout=20)
    assert alive == []


def test_a_port_in_use_is_a_clear_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with started(tmp_path, port=port) as clinic:
            assert clinic.process.wait(timeout=30) == 1
    assert f"Port {port} is not free" in clinic.said()
    assert "Traceback" not in clinic.said()
