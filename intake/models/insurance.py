"""How a client will pay. Answers are kept as history: the newest row counts, older ones stay."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.foundation.encryption import EncryptedJSONField


class CoverageType(models.TextChoices):
    NONE = "none", _("No insurance")
    PRIVATE_SEND_OWN_BILL = "private_send_own_bill", _("Insurance, but I pay you")
    PRIVATE_NO_CLAIM = "private_no_claim_please", _("Insurance, but please send them nothing")
    MEDICARE = "medicare", _("Medicare")
    MEDICAID = "medicaid", _("Medicaid or CHIP")
    TRICARE = "tricare", _("TRICARE")
    VA = "va", _("Veterans care")
    IHS = "ihs", _("Indian Health Service")
    AUTO_INJURY = "auto_injury", _("Car crash")
    WORK_INJURY = "work_injury", _("Work injury")
    TRAVEL = "travel_insurance", _("Travel insurance")
    SAME_AS_BEFORE = "same_as_before", _("Same as last time")
    NOT_NEEDED = "not_needed", _("Not needed for this")
    UNSURE = "unsure", _("Not sure")


class Coverage(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey("intake.Client", models.PROTECT, related_name="coverages")
    type = models.CharField(max_length=30, choices=CoverageType)
    # carrier, plan_type, member_id, group_number, policyholder, phone_on_card, secondary, claim …
    details = EncryptedJSONField(default=dict, blank=True)
    member_id_index = models.CharField(max_length=64, blank=True, db_index=True)
    answered_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )  # empty: the client

    class Meta:
        ordering = ["-answered_at"]

    def __str__(self) -> str:
        return self.type
