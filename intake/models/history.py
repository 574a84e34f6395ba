"""What was changed about a person, and which requests were joined: kept so that it can be read and undone."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.foundation.encryption import EncryptedJSONField, EncryptedTextField


class ClientEvent(models.Model):
    """One line of a person's history. Rows are written, never changed.

    `by` is empty when the person changed it themselves, by a new request.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey("intake.Client", models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    what = models.CharField(max_length=40)
    changes = EncryptedJSONField(default=dict)  # field → [before, after]
    why = EncryptedTextField(blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.what


class Joining(models.Model):
    """Two requests of one person became one. `before` is what undo puts back, exactly."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kept = models.ForeignKey("intake.AppointmentRequest", models.CASCADE, related_name="joinings")
    other = models.ForeignKey("intake.AppointmentRequest", models.CASCADE, related_name="joined_as")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    before = EncryptedJSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["other"], condition=Q(undone_at=None), name="joined_into_one_request_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="undone_joining_names_who",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.other_id} in {self.kept_id}"
