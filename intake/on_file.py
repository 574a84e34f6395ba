"""A request that is on file, as the rules of `marking` look at it once more."""

from datetime import datetime
from uuid import UUID

from intake import payers
from intake.marking import Told
from intake.models import AppointmentRequest, Consent, Coverage, CoverageType, Service


def told_of(appointment_request: AppointmentRequest, *, service: Service, state: str, now: datetime) -> Told:
    """What the rules about payers, state and age weigh. `now` is local.

    For a service that staff choose later: what holds that kind of care must hold it then too.
    """
    client, coverage = appointment_request.client, appointment_request.coverage
    card = coverage.details if coverage else {}
    second = {f"secondary_{key}": value for key, value in (card.get("secondary") or {}).items()}
    covered = earlier_coverage(client.pk, than=coverage)
    said = coverage.type if coverage else ""
    agreed = appointment_request.consents.filter(kind=Consent.Kind.GUARDIAN_AGREES, agreed=True)
    return Told(
        now=now,
        practice_state=state,
        service_kind=service.kind,
        service_modes=tuple(service.modes),
        story=appointment_request.story,
        age=client.age_on(now.date()),
        coverage=said,
        coverage_texts=[str({**card, **second}.get(name) or "") for name in payers.TEXTS],
        covered_before=payers.as_last_time(said, covered),
        has_had_medicare=CoverageType.MEDICARE in covered,
        claims=payers.claim_of(card.get("claim") or {}),
        where_during_visit=str((appointment_request.details or {}).get("where_during_visit") or ""),
        names_representative=bool((client.representative or {}).get("first_name")),
        guardian_agrees=agreed.exists(),
    )


def earlier_coverage(client_id: UUID | str, *, than: Coverage | None = None) -> list[str]:
    """How this person said they pay in other requests, newest first."""
    rows = Coverage.objects.filter(client_id=client_id).order_by("-answered_at")
    return list((rows.exclude(pk=than.pk) if than else rows).values_list("type", flat=True))
