"""The worker's part of an estimate as a process of its own, on a clock that runs faster than ours.

`python -m tests.faults.estimate_worker [careless]`: makes documents, sends mail and follows deliveries until it is
killed. Careless: it marks documents as made before it makes them, as one would without thinking of a kill.
"""

import os
import sys
import time
from datetime import datetime, timedelta

import django

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

    print("ready", flush=True)  # noqa: T201
    if "careless" in sys.argv:
        wanted = list(Estimate.objects.without_document().values_list("pk", flat=True))
        Estimate.objects.filter(pk__in=wanted).update(document_state=Estimate.DocumentState.MADE)
        for pk in wanted:
            Estimate.objects.filter(pk=pk).update(document_state=Estimate.DocumentState.WANTED)
            documents.make_pdf(pk, now=simulated_now())
            time.sleep(0.3)
        return
    while True:
        documents.make_waiting(now=simulated_now(), limit=5)
        drain(now=simulated_now())
        delivery.follow(now=simulated_now())
        time.sleep(0.02)


if __name__ == "__main__":
    main()
