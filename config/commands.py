"""The commands that make a running clinic: `make run`, the compose file and the tests use the same."""

import sys

PYTHON = [sys.executable, "-m"]


def web_command(*, bind: str, workers: int = 2, threads: int = 4) -> list[str]:
    """gunicorn on `bind` (host:port). Two workers of four threads are plenty for one clinic."""
    return [
        *PYTHON,
        "gunicorn",
        "config.wsgi:application",
        *("--worker-class", "config.arrival.PatientWorker"),
        *("--bind", bind),
        *("--workers", str(workers)),
        *("--threads", str(threads)),
        *("--worker-tmp-dir", "/dev/shm"),  # noqa: S108 (heartbeats in memory, names are random)
        *("--max-requests", "2000", "--max-requests-jitter", "200"),
        *("--access-logfile", "/dev/null"),  # our own log writes requests, with an allow-list of keys
    ]


def worker_command(*, concurrency: int = 2) -> list[str]:
    """One clinic has one worker node: nodes need not tell each other what they do (gossip, mingle)."""
    return [
        *(*PYTHON, "celery", "-A", "config", "worker"),
        *("--concurrency", str(concurrency)),
        *("--without-gossip", "--without-mingle"),
        *("--loglevel", "INFO"),
    ]


def beat_command(*, schedule: str) -> list[str]:
    """`schedule` is the file in which beat remembers when each entry last ran."""
    return [
        *(*PYTHON, "celery", "-A", "config", "beat"),
        *("--schedule", schedule),
        *("--pidfile", ""),
        *("--loglevel", "WARNING"),
    ]
