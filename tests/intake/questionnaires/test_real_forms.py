"""Every real form, and hand-written ones for the same features: no crash, the reviewed level and findings, valid HTML, filled in and valid.

A golden holds codes, severities and linkIds only, none of a form's words. `UPDATE_GOLDENS=1` rewrites them
for review.
"""

import hashlib
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import html5lib
import pytest
from django.template.loader import render_to_string

from intake.questionnaires import sheet, validate
from intake.questionnaires.lint import PUBLISHABLE, lint
from intake.questionnaires.parse import parse
from intake.questionnaires.reading import read_json
from tests.intake.questionnaires import real
from tests.intake.questionnaires.filler import filled

ITEMS = {row["file"]: row.get("items") or 0 for row in real.manifest()["files"]}
# The manifest's quick check and our codes for the same thing.
SAME = {
    "unknown-linkId": "qr-linkid-unknown",
    "item-directly-under-question": "qr-item-under-question",
    "unanswered-item-in-completed": "qr-unanswered-item",
    "wrong-type valueString for boolean": "qr-type",
    "required-missing": "qr-required",
    "text-differs": "qr-text",
}


def test_the_real_forms_are_here() -> None:
    real.must_be_there()
    assert len(real.forms()) == 55


def golden(name: str, found: Any) -> Any:
    path = real.GOLDENS / f"{name}.json"
    if os.environ.get("UPDATE_GOLDENS"):
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return json.loads(path.read_text())


@pytest.mark.parametrize("path", [*real.forms(), *real.handwritten()], ids=lambda path: path.stem)
def test_level_findings_and_count_are_as_reviewed(path: Path) -> None:
    report = lint(path.read_bytes())

    findings = sorted([f.code, f.severity, f.link_id] for f in report.findings)
    found = {"level": report.level, "items": report.item_count, "findings": findings}
    assert found == golden(path.stem, found)
    assert report.item_count == ITEMS.get(path.name, report.item_count)


def publishable() -> list[Path]:
    every = [*real.forms(), *real.handwritten()]
    return [path for path in every if lint(path.read_bytes()).level == PUBLISHABLE]


@pytest.mark.parametrize("path", publishable(), ids=lambda path: path.stem)
def test_a_publishable_form_is_drawn_as_valid_html(path: Path) -> None:
    questionnaire = parse(path.read_bytes()).questionnaire
    assert questionnaire is not None
    shown = sheet.opened(questionnaire)

    drawn = render_to_string("intake/questionnaire/form.html", {"sheet": shown, "controls": shown.controls()})

    page = f'<!doctype html><html lang="en"><head><title>x</title></head><body><form>{drawn}</form></body></html>'
    parser = html5lib.HTMLParser()
    parser.parse(page)
    ids = re.findall(r'\sid="([^"]*)"', page)
    assert parser.errors == []
    assert [found for found, count in Counter(ids).items() if count > 1] == []
    assert [link_id for link_id in ids if re.search(r"\s", link_id)] == []
    assert set(re.findall(r'\sfor="([^"]*)"', page)) <= set(ids)
    described = (one for many in re.findall(r'aria-describedby="([^"]*)"', page) for one in many.split())
    assert set(described) <= set(ids)


@pytest.mark.parametrize("path", publishable(), ids=lambda path: path.stem)
def test_a_publishable_form_can_be_filled_in_and_validates(path: Path) -> None:
    questionnaire = parse(path.read_bytes()).questionnaire
    assert questionnaire is not None

    done = filled(questionnaire)

    assert done.errors == []
    assert [f for f in validate.validate(questionnaire, done.response()) if f.severity == "error"] == []


@pytest.mark.parametrize("pair", real.manifest()["pairs"], ids=lambda pair: pair["response"])
def test_a_recorded_response_has_the_recorded_findings(pair: dict[str, Any]) -> None:
    assert real.REAL is not None
    questionnaire = parse((real.REAL / pair["questionnaire"]).read_bytes()).questionnaire
    assert questionnaire is not None
    response = read_json((real.REAL / pair["response"]).read_bytes())

    counts = Counter(finding.code for finding in validate.validate(questionnaire, response))

    assert {code: counts[SAME[code]] for code in pair["findings"]} == pair["findings"]
    digest = hashlib.sha256(pair["response"].encode()).hexdigest()[:12]
    assert dict(sorted(counts.items())) == golden(f"pair-{digest}", dict(sorted(counts.items())))
