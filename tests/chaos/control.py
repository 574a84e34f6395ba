"""The unprotected way: mark as sent, then send, and hope. Under the same faults it must lose something.

Its messages wait for nothing that ever comes (`waits_for`), so the outbox itself leaves them alone. At SIGTERM
it ends after the batch in hand: what it has marked by then has left, or is lost.
"""

import contextlib
import signal
import threading

import django

stopped = threading.Event()
if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_signal: stopped.set())

django.setup()

from django.db import DatabaseError, connection, transaction  # noqa: E402  # models can be loaded only now
from django.utils import timezone  # noqa: E402

from notifications.channels import EmailSender  # noqa: E402
from notifications.faults import SendingFailed  # noqa: E402
from notifications.models import Message, State  # noqa: E402

BATCH = 10


def main() -> None:
    sender = EmailSender()
    while not stopped.wait(0.05):
        with contextlib.suppress(DatabaseError):
            rows = marked()
            if rows:
                print("a batch in hand", flush=True)  # noqa: T201  # so that a fault can find it there
            for row in rows:
                with contextlib.suppress(SendingFailed):
                    sender.send(row)
        connection.close()


def marked() -> list[Message]:
    with transaction.atomic():
        waiting = Message.objects.filter(waits_for="control", state=State.HELD)
        rows = list(waiting.select_for_update(skip_locked=True)[:BATCH])
        Message.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.SENT, sent_at=timezone.now()
        )
    return rows


if __name__ == "__main__":
    main()
