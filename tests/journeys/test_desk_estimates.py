"""Estimates that did not arrive: printed and posted by the hand, the chosen one and no other."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from scheduling.models import EstimateEvent
from tests.browser import screenshot
from tests.factories import load_sample_clinic
from tests.journeys.counting import Hand, asked, say, service
from tests.journeys.test_desk import sign_in
from tests.scheduling.estimates.rows import an_issued_estimate

FIXTURES = (asked, service, sign_in)  # people who wait, and a signed-in window on the desk
pytestmark = [
    pytest.mark.once,
    pytest.mark.usefixtures("in_the_morning"),
    pytest.mark.django_db(transaction=True),
]


@pytest.mark.parametrize("keys", [False, True])
def test_an_estimate_that_came_back_is_printed_and_posted_within_the_budget(
    keys: bool, transactional_db: None, sign_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    load_sample_clinic()
    estimate = an_issued_estimate(document_state="made")
    sent = estimate.events.get(what="sent")
    EstimateEvent.objects.create(
        estimate=estimate, what="bounced", at=timezone.now(), message_id=sent.message_id
    )
    page = sign_in()
    hand = Hand(page)
    with page.expect_download() as paper:  # the PDF, to print
        if keys:
            hand.press("g")
            hand.press("e")
            expect(page.get_by_text("Came back", exact=True)).to_be_visible()
            hand.press("p")
        else:
            hand.click(page.get_by_role("link", name="Estimates"))
            expect(page.get_by_text("Came back", exact=True)).to_be_visible()
            accessible(page)
            screenshot(page, "estimates-came-back-1440")
            hand.click(page.get_by_role("button", name="Print and post"))
    hand.within("post a bounced estimate", keys=keys)
    assert paper.value.suggested_filename.endswith(".pdf")
    expect(say(page)).to_contain_text("Noted as posted.")
    accessible(page)
    if keys:
        hand.press("z")
    else:
        hand.click(page.locator("#undo"))
    expect(say(page)).to_contain_text("Undone. It still waits to reach the client.")
    hand.within("undo", keys=keys)
    expect(page.get_by_text("Came back", exact=True)).to_be_visible()
    assert set(estimate.events.values_list("what", flat=True)) >= {"posted", "taken_back"}

    with page.expect_download():
        page.get_by_role("button", name="Print and post").click()
    page.goto("/staff/estimates/")
    expect(page.get_by_text("Came back", exact=True)).to_have_count(0)
    assert estimate.events.filter(what="posted").count() == 2


def test_the_key_posts_the_estimate_that_is_chosen_and_no_other(
    transactional_db: None, sign_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    load_sample_clinic()
    made = [an_issued_estimate(number=f"2027-010{number}", document_state="made") for number in range(3)]
    for each in made:
        sent = each.events.get(what="sent")
        EstimateEvent.objects.create(
            estimate=each, what="bounced", at=timezone.now(), message_id=sent.message_id
        )
    page = sign_in()
    page.goto("/staff/estimates/")
    page.wait_for_function("window.deskReady")
    chosen = page.locator("[data-select] tr[aria-current]")
    expect(chosen).to_contain_text("2027-0100")
    page.keyboard.press("j")
    expect(chosen).to_contain_text("2027-0100")  # the first step puts the hand on what is chosen
    page.keyboard.press("j")
    expect(chosen).to_contain_text("2027-0101")
    expect(chosen.get_by_role("button")).to_be_focused()
    accessible(page)
    screenshot(page, "estimates-chosen-1440")
    with page.expect_download():
        page.keyboard.press("p")
    expect(say(page)).to_contain_text("Noted as posted.")
    posted = EstimateEvent.objects.filter(what="posted").values_list("estimate__number", flat=True)
    assert list(posted) == ["2027-0101"]
