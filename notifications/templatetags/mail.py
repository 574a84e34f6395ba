"""Days and hours as we say them: "Monday, March 8", "10:30 am"; "lunes 8 de marzo"."""

from datetime import date, datetime

from django import template
from django.utils import dateformat
from django.utils.translation import get_language

register = template.Library()

# Keyed by language: the order of words is not a translation of words.
_DAY = {"en": "l, F j", "es": r"l j \d\e F"}


@register.filter(expects_localtime=True)
def day(value: date | datetime) -> str:
    """Weekday first, no year: nobody plans a visit a year ahead."""
    return dateformat.format(value, _DAY[_language()])


@register.filter(expects_localtime=True)
def clock(value: datetime) -> str:
    """ "5 pm", "10:30 am"; the same in both languages, as people here write it."""
    hour, minute = value.hour % 12 or 12, value.minute
    half = "am" if value.hour < 12 else "pm"
    return f"{hour}:{minute:02d} {half}" if minute else f"{hour} {half}"


@register.filter(expects_localtime=True)
def moment(value: datetime) -> str:
    """ "Monday, March 8, 10:30 am"."""
    return f"{day(value)}, {clock(value)}"


@register.filter
def money(cents: int) -> str:
    """ "$1,055.00" from integer cents."""
    return f"${cents // 100:,}.{cents % 100:02d}"


def _language() -> str:
    language = (get_language() or "en").split("-")[0]
    return language if language in _DAY else "en"
