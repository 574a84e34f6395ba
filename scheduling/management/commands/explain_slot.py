"""`manage.py explain_slot`: may this time be offered, or the code that says why not."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any, TypeVar

from django.utils import timezone

from config.foundation.clinic import Clinic
from config.foundation.json_command import DONE, NO, JSONCommand
from intake.models import Practitioner, Service
from scheduling import availability
from scheduling.models import Room
from scheduling.openings import read_moment

Row = TypeVar("Row", Service, Practitioner, Room)


class Command(JSONCommand):
    help = "Say whether a service may start at a time; times without an offset are clinic-local."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--service", required=True, metavar="CODE")
        parser.add_argument("--practitioner", metavar="CODE", help="any who fits when left out")
        parser.add_argument("--room", metavar="CODE", help="any that fits when left out")
        parser.add_argument("--start", required=True, type=_moment, metavar="ISO")
        parser.add_argument("--now", type=_moment, metavar="ISO", help="judge as if it were this moment")

    def handle(
        self,
        *args: Any,
        service: str,
        practitioner: str | None,
        room: str | None,
        start: datetime,
        now: datetime | None,
        **options: Any,
    ) -> None:
        zone = Clinic.get().zone
        asked_for = self._found(Service, service, "service")
        who = self._found(Practitioner, practitioner, "practitioner") if practitioner else None
        where = self._found(Room, room, "room") if room else None
        try:
            starts_at, missing = availability.local_moment(start, zone)
            judged_at = availability.local_moment(now, zone)[0] if now else timezone.now()
            verdict = availability.explain_slot(
                service=asked_for, practitioner=who, room=where, starts_at=starts_at, now=judged_at
            )
        except (OverflowError, ValueError):  # the first and the last day that Python's calendar has
            self.fail("A date or time is out of range.")
        why = verdict.why or missing
        self.answer({"ok": why is None, "why": why})
        raise SystemExit(NO if why else DONE)

    def _found(self, model: type[Row], code: str, name: str) -> Row:
        row = model.objects.filter(code=code).first()
        if row is None:
            self.fail(f"There is no {name} with the code “{code}”.")
        return row


def _moment(text: str) -> datetime:
    try:
        return read_moment(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no ISO date or time.") from None
