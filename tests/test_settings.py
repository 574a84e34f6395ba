"""The environment contract: debug needs nothing, production names what is missing or weak and does not start."""

import base64
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests import production
from tests.processes import ROOT, clean_environment


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Reads the settings file afresh under exactly this environment; `None` leaves a variable out."""

    def read(environment: dict[str, str | None]) -> dict[str, Any]:
        for name in list(os.environ):
            if name not in {"PATH", "HOME", "PYTHONPATH"}:
                monkeypatch.delenv(name)
        monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
        for name, value in environment.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config" / "settings.py"))

    return read


def test_debug_alone_is_a_complete_setting(start: Any, tmp_path: Path) -> None:
    settings = start({"DEBUG": "1"})

    database = settings["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert str(database["NAME"]).startswith(str(tmp_path))
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]
    assert "synchronous=FULL" in database["OPTIONS"]["init_command"]
    assert settings["REDIS_URL"].startswith("redis://127.0.0.1")


def test_debug_keeps_its_throw_away_keys_between_starts(start: Any) -> None:
    first, second = start({"DEBUG": "1"}), start({"DEBUG": "1"})

    names = ["SECRET_KEY", "FIELD_KEYS", "LOOKUP_KEY", "LINK_KEY"]
    assert [first[name] for name in names] == [second[name] for name in names]
    assert len({str(first[name]) for name in names}) == 4


def test_a_complete_production_environment_starts(start: Any) -> None:
    settings = start(production.ENVIRONMENT)

    assert settings["DEBUG"] is False
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["DATABASES"]["default"]["ENGINE"] == "django.db.backends.postgresql"


def test_nothing_set_is_production_and_does_not_start(start: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is missing"):
        start({})


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "FIELD_KEYS", "LOOKUP_KEY", "LINK_KEY", "DATABASE_URL", "REDIS_URL"]
)
def test_production_names_what_is_missing(start: Any, name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is missing"):
        start({**production.ENVIRONMENT, name: None})


@pytest.mark.parametrize("name", ["SECRET_KEY", "LOOKUP_KEY", "LINK_KEY"])
@pytest.mark.parametrize("weak", ["short", "a" * 60, "changeme" * 3])
def test_production_refuses_a_weak_secret(start: Any, name: str, weak: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is too weak"):
        start({**production.ENVIRONMENT, name: weak})


@pytest.mark.parametrize(
    "ring", ["nocolon", "k1:notbase64!", "k1:" + base64.b64encode(b"too short").decode(), "k 1:AAAA"]
)
def test_production_refuses_a_broken_key_ring(start: Any, ring: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^FIELD_KEYS must hold"):
        start({**production.ENVIRONMENT, "FIELD_KEYS": ring})


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgres://clinic:secret@db.example.com/clinic"),
        ("DATABASE_URL", "postgres://clinic:secret@db.example.com/clinic?sslmode=disable"),
        ("DATABASE_URL", "postgres://clinic:secret@db.example.com/clinic?sslmode=prefer"),
        ("REDIS_URL", "redis://redis.example.com:6379/0"),
    ],
)
def test_production_refuses_a_plain_connection_to_another_host(start: Any, name: str, url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name} points to another host without TLS"):
        start({**production.ENVIRONMENT, name: url})


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgres://clinic:secret@localhost/clinic"),
        ("DATABASE_URL", "postgres://clinic:secret@127.0.0.1:5433/clinic"),
        ("REDIS_URL", "redis://localhost:6379/0"),
    ],
)
def test_production_takes_a_plain_connection_on_its_own_host(start: Any, name: str, url: str) -> None:
    start({**production.ENVIRONMENT, name: url})


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "FIELD_KEYS", "REDIS_URL"])
def test_a_secret_may_come_from_a_file(start: Any, tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    file.write_text(production.ENVIRONMENT[name] + "\n")

    settings = start({**production.ENVIRONMENT, name: None, f"{name}_FILE": str(file)})

    assert settings["DEBUG"] is False


def test_a_secret_file_that_cannot_be_read_is_named(start: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY_FILE names a file that cannot be read"):
        start({**production.ENVIRONMENT, "SECRET_KEY": None, "SECRET_KEY_FILE": "/no/such/file"})


@pytest.mark.parametrize(("name", "value"), [("DEBUG", "maybe"), ("PORT", "eighty")])
def test_a_value_that_makes_no_sense_is_named(start: Any, name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=re.escape(f"{name} must be")):
        start({**production.ENVIRONMENT, name: value})


def test_a_start_without_secrets_ends_with_the_sentence(tmp_path: Path) -> None:
    environment = {**clean_environment(), "VAR_DIR": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "SECRET_KEY is missing. Set SECRET_KEY or SECRET_KEY_FILE" in done.stderr
