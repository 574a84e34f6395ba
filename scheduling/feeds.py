"""Visits for other calendars: a bounded range as JSON the database wrote, and a practitioner's own .ics feed.

The JSON is made by the database in one query and passed on as text; no row becomes a Python object (that is most
of the cost of a month). Who may not see names gets none: they are not read.

Two feeds exist because two things are asked. The desk (`calendar.feed`) draws one day or week, with hours, time
off, buffers and what each card says and allows: that is worked out in Python from rows the page reads anyway, and
a day is a handful of rows. `visits_json` is for whatever wants up to six weeks at once (a screen on the wall, a
month at a glance, a script of the clinic's) and only who, where and when; none of our own pages does.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Case, F, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Concat, JSONObject, Left, Replace
from icalendar import Calendar, Event

from config.foundation.clinic import Clinic
from intake.models import Practitioner
from notifications.rendering import harmless
from scheduling.models import Appointment, AppointmentStatus

LONGEST_RANGE = timedelta(days=42)  # six weeks: a month as calendars draw it
BACK, AHEAD = timedelta(days=30), timedelta(days=365)  # what a subscribed calendar sees
TAKES_PLACE = (AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED, AppointmentStatus.FULFILLED)


class TooLong(ValueError):
    """The range is longer than LONGEST_RANGE, empty, or runs backwards."""


def visits(*, start: datetime, end: datetime, now: datetime) -> QuerySet[Appointment]:
    """What takes time from `start` to `end`, half-open; holds that ran out are left out."""
    if not timedelta(0) < end - start <= LONGEST_RANGE:
        raise TooLong
    taking = Appointment.objects.taking_time(now=now).filter(starts_at__lt=end, starts_at__gte=start)
    return taking.order_by("starts_at", "pk")


def visits_json(*, start: datetime, end: datetime, now: datetime, with_names: bool) -> str:
    """A JSON array of visits, earliest first, in one query. Times are UTC. Raises TooLong.

    `with_names`: first name and last initial, and the service; otherwise neither.
    """
    shape: dict[str, Any] = {
        "id": "pk",
        "start": _moment("starts_at"),
        "end": _moment("ends_at"),
        "practitioner": "practitioner_id",
        "room": "room_id",
        "status": "status",
        "version": "version",
    }
    if with_names:
        first = Case(
            When(client__name_to_use="", then=F("client__first_name")), default=F("client__name_to_use")
        )
        shape["name"] = Concat(first, Value(" "), Left("client__last_name", 1))
        shape["service"] = "service__code"
    rows = visits(start=start, end=end, now=now).annotate(row=JSONObject(**shape)).values("row")
    statement, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_GATHER[connection.vendor]} FROM ({statement}) AS t", values)  # noqa: S608
        (text,) = cursor.fetchone()
    return text or "[]"


def _moment(column: str) -> F | Concat:
    """ISO 8601 in UTC, as PostgreSQL writes a moment into JSON. SQLite keeps text with a space and no offset."""
    if connection.vendor == "postgresql":
        return F(column)
    text = Replace(Cast(column, TextField()), Value(" "), Value("T"))
    return Concat(text, Value("+00:00"), output_field=TextField())


_GATHER = {
    # As text: psycopg would parse JSON into objects, and we would write it out again.
    "postgresql": "json_agg(t.row)::text",
    "sqlite": "json_group_array(json(t.row))",
}


def practitioner_calendar(practitioner: Practitioner, *, clinic: Clinic, now: datetime) -> bytes:
    """The .ics feed of one practitioner: when and where, and "Visit" for whatever it is. One query."""
    calendar = Calendar()
    calendar.add("prodid", "-//appointment requests//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", harmless(str(clinic)))
    calendar.add("refresh-interval", timedelta(minutes=30), parameters={"value": "DURATION"})
    booked = Appointment.objects.filter(
        practitioner=practitioner,
        status__in=TAKES_PLACE,
        starts_at__gte=now - BACK,
        starts_at__lt=now + AHEAD,
    ).order_by("starts_at")
    for pk, starts_at, ends_at, sequence, place in booked.values_list(
        "pk", "starts_at", "ends_at", "sequence", "location__name"
    ):
        event = Event()
        event.add("uid", f"{pk}.staff@{settings.MAIL_DOMAIN}")
        event.add("sequence", sequence)
        event.add("dtstamp", now)
        event.add("dtstart", starts_at)
        event.add("dtend", ends_at)
        event.add("summary", "Visit")
        event.add("location", harmless(place))
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content
