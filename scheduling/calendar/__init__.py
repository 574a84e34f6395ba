"""What the calendar shows for a day or a week, as plain values.

Times leave here as naive wall times of the clinic ("2027-03-02T16:10"): the browser draws them as they are
and never computes with zones. The number of queries does not depend on how much is shown.
"""

from scheduling.calendar.cards import Card, card, letters, visits_between
from scheduling.calendar.columns import MACHINES, NO_ROOM, columns, who_is_off
from scheduling.calendar.drawing import feed, iso
from scheduling.calendar.hours import Hours, read_hours
from scheduling.calendar.ribbon import ribbon
from scheduling.calendar.rules import day_bounds
from scheduling.calendar.sheets import day_sheets

__all__ = [
    "MACHINES",
    "NO_ROOM",
    "Card",
    "Hours",
    "card",
    "columns",
    "day_bounds",
    "day_sheets",
    "feed",
    "iso",
    "letters",
    "read_hours",
    "ribbon",
    "visits_between",
    "who_is_off",
]
