"""Who saw or changed what. Rows are added and never changed: the database itself refuses (see 0002).

A row names things, it never quotes them: ids, field names and short codes, nothing anybody typed.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import structlog
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

if TYPE_CHECKING:
    from config.foundation.user import User

CLIENT = "client"
SYSTEM = "system"
NAME = re.compile(r"[A-Za-z0-9_.:/-]{0,100}")


class AccessLogIsAppendOnly(Exception):
    """Somebody tried to change or delete a row of the access log."""


class AccessEventQuerySet(models.QuerySet["AccessEvent"]):
    def update(self, **kwargs: Any) -> int:
        raise AccessLogIsAppendOnly

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AccessLogIsAppendOnly


class AccessEvent(models.Model):
    at = models.DateTimeField(db_index=True)
    # No foreign key: an account may go one day, what it did stays. Clients and the system have no account.
    actor = models.CharField(max_length=64)
    roles = models.CharField(max_length=60, blank=True)
    action = models.CharField(max_length=100)
    subject_type = models.CharField(max_length=100)
    subject_id = models.CharField(max_length=100)
    fields = models.JSONField(default=list)
    reason = models.CharField(max_length=100, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AccessEventQuerySet.as_manager()

    class Meta:
        indexes = [
            # "Who saw this person?" and "what did this user see?"
            models.Index(fields=["subject_type", "subject_id", "at"], name="access_subject"),
            models.Index(fields=["actor", "at"], name="access_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject_type} {self.subject_id}"

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AccessLogIsAppendOnly


def record(
    *,
    by: "User | None",
    action: str,
    subject: str,
    subject_id: object,
    fields: Iterable[str] = (),
    reason: str = "",
    request: HttpRequest | None = None,
) -> AccessEvent:
    """Write down that `by` saw or changed something, in the caller's transaction.

    `subject` is a model's label ("intake.appointmentrequest"), `fields` are names of fields, `reason` is a
    code, never a sentence: anything with a space in it is refused with ValueError, so that no typed text
    gets in here. `by=None` is a client when there is a `request`, else the system. Write it before showing:
    if the log cannot be written, the data is not shown.
    """
    field_names = sorted(set(fields))
    for said in (action, subject, str(subject_id), reason, *field_names):
        if not NAME.fullmatch(said):
            raise ValueError("The access log takes ids, field names and codes only, no text.")
    return AccessEvent.objects.create(
        at=timezone.now(),
        actor=str(by.pk) if by is not None else (CLIENT if request is not None else SYSTEM),
        roles=",".join(sorted(by.roles)) if by is not None else "",
        action=action,
        subject_type=subject,
        subject_id=str(subject_id),
        fields=field_names,
        reason=reason,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
    )
