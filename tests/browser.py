"""A real Chromium for the journeys: the system's own, never a download."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize, sync_playwright

# The first has no window around its pages, which costs more than the pages do.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",  # containers rarely allow user namespaces; the pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--metrics-recording-only",
]
PHONE: ViewportSize = {"width": 320, "height": 720}
TABLET: ViewportSize = {"width": 768, "height": 1024}
DESK: ViewportSize = {"width": 1440, "height": 900}


def executable() -> str:
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise FileNotFoundError(
        "No Chromium found. Install Debian's package: apt-get install chromium-headless-shell."
    )


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        # Playwright's loop runs in this thread; Django would take it for an async view.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    # launch() makes a new user data folder, thrown away with the browser.
    running = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
    yield running
    running.close()


class Visitor:
    """Opens browser windows and listens in them for script errors and for what the policy refused."""

    def __init__(self, browser: Browser, base_url: str) -> None:
        self.browser = browser
        self.base_url = base_url
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def opens(
        self,
        *,
        width: int = 1440,
        height: int = 900,
        javascript: bool = True,
        locale: str = "en-US",
        dark: bool = False,
        touch: bool = False,
        base_url: str | None = None,
    ) -> Page:
        """A page in a window of its own (own cookies), `width` by `height` CSS pixels."""
        context = self.browser.new_context(
            base_url=base_url or self.base_url,
            viewport={"width": width, "height": height},
            java_script_enabled=javascript,
            locale=locale,
            timezone_id="America/Los_Angeles",
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("console", lambda line: self._listen(line.type, line.text))
        return page

    def _listen(self, kind: str, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.complaints.append(text)

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of the whole page, when SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        # Hiding the caret leaves a style on the field, which htmx takes over into the next one: the policy refuses.
        page.screenshot(path=target / f"{name}.png", full_page=True, caret="initial")
