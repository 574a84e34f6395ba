"""Sets of minutes as sorted half-open spans."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from scheduling.openings.clock import Span

NONE: Sequence[Span] = ()


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of the spans. Both may be in any order; what touches only at an end takes nothing away."""
    left = sorted(spans)
    for hole_start, hole_end in holes:
        rest: list[Span] = []
        for start, end in left:
            if hole_end <= start or end <= hole_start:
                rest.append((start, end))
                continue
            if start < hole_start:
                rest.append((start, hole_start))
            if hole_end < end:
                rest.append((hole_end, end))
        left = rest
    return left


def is_free(busy: Sequence[Span], start: int, end: int) -> bool:
    """Does `[start, end)` miss every busy span? They are sorted and do not overlap one another."""
    place = bisect_left(busy, (end,)) - 1  # the last one that starts before our end
    return place < 0 or busy[place][1] <= start


def free_starts(low: int, high: int, busy: Sequence[Span], lead: int, length: int) -> list[Span]:
    """The starts in `[low, high]`, both included, whose claim `[start - lead, start + length)` is free."""
    free: list[Span] = []
    at = bisect_left(busy, (low - lead,))
    if at and busy[at - 1][1] > low - lead:
        at -= 1
    for index in range(at, len(busy)):
        taken_from, taken_to = busy[index]
        if taken_from >= high + length:
            break
        last = taken_from - length
        if last >= low:
            free.append((low, last))
        low = max(low, taken_to + lead)
        if low > high:
            return free
    free.append((low, high))
    return free


def overlap(start: int, end: int, span: Span) -> bool:
    return start < span[1] and span[0] < end


def overlapping(spans: Iterable[Span]) -> bool:
    """Do any two of these spans overlap? For checks."""
    return any(after[0] < before[1] for before, after in pairwise(sorted(spans)))
