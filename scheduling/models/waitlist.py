"""A time that became free, and whom of the waitlist it was offered to."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from intake.models import Client, Service


class FreedTime(models.Model):
    """A time held for whoever of the invited says yes first, until `expires_at`."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        TAKEN = "taken", _("Taken")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The visit whose time this was: cancelled, or moved away by this line of its history.
    freed_by = models.ForeignKey("scheduling.Appointment", models.PROTECT, related_name="offered_again")
    move = models.ForeignKey(
        "scheduling.AppointmentEvent", models.PROTECT, null=True, blank=True, related_name="offered_again"
    )
    # What claims the time while it is offered.
    hold = models.OneToOneField("scheduling.Appointment", models.PROTECT, related_name="held_for_waitlist")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    told_at = models.DateTimeField()  # not before the morning, when it became free at night
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["freed_by"],
                condition=Q(status="open", move=None),
                name="a_freed_time_is_offered_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["move"], condition=Q(status="open"), name="a_left_time_is_offered_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("told_at")), name="freed_time_leaves_time_to_answer"
            ),
        ]

    def __str__(self) -> str:
        return self.status


class Invitation(models.Model):
    """One person was told: who waits with a request, or whose later visit would move to this time.

    The first yes wins: a freed time has one accepted invitation.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        ACCEPTED = "accepted", _("Yes")
        LOST = "lost", _("Somebody was faster")
        DECLINED = "declined", _("No")
        EXPIRED = "expired", _("No answer in time")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    freed_time = models.ForeignKey(FreedTime, models.CASCADE, related_name="invitations")
    appointment_request = models.ForeignKey(
        "intake.AppointmentRequest", models.PROTECT, null=True, blank=True, related_name="invitations"
    )
    visit = models.ForeignKey(
        "scheduling.Appointment", models.PROTECT, null=True, blank=True, related_name="invitations"
    )  # the later visit that moves with a yes
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    answered_at = models.DateTimeField(null=True, blank=True)
    appointment = models.ForeignKey(
        "scheduling.Appointment", models.PROTECT, null=True, blank=True, related_name="won_by"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["freed_time", "appointment_request"], name="invited_once_to_a_freed_time"
            ),
            models.UniqueConstraint(
                fields=["freed_time", "visit"], name="a_later_visit_is_invited_once_to_a_freed_time"
            ),
            models.CheckConstraint(
                condition=Q(appointment_request=None, visit__isnull=False)
                | Q(appointment_request__isnull=False, visit=None),
                name="a_request_or_a_later_visit_is_invited",
            ),
            models.UniqueConstraint(
                fields=["freed_time"], condition=Q(status="accepted"), name="one_yes_wins_a_freed_time"
            ),
            models.CheckConstraint(
                condition=Q(status="accepted", appointment__isnull=False)
                | ~Q(status="accepted") & Q(appointment=None),
                name="a_yes_has_its_visit",
            ),
        ]

    def __str__(self) -> str:
        return self.status

    @property
    def client(self) -> Client:
        about = self.appointment_request or self.visit
        if about is None or about.client is None:  # the database and `candidates` see to it
            raise ValueError("Nobody is invited.")
        return about.client

    @property
    def service(self) -> Service | None:
        """What the person would come for."""
        return self.visit.service if self.visit else getattr(self.appointment_request, "service", None)

    @property
    def language(self) -> str:
        asked = self.appointment_request or getattr(self.visit, "appointment_request", None)
        return asked.language if asked else self.client.language
