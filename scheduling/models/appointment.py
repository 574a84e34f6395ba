"""Visits on the calendar, the time they claim, and the times offered to a client."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.foundation.encryption import EncryptedTextField
from config.foundation.versioned import Versioned


class AppointmentStatus(models.TextChoices):
    HELD = "held", _("Held")  # offered to a client until `held_until`
    BOOKED = "booked", _("Booked")
    ARRIVED = "arrived", _("Arrived")
    FULFILLED = "fulfilled", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    NO_SHOW = "no_show", _("No-show")
    RELEASED = "released", _("Released")  # was held, never booked


TAKES_TIME = frozenset(
    {AppointmentStatus.HELD, AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED, AppointmentStatus.FULFILLED}
)


RUN_OUT_IS_SHOWN = timedelta(hours=12)


class Offer(models.Model):
    """Two or three held times a client may choose from, until a stated moment."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        TURNED_DOWN = "turned_down", _("None of these")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment_request = models.ForeignKey(
        "intake.AppointmentRequest", models.PROTECT, related_name="offers"
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment_request"], condition=Q(status="open"), name="one_open_offer_a_request"
            ),
        ]

    def __str__(self) -> str:
        return self.status


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def taking_time(self, *, now: datetime) -> "AppointmentQuerySet":
        """What stands in the way of other visits; a hold that has run out does not."""
        return self.filter(status__in=TAKES_TIME).exclude(status=AppointmentStatus.HELD, held_until__lte=now)

    def would_come_earlier(self, *, than: datetime) -> "AppointmentQuerySet":
        """Booked later than `than`, and the client wishes to come sooner."""
        return self.filter(
            status=AppointmentStatus.BOOKED,
            earlier_since__isnull=False,
            starts_at__gt=than,
            client__isnull=False,
            service__max_people=None,
        )

    def on_the_calendar(self, *, now: datetime) -> "AppointmentQuerySet":
        """What is drawn: also what was missed, and for a while a hold that has run out."""
        drawn = [*TAKES_TIME, AppointmentStatus.NO_SHOW]
        gone = now - RUN_OUT_IS_SHOWN
        return self.filter(status__in=drawn).exclude(status=AppointmentStatus.HELD, held_until__lte=gone)


class Appointment(Versioned):
    """One visit. A workshop date is one Appointment too; each person in it is a Seat."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=40, blank=True)
    appointment_request = models.ForeignKey(
        "intake.AppointmentRequest", models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    client = models.ForeignKey(
        "intake.Client", models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    service = models.ForeignKey("intake.Service", models.PROTECT, related_name="appointments")
    practitioner = models.ForeignKey(
        "intake.Practitioner", models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    room = models.ForeignKey(
        "scheduling.Room", models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    location = models.ForeignKey("foundation.Location", models.PROTECT, related_name="+")
    offer = models.ForeignKey(Offer, models.PROTECT, null=True, blank=True, related_name="times")

    # The client's time, UTC, half-open. Buffers block the resources around it and are not shown.
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    buffer_before_minutes = models.PositiveSmallIntegerField(default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(default=0)
    price_cents = models.PositiveIntegerField()
    is_first_visit = models.BooleanField(default=False)  # practitioners take only so many of these a day
    seats = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of a workshop.")
    # The sum of the seats not given back. Raised under this row's lock together with the Seat.
    seats_taken = models.PositiveSmallIntegerField(default=0)

    status = models.CharField(max_length=12, choices=AppointmentStatus, default=AppointmentStatus.BOOKED)
    held_until = models.DateTimeField(null=True, blank=True)
    # Since when the client would rather come earlier: asked when a time is freed.
    earlier_since = models.DateTimeField(null=True, blank=True)
    sequence = models.PositiveIntegerField(default=0)  # SEQUENCE of the calendar entry (RFC 5545)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )  # empty: the client picked
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = EncryptedTextField(blank=True)
    fee_cents = models.PositiveIntegerField(null=True, blank=True)  # late change or no-show

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["starts_at", "status"], name="appointment_calendar")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(status="held", held_until__isnull=False) | ~Q(status="held"),
                name="held_time_has_an_end",
            ),
            # The last word on how many people fit into a workshop.
            models.CheckConstraint(
                condition=Q(seats=None, seats_taken=0) | Q(seats__isnull=False, seats_taken__lte=F("seats")),
                name="no_more_people_than_seats",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}Z"


class AppointmentEvent(models.Model):
    """One line of a visit's history: who, when, from, to, why."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    what = models.CharField(max_length=40)
    from_status = models.CharField(max_length=12, blank=True)
    to_status = models.CharField(max_length=12, blank=True)
    # Where a moved visit was before, so that the move can be undone.
    from_starts_at = models.DateTimeField(null=True, blank=True)
    from_practitioner = models.ForeignKey(
        "intake.Practitioner", models.PROTECT, null=True, blank=True, related_name="+"
    )
    from_room = models.ForeignKey("scheduling.Room", models.PROTECT, null=True, blank=True, related_name="+")
    why = EncryptedTextField(blank=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(
                fields=["from_starts_at"],
                condition=Q(from_starts_at__isnull=False),
                name="times_that_visits_left",
            )
        ]

    def __str__(self) -> str:
        return self.what


class Claim(models.Model):
    """One resource taken for one half-open span by one appointment, buffers included.

    Two claims of a resource never overlap: an exclusion constraint on PostgreSQL, a trigger on SQLite
    (migration 0002). A held time's claim carries its end and is deleted by whoever needs the time after it.
    """

    resource = models.ForeignKey("scheduling.Resource", models.PROTECT, related_name="claims")
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="claims")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    held_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["resource", "starts_at"], name="claim_range")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="claim_takes_time")
        ]

    def __str__(self) -> str:
        return f"{self.resource_id}: {self.starts_at:%Y-%m-%d %H:%M}Z"


class Seat(models.Model):
    """A person (or party) in a workshop."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="taken_seats")
    client = models.ForeignKey("intake.Client", models.PROTECT, related_name="seats")
    appointment_request = models.ForeignKey(
        "intake.AppointmentRequest", models.PROTECT, null=True, blank=True, related_name="seats"
    )
    people = models.PositiveSmallIntegerField(default=1)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(people__gt=0), name="seat_is_for_someone")]

    def __str__(self) -> str:
        return f"{self.people}"
