"""`manage.py validate_response QUESTIONNAIRE RESPONSE`: do the answers fit exactly this form?"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config.foundation.json_command import NO, JSONCommand
from intake.questionnaires.lint import lint
from intake.questionnaires.model import ERROR
from intake.questionnaires.reading import NotJson, read_json
from intake.questionnaires.validate import validate


class Command(JSONCommand):
    help = (
        "Prints one JSON finding a line (code, link_id, severity, message), nothing when valid. Exit code 1 "
        "if one is an error, 2 when a file cannot be read or the form is refused."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("questionnaire")
        parser.add_argument("response")

    def handle(self, *args: Any, **options: Any) -> None:
        form = lint(self.content(options["questionnaire"]))
        if form.questionnaire is None:
            self.fail(form.findings[0].message)
        try:
            response = read_json(self.content(options["response"]))
        except NotJson as problem:
            self.fail(str(problem))
        findings = validate(form.questionnaire, response)
        for finding in findings:
            self.answer(finding.as_json())
        if any(finding.severity == ERROR for finding in findings):
            raise SystemExit(NO)

    def content(self, name: str) -> bytes:
        try:
            return Path(name).read_bytes()
        except OSError as problem:
            self.fail(f"{name} cannot be read: {problem.strerror}.")
