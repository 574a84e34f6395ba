"""`manage.py restore FILE [--force]`: a backup into an empty database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config import backup
from config.foundation.json_command import NO, JSONCommand


class Command(JSONCommand):
    help = "Fill an empty database from a backup: all or nothing. " + backup.KEYS

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--force", action="store_true", help="empty the database first; what is in it is lost"
        )

    def handle(self, *args: Any, file: Path, force: bool, **options: Any) -> None:
        if not file.is_file():
            self.fail(f"{file.name} is not there.")
        try:
            rows = backup.restore(file, force=force)
        except backup.Refused as why:
            self.fail(str(why), code=NO)
        self.answer({"file": file.name, "rows": rows})
        self.stderr.write(backup.KEYS)
