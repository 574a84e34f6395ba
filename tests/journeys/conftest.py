"""Windows on the running clinic: web, worker, beat, Redis and mailbox are real."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from playwright.sync_api import Browser, Page, expect

from tests.browser import Visitor
from tests.processes import RunningClinic
from tests.scheduling.desk.making import MONDAY


@pytest.fixture
def in_the_morning() -> Iterator[None]:
    """A Monday, 9:24 am at the clinic: what may be offered by mail depends on the hour, and tests run at any."""
    with time_machine.travel(MONDAY, tick=True):
        yield


@pytest.fixture
def guest(browser: Browser, running_clinic: RunningClinic) -> Iterator[Visitor]:
    """Browser windows on the running clinic, as `visitor` opens them on the test server."""
    someone = Visitor(browser, running_clinic.address)
    yield someone
    someone.close()
    assert someone.complaints == []


@pytest.fixture
def fits(accessible: Callable[[Page], None]) -> Callable[[Page], None]:
    """`fits(page)`: nothing serious for axe, nothing to scroll sideways, and one heading that names the page."""

    def check(page: Page) -> None:
        accessible(page)
        width = page.viewport_size["width"] if page.viewport_size else 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        expect(page.get_by_role("heading", level=1)).to_have_count(1)

    return check
