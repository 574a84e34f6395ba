"""How times and prices stand on a client's page, in the client's language."""

from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _

from config.foundation.clinic import Clinic
from intake import words
from scheduling.models import Appointment

LONGEST_NOTE = 2000  # characters
VALUE = "%Y%m%dT%H%MZ"  # how a form names a time


def speak(request: HttpRequest, language: str) -> None:
    """The language the person asked in, unless they chose another one on this device."""
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()


def version_in(request: HttpRequest) -> int:
    """The version a form was made from; 0, which no row has, for anything else."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def moment_in(text: str) -> datetime | None:
    """A time that a form of ours named; None for anything else."""
    try:
        found = datetime.strptime(text, VALUE).replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None


def value_of(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):{VALUE}}"


def note_in(request: HttpRequest) -> str:
    """What was typed. A NUL cannot be stored and was not typed by a person."""
    return request.POST.get("note", "").replace("\x00", "").strip()[:LONGEST_NOTE]


def shown(time: Appointment, clinic: Clinic) -> dict[str, object]:
    start, end = clinic.local(time.starts_at), clinic.local(time.ends_at)
    return {
        "pk": time.pk,
        "day": words.day(start.date()),
        "hours": hours(start, end),
        "label": words.moment(time.starts_at, clinic.zone),
        "zone": start.tzname(),
        "practitioner": time.practitioner.name if time.practitioner else "",
        "location": time.location,
        "minutes": time.service.minutes,
        "price": words.money(time.price_cents),
    }


def hours(start: datetime, end: datetime) -> str:
    return _("%(start)s to %(end)s") % {"start": words.hour(start), "end": words.hour(end)}


def fee_rule(price_cents: int, clinic: Clinic) -> dict[str, object]:
    """What changing late costs, before anybody owes it."""
    return {
        "notice_hours": clinic.change_notice_hours,
        "late_fee": words.money(price_cents * clinic.late_change_fee_percent // 100),
        "no_show_fee": words.money(price_cents * clinic.no_show_fee_percent // 100),
        "waived": clinic.first_late_change_waived,
    }
