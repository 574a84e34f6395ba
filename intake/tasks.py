"""What beat wakes. Tasks take ids at most, and call one verb."""

from celery import shared_task
from django.utils import timezone

from intake import drafts, notices, sources


@shared_task(name="intake.tasks.undelivered")
def undelivered() -> None:
    """Tell staff of messages that failed or came back."""
    notices.undelivered_alerts(now=timezone.now())


@shared_task(name="intake.tasks.forget_drafts")
def forget_drafts() -> None:
    """Forms that nobody sent, and where requests came from, are forgotten when their time is over."""
    now = timezone.now()
    drafts.forget_expired(now=now)
    sources.forget_old(now=now)
