"""Screeners as FHIR R4 documents, and the answers to exactly the version that was asked."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.foundation.encryption import EncryptedJSONField
from intake.questionnaires import response as writing

# Canonical url of a form that we ship, by its slug (the codes used in clinic files).
SHIPPED_FORM_URL = "https://clinic.example.com/fhir/Questionnaire/{slug}"


class EncryptedResponseField(EncryptedJSONField):
    """A FHIR resource: decimals stay decimals, digit for digit, which plain JSON fields make text or floats."""

    def dump(self, value: Any) -> bytes:
        return writing.dumps(value).encode()

    def load(self, plain: bytes) -> Any:
        return writing.loads(plain.decode())


class QuestionnaireQuerySet(models.QuerySet["Questionnaire"]):
    def published(self) -> "QuestionnaireQuerySet":
        return self.filter(status=Questionnaire.Status.PUBLISHED)


class Questionnaire(models.Model):
    """One version of a form. Once published it never changes; its bytes are kept as they came."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    url = models.CharField(max_length=255)
    version = models.CharField(max_length=64)
    slug = models.SlugField(max_length=64)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    source = models.BinaryField()  # the file, byte for byte
    sha256 = models.CharField(max_length=64)
    findings = models.JSONField(default=list)
    imported_at = models.DateTimeField(default=timezone.now)
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    rights_confirmed = models.BooleanField(default=False)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # The Spanish words are another text: another look, by another person it may be.
    spanish_approved_at = models.DateTimeField(null=True, blank=True)
    spanish_approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = QuestionnaireQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["url", "version"], name="one_content_a_url_and_version"),
            models.UniqueConstraint(
                fields=["url"], condition=Q(status="published"), name="one_published_version_a_url"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.url}|{self.version}"

    def is_draft_in(self, language: str) -> bool:
        """No named clinician stands for the words of this language yet."""
        return (self.spanish_approved_at if language.startswith("es") else self.approved_at) is None


class ServiceQuestionnaire(models.Model):
    """Which forms a service asks, in which order. By url: the published version is the one asked."""

    service = models.ForeignKey("intake.Service", models.CASCADE, related_name="questionnaires")
    url = models.CharField(max_length=255)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["service", "url"], name="a_service_asks_a_form_once")]

    def __str__(self) -> str:
        return self.url


class QuestionnaireResponse(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment_request = models.ForeignKey(
        "intake.AppointmentRequest", models.PROTECT, related_name="questionnaire_responses"
    )
    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="responses")
    response = EncryptedResponseField(default=dict)  # a FHIR R4 QuestionnaireResponse
    language = models.CharField(max_length=5, default="en")
    authored_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment_request", "questionnaire"], name="one_response_a_form"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
