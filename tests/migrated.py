"""With several pytest workers one of them migrates; each then begins with a copy of that database."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from tests.processes import ROOT
from tests.services import OWN_DATABASES

MIGRATED = "migrated"  # the database that is copied, and never tested on


@pytest.fixture(scope="session")
def django_db_keepdb(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
) -> bool:
    """True when this worker's database is there already: pytest-django then only looks that it is up to date.

    Only on servers that end with the run; a database given from outside (DATABASE_URL) is made and dropped as usual.
    """
    folder = os.environ.get(OWN_DATABASES)
    if folder is None or not hasattr(request.config, "workerinput"):
        return bool(request.config.getvalue("reuse_db"))
    with django_db_blocker.unblock():
        _copy(Path(folder), name=connection.creation._get_test_db_name())
    return True


def _copy(folder: Path, *, name: str) -> None:
    with _alone(folder / "migrating"):
        if connection.vendor == "sqlite":
            if not (folder / MIGRATED).exists():
                _migrate(f"sqlite:///{folder / MIGRATED}")
            shutil.copy(folder / MIGRATED, name)
            return
        with connection._nodb_cursor() as server:
            server.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [MIGRATED])
            if server.fetchone() == (0,):
                server.execute(f"CREATE DATABASE {MIGRATED}")
                _migrate(f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{MIGRATED}")
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE {MIGRATED}')


def _migrate(url: str) -> None:
    """In another process: a template must have no open connection when it is copied."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, check=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two workers must not both migrate, nor one copy while the other still does."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
