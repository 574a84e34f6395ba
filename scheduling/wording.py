"""How the desk says days, times and ages: short, the same everywhere, in the clinic's wall time.

Everything takes aware moments and a zone and gives words; nothing here reads the clock.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def clock(moment: datetime) -> str:
    """A local moment as "4:10 pm", full hours as "5 pm"."""
    half = "am" if moment.hour < 12 else "pm"
    hour = moment.hour % 12 or 12
    return f"{hour} {half}" if moment.minute == 0 else f"{hour}:{moment.minute:02d} {half}"


def span(start: datetime, end: datetime) -> str:
    """Two local moments as "4:10–5:25 pm", "11:30 am–12:30 pm"."""
    first, last = clock(start), clock(end)
    if first[-2:] == last[-2:]:
        first = first[:-3]
    return f"{first}–{last}"


def weekday(day: date) -> str:
    return date_format(day, "D")


def short_day(day: date) -> str:
    """ "Tue, Mar 2" """
    return date_format(day, "D, M j")


def day_and_time(moment: datetime) -> str:
    """A local moment as "Tue, Mar 2 · 4:10 pm"."""
    return f"{short_day(moment.date())} · {clock(moment)}"


def month_day(day: date) -> str:
    """ "Mar 2" """
    return date_format(day, "M j")


def long_day(day: date) -> str:
    """ "Tuesday, March 2" """
    return date_format(day, "l, F j")


def due(moment: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """When an answer is promised, as short as it can be said: "5 pm", "Tue 5 pm", "Mar 9"."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return clock(local)
    if abs((local.date() - today).days) < 7:
        return f"{weekday(local.date())} {clock(local)}"
    return date_format(local.date(), "M j")


def until(moment: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """ "today 6 pm", "Wed, Mar 3, 9:24 am" """
    local = moment.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return _("today %(time)s") % {"time": clock(local)}
    return f"{short_day(local.date())}, {clock(local)}"


def age(since: datetime, *, now: datetime) -> str:
    """ "3 min", "11 h", "3 d" """
    passed = max(now - since, timedelta(0))
    if passed < HOUR:
        return _("%(count)d min") % {"count": passed // MINUTE}
    if passed < DAY:
        return _("%(count)d h") % {"count": passed // HOUR}
    return _("%(count)d d") % {"count": passed // DAY}


def age_in_words(since: datetime, *, now: datetime) -> str:
    passed = max(now - since, timedelta(0))
    if passed < HOUR:
        return ngettext("%(count)d minute old", "%(count)d minutes old", passed // MINUTE) % {
            "count": passed // MINUTE
        }
    if passed < DAY:
        return ngettext("%(count)d hour old", "%(count)d hours old", passed // HOUR) % {
            "count": passed // HOUR
        }
    return ngettext("%(count)d day old", "%(count)d days old", passed // DAY) % {"count": passed // DAY}
