"""What clients are told about offers and visits: one function a message.

Each is called in the transaction that makes it true, with `now`; a change takes back what is not true any
more in the same transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic, Location
from config.foundation.user import User
from intake import contact, wishes, words
from intake.models import Client
from intake.notices import EXAMPLE_AT, client_link, example, thread
from notifications import catalogue
from notifications.catalogue import Kind
from notifications.models import Audience, Message, Priority
from notifications.rendering import Attachment
from scheduling.calendar_entry import calendar_entry
from scheduling.models import Appointment, Offer

# Purposes of client links; config/urls.py says which view answers.
OFFER_LINK, VISIT_LINK, ESTIMATE_LINK = "offer", "visit", "estimate"

VISIT, OFFER, ESTIMATE = "scheduling.appointment", "scheduling.offer", "scheduling.estimate"
UNDO_WINDOW = timedelta(seconds=10)  # staff may take a confirmation back this long, and nobody was told
VISIT_LINK_DAYS = 30  # after the visit
ABOUT_THE_VISIT = ("confirmed", "moved", "reminder")


def visit_url(appointment: Appointment, *, is_first: bool = False) -> str:
    """The client's address for a visit; `is_first` when nobody can have been given one yet."""
    return client_link(
        purpose=VISIT_LINK,
        subject_id=appointment.pk,
        expires_at=appointment.starts_at + timedelta(days=VISIT_LINK_DAYS),
        is_first=is_first,
    )


def visit_path(appointment: Appointment) -> str:
    """The same address on this site, for a page to go on to."""
    return urlsplit(visit_url(appointment)).path


def offer_path(offer: Offer) -> str:
    return urlsplit(client_link(purpose=OFFER_LINK, subject_id=offer.pk, expires_at=offer.expires_at)).path


# --- to clients --------------------------------------------------------------------------------------


def offered_times(
    *, offer: Offer, times: Sequence[datetime], now: datetime, by: User | None = None
) -> Message:
    """Two or three held times to choose from."""
    request = offer.appointment_request
    return tell(
        client=request.client,
        kind="offered_times",
        context={
            "times": sorted(times),
            "kept_until": offer.expires_at,
            "url": client_link(purpose=OFFER_LINK, subject_id=offer.pk, expires_at=offer.expires_at),
            "thread": thread(done=2, language=request.language),
        },
        key=f"offer:{offer.pk}",
        subject=(OFFER, offer.pk),
        language=request.language,
        now=now,
        by=by,
        expires_at=offer.expires_at,
    )


def offer_ended(*, offer: Offer, now: datetime, by: User | None = None, taken_back: bool = False) -> Message:
    """The held times are free again, since nobody answered or the clinic took them back. The request is not lost."""
    contact.withdraw(subject_type=OFFER, subject_id=offer.pk, reason="expired")
    request = offer.appointment_request
    return tell(
        client=request.client,
        kind="offer_ended",
        context={
            "url": client_link(purpose="request", subject_id=request.pk, expires_at=now + timedelta(days=90)),
            "taken_back": taken_back,
        },
        key=f"offer:{offer.pk}:ended",
        subject=(OFFER, offer.pk),
        language=request.language,
        now=now,
        by=by,
    )


def confirmed(
    *,
    appointment: Appointment,
    has_estimate: bool,
    now: datetime,
    by: User | None = None,
    clinic: Clinic | None = None,
    is_first: bool = False,
) -> Message | None:
    """The time is set; with the calendar file. Leaves after the ten seconds in which staff may undo.

    `has_estimate`: this client gets a good-faith estimate for it. `is_first`: the visit was made in this
    transaction, so that there can be no link to it yet.
    """
    if appointment.client is None:
        return None  # a workshop date: each seat is told on its own
    clinic = clinic or Clinic.get()
    language = _language(appointment)
    with translation.override(language):
        picked = words.moment(appointment.starts_at, clinic.zone)
    return _about_visit(
        appointment,
        "confirmed",
        {
            "has_estimate": has_estimate,
            # This mail is the writing, unless an estimate is still to come.
            "thread": thread(done=3 if has_estimate else 4, language=language, notes={3: picked}),
        },
        now=now,
        by=by,
        not_before=now + UNDO_WINDOW,
        clinic=clinic,
        is_first=is_first,
    )


