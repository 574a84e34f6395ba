"""The kinds of settings that are lists of rows: what a row is called, and whether it can be removed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from config.foundation.clinic import Clinic, Closure, Location
from intake import words
from intake.models import Package, Practitioner, Service
from scheduling import wording
from scheduling.clinic_settings import forms, hours
from scheduling.models import DateOverride, Room, ServiceHours, Shift, TimeOff

WHOLE_DAY_ENDS = (time(0), time(23, 59))
Line = Callable[[Any, Clinic], list[str]]


@dataclass(frozen=True)
class Kind:
    slug: str
    title: Any
    one: Any  # "A closure"
    about: Any
    form: type[forms.SettingForm]
    rows: Callable[[], QuerySet[Any]]
    heads: tuple[Any, ...]
    line: Line
    removable: bool = False
    wide: tuple[str, ...] = ()


def _onoff(on: bool) -> str:
    return str(_("yes") if on else _("no"))


def _span(start: time, end: time) -> str:
    """ "9 am to 1 pm" as everywhere at the desk."""
    day = date(2000, 1, 1)
    return wording.span(datetime.combine(day, start), datetime.combine(day, end)).replace(" ", "\u00a0")


def _service(row: Service, clinic: Clinic) -> list[str]:
    buffers = f"{row.buffer_before_minutes} + {row.minutes} + {row.buffer_after_minutes}"
    return [
        row.public_name,
        str(row.get_kind_display()),
        buffers,
        words.money(row.price_cents),
        _onoff(row.active),
    ]


def _shift(row: Shift, clinic: Clinic) -> list[str]:
    every = "" if row.every_weeks == 1 else str(_("every %(n)s weeks") % {"n": row.every_weeks})
    return [
        row.practitioner.short_name,
        str(row.get_weekday_display()),
        _span(row.starts, row.ends),
        str(row.location),
        every,
    ]


def _package(row: Package, clinic: Clinic) -> list[str]:
    months = str(_("%(n)s months") % {"n": row.valid_months})
    return [
        row.service.public_name,
        str(row.visits),
        words.money(row.price_cents),
        months,
        _onoff(row.active),
    ]


def _override(row: DateOverride, clinic: Clinic) -> list[str]:
    when = _span(row.starts, row.ends) if row.starts and row.ends else str(_("does not work"))
    return [words.day(row.on, year=True), row.practitioner.short_name, when, str(row.location or "–")]


def _hours(row: ServiceHours, clinic: Clinic) -> list[str]:
    return [row.service.public_name, str(row.get_weekday_display()), _span(row.starts, row.ends)]


def _closure(row: Closure, clinic: Clinic) -> list[str]:
    days = words.day(row.starts_on, year=True)
    if row.ends_on != row.starts_on:
        days = f"{days} – {words.day(row.ends_on, year=True)}"
    part = _span(row.from_time, row.to_time) if row.from_time and row.to_time else str(_("whole day"))
    return [days, part, str(row.location or _("everywhere")), row.reason]


def _time_off(row: TimeOff, clinic: Clinic) -> list[str]:
    first, until = clinic.local(row.starts_at), clinic.local(row.ends_at)
    last = until - timedelta(minutes=1)  # whole days end at midnight, or a minute before it
    return [
        row.practitioner.short_name,
        words.day(first.date()) if first.time() == time(0) else words.moment(first, clinic.zone),
        words.day(last.date()) if until.time() in WHOLE_DAY_ENDS else words.moment(until, clinic.zone),
        row.reason,
    ]


def _room(row: Room, clinic: Clinic) -> list[str]:
    machines = sum(1 for one in row.resources.all() if one.kind == "machine" and one.active)
    return [
        row.name,
        str(row.location),
        str(machines or "–"),
        ", ".join(s.public_name for s in row.services.all()),
        _onoff(row.active),
    ]


def _practitioner(row: Practitioner, clinic: Clinic) -> list[str]:
    return [row.name, row.role, ", ".join(s.public_name for s in row.services.all()), _onoff(row.active)]


def _location(row: Location, clinic: Clinic) -> list[str]:
    return [row.name, str(row.get_kind_display()), row.address, _onoff(row.is_active)]


KINDS: dict[str, Kind] = {
    kind.slug: kind
    for kind in (
        Kind("services", _("Services"), _("service"), _("What can be asked for, how long it takes, and whether it is offered."),
             forms.ServiceForm, lambda: Service.objects.order_by("position", "code"),
             (_("Name"), _("What"), _("Minutes before, with, after"), _("Price"), _("Offered")), _service, wide=("plain", "plain_es")),
        Kind("packages", _("Packages"), _("package"), _("Several visits sold together, for less. Estimates that went out keep their price."),
             forms.PackageForm, lambda: Package.objects.select_related("service").order_by("service__position", "visits"),
             (_("Visits of"), _("How many"), _("Price"), _("For"), _("Offered")), _package, wide=("refund",)),
        Kind("hours", _("Working hours"), _("stretch of hours"), _("Who works when and where. A split day has two rows."),
             hours.ShiftForm, lambda: Shift.objects.select_related("practitioner", "location").order_by("practitioner__position", "weekday", "starts"),
             (_("Who"), _("Day"), _("Hours"), _("Where"), _("How often")), _shift, removable=True),
        Kind("special-days", _("Hours of one day"), _("day with other hours"), _("One person works other hours on one date, or not at all. The weekly hours do not count that day."),
             hours.DateOverrideForm, lambda: DateOverride.objects.select_related("practitioner", "location").order_by("-on", "starts"),
             (_("Date"), _("Who"), _("Hours"), _("Where")), _override, removable=True),
        Kind("self-use-hours", _("Hours without a practitioner"), _("stretch of hours"), _("When rooms and machines can be booked without a practitioner."),
             hours.ServiceHoursForm, lambda: ServiceHours.objects.select_related("service").order_by("service__position", "weekday", "starts"),
             (_("What"), _("Day"), _("Hours")), _hours, removable=True),
        Kind("closures", _("Closures"), _("closure"), _("Days, or parts of days, on which nobody is seen."),
             hours.ClosureForm, lambda: Closure.objects.select_related("location").order_by("-starts_on"),
             (_("Days"), _("Hours"), _("Where"), _("Name")), _closure, removable=True),
        Kind("time-off", _("Time off"), _("stretch of time off"), _("When one person is away."),
             hours.TimeOffForm, lambda: TimeOff.objects.select_related("practitioner").order_by("-starts_at"),
             (_("Who"), _("From"), _("Until"), _("Why")), _time_off, removable=True),
        Kind("rooms", _("Rooms and machines"), _("room"), _("Where, and what may be done there."),
             forms.RoomForm, lambda: Room.objects.select_related("location").prefetch_related("services", "resources").order_by("position", "code"),
             (_("Name"), _("Where"), _("Machines"), _("For"), _("In use")), _room),
        Kind("practitioners", _("Practitioners"), _("practitioner"), _("Who gives care or teaches."),
             forms.PractitionerForm, lambda: Practitioner.objects.prefetch_related("services").order_by("position", "code"),
             (_("Name"), _("Role"), _("Gives"), _("Works here")), _practitioner),
        Kind("places", _("Places"), _("place"), _("The clinic, video, and other places."),
             forms.LocationForm, lambda: Location.objects.order_by("code"),
             (_("Name"), _("What"), _("Address"), _("In use")), _location),
    )
}  # fmt: skip
