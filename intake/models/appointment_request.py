"""What a client asked for: the request, its history, and everything staff should see on it."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.foundation.encryption import EncryptedJSONField, EncryptedTextField
from config.foundation.versioned import StaleVersion, Versioned


class Status(models.TextChoices):
    NEW = "new", _("New")
    NEEDS_INFORMATION = "needs_information", _("Needs information")
    ON_HOLD = "on_hold", _("On hold")
    OFFERED = "offered", _("Times offered")
    WAITLISTED = "waitlisted", _("Waitlist")
    BOOKED = "booked", _("Booked")
    DECLINED = "declined", _("Declined")
    REFERRED = "referred", _("Referred on")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    MERGED = "merged", _("Joined with another")
    QUARANTINED = "quarantined", _("Set aside")


OPEN = frozenset({Status.NEW, Status.NEEDS_INFORMATION, Status.ON_HOLD, Status.OFFERED, Status.WAITLISTED})
AWAITING_ANSWER = frozenset({Status.NEW, Status.NEEDS_INFORMATION, Status.ON_HOLD})
BOOKABLE = frozenset({Status.NEW, Status.NEEDS_INFORMATION, Status.OFFERED, Status.WAITLISTED})

_CLOSING = {Status.DECLINED, Status.REFERRED, Status.WITHDRAWN, Status.MERGED, Status.QUARANTINED}

# The one table of allowed moves; everything else is refused by `move_to`.
MOVES: dict[Status, frozenset[Status]] = {
    Status.NEW: frozenset(
        {
            Status.NEEDS_INFORMATION,
            Status.ON_HOLD,
            Status.OFFERED,
            Status.WAITLISTED,
            Status.BOOKED,
            *_CLOSING,
        }
    ),
    Status.NEEDS_INFORMATION: frozenset(
        {Status.NEW, Status.ON_HOLD, Status.OFFERED, Status.WAITLISTED, Status.BOOKED, *_CLOSING}
    ),
    Status.ON_HOLD: frozenset({Status.NEW, Status.NEEDS_INFORMATION, Status.WAITLISTED, *_CLOSING}),
    Status.OFFERED: frozenset(
        {Status.NEW, Status.OFFERED, Status.ON_HOLD, Status.WAITLISTED, Status.BOOKED, *_CLOSING}
    ),
    Status.WAITLISTED: frozenset({Status.NEW, Status.OFFERED, Status.ON_HOLD, Status.BOOKED, *_CLOSING}),
    Status.BOOKED: frozenset(
        {Status.NEW, Status.OFFERED, Status.WAITLISTED, Status.WITHDRAWN}
    ),  # undo, or the visit was cancelled
    Status.DECLINED: frozenset({Status.NEW, Status.ON_HOLD}),
    Status.REFERRED: frozenset({Status.NEW, Status.ON_HOLD}),
    Status.WITHDRAWN: frozenset({Status.NEW, Status.ON_HOLD}),
    Status.MERGED: frozenset(
        {Status.NEW, Status.NEEDS_INFORMATION, Status.ON_HOLD, Status.OFFERED, Status.WAITLISTED}
    ),
    Status.QUARANTINED: frozenset({Status.NEW, Status.ON_HOLD}),
}


class Priority(models.TextChoices):
    URGENT = "urgent", _("Urgent")
    SAME_DAY = "same_day", _("Call today")
    NORMAL = "normal", _("Normal")
    LOW = "low", _("Low")


class IllegalMove(Exception):
    """The status machine has no such edge."""


# What a line of history says when the call that was promised has been made, or a therapist decided without it.
CALLED = ("call_talked", "looked_at")


def _has_been_called() -> models.Exists:
    return models.Exists(
        RequestEvent.objects.filter(appointment_request=models.OuterRef("pk"), what__in=CALLED)
    )


def call_comes_first() -> Q:
    """What `AppointmentRequest.awaits_call` says of one, of many."""
    return Q(priority=Priority.URGENT) | Q(priority=Priority.SAME_DAY) & ~Q(_has_been_called())


class AppointmentRequestQuerySet(models.QuerySet["AppointmentRequest"]):
    def open(self) -> "AppointmentRequestQuerySet":
        return self.filter(status__in=OPEN)

    def awaiting_answer(self) -> "AppointmentRequestQuerySet":
        """The promise to reply is still to be kept."""
        return self.filter(status__in=AWAITING_ANSWER)

    def overdue(self, *, now: datetime) -> "AppointmentRequestQuerySet":
        return self.awaiting_answer().filter(reply_by__lt=now)

    def most_important_first(self, *, now: datetime) -> "AppointmentRequestQuerySet":
        """Urgent, same day, overdue, due soonest, then low; inside a group the oldest first."""
        rank = Case(
            When(priority=Priority.URGENT, then=Value(0)),
            When(priority=Priority.SAME_DAY, then=Value(1)),
            When(priority=Priority.LOW, then=Value(4)),
            When(Q(reply_by__lt=now), then=Value(2)),
            default=Value(3),
            output_field=models.SmallIntegerField(),
        )
        return self.annotate(importance=rank).order_by("importance", "reply_by", "submitted_at", "id")

    def with_open_hold(self) -> "AppointmentRequestQuerySet":
        """Whether there is a hold not yet lifted, as `has_open_hold`, in the same statement."""
        open_holds = Hold.objects.filter(appointment_request=models.OuterRef("pk"), lifted_at=None)
        return self.annotate(has_open_hold=models.Exists(open_holds))

    def with_calls(self) -> "AppointmentRequestQuerySet":
        """Whether somebody has talked to them or looked, as `has_been_called`, in the same statement."""
        return self.annotate(has_been_called=_has_been_called())

    def with_everything_on_a_row(self) -> "AppointmentRequestQuerySet":
        return self.select_related("client", "service", "coverage").prefetch_related(
            "markers", "flags", "holds"
        )


class AppointmentRequest(Versioned):
    """One ask for a visit, typed by the client or entered by staff from a call."""

    class ForWhom(models.TextChoices):
        SELF = "self", _("Me")
        CHILD = "child", _("My child")
        ADULT_IN_MY_CARE = "adult_in_my_care", _("An adult I care for")

    class ClientStatus(models.TextChoices):
        NEW = "new", _("I am new here")
        RETURNING = "returning", _("I have been here before")

    class Source(models.TextChoices):
        WEB = "web", _("Web form")
        STAFF = "staff", _("Entered by staff")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=12, unique=True, help_text="What the client says on the phone.")
    # One submission id makes one request, however often it is posted.
    submission_id = models.UUIDField(unique=True)
    submission_digest = models.CharField(max_length=64, blank=True, help_text="HMAC of what was sent.")

    client = models.ForeignKey("intake.Client", models.PROTECT, related_name="appointment_requests")
    service_asked = models.ForeignKey(
        "intake.Service", models.PROTECT, null=True, blank=True, related_name="+"
    )
    # What staff would book: as asked, or what fits "not sure". Empty while staff must decide.
    service = models.ForeignKey(
        "intake.Service", models.PROTECT, null=True, blank=True, related_name="appointment_requests"
    )
    also_services = models.ManyToManyField("intake.Service", blank=True, related_name="+")
    package = models.ForeignKey("intake.Package", models.PROTECT, null=True, blank=True, related_name="+")
    client_status = models.CharField(max_length=12, choices=ClientStatus)
    for_whom = models.CharField(max_length=20, choices=ForWhom, default=ForWhom.SELF)
    people = models.PositiveSmallIntegerField(default=1)
    language = models.CharField(max_length=5, default="en")

    story = EncryptedTextField(blank=True)  # what is going on, in their own words
    # body_areas, pregnancy {status, weeks}, access_needs, where_during_visit, started_on, availability_notes,
    # workshop_on, series {per_week, weeks, days, parts}, referral, other answers that are about health
    details = EncryptedJSONField(default=dict, blank=True)
    # days [mon…], parts [morning…], earliest, latest (ISO dates), practitioner, gender, waitlist_ok
    wishes = models.JSONField(default=dict, blank=True)
    coverage = models.ForeignKey("intake.Coverage", models.PROTECT, null=True, blank=True, related_name="+")
    wants_written_estimate = models.BooleanField(default=False)

    status = models.CharField(max_length=20, choices=Status, default=Status.NEW)
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.NORMAL)
    submitted_at = models.DateTimeField()
    seconds_to_fill = models.PositiveIntegerField(null=True, blank=True)
    reply_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=10, choices=Source, default=Source.WEB)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    oral_estimate_notice = models.BooleanField(default=False)  # staff said the right to an estimate aloud
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_from")

    objects = AppointmentRequestQuerySet.as_manager()

    class Meta:
        indexes = [
            # The queue: a handful of open rows among years of closed ones.
            models.Index(fields=["status", "priority", "reply_by"], name="request_queue"),
            models.Index(fields=["client", "-submitted_at"], name="request_by_client"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(people__gt=0), name="request_is_for_someone"),
            models.CheckConstraint(
                condition=Q(source="web", entered_by=None) | Q(source="staff", entered_by__isnull=False),
                name="staff_entry_names_who",
            ),
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False)
                | ~Q(status="merged") & Q(merged_into=None),
                name="merged_request_names_the_other",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def awaits_call(self) -> bool:
        """Same day: we said that we call before a time is named. Urgent: until somebody who may decide has looked."""
        if self.priority == Priority.SAME_DAY:
            return not self._has_been_called()
        return self.priority == Priority.URGENT

    def is_followed_up(self) -> bool:
        """Somebody has talked to them about their answers, and looked where these were urgent."""
        return self._has_been_called() and not self.awaits_call()

    def _has_been_called(self) -> bool:
        known: bool | None = vars(self).get("has_been_called")  # by `with_calls`
        return any(event.what in CALLED for event in self.events.all()) if known is None else known

    def open_holds(self) -> list["Hold"]:
        """Holds not yet lifted; `booking` refuses while there is one."""
        return [hold for hold in self.holds.all() if hold.lifted_at is None]

    def move_to(
        self,
        status: Status,
        *,
        now: datetime,
        by: models.Model | None,
        why: str = "",
        expect_version: int | None = None,
        also: dict[str, object] | None = None,
    ) -> None:
        """Compare-and-swap to another status, with a line of history. Call inside a transaction.

        Raises IllegalMove if the machine has no such edge and StaleVersion if the row changed meanwhile
        (or is not at `expect_version`). `also` are further columns to write in the same statement.
        """
        if status not in MOVES[Status(self.status)]:
            raise IllegalMove(f"{self.status} to {status}")
        expected = self.version if expect_version is None else expect_version
        values: dict[str, object] = {**(also or {}), "status": status, "version": F("version") + 1}
        if status != Status.MERGED:
            values["merged_into"] = None
        changed = AppointmentRequest.objects.filter(pk=self.pk, status=self.status, version=expected).update(
            **values
        )
        if changed != 1:
            raise StaleVersion
        RequestEvent.objects.create(
            appointment_request=self,
            at=now,
            by_id=by.pk if by else None,
            from_status=self.status,
            to_status=status,
            what="status",
            why=why,
        )
        self.status, self.version = status, expected + 1


class RequestEvent(models.Model):
    """One line of a request's history. Rows are written, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment_request = models.ForeignKey(AppointmentRequest, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )  # empty: client or system
    what = models.CharField(max_length=40)
    from_status = models.CharField(max_length=20, blank=True)
    to_status = models.CharField(max_length=20, blank=True)
    why = EncryptedTextField(blank=True)

    class Meta:
        ordering = ["at", "id"]
        # What happened last, which every desk asks every ten seconds.
        indexes = [models.Index(fields=["-at"], name="request_event_newest")]

    def __str__(self) -> str:
        return f"{self.what} {self.from_status}→{self.to_status}"