def moved(
    *, appointment: Appointment, was_at: datetime, has_estimate: bool, now: datetime, by: User | None = None
) -> Message | None:
    """The new time, and the file that changes the entry. What waited about the old time is taken back.

    Who was not told of the old time yet gets one mail, which confirms the new one.
    """
    if appointment.client is None:
        return None
    contact.withdraw(subject_type=VISIT, subject_id=appointment.pk, reason="moved", kinds=ABOUT_THE_VISIT)
    if _knows_of_none(appointment):
        return confirmed(appointment=appointment, has_estimate=has_estimate, now=now, by=by)
    return _about_visit(
        appointment, "moved", {"was_at": was_at}, now=now, by=by, not_before=now + UNDO_WINDOW
    )


def cancelled(
    *, appointment: Appointment, by_clinic: bool, now: datetime, by: User | None = None
) -> Message | None:
    """It does not take place, and the file that takes the entry out. Reminders are taken back."""
    if appointment.client is None:
        return None
    contact.withdraw(subject_type=VISIT, subject_id=appointment.pk, reason="cancelled", kinds=ABOUT_THE_VISIT)
    return _about_visit(
        appointment,
        "cancelled",
        {"by_clinic": by_clinic},
        now=now,
        by=by,
        is_cancelled=True,
        not_before=now + UNDO_WINDOW if by is not None else None,
    )


def put_back(*, appointment: Appointment, has_estimate: bool, now: datetime, by: User | None = None) -> None:
    """A move or a cancellation was undone in time: nobody hears of it, and the confirmation stands as it was."""
    about = ("moved", "cancelled", "confirmed")
    contact.withdraw(subject_type=VISIT, subject_id=appointment.pk, reason="undone", kinds=about)
    if _knows_of_none(appointment):
        confirmed(appointment=appointment, has_estimate=has_estimate, now=now, by=by)


def _knows_of_none(appointment: Appointment) -> bool:
    """Every mail about the time was taken back before it left. A visit agreed elsewhere never had one."""
    told = ("confirmed", "moved")
    return contact.was_all_taken_back(subject_type=VISIT, subject_id=appointment.pk, kinds=told)


def taken_back(*, appointment: Appointment) -> int:
    """Staff undid the confirmation in time: nobody is told anything about it."""
    return contact.withdraw(subject_type=VISIT, subject_id=appointment.pk, reason="undone")


def reminder_key(appointment: Appointment, *, lead_hours: int) -> str:
    starts_at = appointment.starts_at.astimezone(UTC)
    return f"visit:{appointment.pk}:{starts_at:%Y%m%dT%H%M}:reminder:{lead_hours}"


def reminder(*, appointment: Appointment, lead_hours: int, now: datetime) -> Message | None:
    """Key = visit, start, lead: a moved visit is reminded anew, the same one never twice."""
    if appointment.client is None:
        return None
    url = visit_url(appointment)
    return tell(
        client=appointment.client,
        kind="reminder",
        context={
            "starts_at": appointment.starts_at,
            "place": place_of(appointment.location),
            "is_class": False,
            "url": url,
            "url_coming": f"{url}#coming",
        },
        key=reminder_key(appointment, lead_hours=lead_hours),
        subject=(VISIT, appointment.pk),
        language=_language(appointment),
        now=now,
        expires_at=appointment.starts_at,
        priority=Priority.LATER,
    )


# --- shared ------------------------------------------------------------------------------------------


