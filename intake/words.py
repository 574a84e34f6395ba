"""Dates, hours, money and phone numbers as we say them, in the language in force."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.dates import MONTHS, WEEKDAYS
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import PhoneNumberFormat


def money(cents: int, *, exact: bool = True) -> str:
    """Dollars. `exact=False` leaves out the cents of a round price: $210, but $52.50."""
    dollars, rest = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}${dollars:,}" if not exact and not rest else f"{sign}${dollars:,}.{rest:02}"


def day(when: date, *, year: bool = False, weekday: bool = True) -> str:
    """Tuesday, March 2 · martes 2 de marzo."""
    name, month = str(WEEKDAYS[when.weekday()]), str(MONTHS[when.month])
    if _spanish():
        text = f"{when.day} de {month.lower()}" + (f" de {when.year}" if year else "")
        return f"{name.lower()} {text}" if weekday else text
    text = f"{month} {when.day}" + (f", {when.year}" if year else "")
    return f"{name}, {text}" if weekday else text


def hour(when: datetime) -> str:
    """5 pm, 10:30 am. `when` is local already."""
    clock = f"{(when.hour - 1) % 12 + 1}" + (f":{when.minute:02}" if when.minute else "")
    return f"{clock}\u00a0{'am' if when.hour < 12 else 'pm'}"


def moment(when: datetime, zone: ZoneInfo, *, year: bool = False) -> str:
    """Tuesday, March 2, 5 pm, in the clinic's zone."""
    local = when.astimezone(zone)
    return f"{day(local.date(), year=year)}, {hour(local)}"


def brief_moment(when: datetime, zone: ZoneInfo) -> str:
    """Tue, Mar 2, 5 pm · mar 2 mar, 5 pm: for lists on a small screen."""
    local = when.astimezone(zone)
    name, month = str(WEEKDAYS[local.weekday()])[:3], str(MONTHS[local.month])[:3]
    if _spanish():
        return f"{name.lower()} {local.day} {month.lower()}, {hour(local)}"
    return f"{name}, {month} {local.day}, {hour(local)}"


def phone(number: PhoneNumber | str | None) -> str:
    """801-555-0100 for a number of this country, +44 20 7946 0958 for another."""
    if not number:
        return ""
    read: Any = number if isinstance(number, PhoneNumber) else PhoneNumber.from_string(str(number))
    if read.country_code == 1:
        digits = str(read.national_number).rjust(10, "0")
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return str(read.format_as(PhoneNumberFormat.INTERNATIONAL))


def _spanish() -> bool:
    return (translation.get_language() or "en").startswith("es")
