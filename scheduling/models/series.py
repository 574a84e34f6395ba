"""Several visits booked together for one request."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Series(models.Model):
    """What was confirmed by one press: its visits, one mail, one estimate for all of them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment_request = models.ForeignKey(
        "intake.AppointmentRequest", models.PROTECT, related_name="series"
    )
    estimate = models.ForeignKey(
        "scheduling.Estimate", models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(
                fields=["appointment_request"], condition=Q(undone_at=None), name="one_series_a_request"
            )
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d}"


class SeriesVisit(models.Model):
    """A visit belongs to one series at most, and a number is given once."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="visits")
    appointment = models.OneToOneField("scheduling.Appointment", models.CASCADE, related_name="of_series")
    number = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["series", "number"], name="series_numbers_each_visit_once")
        ]

    def __str__(self) -> str:
        return f"{self.number}"
