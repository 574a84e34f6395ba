"""The mailbox of the running clinic, read as a newcomer reads it: in the browser."""

import re
import time

import icalendar
from playwright.sync_api import Page

MAIL_WITHIN = 60  # seconds: what we promise for a confirmation


def read_mail(page: Page, address: str, subject: str) -> str:
    """Wait for the mail in the mailbox, open it, answer its text."""
    deadline = time.monotonic() + MAIL_WITHIN
    mail = page.locator("aside .sent li", has_text=address).filter(has_text=subject)
    while True:
        page.goto("/dev/mailbox/")
        if mail.count():
            break
        assert time.monotonic() < deadline, f"No mail {subject!r} within {MAIL_WITHIN} s"
        time.sleep(0.5)
    page.goto(mail.first.get_by_role("link").get_attribute("href") or "")
    return open_mail(page)


def mails(page: Page, address: str, subject: str) -> set[str]:
    """The addresses, in the mailbox, of all the mails to `address` that are called so."""
    page.goto("/dev/mailbox/")
    found = page.locator("aside .sent li", has_text=address).filter(has_text=subject)
    return {link.get_attribute("href") or "" for link in found.get_by_role("link").all()}


def open_mail(page: Page) -> str:
    return page.locator("section[data-tab='text'] pre").text_content() or ""


def link_in_open_mail(page: Page) -> str:
    """The first private link in the mail that is open."""
    text = open_mail(page)
    found = re.search(r"http://\S+/v/\S+", text)
    assert found, text
    return found[0]


def calendar_entry(page: Page) -> icalendar.Component:
    """The visit in the .ics file that hangs on the open mail."""
    link = page.locator("a", has_text=".ics").first.get_attribute("href") or ""
    file = page.request.get(link).body()
    return icalendar.Calendar.from_ical(file).walk("VEVENT")[0]
