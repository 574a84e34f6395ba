"""Typed reading of environment variables that fails loudly and says what is wrong.

Every reader accepts `NAME` or `NAME_FILE` (a file with the value, for secrets).
"""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

MIN_SECRET_LENGTH = 32
LOCAL_HOSTS = {"", "localhost", "127.0.0.1", "::1"}

SQLITE_OPTIONS = {
    # Readers and one writer at a time; writers queue instead of failing with "database is locked".
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
}


def _read(name: str) -> str | None:
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE names a file that cannot be read: {error.strerror}."
            ) from error
    return os.environ.get(name)


def text(name: str, *, default: str) -> str:
    value = _read(name)
    return default if value is None else value


def words(name: str, *, default: list[str]) -> list[str]:
    """A comma-separated list."""
    value = _read(name)
    return default if value is None else [word.strip() for word in value.split(",") if word.strip()]


def number(name: str, *, default: int) -> int:
    value = _read(name)
    if value is None:
        return default
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not “{value}”.") from None


def switch(name: str, *, default: bool) -> bool:
    value = (_read(name) or "").strip().lower()
    if value == "":
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not “{value}”.")


def secret(name: str, *, debug: bool, var_dir: Path) -> str:
    """A secret of at least 32 characters; in debug a throw-away one, kept in `var/` between starts."""
    value = _read(name)
    if value is None and debug:
        return _throw_away(name, var_dir)
    if not value:
        raise ImproperlyConfigured(
            f"{name} is missing. Set {name} or {name}_FILE to a random value of 32 or more characters."
        )
    if len(value) < MIN_SECRET_LENGTH or len(set(value)) < 8:
        raise ImproperlyConfigured(f"{name} is too weak. Use a random value of 32 or more characters.")
    return value


def key_ring(name: str, *, debug: bool, var_dir: Path) -> Mapping[str, bytes]:
    """`kid:base64,kid:base64`: 32-byte keys by their id; the first one encrypts, all of them decrypt."""
    value = _read(name)
    if value is None and debug:
        value = "dev:" + base64.b64encode(_throw_away(name, var_dir).encode()[:32]).decode()
    if not value:
        raise ImproperlyConfigured(
            f"{name} is missing. Set it to one or more `id:base64` pairs of 32-byte keys."
        )
    ring: dict[str, bytes] = {}
    for pair in value.split(","):
        key_id, colon, encoded = pair.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if not (colon and key_id.isalnum() and len(key) == 32):
            raise ImproperlyConfigured(f"{name} must hold `id:base64` pairs, each key 32 bytes long.")
        ring[key_id] = key
    return ring


def _throw_away(name: str, var_dir: Path) -> str:
    path = var_dir / "dev-keys" / name.lower()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and linked into place: two processes starting at once end with one key.
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()


LOCK_TIMEOUT = "3s"


def database(name: str, *, default_file: Path, debug: bool, testing: bool) -> dict[str, Any]:
    """Django's settings for one database; SQLite set up so that web and worker can share it."""
    url = _read(name)
    if url is None:
        if not debug:
            raise ImproperlyConfigured(
                f"{name} is missing. Production needs PostgreSQL: postgres://user:password@host/name."
            )
        default_file.parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{default_file}"
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    if config["ENGINE"] == "django.db.backends.sqlite3":
        durability = "NORMAL" if testing else "FULL"
        # recursive_triggers: a REPLACE asks the triggers that keep frozen rows from being deleted.
        pragmas = (
            f"PRAGMA journal_mode=WAL; PRAGMA synchronous={durability}; PRAGMA busy_timeout=20000; "
            "PRAGMA recursive_triggers=ON;"
        )
        config["OPTIONS"] = {**SQLITE_OPTIONS, "init_command": pragmas}
        if (
            testing
        ):  # a file like the real one: Django's default for tests, memory, locks and waits differently
            file = Path(config["NAME"])
            config["TEST"] = {"NAME": str(file.with_name(f"test_{file.name}"))}
        return config
    options = config.setdefault("OPTIONS", {})
    # Nobody waits for a row longer than this, in any transaction: the page says "try again" instead of hanging.
    options["options"] = f"{options.get('options', '')} -c lock_timeout={LOCK_TIMEOUT}".strip()
    host = config.get("HOST", "")
    # An empty host or one that starts with a slash is a socket on this machine.
    if (
        not debug
        and not host.startswith("/")
        and host not in LOCAL_HOSTS
        and options.get("sslmode") not in {"require", "verify-ca", "verify-full"}
    ):
        raise ImproperlyConfigured(
            f"{name} points to another host without TLS. Add ?sslmode=verify-full (or require)."
        )
    config["CONN_HEALTH_CHECKS"] = True
    return config


def redis(name: str, *, debug: bool) -> str:
    """The broker's address. Losing Redis means later, not lost: it carries no data."""
    url = _read(name)
    if url is None:
        if not debug:
            raise ImproperlyConfigured(f"{name} is missing. Set it to rediss://… (or redis:// on this host).")
        return "redis://127.0.0.1:6379/0"
    parts = urlsplit(url)
    if not debug and parts.scheme == "redis" and (parts.hostname or "") not in LOCAL_HOSTS:
        raise ImproperlyConfigured(f"{name} points to another host without TLS. Use rediss://.")
    return url
