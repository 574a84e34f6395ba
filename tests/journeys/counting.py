"""A hand at the desk that counts what it does, and three people who wait there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from intake.models import AppointmentRequest, Service
from tests.scheduling.desk.making import make_clinic, make_request

DENVER = ZoneInfo("America/Denver")
expect.set_options(timeout=20_000)  # a loaded machine is slow, not wrong


# Actions from the desk, typing not counted. The bounds are what the desk promises: by mouse or touch, by keys.
BUDGET = {
    "open the next": (1, 1), "confirm the best": (1, 1), "undo": (1, 1), "confirm another": (1, 3),
    "offer": (2, 2), "ask": (2, 2), "call": (2, 3), "move a visit": (1, 3), "client is here": (1, 2),
    "cancel": (2, 3), "fill a freed time": (2, 3), "post a bounced estimate": (2, 3), "move without a drag": (3, 3),
}  # fmt: skip


@dataclass
class Hand:
    """Counts what a person does with it."""

    page: Page
    done: int = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.done += 1

    def click_at(self, x: float, y: float) -> None:
        drawn(self.page)
        self.page.mouse.click(x, y)
        self.done += 1

    def press(self, key: str) -> None:
        self.page.wait_for_function("window.deskReady")  # a page is seen a moment before it listens
        self.page.keyboard.press(key)
        self.done += 1

    def drag(self, source: Locator, x: float, y: float) -> None:
        drawn(self.page)
        box = source.bounding_box()
        assert box
        self.page.mouse.move(box["x"] + 12, box["y"] + 8)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + 40, box["y"] + 30, steps=4)
        self.page.mouse.move(x, y, steps=8)
        self.page.wait_for_timeout(250)
        self.page.mouse.up()
        self.done += 1

    def within(self, task: str, *, keys: bool = False) -> None:
        """The count of the task that was just done; the next one starts from nothing."""
        assert 0 < self.done <= BUDGET[task][keys], f"{task}: {self.done}"
        self.done = 0


@pytest.fixture
def service(transactional_db: None) -> Service:
    return make_clinic()


@pytest.fixture
def asked(service: Service) -> list[AppointmentRequest]:
    """Three people who wait, the first one due first."""
    now = timezone.now()
    found = []
    for number, name in enumerate(("Blair Testerman", "Kit Voorbeeld", "Max Muster"), start=2):
        each = make_request(service=service, now=now, name=name, reply_by=now + timedelta(hours=number))
        each.client.phone = "+18015550102"
        each.client.save()
        found.append(each)
    return found


def say(page: Page) -> Locator:
    return page.locator("#say")


def drawn(page: Page) -> None:
    """The calendar shows the hours of what is open now: press in it no earlier."""
    expect(page.locator("#calendar[data-loaded]:not([aria-busy])")).to_be_visible()


def a_free_morning() -> datetime:
    """11 am on a working day about a week and a half from now."""
    day = timezone.now().astimezone(DENVER) + timedelta(days=9)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day.replace(hour=11, minute=0, second=0, microsecond=0)
