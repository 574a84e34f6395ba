"""A file somebody sent along: a photo of their card, a referral, an answer to a question that asks for a file."""

import uuid
from collections.abc import Iterable

from django.db import models
from django.db.models import Q

from config.foundation.encryption import EncryptedBinaryField, EncryptedTextField
from intake.models.appointment_request import AppointmentRequest, RequestDraft


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def without_content(self) -> "StoredFileQuerySet":
        return self.defer("content")

    def in_order(self) -> "StoredFileQuerySet":
        return self.order_by("made_at", "id")

    def of(self, requests: Iterable[AppointmentRequest]) -> "StoredFileQuerySet":
        return self.filter(appointment_request__in=list(requests))


class StoredFile(models.Model):
    """Sealed as one blob. It belongs to a draft, and when that is sent to the request; from then on the database
    refuses to change it (see the migration). With its draft or its request it goes."""

    class Kind(models.TextChoices):
        CARD_FRONT = "card_front", "Card, front"
        CARD_BACK = "card_back", "Card, back"
        REFERRAL = "referral", "Referral"
        ANSWER = "answer", "Answer"

    class ContentType(models.TextChoices):
        JPEG = "image/jpeg", "JPEG"
        PNG = "image/png", "PNG"
        PDF = "application/pdf", "PDF"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(RequestDraft, models.CASCADE, null=True, blank=True, related_name="files")
    appointment_request = models.ForeignKey(
        AppointmentRequest, models.CASCADE, null=True, blank=True, related_name="files"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    field = models.CharField(max_length=200, help_text="The name it was posted under.")
    link_id = models.CharField(max_length=255, blank=True, help_text="Of the question that it answers.")
    name = EncryptedTextField()  # what the person called it; it may say what ails them
    content = EncryptedBinaryField()
    content_type = models.CharField(max_length=20, choices=ContentType)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    fhir_hash = models.CharField(
        max_length=28, help_text="SHA-1 in base64, as an Attachment of FHIR R4 has it."
    )
    made_at = models.DateTimeField()

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(draft__isnull=False, appointment_request=None)
                | Q(draft=None, appointment_request__isnull=False),
                name="file_belongs_to_one",
            ),
            models.CheckConstraint(
                condition=Q(kind="answer") & ~Q(link_id="") | ~Q(kind="answer") & Q(link_id=""),
                name="answer_file_names_its_question",
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="file_is_not_empty"),
            # The same page sent twice keeps a file once.
            models.UniqueConstraint(fields=["draft", "field", "sha256"], name="file_once_in_its_place"),
        ]

    def __str__(self) -> str:
        return self.kind

    @property
    def is_picture(self) -> bool:
        return self.content_type != self.ContentType.PDF

    @property
    def url(self) -> str:
        """How an answer names it."""
        return self.id.urn
