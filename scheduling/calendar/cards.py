"""One visit as it is drawn, and as it is read out."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from intake.models import Service, ServiceKind
from scheduling import wording
from scheduling.models import Appointment, AppointmentStatus, Seat

SHORT_MINUTES = 30

# Letter codes for services whose own code would not fit on a card. Others get their first two letters.
LETTERS = {
    "ORTHO-EVAL": "OE",
    "PELVIC-EVAL": "PE",
    "PT-FU": "FU",
    "PT-VISC": "VI",
    "PT-VIDEO": "VD",
    "TUNE": "TU",
    "EQUIP": "EQ",
    "WORKSHOP": "WS",
}


def letters(service: Service | None) -> str:
    if service is None:
        return "–"
    known = LETTERS.get(service.code.upper())
    if known:
        return known
    parts = [part for part in service.code.upper().split("-") if part]
    return (parts[0][0] + parts[1][0]) if len(parts) > 1 else service.code[:2].upper()


# What a card shows of a visit: a week has hundreds, and nobody reads an address off the calendar.
DRAWN = (
    "version", "status", "starts_at", "ends_at", "held_until", "buffer_after_minutes", "appointment_request",
    "service", "practitioner", "client__first_name", "client__last_name", "client__name_to_use", "room__name",
    "location__name",
)  # fmt: skip


def visits_between(*, start: datetime, end: datetime, now: datetime) -> list[Appointment]:
    """Visits to draw: what takes time, what was missed, and holds that ran out today. Four queries.

    A week has hundreds of visits and a dozen services and practitioners: those are read once, not with each visit.
    """
    seats = Prefetch("taken_seats", queryset=Seat.objects.filter(cancelled_at=None), to_attr="people_in_it")
    return list(
        Appointment.objects.on_the_calendar(now=now)
        .filter(starts_at__lt=end, ends_at__gt=start)
        .select_related("client", "room", "location")
        .only(*DRAWN)
        .prefetch_related("service", "practitioner", seats)
        .order_by("starts_at", "id")
    )


@dataclass
class Card:
    """One visit as it is drawn, and as it is read out."""

    id: str
    name: str
    sub: str
    code: str
    service: str
    kind: str
    state: str
    mark: str
    label: str
    url: str
    start: datetime  # local
    end: datetime
    short: bool
    expected: bool  # booked for today: one press says that the client is here
    visit: Appointment = field(repr=False)

    @property
    def at(self) -> str:
        """Wall times as words: a template's own filter would turn them into UTC."""
        return wording.clock(self.start)

    @property
    def until(self) -> str:
        return wording.clock(self.end)

    @property
    def span(self) -> str:
        return wording.span(self.start, self.end)

    @property
    def weekday(self) -> str:
        return wording.weekday(self.start.date())

    @property
    def is_over(self) -> bool:
        return self.state in {"done", "gone"}


STATES: dict[str, str] = {
    AppointmentStatus.HELD: "held",
    AppointmentStatus.BOOKED: "",
    AppointmentStatus.ARRIVED: "here",
    AppointmentStatus.FULFILLED: "done",
    AppointmentStatus.NO_SHOW: "gone",
}
SAID = {
    "held": gettext_lazy("held"),
    "": gettext_lazy("booked"),
    "here": gettext_lazy("is here"),
    "done": gettext_lazy("done"),
    "gone": gettext_lazy("not coming"),
}
KINDS: dict[str, str] = {ServiceKind.WELLNESS: "wellness", ServiceKind.EDUCATION: "education"}
NO_VISIT = str(UUID(int=0))


@cache
def _visit_address() -> str:
    """Of no visit: putting an id in is quicker than asking the resolver hundreds of times."""
    return reverse("desk:visit", args=[NO_VISIT])


def name_of(visit: Appointment) -> str:
    """First name and initial, on every screen: a calendar is seen by whoever stands at the desk."""
    client = visit.client
    if client is None and visit.status == AppointmentStatus.HELD:
        return _("Waitlist")
    if client is None:
        people = sum(seat.people for seat in getattr(visit, "people_in_it", []))
        return ngettext("%(count)d person", "%(count)d people", people) % {"count": people}
    return client.initials_name


def card(visit: Appointment, *, zone: ZoneInfo, now: datetime, neutral: bool) -> Card:
    start, end = visit.starts_at.astimezone(zone), visit.ends_at.astimezone(zone)
    state = STATES.get(visit.status, "gone")
    where = visit.room.name if visit.room else visit.location.name
    where = where.removesuffix(" room")
    mark, sub = "", where
    if state == "held":
        ran_out = visit.held_until is not None and visit.held_until <= now
        if ran_out:
            state = "gone"
        moment = wording.until(visit.held_until, now=now, zone=zone) if visit.held_until else ""
        sub = (_("hold ran out %(moment)s") if ran_out else _("held until %(moment)s")) % {"moment": moment}
    elif state == "here":
        mark = _("✓ here")
    elif state == "done":
        mark = "✓"
    elif state == "gone":
        mark = _("no-show")
    name = name_of(visit)
    service = _("Visit") if neutral else visit.service.public_name
    return Card(
        id=str(visit.pk),
        name=name,
        sub=sub,
        code="" if neutral else letters(visit.service),
        service=service,
        kind="" if neutral else KINDS.get(visit.service.kind, ""),
        state=state,
        mark=mark,
        label=f"{name}, {service}, {wording.span(start, end)}, {where}, {SAID[state]}",
        url=_visit_address().replace(NO_VISIT, str(visit.pk)),
        start=start,
        end=end,
        short=(visit.ends_at - visit.starts_at) <= timedelta(minutes=SHORT_MINUTES),
        expected=visit.status == AppointmentStatus.BOOKED and start.date() == now.astimezone(zone).date(),
        visit=visit,
    )
