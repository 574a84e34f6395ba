"""`{{ cents|money }}`, `{{ day|in_words }}`, `{{ moment|in_words:clinic.zone }}`, `{{ number|phone }}`."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template

from intake import words

register = template.Library()


@register.filter
def money(cents: int) -> str:
    """$210.00"""
    return words.money(cents)


@register.filter
def price(cents: int) -> str:
    """$210, or $52.50 where there are cents."""
    return words.money(cents, exact=False)


@register.filter
def full_day(moment: datetime, zone: ZoneInfo) -> str:
    """Thursday, December 30, 2027: for what may lie in another year."""
    return words.day(moment.astimezone(zone).date(), year=True)


@register.filter
def in_words(when: date | datetime | None, zone: ZoneInfo | None = None) -> str:
    if when is None:
        return ""
    if isinstance(when, datetime):
        return words.moment(when, zone or ZoneInfo("UTC"))
    return words.day(when)


@register.filter
def phone(number: Any) -> str:
    return words.phone(number)


@register.filter
def phone_link(number: Any) -> str:
    """For `tel:`, digits only."""
    return number.as_e164 if hasattr(number, "as_e164") else str(number or "")
