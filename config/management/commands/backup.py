"""`manage.py backup FILE`: the whole database into one file, while the clinic works."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from config import backup
from config.foundation.json_command import JSONCommand


class Command(JSONCommand):
    help = "Write the whole database into one file. " + backup.KEYS

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            rows = backup.write(file, now=timezone.now())
        except OSError as error:
            self.fail(f"{file.name} cannot be written: {error.strerror}")
        self.answer({"file": file.name, "rows": rows, "bytes": file.stat().st_size})
        self.stderr.write(backup.KEYS)
