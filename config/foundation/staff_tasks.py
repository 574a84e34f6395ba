"""Something a person must do: call first, an estimate was not delivered, a hold to decide."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.foundation.encryption import EncryptedTextField

if TYPE_CHECKING:
    from config.foundation.user import User


class Priority(models.TextChoices):
    URGENT = "urgent", _("Urgent")
    TODAY = "today", _("Today")
    NORMAL = "normal", _("Normal")


class StaffTaskQuerySet(models.QuerySet["StaffTask"]):
    def still_open(self) -> Self:
        return self.filter(done_at=None)

    def about(self, *, subject_type: str, subject_id: object) -> Self:
        return self.filter(subject_type=subject_type, subject_id=str(subject_id))

    def most_important_first(self) -> Self:
        """Urgent, then today, then the rest; in each what is due first, then what waits longest."""
        rank = models.Case(
            *(models.When(priority=value, then=place) for place, value in enumerate(Priority.values)),
            output_field=models.SmallIntegerField(),
        )
        return self.order_by(rank, models.F("due_at").asc(nulls_last=True), "opened_at", "pk")


class StaffTask(models.Model):
    """Points at its subject by type and id, not by foreign key: this room knows nothing above it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=100, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.NORMAL)
    title = models.CharField(max_length=200)  # seen in lists and mail to staff: no health data
    details = EncryptedTextField(blank=True, default="")
    due_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        "foundation.User", null=True, blank=True, on_delete=models.PROTECT, related_name="tasks_done"
    )
    outcome = models.CharField(max_length=200, blank=True)

    objects = StaffTaskQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="task_subject"),
            # The desk lists what is open; done tasks pile up for years.
            models.Index(fields=["priority", "due_at"], condition=models.Q(done_at=None), name="task_open"),
        ]

    def __str__(self) -> str:
        return self.title

    def is_overdue(self, *, now: datetime) -> bool:
        return self.done_at is None and self.due_at is not None and self.due_at < now


def open_task(
    *,
    key: str,
    kind: str,
    subject_type: str,
    subject_id: object,
    title: str,
    priority: str = Priority.NORMAL,
    due_at: datetime | None = None,
    details: str = "",
    reopen: bool = False,
    now: datetime | None = None,
) -> StaffTask:
    """Ask a person to do something, once for each `key`, inside the caller's transaction.

    A second call with the same key returns the first task as it is, done or not; with `reopen` a task that
    was done is opened again. `title` is shown in lists: no health data there, `details` is encrypted.
    """
    task, is_new = StaffTask.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "subject_type": subject_type,
            "subject_id": str(subject_id),
            "title": title,
            "priority": priority,
            "due_at": due_at,
            "details": details,
            "opened_at": now or timezone.now(),
        },
    )
    if not is_new and reopen and task.done_at is not None:
        task.done_at, task.done_by, task.outcome = None, None, ""
        task.opened_at, task.due_at = now or timezone.now(), due_at
        task.priority, task.title, task.details = priority, title, details
        task.save()
    return task


def close_task(*, key: str, by: "User | None", outcome: str = "", now: datetime | None = None) -> bool:
    """Mark as done. False when no task with this key is open: somebody was faster, or none was asked."""
    changes: dict[str, Any] = {"done_at": now or timezone.now(), "done_by": by, "outcome": outcome}
    return StaffTask.objects.still_open().filter(key=key).update(**changes) == 1
