"""How a person walks through the request form: reads a question, taps an answer, types, presses "Next".

Every control is found by the words a person sees or hears, so a missing label fails the walk.
"""

import re
from collections.abc import Mapping, Sequence

from playwright.sync_api import Locator, Page, expect


def answer(page: Page, question: str, *options: str) -> None:
    """Tick `options` of the one question whose words start with `question`."""
    group = page.get_by_role("group", name=_begins(question))
    for option in options:
        name = _begins(option)
        group.get_by_role("radio", name=name).or_(group.get_by_role("checkbox", name=name)).first.check()


def write(page: Page, label: str, text: str) -> None:
    page.get_by_role("textbox", name=_begins(label)).first.fill(text)


def write_date(page: Page, question: str, *, month: str, day: str, year: str) -> None:
    boxes = page.get_by_role("group", name=_begins(question)).get_by_role("textbox")
    for place, text in enumerate((month, day, year)):
        boxes.nth(place).fill(text)


def fill(page: Page, said: Mapping[str, Sequence[str]]) -> None:
    """Fill in what the page has by the names of the form, unfolding what is folded away, as a person would."""
    for name, values in said.items():
        for value in values:
            controls = page.locator(f'#step [name="{name}"]')
            if controls.first.get_attribute("type") in {"radio", "checkbox"}:
                one = page.locator(f'#step [name="{name}"][value="{value}"]')
                control = one if one.count() else controls.first
                _unfold(control)
                control.check()
            else:
                _unfold(controls.first)
                controls.first.fill(value)


def _unfold(control: Locator) -> None:
    fold = control.locator("xpath=ancestor::details[not(@open)]")
    if fold.count():
        fold.first.locator("summary").click()


def all_no(page: Page, *, word: str = "No") -> None:
    """Answer every yes-or-no question on the page that has no answer yet with no."""
    for group in page.locator("fieldset").all():
        if group.is_visible() and not group.locator("input:checked").count():
            no = group.get_by_role("radio", name=word, exact=True)
            if no.count():
                no.check()


def next_page(page: Page, *, word: str = "Next", arrives: str = "") -> None:
    """Press the button that goes on. `arrives`: the heading that must be there then."""
    button(page, word).click()
    if arrives:
        expect(page.get_by_role("heading", level=1)).to_have_text(arrives, timeout=20_000)


def button(page: Page, word: str) -> Locator:
    # The first button of the form is only for the Enter key and hidden from readers.
    return page.get_by_role("button", name=word, exact=True)


def _begins(words: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*{re.escape(words)}")
