"""Is mail moving? For the banner on the desk, and for whoever watches from outside."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.models import Heartbeat, Message, State

LATE = timedelta(minutes=5)  # a due message older than this: staff see a banner
DRAIN_IS_DEAD = timedelta(minutes=3)
BEAT_IS_DEAD = timedelta(minutes=2)
TWO_BEATS = timedelta(seconds=20)  # longer than one interval: the old beat ticked after the new one began


@dataclass(frozen=True)
class Health:
    """Ages in seconds; None where there is nothing to have an age."""

    oldest_due: float | None
    last_drain: float | None
    beat: float | None
    is_beat_doubled: bool

    @property
    def is_mail_late(self) -> bool:
        return self.oldest_due is not None and self.oldest_due > LATE.total_seconds()

    @property
    def is_drain_alive(self) -> bool:
        return self.last_drain is not None and self.last_drain <= DRAIN_IS_DEAD.total_seconds()

    @property
    def is_beat_alive(self) -> bool:
        return self.beat is not None and self.beat <= BEAT_IS_DEAD.total_seconds()

    @property
    def trouble(self) -> str:
        """What staff should be told: "late", "beat_doubled", "beat_dead", or nothing.

        A beat that was never seen is no news; if mail needs it, mail becomes late.
        """
        if self.is_mail_late:
            return "late"
        if self.is_beat_doubled:
            return "beat_doubled"
        return "beat_dead" if self.beat is not None and not self.is_beat_alive else ""

    @property
    def is_ready(self) -> bool:
        """Without beat the rescue loop still sends, and Redis is not needed to answer a page."""
        return self.is_drain_alive and not self.is_mail_late


def oldest_due(*, now: datetime) -> float | None:
    """For how many seconds the message that waits longest has been due. One small query."""
    due = (
        Message.objects.filter(state__in=[State.QUEUED, State.SENDING], not_before__lte=now)
        .order_by("not_before")
        .values_list("not_before", flat=True)
        .first()
    )
    return (now - due).total_seconds() if due else None


def look(*, now: datetime) -> Health:
    """Two small queries."""
    beats: list[Heartbeat] = []
    drain: Heartbeat | None = None
    for row in Heartbeat.objects.filter(at__gt=now - timedelta(days=7)):
        if row.name == "drain":
            drain = row
        elif row.name.startswith("beat:"):
            beats.append(row)
    beats.sort(key=lambda row: row.at)
    newest = beats[-1] if beats else None
    return Health(
        oldest_due=oldest_due(now=now),
        last_drain=(now - drain.at).total_seconds() if drain else None,
        beat=(now - newest.at).total_seconds() if newest else None,
        is_beat_doubled=any(
            now - row.at < BEAT_IS_DEAD
            and any(
                row is not other
                and row.at > other.first_at + TWO_BEATS
                and row.first_at <= other.first_at
                and now - other.at < BEAT_IS_DEAD
                for other in beats
            )
            for row in beats
        ),
    )
