"""What beat wakes. Tasks take ids at most, and call one verb."""

from celery import shared_task
from django.utils import timezone

from intake import drafts, notices


@shared_task(name="intake.tasks.undelivered")
def undelivered() -> None:
    """Tell staff of messages that failed or came back."""
    notices.undelivered_alerts(now=timezone.now())


@shared_task(name="intake.tasks.forget_drafts")
def forget_drafts() -> None:
    """Forms that nobody sent are forgotten when their days are over."""
    drafts.forget_expired(now=timezone.now())
