"""`manage.py lint_questionnaire FILE…`: may these forms be published, and what stands against it?"""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.foundation.json_command import NO, JSONCommand
from intake.questionnaires.lint import PUBLISHABLE, lint


class Command(JSONCommand):
    help = (
        "Prints one JSON object a file: file, level (refused, draft, publishable), items (all of them, at "
        "every depth), findings. Exit code 0 when every form is publishable, 1 when one is not."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        levels = [self.report(name) for name in options["files"]]
        if any(level != PUBLISHABLE for level in levels):
            raise SystemExit(NO)

    def report(self, name: str) -> str:
        try:
            content = Path(name).read_bytes()
        except OSError as problem:
            self.fail(f"{name} cannot be read: {problem.strerror}.")
        found = lint(content, today=datetime.now(tz=UTC).date())
        findings = [finding.as_json() for finding in found.findings]
        self.answer({"file": name, "level": found.level, "items": found.item_count, "findings": findings})
        return found.level