class Flag(models.Model):
    """A finding of a screener rule. What was found is health data and encrypted; how urgent it is is not."""

    class Level(models.TextChoices):
        URGENT = "urgent", _("Urgent")
        SAME_DAY = "same_day", _("Same day")
        NOTE = "note", _("Note")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment_request = models.ForeignKey(AppointmentRequest, models.CASCADE, related_name="flags")
    level = models.CharField(max_length=10, choices=Level)
    finding = EncryptedJSONField(default=dict)  # code, label, rule, rule_version, questionnaire, link_id
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.level


class Marker(models.Model):
    """Any other thing staff should see on a request."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment_request = models.ForeignKey(AppointmentRequest, models.CASCADE, related_name="markers")
    code = models.CharField(max_length=40)
    other_request = models.ForeignKey(
        AppointmentRequest, models.CASCADE, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment_request", "code"],
                condition=Q(cleared_at=None),
                name="one_open_marker_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(cleared_at=None, cleared_by=None)
                | Q(cleared_at__isnull=False, cleared_by__isnull=False),
                name="cleared_marker_names_who",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Hold(models.Model):
    """Why a request may not simply be booked. Lifted only by a named person with a reason."""

    class Kind(models.TextChoices):
        MEDICARE = "medicare_hold", _("Medicare")
        MEDICAID = "medicaid_hold", _("Medicaid")
        TRICARE = "tricare_hold", _("TRICARE")
        AUTO_INJURY = "auto_injury_hold", _("Car crash")
        WORK_INJURY = "work_injury_hold", _("Work injury")
        OUT_OF_STATE = "client_not_in_UT", _("Out of state")
        AGE_65 = "age_65_check_medicare", _("65 or over: ask about Medicare")
        GUARDIAN_MISSING = "guardian_missing_hold", _("No guardian has agreed")
        EQUIPMENT = "equipment_blocked", _("Equipment: ask the practitioner")
        PRACTITIONER = "ask_practitioner", _("Ask the practitioner first")
        STAFF = "staff_hold", _("Held by staff")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment_request = models.ForeignKey(AppointmentRequest, models.CASCADE, related_name="holds")
    kind = models.CharField(max_length=30, choices=Kind)
    reason = EncryptedTextField(blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )  # empty: set at submit
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    lift_reason = EncryptedTextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment_request", "kind"],
                condition=Q(lifted_at=None),
                name="one_open_hold_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="lifted_hold_names_who",
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class CostQuestion(models.Model):
    """Somebody asked what care would cost: the fact and its time. The legal clock is derived above."""

    class How(models.TextChoices):
        TICK = "tick", _("Ticked “price estimate in writing”")
        FREE_TEXT = "free_text", _("Asked in their own words")
        STAFF = "staff", _("Asked staff")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey("intake.Client", models.PROTECT, related_name="cost_questions")
    appointment_request = models.ForeignKey(
        AppointmentRequest, models.PROTECT, null=True, blank=True, related_name="cost_questions"
    )
    asked_at = models.DateTimeField()
    how = models.CharField(max_length=10, choices=How)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["asked_at"]

    def __str__(self) -> str:
        return self.how


class RequestDraft(Versioned):
    """A form on its way: every step saved, deleted after a few days."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    answers = EncryptedJSONField(default=dict)
    language = models.CharField(max_length=5, default="en")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    times_resumed = models.PositiveSmallIntegerField(default=0)
    appointment_request = models.ForeignKey(
        AppointmentRequest, models.CASCADE, null=True, blank=True, related_name="+"
    )

    def __str__(self) -> str:
        return str(self.pk)
