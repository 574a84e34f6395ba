"""What an estimate's clock says to staff, in plain words instead of the code that is stored."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from scheduling.estimates.deadlines import Tier

register = template.Library()

IN_WORDS = {
    Tier.T1: gettext_noop("one business day after booking"),
    Tier.T3: gettext_noop("three business days after booking"),
    Tier.REQ: gettext_noop("three business days after the question"),
    Tier.CHG: gettext_noop("one business day before the visit"),
    Tier.LATE: gettext_noop("too late for the legal date: send it at once"),
    Tier.NONE: gettext_noop("booked too shortly before for a legal date"),
}


@register.filter
def tier_in_words(tier: str) -> str:
    return _(IN_WORDS[Tier(tier)])
