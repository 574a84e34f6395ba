"""When people and services can be booked: wall-clock rules in the clinic's zone."""

import uuid
from datetime import date

from django.db import models
from django.db.models import F, Q

from config.foundation.encryption import EncryptedTextField
from scheduling.openings import Hours


class Weekday(models.IntegerChoices):
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class Shift(models.Model):
    """One stretch of a practitioner's week at one location; a split day has two."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practitioner = models.ForeignKey("intake.Practitioner", models.CASCADE, related_name="shifts")
    location = models.ForeignKey("foundation.Location", models.PROTECT, related_name="+")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    starts = models.TimeField()
    ends = models.TimeField()
    every_weeks = models.PositiveSmallIntegerField(default=1)
    anchor_on = models.DateField(
        null=True, blank=True, help_text="A date on which an every-second-week shift takes place."
    )

    class Meta:
        ordering = ["weekday", "starts"]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="shift_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(every_weeks=1) | Q(every_weeks__gt=1, anchor_on__isnull=False),
                name="rare_shift_has_anchor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"

    def takes_place_on(self, day: date) -> bool:
        """On its weekday, in its weeks; the rule is that of the openings."""
        return Hours(self.weekday, 0, 0, None, self.every_weeks, self.anchor_on).on(day)


class DateOverride(models.Model):
    """Hours of one practitioner on one date, instead of the weekly ones. No times: not working that day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practitioner = models.ForeignKey("intake.Practitioner", models.CASCADE, related_name="date_overrides")
    on = models.DateField()
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)
    location = models.ForeignKey(
        "foundation.Location", models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(starts=None, ends=None)
                | Q(starts__isnull=False, ends__gt=F("starts"), location__isnull=False),
                name="override_is_hours_or_a_day_off",
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.on:%Y-%m-%d} {self.starts:%H:%M}–{self.ends:%H:%M}"
            if self.starts and self.ends
            else f"{self.on}"
        )


class ServiceHours(models.Model):
    """When a service without a practitioner can be booked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey("intake.Service", models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    starts = models.TimeField()
    ends = models.TimeField()

    class Meta:
        ordering = ["weekday", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")), name="service_hours_end_after_they_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class TimeOff(models.Model):
    """A practitioner is away: half-open, UTC moments."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practitioner = models.ForeignKey("intake.Practitioner", models.CASCADE, related_name="time_off")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = EncryptedTextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="time_off_ends_after_it_starts"
            ),
            # A second press of the same button enters nothing.
            models.UniqueConstraint(
                fields=["practitioner", "starts_at", "ends_at"], name="time_off_is_entered_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d}"
