"""Celery wakes the outbox; it carries no data. The database is the queue (docs/decisions)."""

import os
import uuid
from typing import Any

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("clinic")
BEAT_ID = uuid.uuid4().hex[:12]  # drawn anew by every process; only the one of beat is ever sent

# A tick that could not run in time is dropped: the next one does the same work.
SCHEDULE: dict[str, dict[str, Any]] = {
    "drain": {"task": "notifications.tasks.drain", "schedule": 5.0, "options": {"expires": 4}},
    "estimate documents": {
        "task": "scheduling.tasks.make_documents",
        "schedule": 5.0,
        # Longer than a drain works at a stretch: with a backlog of mail and one worker, every tick of
        # ours would be too old when the drain ends, and no estimate made until all mail has left.
        "options": {"expires": 25},
    },
    "estimate clocks": {
        "task": "scheduling.tasks.watch_estimates",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "reminders": {
        "task": "scheduling.tasks.reminders",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "offers": {
        "task": "scheduling.tasks.expire_offers",
        "schedule": 30.0,
        "options": {"expires": 28},
    },
    "undelivered": {
        "task": "intake.tasks.undelivered",
        "schedule": 30.0,
        "options": {"expires": 28},
    },
    "forgotten forms": {
        "task": "intake.tasks.forget_drafts",
        "schedule": 3600.0,
        "options": {"expires": 3500},
    },
    "sign of life": {
        "task": "notifications.tasks.beat",
        "schedule": 15.0,
        "kwargs": {"beat": BEAT_ID},
        # Waits out a drain and the documents after it: one busy worker is no dead beat. Shorter than
        # what counts as dead, so that a beat which died does not look alive for long.
        "options": {"expires": 55},
    },
}


@app.add_defaults
def configuration() -> dict[str, Any]:
    """Read at first use, so that importing the package does not read the settings."""
    return {
        "broker_url": settings.REDIS_URL,
        "result_backend": None,
        "task_ignore_result": True,
        "enable_utc": True,
        "timezone": "UTC",
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        # Every socket has its own, shorter timeout; soft < hard < lease of an outbox row = visibility.
        "task_soft_time_limit": 200,
        "task_time_limit": 240,
        "worker_max_tasks_per_child": 500,
        "worker_max_memory_per_child": 400_000,
        # Losing Redis must not kill a sender between a mail and its mark: a copy more, for nothing. What is given
        # out twice finds nothing to do.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": 300,
            "unacked_restore_throttle": 1,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 25,
        },
        "beat_schedule": SCHEDULE,
    }


app.autodiscover_tasks()
