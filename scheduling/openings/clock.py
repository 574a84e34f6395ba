"""Minutes since 1970 and the clock on the wall, in a zone with its changes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Span = tuple[int, int]

DAY = 24 * 60
GRID = 5  # minutes; every visit starts on one of these
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def minute_of(moment: datetime) -> int:
    """The minute a moment falls in. Aware datetimes only."""
    return int(moment.timestamp() // 60)


def is_whole(moment: datetime) -> bool:
    """Without seconds: nothing here knows less than a minute."""
    return not (moment.second or moment.microsecond)


def moment_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, tz=UTC)


def read_moment(text: str) -> datetime:
    """A moment as it was typed or posted. Raises ValueError; Python alone would read past a NUL."""
    if not text.isprintable():
        raise ValueError(text)
    return datetime.fromisoformat(text)


def exists(wall: datetime, zone: ZoneInfo) -> bool:
    """Does a clock in this zone ever show this naive wall time? The hour skipped in spring does not."""
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(
        tzinfo=None, fold=0
    ) == wall.replace(fold=0)


def local_day(minute: int, zone: ZoneInfo) -> date:
    return moment_of(minute).astimezone(zone).date()


@lru_cache(maxsize=4096)
def day_segments(day: date, zone: ZoneInfo) -> tuple[tuple[int, int, int], ...]:
    """One local day as `(from, to, wall minutes to add)`; two pieces on a day the clocks change.

    `instant + to_add` is the wall minute since this day's midnight.
    """
    start = minute_of(datetime.combine(day, datetime.min.time(), zone))
    end = minute_of(datetime.combine(day + timedelta(days=1), datetime.min.time(), zone))
    midnight = (day.toordinal() - EPOCH_ORDINAL) * DAY
    before, after = _offset(start, zone), _offset(end - 1, zone)
    if before == after:
        return ((start, end, before - midnight),)
    low, high = start, end - 1  # the change lies in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return ((start, high, before - midnight), (high, end, after - midnight))


def wall_spans(day: date, start: int, end: int, zone: ZoneInfo) -> list[Span]:
    """The instants of a local day at which the clock shows a wall time in `[start, end)`."""
    spans: list[Span] = []
    for first, last, to_add in day_segments(day, zone):
        low, high = max(first, start - to_add), min(last, end - to_add)
        if low < high:
            if spans and spans[-1][1] == low:
                spans[-1] = (spans[-1][0], high)
            else:
                spans.append((low, high))
    return spans


def wall_of(minute: int, zone: ZoneInfo) -> tuple[date, int]:
    """The local day of a minute, and what the clock shows, in minutes since that midnight."""
    local = moment_of(minute).astimezone(zone)
    return local.date(), local.hour * 60 + local.minute


def _offset(minute: int, zone: ZoneInfo) -> int:
    offset = moment_of(minute).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() // 60)


def monday_of(day: date) -> int:
    return day.toordinal() - day.weekday()


def days_between(first: date, last: date) -> Iterator[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)
