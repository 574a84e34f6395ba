"""`make run`: started for real, looked at over HTTP, stopped by signals, and nothing of it left behind."""

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

pytestmark = [pytest.mark.timeout(180), pytest.mark.without_database, pytest.mark.xdist_group("make run")]


@contextmanager
def started(folder: Path, *, port: int | None = None) -> Iterator[RunningClinic]:
    clinic = RunningClinic(folder, port=port or servers.free_port())
    try:
        yield clinic
    finally:
        if clinic.process.poll() is None:
            clinic.stop(signal.SIGTERM)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClinic]:
    """The first start, in an empty folder: open."""
    with started(tmp_path_factory.mktemp("clinic")) as clinic:
        clinic.wait_until_open()
        yield clinic


@pytest.fixture(scope="module")
def used_folder(first: RunningClinic) -> Path:
    """The folder of the first start, whose processes were asked to stop by SIGTERM."""
    if first.process.poll() is None:
        first.stop(signal.SIGTERM)
    return first.output.parent


def test_it_opens_and_prints_where_and_who(first: RunningClinic) -> None:
    assert first.status_of("/") == 200
    said = first.said()
    assert f"http://localhost:{first.port}/staff/" in said
    assert "/dev/mailbox/" in said
    assert "robin@example.com" in said
    assert len(first.family) >= 6  # Redis, web and its workers, worker and its pool, beat


def test_a_part_that_dies_is_started_again(first: RunningClinic) -> None:
    web = first.part("gunicorn")

    web.kill()

    first.wait_for(lambda: any(part.pid != web.pid for part in first.parts("gunicorn")))
    first.wait_for(lambda: servers.answers(first.port))


def test_sigterm_stops_it_whole(first: RunningClinic, used_folder: Path) -> None:
    assert first.process.returncode == 0
    assert first.left_behind() == []


def test_a_second_start_is_as_good_as_the_first_and_ctrl_c_leaves_nothing(used_folder: Path) -> None:
    (used_folder / "output").unlink()
    with started(used_folder) as second:
        second.wait_until_open()

        assert second.status_of("/") == 200
        assert "robin@example.com" in second.said()
        second.part(" worker").kill()  # one that is being started again must not be left either
        time.sleep(0.2)

        assert second.stop(signal.SIGINT) == 0
    assert second.left_behind() == []


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


def test_make_run_passes_a_signal_on(used_folder: Path, tmp_path: Path) -> None:
    """`make run` itself, as a person starts it: SIGTERM to make stops all."""
    port = servers.free_port()
    environment = {**clean_environment(), "VAR_DIR": str(used_folder / "var"), "PORT": str(port)}
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
