"""The page of all parts, in a real browser: every part in every state, by day and in the dark, on three widths."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import DESK, PHONE, TABLET, Visitor, screenshot

pytestmark = [pytest.mark.timeout(120), pytest.mark.once]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_part_can_be_read_and_fits(
    guest: Visitor, accessible: Callable[[Page], None], dark: bool
) -> None:
    page = guest.opens(**PHONE, dark=dark)
    page.goto("/dev/components/")
    expect(page.get_by_role("heading", name="Parts and states")).to_be_visible()
    for width in (PHONE, TABLET, DESK):
        page.set_viewport_size(width)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= width["width"], width
        accessible(page)
        screenshot(page, f"parts-{width['width']}-{'dark' if dark else 'light'}")
