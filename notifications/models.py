"""The outbox: one row is one thing to tell one person, written in the transaction that made it true."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.foundation.encryption import EncryptedJSONField, EncryptedTextField


class Channel(models.TextChoices):
    EMAIL = "email", _("mail")
    TEXT = "text", _("text message")


class Audience(models.TextChoices):
    CLIENT = "client", _("client")
    STAFF = "staff", _("staff")


class Priority(models.IntegerChoices):
    URGENT = 0, _("urgent")
    NORMAL = 5, _("normal")
    LATER = 9, _("when there is time")


class State(models.TextChoices):
    HELD = "held", _("Waits for something else")
    QUEUED = "queued", _("Waits")
    SENDING = "sending", _("On its way")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Could not be sent")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    SUPPRESSED = "suppressed", _("Not sent: address is blocked")
    EXPIRED = "expired", _("Not sent: too late to be of use")
    NOT_SENT = "not_sent", _("Not sent, by wish")  # the gate decided so; `reason` says why


WAITING = (State.HELD, State.QUEUED, State.SENDING)


class Receipt(models.TextChoices):
    """What the mail provider reported after we handed the message over."""

    NONE = "", ""
    DELIVERED = "delivered", _("Delivered")
    BOUNCED = "bounced", _("Bounced")
    COMPLAINED = "complained", _("Marked as spam")


class MessageQuerySet(models.QuerySet["Message"]):
    def about(self, subject_type: str, subject_id: object) -> Self:
        return self.filter(subject_type=subject_type, subject_id=str(subject_id))

    def due(self, *, now: datetime) -> Self:
        """What may be sent now: due rows, and rows whose sender died and let its lease run out."""
        return self.filter(
            Q(state=State.QUEUED, not_before__lte=now) | Q(state=State.SENDING, lease_until__lt=now)
        )

    def waiting(self) -> Self:
        return self.filter(state__in=WAITING)

    def needing_a_person(self) -> Self:
        """Failed, blocked or bounced, and nobody has called or written since."""
        return self.filter(handled_at=None).filter(
            Q(state__in=[State.FAILED, State.SUPPRESSED])
            | Q(receipt__in=[Receipt.BOUNCED, Receipt.COMPLAINED])
            | Q(state=State.EXPIRED, matters=True)
        )


class Message(models.Model):
    """A row of the outbox.

    `content` is what was rendered when the row was written: subject, text, html and attachments
    (name, type, base64 content). It is never rendered again, so a later change of a template or of
    the visit cannot change what somebody was told.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200, unique=True)  # what makes telling it twice impossible
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.EMAIL)
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.CLIENT)
    language = models.CharField(max_length=8, default="en")
    # "intake.appointmentrequest" and its key: no foreign key, since nothing above is known here.
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)

    to = EncryptedTextField()
    to_hash = models.CharField(max_length=64)
    content = EncryptedJSONField(default=dict)

    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    waits_for = models.CharField(max_length=120, blank=True)  # "estimate:<id>" until its document exists
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)  # of no use after this moment
    matters = models.BooleanField(default=True)  # if it can not be told in time, a person must know
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Raised when claimed; faults of our own are taken off again.
    attempts = models.PositiveIntegerField(default=0)
    message_id = models.CharField(max_length=120)  # the header; made once, the same on every copy
    last_code = models.CharField(max_length=80, blank=True)  # what the last attempt met, without any address
    reason = models.CharField(max_length=80, blank=True)  # why it was withdrawn, or never to be sent

    receipt = models.CharField(max_length=12, choices=Receipt, default=Receipt.NONE, blank=True)
    receipt_at = models.DateTimeField(null=True, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)  # staff told the person another way
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    handled_how = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        # A row is written three times on its way out, and each time into every index: none that nobody asks.
        indexes: ClassVar[list[models.Index]] = [
            # The drain asks this every few seconds; sent rows, soon nearly all, are not in it.
            models.Index(
                fields=["priority", "attempts", "not_before"],
                name="message_queue",
                condition=Q(state__in=[State.QUEUED, State.SENDING]),
            ),
            models.Index(fields=["subject_type", "subject_id"], name="message_subject"),
            models.Index(fields=["created_at"], name="message_created"),
            models.Index(fields=["waits_for"], name="message_held", condition=Q(state=State.HELD)),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="message_sending_is_leased",
                condition=~Q(state=State.SENDING) | Q(lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="message_sent_has_time", condition=~Q(state=State.SENT) | Q(sent_at__isnull=False)
            ),
            # Not `unique=True`, which on PostgreSQL brings a second index for the beginnings of texts.
            models.UniqueConstraint(name="message_id_once", fields=["message_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def subject(self) -> str:
        return str(self.content.get("subject", ""))

    @property
    def text(self) -> str:
        return str(self.content.get("text", ""))

    @property
    def html(self) -> str:
        return str(self.content.get("html", ""))

    @property
    def attachments(self) -> list[dict[str, Any]]:
        return list(self.content.get("attachments", []))

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING

    @property
    def needs_a_person(self) -> bool:
        """The same rule as `MessageQuerySet.needing_a_person`, for one row in hand."""
        if self.handled_at is not None:
            return False
        return (
            self.state in {State.FAILED, State.SUPPRESSED}
            or self.receipt in {Receipt.BOUNCED, Receipt.COMPLAINED}
            or (self.state == State.EXPIRED and self.matters)
        )

    @property
    def outcome(self) -> str:
        """The word staff read: what came back counts more than that we handed it over."""
        if self.receipt:
            return str(Receipt(self.receipt).label)
        return str(State(self.state).label)


class Attempt(models.Model):
    """One try to hand a message over; written before it starts.

    No `outcome` means that the worker died on the way: the message may have arrived and a second
    copy may follow. That is on record here, and shown to staff.
    """

    class Outcome(models.TextChoices):
        OPEN = "", _("not known: may have arrived")
        SENT = "sent", _("handed to the mail server")
        PASSING = "passing", _("try again later")
        PERMANENT = "permanent", _("refused for good")
        OURS = "ours", _("mail server not reachable")
        UNKNOWN = "unknown", _("line lost after the text was sent: may have arrived")

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField()
    worker = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.OPEN, blank=True)
    code = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["started_at", "id"]

    def __str__(self) -> str:
        return f"try {self.number} of {self.message_id}"


class Suppression(models.Model):
    """An address that must not be written to: it bounced, complained, or its owner asked."""

    class Why(models.TextChoices):
        BOUNCE = "bounce", _("the mailbox does not exist")
        COMPLAINT = "complaint", _("marked our mail as spam")
        WISH = "wish", _("asked for no mail")

    address_hash = models.CharField(max_length=64, unique=True)
    why = models.CharField(max_length=12, choices=Why)
    since = models.DateTimeField()
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.why} since {self.since:%Y-%m-%d}"


class Heartbeat(models.Model):
    """When a part of the machinery last finished its round: the drain, and each beat by its own id."""

    name = models.CharField(max_length=60, primary_key=True)
    first_at = models.DateTimeField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"


class Breaker(models.Model):
    """One row a channel: while the fault is ours (server down, login refused) we stop trying for a while."""

    channel = models.CharField(max_length=8, choices=Channel, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"{self.channel}: {self.failures}"


class ProviderEvent(models.Model):
    """A webhook call we have dealt with, so that a replayed one changes nothing."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.token_hash[:8]
