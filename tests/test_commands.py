"""The commands that stay: what they answer, and that every wrong use is one line of JSON and exit code 2."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError

from config.foundation.clinic import Clinic
from config.foundation.json_command import DONE, NO, WRONG_USE
from intake.models import Service
from tests.factories import SAMPLE, load_sample_clinic

FORMS = Path(__file__).resolve().parent.parent / "intake" / "data" / "questionnaires"
FORM = str(FORMS / "safety.json")
TUESDAY = "2027-03-02T08:00"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Files that are not what a command asks for."""
    (tmp_path / "empty").write_text("")
    (tmp_path / "words").write_text("just words")
    (tmp_path / "binary").write_bytes(b"\x00\xff\xfe\x80" * 50)
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "deep.yaml").write_text("[" * 5_000)
    (tmp_path / "list.json").write_text("[1, 2]")
    (tmp_path / "tag.yaml").write_text("!!python/object/apply:os.getcwd []")
    return tmp_path


def run(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and the JSON objects on standard output; anything else there fails the test."""
    out, code = io.StringIO(), DONE
    try:
        with contextlib.redirect_stdout(out):
            call_command(*arguments, stderr=io.StringIO())
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


WRONG = {
    "explain_slot": [
        [],
        ["--service", "ORTHO-EVAL"],
        ["--start", TUESDAY],
        ["--service", "NOPE", "--start", TUESDAY],
        ["--service", "", "--start", TUESDAY],
        ["--service", "\ud800", "--start", TUESDAY],
        ["--service", "ORTHO-EVAL\0", "--start", TUESDAY],
        ["--service", "ORTHO-EVAL", "--start", "soon"],
        ["--service", "ORTHO-EVAL", "--start", "2027-02-30T08:00"],
        ["--service", "ORTHO-EVAL", "--start", TUESDAY, "--now", "later"],
        ["--service", "ORTHO-EVAL", "--start", TUESDAY, "--practitioner", "P9"],
        ["--service", "ORTHO-EVAL", "--start", TUESDAY, "--room", "cellar"],
        ["--service", "ORTHO-EVAL", "--start", TUESDAY, "--colour", "red"],
        ["--service", "ORTHO-EVAL", "--start", "0001-01-01T00:00+14:00"],
        ["--service", "ORTHO-EVAL", "--start", "9999-12-31T23:59-12:00"],
        ["--service", "ORTHO-EVAL", "--start", "9999-12-31T23:59"],
        ["--service", "ORTHO-EVAL", "--start", TUESDAY, "--now", "0001-01-01T00:00+14:00"],
    ],
    "estimate_due": [
        [],
        ["--event", "scheduled"],
        ["--event", "party", "--at", TUESDAY],
        ["--event", "scheduled", "--at", TUESDAY],
        ["--event", "scheduled", "--at", "soon", "--visit", "2027-03-09"],
        ["--event", "scheduled", "--at", "2027-02-30", "--visit", "2027-03-09"],
        ["--event", "scheduled", "--at", TUESDAY, "--visit", "2027-03-01"],
        ["--event", "scheduled", "--at", TUESDAY, "--visit", "whenever"],
        ["--event", "scheduled", "--at", "0001-01-01T00:00+14:00", "--visit", "2027-03-09"],
        ["--event", "scheduled", "--at", "9999-12-31T23:59-12:00", "--visit", "9999-12-31"],
        ["--event", "\ud800", "--at", TUESDAY],
    ],
    "lint_questionnaire": [
        [],
        ["{files}/none.json"],
        ["{files}"],
        [FORM, "{files}/none.json"],
        ["--loud", FORM],
    ],
    "validate_response": [
        [],
        [FORM],
        [FORM, "{files}/none.json"],
        ["{files}/none.json", FORM],
        ["{files}", FORM],
        [FORM, "{files}"],
        [FORM, "{files}/words"],
        [FORM, "{files}/empty"],
        [FORM, "{files}/binary"],
        [FORM, "{files}/deep.json"],
        ["{files}/words", "{files}/words"],
        ["{files}/deep.json", FORM],
    ],
    "load_clinic": [
        [],
        ["{files}/none.yaml"],
        ["{files}"],
        ["{files}/binary"],
        [str(SAMPLE), "--starting", "soon"],
        [str(SAMPLE), "--starting", "2027-02-30"],
        [str(SAMPLE), "--starting", "0001-01-01"],
        [str(SAMPLE), "--starting", "9999-12-31"],
        [str(SAMPLE), "extra"],
    ],
}
CASES = [(command, arguments) for command, uses in WRONG.items() for arguments in uses]


@pytest.mark.django_db
@pytest.mark.parametrize(("command", "arguments"), CASES, ids=lambda said: ascii(said)[:90])
def test_wrong_use_is_one_sentence_in_json_and_exit_code_2(
    command: str, arguments: list[str], files: Path
) -> None:
    load_sample_clinic()

    code, said = run(command, *(part.replace("{files}", str(files)) for part in arguments))

    assert code == WRONG_USE, said
    assert list(said[-1]) == ["error"]
    assert said[-1]["error"].strip()
    assert not [row for row in said[:-1] if "error" in row]


@pytest.mark.django_db
def test_the_answers_have_the_shapes_they_are_known_by(files: Path) -> None:
    load_sample_clinic()
    now = ["--now", "2027-03-01T09:00"]

    yes = run("explain_slot", "--service", "ORTHO-EVAL", "--practitioner", "P1", "--start", TUESDAY, *now)
    no = run("explain_slot", "--service", "ORTHO-EVAL", "--start", "2027-03-07T03:00", *now)
    due = run("estimate_due", "--event", "scheduled", "--at", TUESDAY, "--visit", "2027-03-09")
    linted = run("lint_questionnaire", FORM, str(files / "words"))

    assert (yes[0], list(yes[1][0])) == (DONE, ["ok", "why"])
    assert yes[1] == [{"ok": True, "why": None}]
    assert (no[0], no[1][0]["ok"]) == (NO, False)
    assert due == (
        DONE,
        [
            {
                "tier": due[1][0]["tier"],
                "legal_due_on": "2027-03-03",
                "target_due_on": due[1][0]["target_due_on"],
            }
        ],
    )
    assert [row["level"] for row in linted[1]] == ["publishable", "refused"]
    assert linted[0] == NO


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["empty", "words", "deep.yaml", "tag.yaml", "list.json"])
def test_a_file_that_holds_no_clinic_is_refused_with_its_line(name: str, files: Path) -> None:
    code, said = run("load_clinic", str(files / name))

    assert (code, list(said[0])) == (NO, ["error", "line"])
    assert not Clinic.objects.exists()
    assert not Service.objects.exists()


def test_a_database_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Clinic:
        raise DatabaseError("no such table: foundation_clinic")

    monkeypatch.setattr(Clinic, "get", gone)

    code, said = run("explain_slot", "--service", "ORTHO-EVAL", "--start", TUESDAY)

    assert code == WRONG_USE
    assert "migrate" in said[0]["error"]
