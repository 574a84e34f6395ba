"""The people who ask for visits, and how they want to be reached."""

import uuid
from datetime import date

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from config.foundation.encryption import (
    EncryptedDateField,
    EncryptedJSONField,
    EncryptedTextField,
    lookup_hash,
)

ADULT_AGE = 18


class ContactWay(models.TextChoices):
    EMAIL = "email", _("Email")
    PHONE = "phone", _("Phone call")
    TEXT = "text", _("Text message")


class ClientQuerySet(models.QuerySet["Client"]):
    def known(self) -> "ClientQuerySet":
        """Not joined into another person."""
        return self.filter(merged_into=None)

    def born_on(self, day: date) -> "ClientQuerySet":
        return self.filter(birth_date_index=birth_date_index(day))


def birth_date_index(day: date) -> str:
    return lookup_hash(day.isoformat(), purpose="birth-date")


class Client(models.Model):
    """A person who asks for or has visits (FHIR: Patient)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=40, blank=True, help_text="The clinic's own number for this person.")
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100, blank=True)  # one name is a whole name
    name_to_use = models.CharField(max_length=100, blank=True)
    pronouns = models.CharField(max_length=40, blank=True)
    birth_date = EncryptedDateField(null=True, blank=True)  # not asked for workshops
    birth_date_index = models.CharField(max_length=64, blank=True, db_index=True)
    email = models.EmailField(blank=True, db_index=True)
    phone = PhoneNumberField(blank=True, db_index=True)
    phone_extension = models.CharField(max_length=10, blank=True)
    mailing_address = EncryptedTextField(blank=True)
    language = models.CharField(max_length=5, default="en")

    # How we may reach them: safety rules, obeyed at one gate (intake/contact.py).
    prefers = models.CharField(max_length=10, choices=ContactWay, blank=True)
    email_ok = models.BooleanField(default=True)
    email_document_ok = models.BooleanField(default=False)
    text_ok = models.BooleanField(default=False)
    call_ok = models.BooleanField(default=True)
    voicemail_ok = models.BooleanField(default=False)
    insurer_contact_ok = models.BooleanField(default=True)
    contact_notes = EncryptedJSONField(default=dict, blank=True)  # best_time, say_only

    # Guardian of a minor, or who speaks for an adult:
    # first_name, last_name, relation, phone, email, may_consent, legal_role
    representative = EncryptedJSONField(default=dict, blank=True)

    home_practitioner = models.ForeignKey(
        "intake.Practitioner", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    last_visit_on = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_from")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ClientQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["last_name", "first_name"], name="client_by_name")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name to greet with: the one they chose, else the whole name, letter by letter as typed."""
        return self.name_to_use or self.legal_name

    @property
    def legal_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def initials_name(self) -> str:
        """First name and last initial, for screens that others can see."""
        first = self.name_to_use or self.first_name
        return f"{first} {self.last_name[:1]}.".strip() if self.last_name else first

    def set_birth_date(self, day: date | None) -> None:
        """Store the date encrypted, with its index for look-ups. Does not save."""
        self.birth_date = day
        self.birth_date_index = birth_date_index(day) if day else ""

    def age_on(self, day: date) -> int | None:
        """Whole years on a clinic-local day. Who is 18 today is an adult; 29 February counts from 1 March."""
        born: date | None = self.birth_date
        if born is None:
            return None
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    def is_minor_on(self, day: date) -> bool:
        age = self.age_on(day)
        return age is not None and age < ADULT_AGE
