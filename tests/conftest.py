"""Fixtures every test may use. The servers behind them are started by tests/services.py."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.utils import translation
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer
from xdist.scheduler import LoadScopeScheduling

from config import servers
from tests import holes
from tests.browser import Visitor, browser, playwright
from tests.mail_sink import Mode, Sink
from tests.migrated import django_db_keepdb
from tests.processes import ROOT, RunningClinic, Worker, wait_for

__all__ = ["browser", "django_db_keepdb", "playwright"]  # fixtures that live beside their helpers

ON_THE_RUNNING_CLINIC = (
    "tests/journeys/test_clients.py",
    "tests/journeys/test_main_path.py",
    "tests/journeys/test_urgent.py",
    "tests/test_run.py",
)
LOCAL = {"127.0.0.1", "::1", "localhost", "", "0.0.0.0"}  # noqa: S104 (compared, never bound)
AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}


def pytest_configure(config: pytest.Config) -> None:
    # Strong hashes are slow by design; a test that signs in does not need one.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    _stay_on_this_machine()
    _empty_frozen_tables_between_tests()
    holes.are_errors()


def _empty_frozen_tables_between_tests() -> None:
    """SQLite empties tables with DELETE, which append-only tables refuse: their triggers step aside."""
    operations: Any = DatabaseWrapper.ops_class
    flush = operations.execute_sql_flush

    def flush_without_triggers(self: Any, statements: list[str]) -> None:
        with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            flush(self, statements)
            for _, statement in triggers:
                cursor.execute(statement)

    operations.execute_sql_flush = flush_without_triggers


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The SQLite run repeats what rests on the database, and only that."""
    engine = "sqlite" if os.environ.get("TEST_ENGINE") == "sqlite" else "postgresql"
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[engine]
    chosen, left_out = [], []
    for item in items:
        fits = item.get_closest_marker(other) is None and (
            engine == "postgresql" or _rests_on_the_database(item)
        )
        (chosen if fits else left_out).append(item)
    items[:] = sorted(chosen, key=_may_take, reverse=True)
    config.hook.pytest_deselected(items=left_out)


def _may_take(item: pytest.Item) -> float:
    """Seconds, of tests that say they are long. These begin first, so that none of them is last, alone."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker else 0


def _rests_on_the_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("once"):
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    by_fixture = fixtures & {"db", "transactional_db", "live_server", "django_db_setup"}
    return bool(by_fixture) or item.get_closest_marker("django_db") is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI (CI=true) what could not run is a failure, never a silent skip."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} could not run, and in CI every test runs: {report.longrepr}"
    return report


class OneRunningClinic(LoadScopeScheduling):
    """Hands tests to workers one by one, but those on the running clinic all to the same: it is opened once."""

    def _split_scope(self, nodeid: str) -> str:
        return "running clinic" if nodeid.startswith(ON_THE_RUNNING_CLINIC) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneRunningClinic:
    return OneRunningClinic(config, log)


def pytest_runtest_teardown() -> None:
    """A page in Spanish leaves its language to the thread; the next test begins in that of the settings."""
    translation.deactivate()


def _stay_on_this_machine() -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in LOCAL | _allowed():
            raise PermissionError(f"A test tried to reach {address[0]}; tests stay on this machine.")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign, assignment]


def _allowed() -> set[str]:
    """Hosts of servers given from outside (DATABASE_URL, REDIS_URL)."""
    given = {str(settings.DATABASES["default"].get("HOST", ""))}
    return given | {address for host in given if host for address in _addresses(host)}


def _addresses(host: str) -> set[str]:
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError:
        return set()


@pytest.fixture
def smtp_sink() -> Iterator[Sink]:
    """A real SMTP server; Django in this process sends to it. `smtp_sink.mode` makes it misbehave."""
    sink = Sink()
    sink.up()
    # Set by hand: the `settings` fixture would undo it before a worker of the same test is stopped.
    names = {
        "EMAIL_BACKEND": "notifications.smtp.SmtpBackend",
        "EMAIL_HOST": sink.host,
        "EMAIL_PORT": sink.port,
        "EMAIL_TIMEOUT": 3,
        "EMAIL_AFTER_DATA_TIMEOUT": 3,
    }
    before = {name: getattr(settings, name) for name in names}
    for name, value in names.items():
        setattr(settings, name, value)
    yield sink
    for name, value in before.items():
        setattr(settings, name, value)
    sink.mode = Mode.ACCEPT
    sink.down()


@pytest.fixture
def process_environment(smtp_sink: Sink) -> dict[str, str]:
    """The environment of another process that works on this test's database, broker and mail server."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
        url = f"postgres://{database['USER']}{password}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return {
        **os.environ,
        "DATABASE_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "EMAIL_BACKEND": "notifications.smtp.SmtpBackend",
        "EMAIL_HOST": smtp_sink.host,
        "EMAIL_PORT": str(smtp_sink.port),
        "EMAIL_TIMEOUT": "3",
        "EMAIL_AFTER_DATA_TIMEOUT": "3",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def start_worker(
    transactional_db: None, process_environment: dict[str, str]
) -> Iterator[Callable[..., Worker]]:
    """Starts real Celery workers, stopped after the test: `start_worker(concurrency=1, env={…})`."""
    started: list[Worker] = []

    def start(*, concurrency: int = 1, env: dict[str, str] | None = None) -> Worker:
        worker = Worker(concurrency=concurrency, env={**process_environment, **(env or {})}, cwd=ROOT)
        started.append(worker)
        worker.wait_until_ready()
        return worker

    yield start
    for worker in started:
        worker.stop()


