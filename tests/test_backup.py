"""A backup, restored into an empty database, is the same row by row; on both engines."""

import gzip
import json
import subprocess
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from config import backup
from config.backup import _plain, _rows, tables
from intake.models import Client
from scheduling.models import Appointment
from tests.factories import NOW, load_sample_clinic, make_user
from tests.intake.test_samples import send

pytestmark = pytest.mark.django_db(transaction=True)
Manage = Callable[..., "subprocess.CompletedProcess[str]"]


def everything() -> dict[str, list[list[Any]]]:
    return {
        model._meta.db_table: [
            [_plain(value, field) for value, field in zip(row, model._meta.concrete_fields, strict=True)]
            for row in _rows(model)
        ]
        for model in tables()
    }


@pytest.fixture
def full(tmp_path: Path) -> Path:
    load_sample_clinic(visits=True)
    for code in ("R01", "R08", "R13", "R30", "R14", "R22"):
        send(code)
    make_user()
    return tmp_path / "clinic.backup"


def run(command: str, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, answer and what was said beside it."""
    out, said = StringIO(), StringIO()
    try:
        call_command(command, *arguments, stdout=out, stderr=said)
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, json.loads(out.getvalue()), said.getvalue()


def test_what_is_restored_is_the_same_row_by_row(full: Path) -> None:
    before = everything()
    assert sum(map(len, before.values())) > 300
    code, answer, said = run("backup", str(full))
    assert (code, answer["rows"]) == (0, sum(map(len, before.values())))
    assert "FIELD_KEYS" in said
    assert oct(full.stat().st_mode)[-3:] == "600"
    assert b"Testerman" not in full.read_bytes()

    code, answer, _said = run("restore", str(full))
    assert code == 1
    assert "not empty" in answer["error"]
    assert everything() == before

    call_command("flush", verbosity=0, interactive=False)
    assert not Client.objects.exists()
    assert run("restore", str(full))[0] == 0
    assert everything() == before
    assert Client.objects.exclude(birth_date_index="")[0].birth_date is not None
    assert make_user().pk  # the numbers go on where they stopped

    Appointment.objects.update(code="changed")
    assert run("restore", str(full), "--force")[0] == 0
    assert everything() == before


def test_what_is_not_whole_changes_nothing(full: Path) -> None:
    backup.write(full, now=NOW)
    whole = gzip.decompress(full.read_bytes()).splitlines(keepends=True)
    before = everything()
    bad = full.with_name("bad")
    for content in (
        b"not a backup",
        full.read_bytes()[:-200],
        gzip.compress(b"".join(whole[:-1])),
        gzip.compress(b'{"format": "other/1"}\n'),
        gzip.compress(whole[0].replace(b"0001_initial", b"0001_other") + b"".join(whole[1:])),
    ):
        bad.write_bytes(content)
        with pytest.raises(backup.Refused):
            backup.restore(bad, force=True)
        assert everything() == before
    assert run("restore", str(full.with_name("nowhere")))[0] == 2


def test_other_keys_do_not_open_it(full: Path, manage: Manage) -> None:
    backup.write(full, now=NOW)
    before = everything()
    other = manage("restore", str(full), "--force", env={"FIELD_KEYS": "k9:" + "A" * 43 + "="})
    assert other.returncode == 1, other.stdout + other.stderr
    assert "FIELD_KEYS" in json.loads(other.stdout)["error"]
    assert everything() == before


@pytest.mark.timeout(600)
@pytest.mark.nightly  # two processes, one of which makes a database
@pytest.mark.postgresql
def test_a_backup_goes_to_the_other_engine_and_back_unchanged(full: Path, manage: Manage) -> None:
    """From PostgreSQL into a new SQLite file, and what is backed up there into PostgreSQL again."""
    before = everything()
    backup.write(full, now=NOW)
    there = {"DATABASE_URL": f"sqlite:///{full.with_name('other.sqlite3')}"}
    came_back = full.with_name("back.backup")

    for command in (["restore", str(full)], ["backup", str(came_back)]):
        done = manage(*command, env=there, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr

    first, second = (gzip.decompress(file.read_bytes()).splitlines()[1:] for file in (full, came_back))
    assert sorted(second) == sorted(first)
    backup.restore(came_back, force=True)
    assert everything() == before
