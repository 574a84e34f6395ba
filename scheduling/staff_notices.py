"""What staff are told about visits and estimates. Numbers and times; who it is about is said behind the sign-in."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy

from config.foundation.clinic import Clinic
from intake import contact
from intake.notices import EXAMPLE_AT, example, staff_address
from notifications import catalogue
from notifications.catalogue import Kind
from notifications.models import Audience, Message, Priority
from scheduling.models import Appointment
from scheduling.notices import MAIL, VISIT


def client_changed(
    *, appointment: Appointment, now: datetime, was_at: datetime | None = None
) -> list[Message]:
    """A client moved (then it `was_at` another time), cancelled or left a class by link: the desk should know."""
    return contact.tell_staff(
        kind="staff_change",
        context={
            "starts_at": appointment.starts_at,
            "was_at": was_at,
            "is_class": appointment.seats is not None,
            "url": staff_address(""),
        },
        key=f"visit:{appointment.pk}:v{appointment.version}:staff",
        subject_type=VISIT,
        subject_id=appointment.pk,
        now=now,
        clinic=Clinic.get(),
    )


def deadlines(*, due: Mapping[object, date], now: datetime) -> list[Message]:
    """Estimates are almost or already due: one mail for all that one look has found, by trigger. Empty: none."""
    if not due:
        return []
    clinic, first = Clinic.get(), min(due, key=lambda trigger_id: (due[trigger_id], str(trigger_id)))
    return contact.tell_staff(
        kind="staff_deadline",
        context={"number": len(due), "due_on": due[first], "url": staff_address("estimates/")},
        key=f"deadline:{first}:{clinic.local(now):%Y%m%d}",
        subject_type="scheduling.trigger",
        subject_id=first,
        now=now,
        clinic=clinic,
        priority=Priority.URGENT,
    )


def daily_digest(*, counts: Mapping[str, int], day: date, now: datetime) -> list[Message]:
    """Numbers only, once a day."""
    return contact.tell_staff(
        kind="daily_digest",
        context={**counts, "url": staff_address("")},
        key=f"digest:{day:%Y%m%d}",
        subject_type="foundation.clinic",
        subject_id="1",
        now=now,
        clinic=Clinic.get(),
        priority=Priority.LATER,
        expires_at=now + timedelta(hours=12),
    )


# --- the catalogue -----------------------------------------------------------------------------------


def _digest_example() -> Mapping[str, Any]:
    counts = ("visits", "waiting", "urgent", "overdue", "due_today", "undelivered", "tasks", "estimates_due")
    return example(**dict.fromkeys(counts, 2))


def _staff(code: str, label: Any, shape: Any) -> Kind:
    return Kind(code, label, Audience.STAFF, f"{MAIL}{code}", shape, matters=False)


catalogue.register(
    _staff(
        "staff_deadline",
        gettext_lazy("Staff alert: estimate due"),
        lambda: example(number=2, due_on=EXAMPLE_AT.date()),
    ),
    _staff(
        "staff_change",
        gettext_lazy("Staff alert: client changed a visit"),
        lambda: example(starts_at=EXAMPLE_AT, was_at=None, is_class=False),
    ),
    _staff("daily_digest", gettext_lazy("Daily digest"), _digest_example),
)
