"""Good-faith estimates and price summaries, the events that start their legal clock, and the proof.

What was issued never changes: the database refuses to edit or delete it (migration `…_estimates_are_frozen`).
The few columns that may change stand last in each model and are named in `MUTABLE` there.
"""

import uuid
from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.foundation.encryption import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField
from intake.models import EstimateKind


class TriggerQuerySet(models.QuerySet["Trigger"]):
    def running(self) -> Self:
        """The clock still runs: nothing was provided, and the duty has not ended otherwise."""
        return self.filter(provided_at=None, closed_at=None)

    def due_by(self, day: date) -> Self:
        """Running, with a target on or before the clinic-local `day`; the most pressing first."""
        return self.running().filter(target_due_on__lte=day).order_by("target_due_on", "happened_at")


class Trigger(models.Model):
    """An event that starts an estimate's legal clock. `_on` dates are clinic-local."""

    class Event(models.TextChoices):
        SCHEDULED = "scheduled", _("Visit scheduled")
        REQUESTED = "requested", _("Asked about cost")
        CHANGED = "changed", _("Scope or price changed")
        RESCHEDULED = "rescheduled", _("Visit moved to another day")
        SWITCHED = "switched", _("Became self-pay")

    class Closed(models.TextChoices):
        CANCELLED = "cancelled", _("The visit was cancelled")
        NOT_ENTITLED = "not_entitled", _("Enrolled in a federal program")
        NO_CARE = "no_care", _("No care will be given")
        MERGED = "merged", _("Asked in another request")
        REPLACED = "replaced", _("A later event counts")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey("intake.Client", models.PROTECT, related_name="estimate_triggers")
    appointment_request = models.ForeignKey(
        "intake.AppointmentRequest", models.PROTECT, null=True, blank=True, related_name="estimate_triggers"
    )
    appointment = models.ForeignKey(
        "scheduling.Appointment", models.PROTECT, null=True, blank=True, related_name="estimate_triggers"
    )
    event = models.CharField(max_length=12, choices=Event)
    # One event, one trigger, however often it is derived.
    source_key = models.CharField(max_length=120, unique=True)
    happened_at = models.DateTimeField()
    happened_on = models.DateField()
    visit_on = models.DateField(null=True, blank=True)
    tier = models.CharField(max_length=6)
    legal_due_on = models.DateField(null=True, blank=True)
    target_due_on = models.DateField(null=True, blank=True)
    rule_version = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # May change. `provided_at`: the estimate left by the way the client chose; emptied again by a bounce.
    satisfied_by = models.ForeignKey(
        "scheduling.Estimate", models.PROTECT, null=True, blank=True, related_name="satisfies"
    )
    provided_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_reason = models.CharField(max_length=20, choices=Closed, blank=True)

    MUTABLE = ("satisfied_by", "provided_at", "closed_at", "closed_reason")

    objects = TriggerQuerySet.as_manager()

    class Meta:
        indexes = [
            # The board and the minute's look: a handful of running clocks among years of kept promises.
            models.Index(
                fields=["target_due_on"],
                condition=Q(provided_at=None, closed_at=None),
                name="trigger_running",
            ),
            models.Index(fields=["client", "event"], name="trigger_client"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_reason="")
                | Q(closed_at__isnull=False) & ~Q(closed_reason=""),
                name="closed_trigger_says_why",
            ),
            models.CheckConstraint(
                condition=Q(provided_at=None) | Q(satisfied_by__isnull=False),
                name="provided_trigger_names_estimate",
            ),
        ]

    def __str__(self) -> str:
        return self.event

    @property
    def is_running(self) -> bool:
        return self.provided_at is None and self.closed_at is None


class EstimateQuerySet(models.QuerySet["Estimate"]):
    def without_document(self) -> Self:
        return self.filter(document_state=Estimate.DocumentState.WANTED).order_by("issued_at")

    def in_force(self) -> Self:
        return self.filter(status=Estimate.Status.ISSUED)

    def open_on(self, day: date) -> Self:
        """In force, and covering care on or after `day`."""
        return (
            self.in_force()
            .filter(valid_through__gte=day)
            .filter(Q(last_visit_on=None) | Q(last_visit_on__gte=day))
        )


