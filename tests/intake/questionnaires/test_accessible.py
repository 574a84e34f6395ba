"""axe finds nothing wrong with any form that may be published, real ones and ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page

from intake import screening
from intake.questionnaires import sheet
from intake.questionnaires.lint import PUBLISHABLE, lint
from intake.questionnaires.model import Questionnaire
from intake.questionnaires.parse import parse
from tests.intake.questionnaires import real
from tests.intake.questionnaires.test_shipped_forms import shipped

CSS = Path(__file__).parents[3] / "config/static/css"
SCRIPT = CSS.parent / "js" / "questionnaire.js"
STYLES = "".join((CSS / f"{name}.css").read_text() for name in ("tokens", "site", "questionnaire"))


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    found = browser.new_page(viewport={"width": 375, "height": 720})
    yield found
    found.close()


def publishable() -> list[Path]:
    every = [*shipped(), *real.forms(), *real.handwritten()]
    return [path for path in every if lint(path.read_bytes()).level == PUBLISHABLE]


def draw(questionnaire: Questionnaire) -> str:
    blank = sheet.opened(questionnaire)
    controls = blank.controls(screening.alarms_for(questionnaire))
    drawn = render_to_string("intake/questionnaire/form.html", {"sheet": blank, "controls": controls})
    return (
        f'<!doctype html><html lang="en"><head><title>Form</title><style>{STYLES}</style></head>'
        f'<body><main><div class="column"><h1>Form</h1><form class="sheet">{drawn}</form></div></main></body></html>'
    )


@pytest.mark.parametrize("path", publishable(), ids=lambda path: path.stem)
def test_axe_finds_nothing(page: Page, path: Path) -> None:
    questionnaire = parse(path.read_bytes()).questionnaire
    assert questionnaire is not None
    page.set_content(draw(questionnaire))

    found = Axe().run(page).response["violations"]

    assert [(v["id"], v["nodes"][0]["html"][:160]) for v in found] == []


def test_an_urgent_answer_opens_the_panel_at_once_is_read_out_and_loses_nothing(page: Page) -> None:
    questionnaire = parse(next(p for p in shipped() if p.stem == "safety").read_bytes()).questionnaire
    assert questionnaire is not None
    page.set_content(draw(questionnaire))
    page.add_script_tag(content=SCRIPT.read_text())
    yes = page.locator('[data-q-alarm-level="urgent"]').first
    question = yes.locator("xpath=ancestor::*[@data-q-node][1]")
    panel = question.locator(".urgent")
    other = page.locator('input[type="radio"]').last
    other.check(force=True)
    assert not panel.is_visible()

    yes.check(force=True)

    assert panel.is_visible()
    assert panel.locator('a[href^="tel:"]').first.is_visible()
    page.wait_for_function("document.querySelector('[data-q-alarm]').textContent.includes('911')")
    assert page.locator('[data-q-alarm][role="alert"]').count() == 1
    assert other.is_checked()
    question.locator('input[type="radio"]:not([data-q-alarm-level])').first.check(force=True)
    assert not panel.is_visible()
