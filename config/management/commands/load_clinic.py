"""`manage.py load_clinic FILE [--starting DATE]`: a clinic from a YAML file."""

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from config.clinic_file.loading import load
from config.clinic_file.reading import ClinicFileError, read


class Command(BaseCommand):
    help = "Load a clinic file: idempotent, silent (no messages), all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--starting", type=date.fromisoformat, help="shift to the week of this date")

    def handle(self, *args: Any, file: Path, starting: date | None, **options: Any) -> None:
        try:
            clinic_file = read(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            self._fail(2, f"{file.name} cannot be read: {error}")
        except ClinicFileError as error:
            self._fail(1, f"{file.name}, {error}", line=error.line)
        load(clinic_file, starting=starting)
        self.stderr.write(f"{clinic_file.data['clinic']['name']} is loaded.")

    def _fail(self, code: int, reason: str, **more: int) -> None:
        self.stdout.write(json.dumps({"error": reason, **more}, ensure_ascii=False))
        raise SystemExit(code)