def _about_visit(
    appointment: Appointment,
    kind: str,
    context: Mapping[str, Any],
    *,
    now: datetime,
    by: User | None,
    not_before: datetime | None = None,
    is_cancelled: bool = False,
    clinic: Clinic | None = None,
    is_first: bool = False,
) -> Message:
    client, clinic = appointment.client, clinic or Clinic.get()
    assert client is not None  # noqa: S101  # narrowed by every caller
    language = _language(appointment)
    with translation.override(language):
        title = _("Visit at %(clinic)s") % {"clinic": clinic}
    attachments: list[Attachment] = []
    reader = wishes.reader_of(client, clinic=clinic, now=now)
    if client.email_ok and reader.email:
        attachments = [
            calendar_entry(
                appointment=appointment,
                clinic=clinic,
                title=title,
                attendee=reader.email,
                now=now,
                cancelled=is_cancelled,
            )
        ]
    notice = timedelta(hours=clinic.change_notice_hours)
    free_until = appointment.starts_at - notice
    return tell(
        client=client,
        kind=kind,
        context={
            "starts_at": appointment.starts_at,
            "place": place_of(appointment.location),
            "is_class": False,
            "url": visit_url(appointment, is_first=is_first),
            "free_until": free_until if free_until > now else None,
            **context,
        },
        key=f"visit:{appointment.pk}:{kind}:s{appointment.sequence}:v{appointment.version}",
        subject=(VISIT, appointment.pk),
        language=language,
        now=now,
        by=by,
        not_before=not_before,
        expires_at=None if is_cancelled else appointment.starts_at,
        attachments=attachments,
        clinic=clinic,
    )


def tell(
    *,
    client: Client,
    kind: str,
    context: Mapping[str, Any],
    key: str,
    subject: tuple[str, object],
    language: str,
    now: datetime,
    by: User | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    waits_for: str = "",
    attachments: Sequence[Attachment] = (),
    priority: Priority = Priority.NORMAL,
    clinic: Clinic | None = None,
) -> Message:
    return contact.tell_client(
        client=client,
        kind=kind,
        context=context,
        key=key,
        subject_type=subject[0],
        subject_id=subject[1],
        language=language,
        now=now,
        clinic=clinic or Clinic.get(),
        by=by,
        not_before=not_before,
        expires_at=expires_at,
        waits_for=waits_for,
        attachments=attachments,
        priority=priority,
    )


def _language(appointment: Appointment) -> str:
    if appointment.appointment_request is not None:
        return appointment.appointment_request.language
    return appointment.client.language if appointment.client else "en"


def place_of(location: Location) -> dict[str, Any]:
    return {
        "is_video": location.kind == Location.Kind.VIDEO,
        "way_in": location.way_in,
        "name": location.name,
        "address": location.address,
        "step_free": location.step_free,
        "parking": location.parking,
    }


# --- the catalogue -----------------------------------------------------------------------------------

MAIL = "scheduling/mail/"
PLACE_EXAMPLE = {
    "name": "Main clinic",
    "address": "100 Example Street, Suite 1",
    "step_free": True,
    "parking": "",
    "is_video": False,
    "way_in": "",
}
_STARTS = datetime(2027, 3, 8, 17, 30, tzinfo=UTC)  # Monday, 10:30 am, in the sample clinic's zone


def _visit_example(**context: Any) -> Mapping[str, Any]:
    base = example()
    return {
        **base,
        "starts_at": _STARTS,
        "place": PLACE_EXAMPLE,
        "is_class": False,
        "free_until": _STARTS - timedelta(hours=24),
        "url_coming": f"{base['url']}#coming",
        "has_estimate": True,
        "thread": thread(done=3, language=get_language() or "en"),
        **context,
    }


def _times_example(count: int, **context: Any) -> Mapping[str, Any]:
    return example(
        times=[_STARTS + timedelta(days=days) for days in range(count)],
        kept_until=EXAMPLE_AT,
        thread=thread(done=2, language=get_language() or "en"),
        **context,
    )


def _client(code: str, label: Any, shape: Any, *, matters: bool = True, has_text: bool = False) -> Kind:
    return Kind(code, label, Audience.CLIENT, f"{MAIL}{code}", shape, matters=matters, has_text=has_text)


catalogue.register(
    _client("offered_times", gettext_lazy("Times offered"), lambda: _times_example(3)),
    _client("confirmed", gettext_lazy("Confirmed"), _visit_example),
    _client("moved", gettext_lazy("Moved"), lambda: _visit_example(was_at=_STARTS - timedelta(days=3))),
    _client("cancelled", gettext_lazy("Cancelled"), lambda: _visit_example(by_clinic=False)),
    _client(
        "waitlist_offer",
        gettext_lazy("Waitlist offer"),
        lambda: _times_example(1, visit_at=None, is_shared=False),
    ),
    _client("offer_ended", gettext_lazy("Offer ended"), lambda: example(taken_back=False)),
    _client("reminder", gettext_lazy("Reminder"), _visit_example, matters=False, has_text=True),
)
