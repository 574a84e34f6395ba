"""Each edge of a visit's status: compare-and-swap, and a line of who, when, from, to and why."""

from datetime import datetime

from config.foundation.user import User
from scheduling.models import Appointment, AppointmentEvent


def change(
    visit: Appointment,
    *,
    what: str,
    to: str,
    by: User | None,
    now: datetime,
    why: str = "",
    values: dict[str, object] | None = None,
    history: dict[str, object] | None = None,
) -> Appointment:
    """One edge: compare-and-swap on the status and version that were read, and a line of history."""
    before = visit.status
    visit.move(to_values={**(values or {}), "status": to}, status=before)
    remember(visit, what=what, by=by, now=now, to=to, of=before, why=why, history=history)
    return visit


def remember(
    visit: Appointment,
    *,
    what: str,
    by: User | None,
    now: datetime,
    to: str,
    of: str = "",
    why: str = "",
    history: dict[str, object] | None = None,
) -> None:
    AppointmentEvent.objects.bulk_create(
        [
            AppointmentEvent(
                appointment=visit,
                at=now,
                by=by,
                what=what,
                from_status=of,
                to_status=to,
                why=why,
                **(history or {}),
            )
        ]
    )
