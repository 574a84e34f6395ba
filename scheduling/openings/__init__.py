"""Which times fit, in which order, and why another does not.

Pure: values in, values out. No database, no clock, no settings. An instant is an integer: whole minutes since
1970-01-01 00:00 UTC. A wall time is an integer too: minutes since local midnight. All spans are half-open,
`[start, end)`: a visit that ends at 10:00 and one that starts at 10:00 do not touch.

Hours are wall times in the clinic's zone. A minute is open when the clock on the wall shows an open time
at that minute: on the day the clocks go forward the missing hour is not there, on the day they go back the
repeated hour is open twice. Each local day is turned into minutes once (`day_segments`), never each slot.

A key names a practitioner, a room, a machine or a service; what it is made of is the caller's business.
"""

from scheduling.openings.clock import (
    DAY,
    GRID,
    Span,
    exists,
    is_whole,
    local_day,
    minute_of,
    moment_of,
    read_moment,
    wall_spans,
)
from scheduling.openings.ranking import PARTS_OF_DAY, WISHES_BROKEN, Ranked, Reason, Wishes, choose, rank
from scheduling.openings.reasons import explain
from scheduling.openings.search import find_openings
from scheduling.openings.spans import is_free, overlapping, subtract
from scheduling.openings.values import (
    Calendar,
    Closed,
    Hours,
    Key,
    Mode,
    Opening,
    Override,
    Person,
    Place,
    Refusal,
    RoomPlan,
    ServicePlan,
    Session,
    Verdict,
)

__all__ = [
    "DAY",
    "GRID",
    "PARTS_OF_DAY",
    "WISHES_BROKEN",
    "Calendar",
    "Closed",
    "Hours",
    "Key",
    "Mode",
    "Opening",
    "Override",
    "Person",
    "Place",
    "Ranked",
    "Reason",
    "Refusal",
    "RoomPlan",
    "ServicePlan",
    "Session",
    "Span",
    "Verdict",
    "Wishes",
    "choose",
    "exists",
    "explain",
    "find_openings",
    "is_free",
    "is_whole",
    "local_day",
    "minute_of",
    "moment_of",
    "overlapping",
    "rank",
    "read_moment",
    "subtract",
    "wall_spans",
]
