"""`manage.py estimate_due --event E --at ISO [--visit DATE]`: when is a good-faith estimate due?"""

from argparse import ArgumentParser
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import DatabaseError

from config.foundation.json_command import JSONCommand
from config.foundation.models import Clinic
from scheduling.estimates import deadlines
from scheduling.openings import read_moment


class Command(JSONCommand):
    help = (
        "Prints the tier, the legal date and the target date of an estimate as JSON. A time without an "
        "offset is clinic-local. Exit code 2 and an error in JSON for wrong use."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--event", required=True, help=", ".join(deadlines.Event))
        parser.add_argument("--at", required=True, help="when it happened: ISO date and time, or a date")
        parser.add_argument("--visit", help="the visit's local date, or its date and time")

    def handle(self, *args: Any, **options: Any) -> None:
        zone = _clinic_zone()
        try:
            event = deadlines.Event(options["event"])
        except ValueError:
            self.fail(f"Unknown event “{options['event']}”. Known: {', '.join(deadlines.Event)}.")
        try:
            found = deadlines.due(
                event,
                event_on=self.read_day("at", options["at"], zone),
                visit_on=self.read_day("visit", options["visit"], zone) if options["visit"] else None,
            )
        except (deadlines.VisitNeeded, deadlines.VisitInPast, deadlines.UnknownDate) as error:
            self.fail(str(error))
        self.answer(
            {
                "tier": found.tier,
                "legal_due_on": found.legal_due_on,
                "target_due_on": found.target_due_on,
            }
        )

    def read_day(self, name: str, text: str, zone: ZoneInfo) -> date:
        """The local date of an ISO date or moment; an offset is honoured."""
        try:
            if len(text) == len("2027-03-01"):
                return date.fromisoformat(text)
            moment = read_moment(text)
        except ValueError:
            self.fail(f"--{name}: “{text}” is no ISO date or time.")
        if moment.tzinfo is None:
            return moment.date()
        try:
            return deadlines.local_date(moment, zone)
        except OverflowError:
            self.fail(f"--{name}: “{text}” is out of range.")


def _clinic_zone() -> ZoneInfo:
    try:
        return Clinic.get().zone
    except DatabaseError:  # not migrated yet: the arithmetic needs no data but the zone
        return Clinic().zone
