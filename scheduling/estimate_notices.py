"""What a client is told of an estimate: that there is one, never what it says."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy

from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake.notices import EXAMPLE_AT, client_link, example
from notifications import catalogue
from notifications.catalogue import Kind
from notifications.models import Audience, Message
from scheduling.models import Estimate
from scheduling.notices import ESTIMATE, ESTIMATE_LINK, MAIL, UNDO_WINDOW, tell

KINDS = ("estimate_ready", "estimate_replaced")
LINK_DAYS = 400  # twelve months at least, in leap years too


def estimate_ready(*, estimate: Estimate, now: datetime, clinic: Clinic, by: User | None = None) -> Message:
    """It is issued; the mail waits until the document exists (`contact.release(waits_for="estimate:<id>")`)."""
    return _about_estimate(estimate, "estimate_ready", {}, now=now, by=by, clinic=clinic)


def estimate_replaced(
    *, estimate: Estimate, now: datetime, clinic: Clinic, by: User | None = None
) -> Message:
    """A new version of one that they know; the mail about the old one was taken back if it still waited."""
    old = estimate.supersedes
    replaces_on = clinic.local(old.issued_at if old else now).date()
    context = {"replaces_on": replaces_on}
    return _about_estimate(estimate, "estimate_replaced", context, now=now, by=by, clinic=clinic)


def _about_estimate(
    estimate: Estimate,
    kind: str,
    context: Mapping[str, Any],
    *,
    now: datetime,
    by: User | None,
    clinic: Clinic,
) -> Message:
    open_until = now + timedelta(days=LINK_DAYS)
    return tell(
        client=estimate.client,
        kind=kind,
        context={
            "is_gfe": estimate.kind == "gfe",
            "attached": estimate.client.email_ok and estimate.client.email_document_ok,
            # Told once, when it is issued: there is no link to it yet.
            "url": client_link(
                purpose=ESTIMATE_LINK, subject_id=estimate.pk, expires_at=open_until, is_first=True
            ),
            "open_until": open_until,
            **context,
        },
        key=f"estimate:{estimate.pk}",
        subject=(ESTIMATE, estimate.pk),
        language=estimate.language,
        now=now,
        by=by,
        waits_for=f"estimate:{estimate.pk}",
        not_before=now + UNDO_WINDOW,
        clinic=clinic,
    )


# --- the catalogue -----------------------------------------------------------------------------------


def _estimate_example() -> Mapping[str, Any]:
    return example(
        is_gfe=True,
        attached=True,
        open_until=EXAMPLE_AT + timedelta(days=LINK_DAYS),
        replaces_on=EXAMPLE_AT.date(),
    )


catalogue.register(
    Kind(
        "estimate_ready",
        gettext_lazy("Estimate"),
        Audience.CLIENT,
        f"{MAIL}estimate_ready",
        _estimate_example,
    ),
    Kind(
        "estimate_replaced",
        gettext_lazy("Estimate replaced"),
        Audience.CLIENT,
        f"{MAIL}estimate_replaced",
        _estimate_example,
    ),
)
