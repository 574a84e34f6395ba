"""Who changed which setting of the clinic, and every price list there ever was. Rows are added, never changed."""

import uuid

from django.conf import settings
from django.db import models

from config.foundation.encryption import EncryptedJSONField


class SettingChange(models.Model):
    """One saved page of the settings: field → [before, after]. A deleted row keeps its values here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    what = models.CharField(max_length=10)  # added, changed, removed
    # Encrypted: why somebody is off may stand in it.
    changes = EncryptedJSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["kind", "subject_id", "at"], name="setting_change_of")]

    def __str__(self) -> str:
        return f"{self.kind} {self.what}"


class PriceVersion(models.Model):
    """What one visit of a service cost from a moment on. An estimate that used an older one keeps it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey("intake.Service", models.PROTECT, related_name="price_versions")
    number = models.PositiveSmallIntegerField()
    lines = models.JSONField(default=list)  # [{name, name_es, codes, quantity, unit_cents}]
    total_cents = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )  # empty: what was there before the first change

    class Meta:
        ordering = ["service", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["service", "number"], name="one_price_version_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.service_id} v{self.number}"
