"""Rules of the house that a test can watch."""

import re
from io import StringIO
from pathlib import Path

import pytest
from celery import Celery
from django.apps import apps
from django.core.management import call_command
from django.db import models

from config.celery import app as celery_app
from notifications import delivery
from tests.processes import ROOT

LOWER_FIRST = ["foundation", "notifications", "intake", "scheduling"]
APPS = ["config", "intake", "scheduling", "notifications"]


def our_models() -> list[type[models.Model]]:
    return [
        model
        for label in LOWER_FIRST
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    ]


def sources() -> list[Path]:
    return [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]


def test_relations_follow_the_order_of_the_apps() -> None:
    """import-linter cannot see foreign keys written as strings."""
    wrong = []
    for model in our_models():
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if field.auto_created or target is None or target._meta.app_label not in LOWER_FIRST:
                continue
            here, there = model._meta.app_label, target._meta.app_label
            if LOWER_FIRST.index(there) > LOWER_FIRST.index(here):
                wrong.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")
    assert wrong == []


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    said = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=said)
    assert "No changes" in said.getvalue()


def test_every_entry_of_the_schedule_names_a_task_that_exists() -> None:
    celery_app.loader.import_default_modules()
    schedule = celery_app.conf.beat_schedule
    unknown = [name for name, entry in schedule.items() if entry["task"] not in celery_app.tasks]
    assert unknown == []


def test_every_entry_of_the_schedule_is_dropped_when_it_comes_too_late() -> None:
    """A tick that waited out a broker's absence is worth nothing: the next one does the same work."""
    celery_app.loader.import_default_modules()
    kept = [
        name
        for name, entry in celery_app.conf.beat_schedule.items()
        if not entry.get("options", {}).get("expires")
    ]
    assert kept == []


def test_a_tick_of_estimate_documents_outlives_the_longest_drain() -> None:
    """One worker with a backlog of mail drains again and again; between two drains the papers must have their turn."""
    celery_app.loader.import_default_modules()
    entry = celery_app.conf.beat_schedule["estimate documents"]
    assert entry["options"]["expires"] > delivery.DRAWN_OUT


def test_task_results_are_stored_nowhere() -> None:
    """Arguments and results of tasks would be a second, unencrypted place for personal data."""
    assert isinstance(celery_app, Celery)
    assert celery_app.conf.result_backend is None
    assert celery_app.conf.task_ignore_result is True


def test_moments_and_dates_are_named_for_what_they_are() -> None:
    """`_at` is a moment, `_on` a date."""
    expected = {
        "_at": (models.DateTimeField,),
        "_on": (models.DateField,),
    }
    wrong = []
    for model in our_models():
        for field in model._meta.get_fields():
            if not isinstance(field, models.Field):
                continue
            for ending, kinds in expected.items():
                is_moment = isinstance(field, models.DateTimeField)
                if field.name.endswith(ending) and (
                    not isinstance(field, kinds) or (ending == "_on" and is_moment)
                ):
                    wrong.append(f"{model._meta.label}.{field.name} is a {type(field).__name__}")
    assert wrong == []


def test_no_signals_and_no_overridden_save() -> None:
    """What happens is written where it happens: no receivers, no work hidden in save()."""
    forbidden = re.compile(r"^\s*(@receiver|from django\.db\.models\.signals|    def save\()", re.MULTILINE)
    found = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.name not in {"forms.py"} and forbidden.search(path.read_text())
    ]
    assert found == []


def test_no_module_is_named_for_nothing() -> None:
    """`utils` says nothing about what is in it."""
    names = {path.stem for path in sources()}
    assert names & {"utils", "helpers", "services", "selectors", "misc", "common"} == set()


@pytest.mark.parametrize("lock", sorted(path.name for path in (ROOT / "requirements").glob("*.txt")))
def test_locks_name_no_address_and_hash_everything(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()

    assert "://" not in text
    assert "--index-url" not in text
    pins = re.findall(r"^[A-Za-z0-9_.\[\]-]+==", text, re.MULTILINE)
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(pins) == len(blocks)
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_development_lock_holds_the_runtime_lock() -> None:
    """What the tests run is what production runs."""

    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text()
        return set(re.findall(r"^([A-Za-z0-9_.\[\]-]+==\S+)", text, re.MULTILINE))

    assert pins("base.txt") <= pins("dev.txt")


def test_templates_hold_no_inline_script_or_style() -> None:
    inline = re.compile(
        r"<style|\sstyle=|<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|\son[a-z]+=\"", re.I
    )
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for app in APPS
        for path in (ROOT / app).rglob("templates/**/*.html")
        if "mail" not in path.parts  # mail readers know no style sheets: css-inline writes them into the tags
        for match in inline.finditer(path.read_text())
    ]
    assert found == []
