"""What a client agreed to, in which words, when."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Consent(models.Model):
    class Kind(models.TextChoices):
        PRIVACY_NOTICE_SEEN = "privacy_notice_seen", _("Privacy notice seen")
        EMAIL_OK = "email_ok", _("Email is fine")
        TEXT_OK = "text_ok", _("Text messages are fine")
        POLICY_SEEN = "policy_seen", _("Change and fee rules seen")
        GUARDIAN_AGREES = "guardian_agrees", _("A guardian agrees")
        TELEHEALTH = "telehealth", _("Video visits")
        WAIVER_SIGNED = "waiver_signed", _("Equipment waiver")
        EMAIL_DOCUMENT_OK = "email_document_ok", _("Send documents by mail")

    class How(models.TextChoices):
        WEB = "web", _("Ticked on the form")
        READ_OUT_BY_PHONE = "read_out_by_phone", _("Read out by phone")
        PAPER = "paper", _("On paper")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment_request = models.ForeignKey(
        "intake.AppointmentRequest", models.PROTECT, related_name="consents"
    )
    kind = models.CharField(max_length=30, choices=Kind)
    agreed = models.BooleanField()
    how = models.CharField(max_length=20, choices=How, default=How.WEB)
    text_version = models.CharField(max_length=20)
    language = models.CharField(max_length=5)
    at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    given_by = models.CharField(max_length=20, default="client")  # client, guardian, representative

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appointment_request", "kind"], name="one_consent_of_a_kind")
        ]

    def __str__(self) -> str:
        return self.kind
