"""Everything about one client's estimates: on a page for staff, and as one file for whoever asks for copies."""

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from config.foundation.models import Clinic
from intake.models import Client, Coverage, CoverageType
from scheduling.estimates import coverage, deadlines
from scheduling.estimates.contents import Kind
from scheduling.estimates.entitlement import FEDERAL, decide
from scheduling.models import Estimate, Trigger

# Why somebody gets which document, in words for staff: codes of `entitlement.decide`.
WHY = {
    "not_health_care": "A price summary: this is no health care.",
    "uninsured": "A good-faith estimate: no insurance.",
    "pays_without_claim": "A good-faith estimate: has a plan, and we send it no claim.",
    "may_owe_something": "A good-faith estimate: another insurer pays, the client may owe a part.",
    "not_known": "A good-faith estimate: not known how they pay, which counts as paying alone.",
}


def why_in_words(code: str) -> str:
    """One sentence for staff, also about those who get none."""
    if code.startswith("enrolled_in_"):
        payer = CoverageType(code.removeprefix("enrolled_in_")).label
        return (
            f"No good-faith estimate: {payer} is a federal program, and the duty is to everyone else. "
            "Covered care may not simply be charged in cash."
        )
    return WHY[code]


def of_client(*, client: Client, now: datetime) -> dict[str, Any]:
    """How they pay and what follows, each clock, each estimate: the context of the page."""
    clinic = Clinic.get()
    today = clinic.local(now).date()
    newest = coverage.newest(client=client, asked=None)
    age = client.age_on(today)
    was_asked = newest is not None and newest.recorded_by_id is not None
    outcome = decide(
        estimate_kind=Kind.GFE,
        coverage=newest.type if newest else None,
        age=age,
        medicare_was_asked=was_asked,
    )
    return {
        "about": client,
        "clinic": clinic,
        "payer": newest,
        "is_federal": newest is not None and newest.type in FEDERAL,
        "why": why_in_words(outcome.why),
        "ask_medicare": outcome.ask_medicare_first,
        "answers": Coverage.objects.filter(client=client).select_related("recorded_by"),
        "payers": [(value, label) for value, label in CoverageType.choices if value != coverage.AS_BEFORE],
        "questions": client.cost_questions.select_related("recorded_by").order_by("-asked_at"),
        "triggers": Trigger.objects.filter(client=client)
        .select_related("satisfied_by", "client")
        .order_by("-happened_at"),
        "estimates": Estimate.objects.filter(client=client)
        .prefetch_related("events__by")
        .order_by("-issued_at"),
        "told_aloud": client.appointment_requests.filter(oral_estimate_notice=True).order_by("-submitted_at"),
    }


def one_file(*, client: Client, now: datetime) -> bytes:
    """A ZIP with the PDF of every estimate of the last six years and of open disputes, byte for byte, and `proof.json` beside them.

    The proof names, for each: number, version, status, dates, hashes, who approved, every event of delivery, and
    the clocks it answered.
    """
    since = now - timedelta(days=366 * deadlines.COPIES_KEPT_YEARS)
    estimates = (
        Estimate.objects.filter(Q(issued_at__gte=since) | Q(dispute_hold=True), client=client)
        .select_related("document", "issued_by", "supersedes")
        .order_by("issued_at", "number", "version")
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        lines = []
        for one in estimates:
            lines.append(_proof(one))
            if one.document_state == Estimate.DocumentState.MADE:
                archive.writestr(f"{one.number}-{one.version}.pdf", bytes(one.document.pdf))
        said = {"estimates": lines, "saved_at": now.isoformat()}
        archive.writestr("proof.json", json.dumps(said, indent=2, ensure_ascii=False))
    return packed.getvalue()


def _proof(estimate: Estimate) -> dict[str, Any]:
    made = estimate.document_state == Estimate.DocumentState.MADE
    return {
        "number": estimate.number,
        "version": estimate.version,
        "kind": estimate.kind,
        "status": estimate.status,
        "reason": estimate.reason,
        "reason_text": estimate.reason_text,
        "language": estimate.language,
        "total_cents": estimate.total_cents,
        "issued_at": estimate.issued_at.isoformat(),
        "approved_by": str(estimate.issued_by) if estimate.issued_by else "standing rule of the clinic",
        "replaces": str(estimate.supersedes) if estimate.supersedes else "",
        "snapshot_sha256": estimate.snapshot_sha256,
        "pdf_sha256": estimate.document.sha256 if made else "",
        "versions": {
            "template": estimate.template_version,
            "disclaimers": estimate.disclaimer_version,
            "price_list": estimate.price_list_version,
        },
        "answers": [
            {
                "event": trigger.event,
                "happened_at": trigger.happened_at.isoformat(),
                "tier": trigger.tier,
                "legal_due_on": str(trigger.legal_due_on or ""),
                "target_due_on": str(trigger.target_due_on or ""),
                "provided_at": trigger.provided_at.isoformat() if trigger.provided_at else "",
                "rule_version": trigger.rule_version,
            }
            for trigger in estimate.satisfies.order_by("happened_at")
        ],
        "events": [
            {
                "what": event.what,
                "at": event.at.isoformat(),
                "by": str(event.by) if event.by else "",
                "message": event.message_id,
                "detail": event.detail,
            }
            for event in estimate.events.select_related("by")
        ],
    }