@pytest.fixture
def worker(start_worker: Callable[..., Worker]) -> Worker:
    """A real Celery worker on this test's database, Redis and SMTP sink."""
    return start_worker()


@pytest.fixture
def manage(
    transactional_db: None, process_environment: dict[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `manage.py …` in another process on this test's database: `manage("check").stdout`."""

    def run(
        *arguments: str, env: dict[str, str] | None = None, timeout: float = 60, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env={**process_environment, **(env or {})},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            **options,
        )

    return run


@pytest.fixture(scope="session")
def running_clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClinic]:
    """What `make run` starts: the sample clinic in a database of its own, one for all that need it."""
    clinic = RunningClinic(tmp_path_factory.mktemp("clinic"), port=servers.free_port())
    try:
        clinic.wait_until_open(seconds=200)
        yield clinic
    finally:
        if clinic.process.poll() is None:
            clinic.stop(signal.SIGTERM)
    assert clinic.left_behind() == []


@pytest.fixture
def visitor(browser: Browser, live_server: LiveServer) -> Iterator[Visitor]:
    """Browser windows on the live server: `page = visitor.opens(width=320, javascript=False)`.

    The test fails when a page raised a script error or broke the content security policy.
    """
    someone = Visitor(browser, live_server.url)
    yield someone
    someone.close()
    # What a window had asked for when it was closed must be answered before the tables are emptied.
    wait_for(lambda: not any("process_request_thread" in thread.name for thread in threading.enumerate()))
    assert someone.complaints == []


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """`accessible(page)` fails when axe finds anything serious or critical (WCAG 2.2 A and AA)."""

    def check(page: Page) -> None:
        page.wait_for_load_state()  # half a page has neither title nor language
        found = Axe().run(page, options=AXE).response["violations"]
        serious = [
            f"{violation['id']} ({violation['impact']}): {violation['help']}\n"
            + "\n".join(f"    {node['html'][:200]}" for node in violation["nodes"][:5])
            for violation in found
            if violation["impact"] in {"serious", "critical"}
        ]
        assert not serious, f"{page.url}\n" + "\n".join(serious)

    return check


@pytest.fixture
def free_port() -> int:
    return servers.free_port()
