"""What the people of a class are told, seat by seat: each their own mail, to their own page.

The kinds are those of a visit; a class is one appointment of many people, so it has no client of its own.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake import contact, wishes
from intake.notices import REQUEST_LINK, client_link, thread
from notifications.models import Message, Priority
from scheduling.calendar_entry import calendar_entry
from scheduling.models import Appointment, Seat
from scheduling.notices import UNDO_WINDOW, VISIT_LINK_DAYS, place_of

SEAT = "scheduling.seat"


def seats_of(visit: Appointment) -> list[Seat]:
    """Who sits in it now, whether they asked here or it was agreed elsewhere."""
    taken = Seat.objects.filter(appointment=visit, cancelled_at=None)
    return list(taken.select_related("client", "appointment_request").order_by("pk"))


def confirmed(*, seat: Seat, now: datetime, by: User | None) -> Message:
    language = _language(seat)
    said = {"has_estimate": False, "thread": thread(done=4, language=language)}
    return _tell(seat, "confirmed", said, now=now, by=by)


def moved(*, seats: Iterable[Seat], was_at: datetime, now: datetime, by: User | None) -> None:
    for seat in seats:
        contact.withdraw(subject_type=SEAT, subject_id=seat.pk, reason="moved")
        _tell(seat, "moved", {"was_at": was_at}, now=now, by=by)


def cancelled(*, seats: Iterable[Seat], now: datetime, by: User | None) -> None:
    for seat in seats:
        contact.withdraw(subject_type=SEAT, subject_id=seat.pk, reason="cancelled")
        _tell(seat, "cancelled", {"by_clinic": by is not None}, now=now, by=by, is_off=True)


def put_back(*, seats: Iterable[Seat]) -> None:
    """Undone in time: nobody hears that it was moved or off."""
    for seat in seats:
        contact.withdraw(subject_type=SEAT, subject_id=seat.pk, reason="undone", kinds=("moved", "cancelled"))


def given_back(*, seat: Seat) -> None:
    """Its person comes no more: nothing that still waits about it is told."""
    contact.withdraw(subject_type=SEAT, subject_id=seat.pk, reason="cancelled")


def reminder_key(seat: Seat, *, lead_hours: int) -> str:
    starts_at = seat.appointment.starts_at.astimezone(UTC)
    return f"seat:{seat.pk}:{starts_at:%Y%m%dT%H%M}:reminder:{lead_hours}"


def reminder(*, seat: Seat, lead_hours: int, now: datetime) -> Message:
    """As for a visit; it leads to the page of their request, which says what can be changed there and what by calling."""
    return contact.tell_client(
        client=seat.client,
        kind="reminder",
        context={
            "starts_at": seat.appointment.starts_at,
            "place": place_of(seat.appointment.location),
            "url": _page(seat),
            "is_class": True,
        },
        key=reminder_key(seat, lead_hours=lead_hours),
        subject_type=SEAT,
        subject_id=seat.pk,
        language=_language(seat),
        now=now,
        clinic=Clinic.get(),
        expires_at=seat.appointment.starts_at,
        priority=Priority.LATER,
    )


def _page(seat: Seat) -> str:
    """The page of their request. Who agreed elsewhere has none, and is told to call."""
    if seat.appointment_request_id is None:
        return ""
    return client_link(
        purpose=REQUEST_LINK,
        subject_id=seat.appointment_request_id,
        expires_at=seat.appointment.starts_at + timedelta(days=VISIT_LINK_DAYS),
    )


def _language(seat: Seat) -> str:
    return seat.appointment_request.language if seat.appointment_request else seat.client.language


def _tell(
    seat: Seat, kind: str, said: Mapping[str, Any], *, now: datetime, by: User | None, is_off: bool = False
) -> Message:
    visit, client, clinic, language = seat.appointment, seat.client, Clinic.get(), _language(seat)
    with translation.override(language):
        title = _("Visit at %(clinic)s") % {"clinic": clinic}
    reader = wishes.reader_of(client, clinic=clinic, now=now)
    free_until = visit.starts_at - timedelta(hours=clinic.change_notice_hours)
    return contact.tell_client(
        client=client,
        kind=kind,
        context={
            "starts_at": visit.starts_at,
            "place": place_of(visit.location),
            "url": _page(seat),
            "is_class": True,
            "free_until": free_until if free_until > now else None,
            **said,
        },
        key=f"seat:{seat.pk}:{kind}:s{visit.sequence}:v{visit.version}",
        subject_type=SEAT,
        subject_id=seat.pk,
        language=language,
        now=now,
        clinic=clinic,
        by=by,
        not_before=now + UNDO_WINDOW if by is not None else None,
        expires_at=None if is_off else visit.starts_at,
        attachments=[
            calendar_entry(
                appointment=visit,
                clinic=clinic,
                title=title,
                attendee=reader.email,
                now=now,
                cancelled=is_off,
            )
        ]
        if client.email_ok and reader.email
        else [],
    )
