"""What beat wakes. No task carries data: each looks into the database for what is due."""

from celery import shared_task
from django.utils import timezone

from notifications import delivery


@shared_task(name="notifications.tasks.drain")
def drain() -> None:
    delivery.drain()


@shared_task(name="notifications.tasks.beat")
def beat(beat: str) -> None:
    """Sign of life of one beat, by the id it drew when it started (two of them are noticed)."""
    delivery.beat(f"beat:{beat}", now=timezone.now())
