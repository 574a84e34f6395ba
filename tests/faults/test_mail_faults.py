"""Small faults on every run; `make chaos N=…` is the same with large numbers."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mail_sink import Sink
from tests.notifications.messages import make_many

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.django_db(transaction=True)
def test_mail_leaves_without_redis(
    smtp_sink: Sink, manage: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    make_many(3)

    done = manage("drain", env={"REDIS_URL": "redis://127.0.0.1:1/0"})

    assert done.stdout.strip() == "3 sent", done.stderr
    assert len(smtp_sink.messages) == 3


@pytest.mark.timeout(200)
def test_senders_killed_at_random_lose_nothing_and_the_unprotected_way_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "100"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )

    result = json.loads(done.stdout.splitlines()[-1])
    assert result["lost"] == 0, done.stderr
    assert result["repeats"] <= result["kills"]
    assert result["kills"] > 0
    assert result["control_lost"] > 0
