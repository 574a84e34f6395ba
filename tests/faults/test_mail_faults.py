"""Small faults on every run; `make chaos N=…` is the same with large numbers."""

import subprocess
from collections.abc import Callable

import pytest

from tests.chaos.storm import storm
from tests.mail_sink import Sink
from tests.notifications.messages import make_many


@pytest.mark.django_db(transaction=True)
def test_mail_leaves_without_redis(
    smtp_sink: Sink, manage: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    make_many(3)

    done = manage("drain", env={"REDIS_URL": "redis://127.0.0.1:1/0"})

    assert done.stdout.strip() == "3 sent", done.stderr
    assert len(smtp_sink.messages) == 3


@pytest.mark.postgresql  # database lines are cut
@pytest.mark.timeout(170)
@pytest.mark.django_db(transaction=True)
def test_a_small_storm_loses_nothing_and_the_unprotected_way_does() -> None:
    said: list[str] = []

    report = storm(
        12,
        seed=3,
        say=said.append,
        only=("both workers", "all web processes", "Redis", "lines cut", "drops after DATA"),
    )

    assert report.is_good, said
    assert report.requests == 12
    assert report.control_lost > 0
