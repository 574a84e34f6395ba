"""Dates of a clinic file, as written or shifted by whole weeks so that weekdays stay."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


class Calendar:
    """Reads the file's dates. With `starting`, its anchor falls in the week of that date."""

    def __init__(self, *, anchor: str, zone: str, starting: date | None = None) -> None:
        self.zone = ZoneInfo(zone)
        self.anchor = anchor
        anchor_on = self._aware(anchor).date()
        self.shift = timedelta(0)
        if starting is not None:
            self.shift = _monday(starting) - _monday(anchor_on)

    def day(self, text: str, *, absolute: bool = False) -> date:
        return date.fromisoformat(text) + (timedelta(0) if absolute else self.shift)

    def moment(self, text: str) -> datetime:
        """An aware moment. Wall-clock time is shifted: the hour stays across a clock change."""
        return (self._aware(text).replace(tzinfo=None) + self.shift).replace(tzinfo=self.zone)

    def _aware(self, text: str) -> datetime:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=self.zone) if moment.tzinfo is None else moment.astimezone(self.zone)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
