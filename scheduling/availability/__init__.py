"""What the database knows about the time asked for, fed to `openings` as plain values.

One query, however many people, days and visits there are (`rows`). Keys in the calendar are ids of
`Resource` rows, so that a claim needs no look-up.
"""

from scheduling.availability.diary import Diary, Slot
from scheduling.availability.reading import load
from scheduling.availability.times import (
    SEARCHED_DAYS,
    best_and_all,
    best_times,
    explain_slot,
    for_request,
    local_moment,
    next_best_times,
    other_times,
    times_around,
    times_to_move_to,
)
from scheduling.availability.wishes import marked_times, wishes_of, with_keys

__all__ = [
    "SEARCHED_DAYS",
    "Diary",
    "Slot",
    "best_and_all",
    "best_times",
    "explain_slot",
    "for_request",
    "load",
    "local_moment",
    "marked_times",
    "next_best_times",
    "other_times",
    "times_around",
    "times_to_move_to",
    "wishes_of",
    "with_keys",
]
