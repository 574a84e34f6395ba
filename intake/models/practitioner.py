"""Who gives care or teaches."""

import uuid

from django.db import models


class PractitionerQuerySet(models.QuerySet["Practitioner"]):
    def active(self) -> "PractitionerQuerySet":
        return self.filter(active=True).order_by("position", "code")


class Practitioner(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120, help_text="With credentials, as it stands on an estimate.")
    user = models.OneToOneField(
        "foundation.User", models.SET_NULL, null=True, blank=True, related_name="practitioner"
    )
    role = models.CharField(max_length=60)
    licensed_health_care = models.BooleanField(default=False)
    npi = models.CharField(max_length=10, blank=True)
    license_number = models.CharField(max_length=40, blank=True)
    languages = models.JSONField(default=list)
    gender_for_matching = models.CharField(max_length=20, blank=True)
    minimum_notice_hours = models.PositiveSmallIntegerField(default=24)
    max_first_visits_per_day = models.PositiveSmallIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    objects = PractitionerQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def short_name(self) -> str:
        """What clients and the calendar call them: the first name."""
        return self.name.split()[0]
