"""`manage.py load_clinic FILE [--starting DATE]`: a clinic from a YAML file."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from config.clinic_file.loading import load
from config.clinic_file.reading import ClinicFileError, read
from config.clinic_file.requests import load_requests
from config.foundation.json_command import NO, JSONCommand


class Command(JSONCommand):
    help = "Load a clinic file: idempotent, silent (no messages), all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--starting", type=date.fromisoformat, help="shift to the week of this date")

    def handle(self, *args: Any, file: Path, starting: date | None, **options: Any) -> None:
        try:
            clinic_file = read(self._text_of(file))
            with transaction.atomic():
                load(clinic_file, starting=starting)
                sent, refused = load_requests(clinic_file, starting=starting)
        except ClinicFileError as error:
            self.fail(f"{file.name}, {error}", code=NO, line=error.line)
        name = clinic_file.data["clinic"]["name"]
        self.stderr.write(f"{name} is loaded, with {sent} requests; the form refuses {refused} of the file.")

    def _text_of(self, file: Path) -> str:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.fail(f"{file.name} cannot be read: {error}")
