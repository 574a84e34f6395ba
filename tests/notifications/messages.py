"""Messages for tests, with sensible defaults."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from notifications import outbox
from notifications.models import Message
from notifications.rendering import Rendered


def make_message(
    *,
    key: str = "visit:1:confirmed",
    to: str = "alex.sample@example.com",
    now: datetime | None = None,
    **values: Any,
) -> Message:
    """A queued message, due now."""
    given: dict[str, Any] = {
        "kind": "confirmed",
        "language": "en",
        "rendered": Rendered(
            subject="Your visit at Example PT", text="Monday, March 8\n", html="<p>Monday, March 8</p>"
        ),
        "subject_type": "scheduling.appointment",
        "subject_id": "1",
        **values,
    }
    with transaction.atomic():
        return outbox.enqueue(key=key, to=to, now=now or timezone.now(), **given)


def make_many(count: int, *, prefix: str = "visit", **values: Any) -> list[Message]:
    return [
        make_message(key=f"{prefix}:{number}", to=f"person{number}@example.com", **values)
        for number in range(count)
    ]
