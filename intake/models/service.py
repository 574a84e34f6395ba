"""What can be asked for, and what it costs."""

import uuid

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class ServiceKind(models.TextChoices):
    HEALTH_CARE = "health_care", _("Health care")
    WELLNESS = "wellness", _("Wellness")
    EDUCATION = "education", _("Class or workshop")


class EstimateKind(models.TextChoices):
    GFE = "gfe", _("Good-faith estimate")
    PRICE_SUMMARY = "price_summary", _("Price summary")


class ServiceQuerySet(models.QuerySet["Service"]):
    def offered(self) -> "ServiceQuerySet":
        """Services a client may ask for today, in the clinic's own order."""
        return self.filter(active=True).order_by("position", "code")

    def with_price_lines(self) -> "ServiceQuerySet":
        return self.prefetch_related("price_lines")


class Service(models.Model):
    """Something a client can ask for. `minutes` is the client's time; the buffers block but are not shown."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.SlugField(max_length=40, unique=True)
    public_name = models.CharField(max_length=120)
    public_name_es = models.CharField(max_length=120, blank=True)
    plain = models.TextField(help_text=_("One or two sentences a client understands."))
    plain_es = models.TextField(blank=True)
    kind = models.CharField(max_length=20, choices=ServiceKind)
    estimate = models.CharField(max_length=20, choices=EstimateKind)
    minutes = models.PositiveSmallIntegerField(validators=[MinValueValidator(5)])
    buffer_before_minutes = models.PositiveSmallIntegerField(default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(default=0)
    price_cents = models.PositiveIntegerField(help_text=_("For one visit, or one person in a workshop."))
    practitioners = models.ManyToManyField("intake.Practitioner", related_name="services", blank=True)
    needs_practitioner = models.BooleanField(default=True)
    modes = models.JSONField(default=list, help_text="in_person, video, offsite")
    audience = models.JSONField(
        default=list, help_text="new, returning, returning_after_90_days, new_after_staff_ok"
    )
    needs = models.JSONField(default=list, help_text="client_in_UT, telehealth_consent, waiver_signed, …")
    location = models.ForeignKey("foundation.Location", models.PROTECT, null=True, blank=True)
    uses_equipment_place = models.BooleanField(default=False)
    min_people = models.PositiveSmallIntegerField(null=True, blank=True)
    max_people = models.PositiveSmallIntegerField(null=True, blank=True)
    follow_up = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    typical_follow_ups_low = models.PositiveSmallIntegerField(null=True, blank=True)
    typical_follow_ups_high = models.PositiveSmallIntegerField(null=True, blank=True)
    typical_per_week = models.PositiveSmallIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(minutes__gt=0), name="service_takes_time"),
            # The law's estimate is for health care only (45 CFR 149.610); the rest gets a price summary.
            models.CheckConstraint(
                condition=~models.Q(estimate="gfe") | models.Q(kind="health_care"),
                name="gfe_only_for_health_care",
            ),
            models.CheckConstraint(
                condition=models.Q(max_people__isnull=True) | models.Q(max_people__gt=0),
                name="workshop_has_seats",
            ),
        ]

    def __str__(self) -> str:
        return self.public_name

    @property
    def name(self) -> str:
        """The public name in the language in force; English where the clinic wrote no Spanish."""
        return self.public_name_es if get_language() == "es" and self.public_name_es else self.public_name

    @property
    def description(self) -> str:
        return self.plain_es if get_language() == "es" and self.plain_es else self.plain

    @property
    def is_health_care(self) -> bool:
        return self.kind == ServiceKind.HEALTH_CARE

    @property
    def is_workshop(self) -> bool:
        return self.max_people is not None

    @property
    def is_first_visit(self) -> bool:
        """A visit that new clients start with; practitioners see only so many of these a day."""
        return self.is_health_care and "new" in self.audience


class PriceLine(models.Model):
    """One line of the clinic's price list for one visit of a service, as it will stand on the estimate.

    The clinic types the codes it uses and names them in its own plain words: the official descriptions
    of CPT codes belong to their owner and never appear here.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, models.CASCADE, related_name="price_lines")
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=120)
    name_es = models.CharField(max_length=120, blank=True)
    service_codes = models.JSONField(default=list)
    quantity = models.PositiveSmallIntegerField(default=1)
    unit_cents = models.PositiveIntegerField()

    class Meta:
        ordering = ["service", "position"]
        constraints = [
            models.UniqueConstraint(fields=["service", "position"], name="one_price_line_a_position"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="price_line_has_quantity"),
        ]

    def __str__(self) -> str:
        return self.name


class Package(models.Model):
    """Several visits sold together."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.SlugField(max_length=40, unique=True)
    service = models.ForeignKey(Service, models.PROTECT, related_name="packages")
    visits = models.PositiveSmallIntegerField()
    price_cents = models.PositiveIntegerField()
    valid_months = models.PositiveSmallIntegerField()
    refund = models.CharField(max_length=200)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(visits__gt=0), name="package_has_visits")]

    def __str__(self) -> str:
        return self.code
