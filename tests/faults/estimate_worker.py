"""The worker's part of an estimate as a process of its own, on a clock that runs faster than ours.

`python -m tests.faults.estimate_worker [careless]`: for each line it reads it starts one worker and says its process
id; when that one was killed it says so and reads on. A worker makes documents, sends mail and follows deliveries.
Careless: it marks documents as made before it makes them, as one would without thinking of a kill.

A worker is a fork of a process that has loaded everything and touched nothing, so a new one is there at once.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import django

from config import servers

SPEED = 600  # seconds of the clinic's clock in one of ours


def simulated_now() -> datetime:
    """The clinic's clock: what SIMULATED_FROM says, and SPEED times the time since STARTED_AT."""
    passed = time.time() - float(os.environ["STARTED_AT"])
    return datetime.fromisoformat(os.environ["SIMULATED_FROM"]) + timedelta(seconds=passed * SPEED)


def main() -> None:
    django.setup()
    # Only after django.setup() can the models be loaded.
    from notifications.delivery import drain  # noqa: PLC0415
    from scheduling.estimates import delivery, documents  # noqa: PLC0415
    from scheduling.models import Estimate  # noqa: PLC0415

    def careful() -> None:
        while True:
            documents.make_waiting(now=simulated_now(), limit=5)
            drain(now=simulated_now())
            delivery.follow(now=simulated_now())
            time.sleep(0.02)

    def careless() -> None:
        wanted = list(Estimate.objects.without_document().values_list("pk", flat=True))
        Estimate.objects.filter(pk__in=wanted).update(document_state=Estimate.DocumentState.MADE)
        for pk in wanted:
            Estimate.objects.filter(pk=pk).update(document_state=Estimate.DocumentState.WANTED)
            documents.make_pdf(pk, now=simulated_now())
            time.sleep(0.3)

    for _ in sys.stdin:
        start(careless if "careless" in sys.argv else careful)


def start(work: Callable[[], None]) -> None:
    """One worker, and a word when it is there and when it is gone."""
    pid = os.fork()
    if pid == 0:
        servers.die_with_parent()
        work()
        os._exit(0)
    print(pid, flush=True)  # noqa: T201
    os.waitpid(pid, 0)
    print("gone", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
