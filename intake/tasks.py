"""What beat wakes. Tasks take ids at most, and call one verb."""

from celery import shared_task
from django.utils import timezone

from intake import notices


@shared_task(name="intake.tasks.undelivered")
def undelivered() -> None:
    """Tell staff of messages that failed or came back."""
    notices.undelivered_alerts(now=timezone.now())
