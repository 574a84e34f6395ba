"""The clinic itself: its name and rules, its places, the days it is closed, and its promise to reply."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

MONDAY_TO_FRIDAY = frozenset(range(5))
AT_MOST_ALL = MaxValueValidator(100)  # percent of a price
FURTHEST_AHEAD = timedelta(days=400)  # nothing is wished or booked later than that, whatever a clinic sets
LONGEST_CLOSURE_DAYS = 366  # the promise is not computed beyond this; a longer closure is a closed clinic


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone we know."), params={"name": name})


class Clinic(models.Model):
    """One row. Wall-clock times here are in the clinic's own zone."""

    name = models.CharField(max_length=200)
    short_name = models.CharField(max_length=60, blank=True)
    legal_name = models.CharField(max_length=200, blank=True)
    tin = models.CharField(_("tax id (TIN)"), max_length=20, blank=True)
    npi_organization = models.CharField(_("NPI of the organization"), max_length=10, blank=True)
    phone = PhoneNumberField(blank=True)
    email = models.EmailField(blank=True)
    website = models.URLField(blank=True)
    practice_state = models.CharField(max_length=2, default="UT")
    time_zone = models.CharField(max_length=60, default="America/Denver", validators=[validate_time_zone])
    languages = models.JSONField(default=list, blank=True)
    accent_color = models.CharField(
        max_length=7,
        blank=True,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Use a color like #2f6f62."))],
    )

    reply_promise_text = models.CharField(max_length=300, blank=True)
    reply_by_time = models.TimeField(default=time(17, 0))
    proposal_hold_hours = models.PositiveSmallIntegerField(default=48)
    change_notice_hours = models.PositiveSmallIntegerField(default=24)
    # How many days ahead a visit may be booked; empty: FURTHEST_AHEAD.
    booking_horizon_days = models.PositiveSmallIntegerField(null=True, blank=True)
    # Show real openings to a client who has just sent a request, who may then wish for up to three of them.
    shows_openings = models.BooleanField(default=False)
    # Staff look at each estimate before it is issued; else it is issued with the confirmation.
    reviews_estimates = models.BooleanField(default=False)
    late_change_fee_percent = models.PositiveSmallIntegerField(default=50, validators=[AT_MOST_ALL])
    no_show_fee_percent = models.PositiveSmallIntegerField(default=100, validators=[AT_MOST_ALL])
    first_late_change_waived = models.BooleanField(default=True)
    draft_kept_days = models.PositiveSmallIntegerField(default=7)
    unconfirmed_request_kept_days = models.PositiveSmallIntegerField(default=365)
    reminders_hours = models.JSONField(default=list, blank=True)  # hours before a visit, such as [48, 3]
    payment_text = models.TextField(blank=True)
    late_arrival_text = models.CharField(max_length=300, blank=True)
    minors_text = models.CharField(max_length=300, blank=True)
    superbill_text = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="clinic_is_one_row")]

    def __str__(self) -> str:
        return self.short_name or self.name

    @classmethod
    def get(cls) -> Self:
        """The clinic. Before anything is loaded: an unsaved one with the defaults, so that pages answer."""
        return cls.objects.filter(pk=1).first() or cls(pk=1, name="Clinic")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)


class Location(models.Model):
    class Kind(models.TextChoices):
        CLINIC = "clinic", _("Clinic")
        VIDEO = "video", _("Video")
        OFFSITE = "offsite", _("Another place")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CLINIC)
    address = models.CharField(max_length=300, blank=True)
    way_in = models.URLField(blank=True, validators=[URLValidator(schemes=["https"])])  # of a video room
    step_free = models.BooleanField(default=False)
    parking = models.CharField(max_length=200, blank=True)
    travel_minutes_from_main = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Closure(models.Model):
    """Days, or a part of each of these days, on which nobody is seen; without a location, anywhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey(
        Location, null=True, blank=True, on_delete=models.CASCADE, related_name="closures"
    )
    starts_on = models.DateField()
    ends_on = models.DateField()  # the last closed day itself
    from_time = models.TimeField(null=True, blank=True)
    to_time = models.TimeField(null=True, blank=True)
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["starts_on", "from_time"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="closure_ends_after_it_starts",
                violation_error_message=_("The last day is before the first day."),
            ),
            models.CheckConstraint(
                condition=models.Q(from_time=None, to_time=None)
                | models.Q(from_time__isnull=False, to_time__isnull=False, to_time__gt=models.F("from_time")),
                name="closure_part_of_day_is_a_span",
                violation_error_message=_("Give both times, the later one second, or neither."),
            ),
        ]

    def __str__(self) -> str:
        return self.reason or f"{self.starts_on} – {self.ends_on}"

    @property
    def is_whole_day(self) -> bool:
        return self.from_time is None

    def covers(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


def reply_by(
    clinic: Clinic,
    closures: Iterable[Closure],
    submitted_at: datetime,
    *,
    open_weekdays: frozenset[int] = MONDAY_TO_FRIDAY,
) -> datetime:
    """When the clinic promised to have answered: "by 5 pm on our next open weekday".

    The first open day after the local date of submission, at the clinic's wall-clock time; aware, in the
    clinic's zone. `open_weekdays` are numbers as in `date.weekday()`, Monday is 0. Only closures of the
    whole clinic for a whole day make it later: on a day with a morning, requests are answered in the morning.
    """
    closed = [closure for closure in closures if closure.location_id is None and closure.is_whole_day]
    day = clinic.local(submitted_at).date()
    for _step in range(LONGEST_CLOSURE_DAYS):
        day += timedelta(days=1)
        if day.weekday() in open_weekdays and not any(closure.covers(day) for closure in closed):
            break
    return datetime.combine(day, clinic.reply_by_time, tzinfo=clinic.zone)
