"""Good-faith estimates and price summaries, and the events that start their legal clock."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.foundation.encryption import EncryptedJSONField, EncryptedTextField
from intake.models import EstimateKind


class Trigger(models.Model):
    """An event that starts an estimate's legal clock. Dates are clinic-local."""

    class Event(models.TextChoices):
        SCHEDULED = "scheduled", _("Visit scheduled")
        REQUESTED = "requested", _("Asked about cost")
        CHANGED = "changed", _("Scope or price changed")
        RESCHEDULED = "rescheduled", _("Visit moved")
        SWITCHED = "switched", _("Became self-pay")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey("intake.Client", models.PROTECT, related_name="estimate_triggers")
    appointment_request = models.ForeignKey(
        "intake.AppointmentRequest", models.PROTECT, null=True, blank=True, related_name="estimate_triggers"
    )
    appointment = models.ForeignKey(
        "scheduling.Appointment", models.PROTECT, null=True, blank=True, related_name="estimate_triggers"
    )
    event = models.CharField(max_length=12, choices=Event)
    source_key = models.CharField(
        max_length=80, unique=True
    )  # one event, one trigger, however often it is derived
    happened_at = models.DateTimeField()
    tier = models.CharField(max_length=6)
    legal_due_on = models.DateField(null=True, blank=True)
    target_due_on = models.DateField(null=True, blank=True)
    satisfied_by = models.ForeignKey(
        "scheduling.Estimate", models.PROTECT, null=True, blank=True, related_name="satisfies"
    )
    waived_reason = EncryptedTextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["satisfied_by", "legal_due_on"], name="trigger_due")]

    def __str__(self) -> str:
        return self.event


class Estimate(models.Model):
    """Issued once, never edited, only superseded or voided."""

    class Status(models.TextChoices):
        ISSUED = "issued", _("Issued")
        SUPERSEDED = "superseded", _("Superseded")
        VOIDED = "voided", _("Voided")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=20)
    version = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=20, choices=EstimateKind)
    client = models.ForeignKey("intake.Client", models.PROTECT, related_name="estimates")
    appointment_request = models.ForeignKey(
        "intake.AppointmentRequest", models.PROTECT, null=True, blank=True, related_name="estimates"
    )
    appointment = models.ForeignKey(
        "scheduling.Appointment", models.PROTECT, null=True, blank=True, related_name="estimates"
    )
    language = models.CharField(max_length=5, default="en")
    snapshot = EncryptedJSONField(default=dict)  # everything the document says
    snapshot_sha256 = models.CharField(max_length=64)
    total_cents = models.PositiveIntegerField()
    template_version = models.CharField(max_length=20)
    price_list_version = models.CharField(max_length=64, blank=True)
    legal_due_on = models.DateField(null=True, blank=True)
    target_due_on = models.DateField(null=True, blank=True)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.ISSUED)
    void_reason = EncryptedTextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number", "version"], name="one_estimate_a_number_and_version")
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.version}"
