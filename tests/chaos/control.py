"""The unprotected way: mark as sent, then send, and hope. Under the same faults it must lose something."""

import contextlib
import time

import django

django.setup()

from django.db import transaction  # noqa: E402  # models can be loaded only now

from notifications.channels import EmailSender, SendingFailed  # noqa: E402
from notifications.models import Message, State  # noqa: E402


def main() -> None:
    sender = EmailSender()
    while True:
        with transaction.atomic():
            due = Message.objects.filter(key__startswith="control:", state=State.QUEUED)
            rows = list(due.select_for_update(skip_locked=True)[:20])
            Message.objects.filter(pk__in=[row.pk for row in rows]).update(
                state=State.SENT, sent_at=rows[0].created_at if rows else None
            )
        for row in rows:
            with contextlib.suppress(SendingFailed):
                sender.send(row, may_go=lambda: True)
        time.sleep(0.05)


if __name__ == "__main__":
    main()
