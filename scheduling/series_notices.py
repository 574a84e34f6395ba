"""What a client is told about a series: one mail with every date, and one calendar file."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from icalendar import Calendar

from config.foundation.clinic import Clinic
from config.foundation.user import User
from intake import contact, wishes
from intake.notices import example
from notifications import catalogue
from notifications.catalogue import Kind
from notifications.models import Audience, Message
from notifications.rendering import Attachment
from scheduling import notices
from scheduling.calendar_entry import calendar_entry
from scheduling.models import Appointment, Series

SERIES = "scheduling.series"


def confirmed(
    *, series: Series, visits: Sequence[Appointment], now: datetime, by: User | None = None
) -> Message:
    """All dates in one mail; each with its own link. Leaves after the ten seconds in which staff may undo."""
    request, clinic = series.appointment_request, Clinic.get()
    client, language = request.client, request.language
    reader = wishes.reader_of(client, clinic=clinic, now=now)
    attachments: list[Attachment] = []
    if client.email_ok and reader.email:
        with translation.override(language):
            title = _("Visit at %(clinic)s") % {"clinic": clinic}
        attachments = [_calendar(visits, clinic=clinic, title=title, attendee=reader.email, now=now)]
    return contact.tell_client(
        client=client,
        kind="series_confirmed",
        context={
            "visits": [{"starts_at": v.starts_at, "url": notices.visit_url(v)} for v in visits],
            "url": notices.visit_url(visits[0]),
            "place": notices.place_of(visits[0].location),
            "has_estimate": series.estimate_id is not None,
        },
        key=f"series:{series.pk}:confirmed",
        subject_type=SERIES,
        subject_id=series.pk,
        language=language,
        now=now,
        clinic=clinic,
        by=by,
        not_before=now + notices.UNDO_WINDOW,
        expires_at=visits[-1].starts_at,
        attachments=attachments,
    )


def _calendar(
    visits: Sequence[Appointment], *, clinic: Clinic, title: str, attendee: str, now: datetime
) -> Attachment:
    """The entries of all visits in one file. Each keeps its own UID, so that a later change finds it.

    Published, not requested: a request may hold one UID only (RFC 5546, 3.2).
    """
    whole: Calendar | None = None
    for visit in visits:
        entry = calendar_entry(appointment=visit, clinic=clinic, title=title, attendee=attendee, now=now)
        one = Calendar.from_ical(entry.content)
        if whole is None:
            whole = one
            whole["method"] = "PUBLISH"
        else:
            for event in one.walk("VEVENT"):
                whole.add_component(event)
    content = whole.to_ical() if whole is not None else b""
    return Attachment(name="visits.ics", type="text/calendar; method=PUBLISH", content=content)


def _example() -> Mapping[str, Any]:
    first = datetime(2027, 3, 9, 16, 0, tzinfo=UTC)  # Tuesday, 9 am, in the sample clinic's zone
    base = example()
    return {
        **base,
        "visits": [{"starts_at": first + timedelta(days=days), "url": base["url"]} for days in (0, 2, 7, 9)],
        "place": notices.PLACE_EXAMPLE,
        "has_estimate": True,
    }


catalogue.register(
    Kind(
        "series_confirmed",
        gettext_lazy("Series confirmed"),
        Audience.CLIENT,
        "scheduling/mail/series_confirmed",
        _example,
        matters=True,
    )
)