class Estimate(models.Model):
    """Issued once, never edited, only superseded or voided."""

    class Status(models.TextChoices):
        ISSUED = "issued", _("Issued")
        SUPERSEDED = "superseded", _("Superseded")
        VOIDED = "voided", _("Voided")

    class DocumentState(models.TextChoices):
        WANTED = "wanted", _("Being made")
        MADE = "made", _("Made")
        REFUSED = "refused", _("Cannot be printed")

    class Reason(models.TextChoices):
        """Why this version exists."""

        SCHEDULED = "scheduled", _("A visit was scheduled")
        REQUESTED = "requested", _("The client asked")
        RESCHEDULED = "rescheduled", _("The visit moved to another day")
        CHANGED = "changed", _("Service, price, provider or plan changed")
        SWITCHED = "switched", _("The client became self-pay")
        PLAN = "plan", _("Plan of care after the evaluation")
        RENEWAL = "renewal", _("A new period of care")
        CORRECTION = "correction", _("An error was corrected")
        LANGUAGE = "language", _("Wanted in another language")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=20)
    version = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=20, choices=EstimateKind)
    client = models.ForeignKey("intake.Client", models.PROTECT, related_name="estimates")
    appointment_request = models.ForeignKey(
        "intake.AppointmentRequest", models.PROTECT, null=True, blank=True, related_name="estimates"
    )
    appointment = models.ForeignKey(
        "scheduling.Appointment", models.PROTECT, null=True, blank=True, related_name="estimates"
    )
    service = models.ForeignKey("intake.Service", models.PROTECT, related_name="+")
    # The event that caused this version; one issued version for each.
    cause = models.OneToOneField(
        Trigger, models.PROTECT, null=True, blank=True, related_name="caused_estimate"
    )
    reason = models.CharField(max_length=12, choices=Reason)
    reason_text = EncryptedTextField(blank=True)
    language = models.CharField(max_length=5, default="en")
    snapshot = EncryptedJSONField(default=dict)  # everything the document says
    snapshot_sha256 = models.CharField(max_length=64)
    total_cents = models.PositiveIntegerField()
    template_version = models.CharField(max_length=20)
    disclaimer_version = models.CharField(max_length=20)
    price_list_version = models.CharField(max_length=64, blank=True)
    legal_due_on = models.DateField(null=True, blank=True)
    target_due_on = models.DateField(null=True, blank=True)
    last_visit_on = models.DateField(
        null=True, blank=True
    )  # of the visit or the plan; none while unscheduled
    valid_through = models.DateField()
    keep_through = models.DateField()  # nobody deletes it before
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )  # who approved it; empty: the clinic's standing rule, at a client's own choice of a time
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )

    # May change.
    status = models.CharField(max_length=12, choices=Status, default=Status.ISSUED)
    document_state = models.CharField(max_length=8, choices=DocumentState, default=DocumentState.WANTED)
    dispute_hold = models.BooleanField(default=False)  # a dispute is open: kept whatever its age

    MUTABLE = ("status", "document_state", "dispute_hold")

    objects = EstimateQuerySet.as_manager()

    class Meta:
        indexes = [
            # What the worker looks for every few seconds.
            models.Index(
                fields=["issued_at"], condition=Q(document_state="wanted"), name="estimate_without_document"
            ),
            models.Index(fields=["client", "-issued_at"], name="estimate_by_client"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number", "version"], name="one_estimate_a_number_and_version"),
            models.CheckConstraint(
                condition=Q(version=1, supersedes=None) | Q(version__gt=1, supersedes__isnull=False),
                name="later_version_names_the_one_before",
            ),
            # The legal clock belongs to good-faith estimates alone.
            models.CheckConstraint(
                condition=Q(kind="gfe") | Q(cause=None), name="price_summary_has_no_clock"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.version}"

    @property
    def is_gfe(self) -> bool:
        return self.kind == EstimateKind.GFE


class EstimateDocument(models.Model):
    """The PDF, made once from the snapshot."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    estimate = models.OneToOneField(Estimate, models.PROTECT, related_name="document")
    pdf = EncryptedBinaryField()
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="Bytes.")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sha256[:12]


class EstimateEventQuerySet(models.QuerySet["EstimateEvent"]):
    def standing(self) -> "EstimateEventQuerySet":
        """Without what somebody noted by hand and took back at once."""
        undone = EstimateEvent.objects.filter(what=EstimateEvent.What.TAKEN_BACK)
        return self.exclude(message_id__in=undone.values("message_id"))


class EstimateEvent(models.Model):
    """One line of an estimate's history and of its proof of delivery. Written, never changed."""

    class What(models.TextChoices):
        ISSUED = "issued", _("Issued")
        DOCUMENT_MADE = "document_made", _("Document made")
        DOCUMENT_REFUSED = "document_refused", _("Document could not be printed")
        SENT = "sent", _("Mail left")
        DELIVERED = "delivered", _("Mail accepted")
        BOUNCED = "bounced", _("Mail came back")
        NOT_SENT = "not_sent", _("Mail could not be sent")
        PRINTED = "printed", _("Printed")
        POSTED = "posted", _("Put in the post")
        HANDED = "handed", _("Given by hand")
        OPENED = "opened", _("Opened by link")
        SAVED = "saved", _("PDF saved by link")
        PAPER_ASKED = "paper_asked", _("Paper wanted")
        LANGUAGE_ASKED = "language_asked", _("Other language wanted")
        TAKEN_BACK = "taken_back", _("Taken back: pressed by mistake")
        EXPLAINED = "explained", _("Explained aloud")
        SUPERSEDED = "superseded", _("Superseded")
        VOIDED = "voided", _("Voided")
        DISPUTE_OPENED = "dispute_opened", _("A bill is disputed: kept until that ends")
        DISPUTE_ENDED = "dispute_ended", _("The dispute ended")
        KEPT = "kept", _("Stands: somebody else steps in within a business day")

    # What counts as given to the client, and what takes it back.
    PROVIDES = frozenset({What.SENT, What.POSTED, What.HANDED, What.OPENED})
    FAILS = frozenset({What.BOUNCED, What.NOT_SENT})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    estimate = models.ForeignKey(Estimate, models.PROTECT, related_name="events")
    what = models.CharField(max_length=20, choices=What)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )  # empty: the client or the system
    # Row of the outbox (no foreign key), or of one note by hand: the line that takes it back names the same.
    message_id = models.CharField(max_length=40, blank=True)
    detail = EncryptedTextField(blank=True)

    objects = EstimateEventQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            # One fact about one message is written once, however often it is looked at.
            models.UniqueConstraint(
                fields=["estimate", "what", "message_id"],
                condition=~Q(message_id=""),
                name="one_estimate_event_a_message",
            )
        ]

    def __str__(self) -> str:
        return self.what


class EstimateNumber(models.Model):
    """The last number given out in a year; one row a year, locked for a moment by each issue."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.year}-{self.last:04}"


class LinkTries(models.Model):
    """Wrong birth dates typed at one private link. At five the link shows nothing any more."""

    LIMIT = 5

    link_id = models.UUIDField(primary_key=True)
    wrong = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.wrong}"
