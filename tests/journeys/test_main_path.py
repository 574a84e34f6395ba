"""The main job, end to end, on real parts: a client asks, staff confirm with one click, and the client reads
the confirmation, its calendar entry and the estimate.

The words and answers are those of R01 in the sample clinic. The name is another, since R01 herself already
waits in the queue of the running clinic.
"""

import io
import re
from collections.abc import Callable

import pypdf
import pytest
from playwright.sync_api import Page, expect

from config.demo import DEMO_PASSWORD
from tests.browser import DESK, PHONE, Visitor, screenshot
from tests.journeys.mailbox import calendar_entry, link_in_open_mail, read_mail
from tests.journeys.walking import all_no, answer, button, next_page, write, write_date

pytestmark = [pytest.mark.timeout(240), pytest.mark.once]

ADDRESS = "kim.newcomer@example.com"
Check = Callable[[Page], None]


def test_a_request_becomes_a_visit_a_calendar_entry_and_an_estimate(guest: Visitor, fits: Check) -> None:
    phone = guest.opens(**PHONE, touch=True)
    reference = ask_for_a_visit(phone, fits)

    desk = guest.opens(**DESK)
    confirm_with_one_click(desk, fits)

    confirmation = read_mail(phone, ADDRESS, "Your visit at Example PT")
    entry = calendar_entry(phone)
    assert "Example PT" in str(entry["SUMMARY"])
    assert "back" not in str(entry).casefold()  # nothing of a person's health in a calendar
    assert reference not in confirmation

    read_mail(phone, ADDRESS, "Your estimate from Example PT")
    read_the_estimate(phone, fits)


def ask_for_a_visit(page: Page, fits: Check) -> str:
    """From the price list to the receipt. Answers the request's number."""
    page.goto("/")
    fits(page)
    screenshot(page, "landing-320")
    expect(page.get_by_text("$210").first).to_be_visible()
    page.get_by_role("link", name="Ask for a visit").first.click()

    fits(page)
    answer(page, "What would you like?", "First visit: back, hip, joint or muscle pain")
    answer(page, "Been here before?", "No")
    screenshot(page, "form-visit-320")
    next_page(page, arrives="Where does it bother you?")

    fits(page)
    answer(page, "Where does it bother you?", "Low back")
    write(
        page,
        "What is going on, in your own words?",
        "Low back pain since I moved house in November. Worse when I sit at work.",
    )
    next_page(page, arrives="A few safety questions")

    fits(page)
    answer(page, "Where is the pain?", "Low back")
    answer(page, "How long have you had it?", "6 weeks to 3 months")
    answer(page, "How strong is it today?", "5")
    answer(page, "What does it make hard?", "Sitting", "Lifting")
    answer(page, "When you lie flat", "Yes")
    all_no(page)
    screenshot(page, "form-safety-320")
    next_page(page, arrives="About you")

    fits(page)
    write(page, "First name", "Kim")
    write(page, "Last name", "Newcomer")
    write_date(page, "Birth date", month="4", day="19", year="1986")
    write(page, "Email", ADDRESS)
    write(page, "Phone", "(801) 555 0171")
    answer(page, "How may we reach you?", "Email", "Text", "Voicemail")
    answer(page, "Which is best?", "Email")
    screenshot(page, "form-you-320")
    next_page(page, arrives="How will you pay?")

    fits(page)
    answer(page, "Tap the one that fits", "I have no insurance")
    answer(page, "Do you want the price in writing now?", "Yes, send me a price estimate")
    answer(page, "Which days could work?", "Monday", "Wednesday")
    answer(page, "What part of the day?", "Morning")
    next_page(page, arrives="Check and send")

    fits(page)
    expect(page.get_by_text("801-555-0171")).to_be_visible()  # the phone number, read back
    for words in ("I have seen", "I know that", "You may email me"):
        page.get_by_role("checkbox", name=re.compile(words)).check()
    screenshot(page, "form-send-320")
    next_page(page, word="Send my request", arrives="We have your request, Kim.")

    fits(page)
    screenshot(page, "receipt-320")
    return page.locator(".code").inner_text()


def confirm_with_one_click(page: Page, fits: Check) -> None:
    page.goto("/staff/")
    fits(page)
    page.get_by_label("Email").fill("robin@example.com")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    button(page, "Sign in").click()
    page.get_by_role("link", name=re.compile("Kim Newcomer")).click()
    expect(page.locator("button[data-rank='1']")).to_be_visible()
    screenshot(page, "desk-1440")
    page.locator("button[data-rank='1']").click()
    expect(page.locator("#say")).to_contain_text("Kim N. is booked")


def smallest_letters_in_print(page: Page) -> float:
    """In points, on the paper of the document as it leaves a printer; then the page is as it was."""
    screen = page.viewport_size
    assert screen is not None
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 624, "height": 864})  # letter paper less an inch on each side
    pixels = page.locator(".doc__paper").evaluate(
        """paper => Math.min(...[...paper.querySelectorAll("*")]
            .filter(part => [...part.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
            .map(part => parseFloat(getComputedStyle(part).fontSize)))"""
    )
    page.emulate_media(media="screen")
    page.set_viewport_size(screen)
    return float(pixels) * 72 / 96


def read_the_estimate(page: Page, fits: Check) -> None:
    """From the link in the open mail, past the birth date, to the amount and the file."""
    page.goto(link_in_open_mail(page))
    fits(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this you?")

    write_date(page, "Birth date", month="4", day="18", year="1986")
    button(page, "Open my estimate").click()
    expect(page.get_by_text("This is not the birth date we have.").first).to_be_visible()
    fits(page)

    write_date(page, "Birth date", month="4", day="19", year="1986")
    button(page, "Open my estimate").click()
    expect(page.locator(".total .sum")).to_have_text("$210.00")
    fits(page)
    screenshot(page, "estimate-320")
    assert smallest_letters_in_print(page) >= 12

    with page.expect_download() as download:
        page.get_by_role("link", name="Save it (PDF)").click()
    assert download.value.suggested_filename.endswith(".pdf")
    pages = pypdf.PdfReader(io.BytesIO(download.value.path().read_bytes())).pages
    assert "$210.00" in pages[0].extract_text()
