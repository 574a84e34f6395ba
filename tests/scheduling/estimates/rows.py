"""Rows around an estimate, with sensible defaults; the sample clinic must be loaded."""

import hashlib
from datetime import date, datetime
from typing import Any

from django.test import Client as Browser

from config.foundation.models import User
from intake.models import Client, Service
from scheduling.estimates.contents import digest
from scheduling.models import Estimate, EstimateDocument, EstimateEvent, Trigger
from tests.scheduling.estimates.build import ISSUED_AT, an_estimate


def a_client(*, born_on: date | None = date(1986, 4, 19), **changes: Any) -> Client:
    client = Client(**{"first_name": "Alex", "last_name": "Sample", "email": "alex@example.com", **changes})
    client.set_birth_date(born_on)
    client.save()
    return client


def a_trigger(*, client: Client, **changes: Any) -> Trigger:
    return Trigger.objects.create(
        **{
            "client": client,
            "event": Trigger.Event.REQUESTED,
            "source_key": f"test:{Trigger.objects.count()}",
            "happened_at": ISSUED_AT,
            "happened_on": ISSUED_AT.date(),
            "tier": "REQ",
            "legal_due_on": date(2027, 3, 3),
            "target_due_on": date(2027, 3, 3),
            "rule_version": "test",
            **changes,
        }
    )


def an_issued_estimate(
    *, number: str = "2027-0101", issued_at: datetime = ISSUED_AT, **changes: Any
) -> Estimate:
    """A whole estimate as it stands after the mail left: trigger, document and event included."""
    client = changes.pop("client", None) or a_client()
    snapshot = an_estimate(number=number).snapshot()
    cause = changes.pop("cause", None) or a_trigger(client=client)
    estimate = Estimate.objects.create(
        **{
            "number": number,
            "kind": "gfe",
            "client": client,
            "service": Service.objects.get(code="ORTHO-EVAL"),
            "cause": cause,
            "reason": Estimate.Reason.REQUESTED,
            "snapshot": snapshot,
            "snapshot_sha256": digest(snapshot),
            "total_cents": snapshot["total_cents"],
            "template_version": "1",
            "disclaimer_version": "2026-11",
            "valid_through": date(2028, 2, 25),
            "keep_through": date(2033, 2, 26),
            "issued_at": issued_at,
            **changes,
        }
    )
    pdf = b"%PDF-1.7 not really"
    EstimateDocument.objects.create(
        estimate=estimate, pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest(), size=len(pdf), made_at=issued_at
    )
    EstimateEvent.objects.create(estimate=estimate, what=EstimateEvent.What.SENT, at=issued_at)
    Trigger.objects.filter(pk=cause.pk).update(satisfied_by=estimate, provided_at=issued_at)
    return estimate


def signed_in(client: Browser, by: User) -> Browser:
    client.force_login(by, "allauth.account.auth_backends.AuthenticationBackend")
    return client
