"""The calendar file of a visit (RFC 5545): one entry for its whole life, changed by SEQUENCE.

The title is neutral, there is no description: calendars are shared, synchronised and shown on screens.
"""

from datetime import datetime, timedelta

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vText

from config.foundation.clinic import Clinic
from notifications.rendering import Attachment, harmless
from scheduling.models import Appointment


def calendar_entry(
    *,
    appointment: Appointment,
    clinic: Clinic,
    title: str,
    attendee: str,
    now: datetime,
    cancelled: bool = False,
) -> Attachment:
    """`visit.ics`: a request, an update (same UID, higher SEQUENCE) or a cancellation of the same entry.

    Times are written in the clinic's zone with its real rules, so that an entry made before a clock change
    is right after it.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//appointment requests//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "REQUEST")
    event = Event()
    event.add("uid", f"{appointment.pk}@{settings.MAIL_DOMAIN}")
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", appointment.starts_at.astimezone(clinic.zone))
    event.add("dtend", appointment.ends_at.astimezone(clinic.zone))
    event.add("summary", harmless(title))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if appointment.location.address:
        event.add("location", harmless(appointment.location.address))
    organizer = vCalAddress(f"MAILTO:{settings.DEFAULT_FROM_EMAIL}")
    organizer.params["cn"] = vText(harmless(str(clinic)))
    event.add("organizer", organizer)
    guest = vCalAddress(f"MAILTO:{attendee}")
    guest.params["rsvp"] = vText("FALSE")
    event.add("attendee", guest)
    calendar.add_component(event)
    # Only the years around the visit: the default writes every change of clock until 2038.
    calendar.add_missing_timezones(
        first_date=(appointment.starts_at - timedelta(days=366)).date(),
        last_date=(appointment.starts_at + timedelta(days=366)).date(),
    )
    method = "CANCEL" if cancelled else "REQUEST"
    return Attachment(name="visit.ics", type=f"text/calendar; method={method}", content=calendar.to_ical())
