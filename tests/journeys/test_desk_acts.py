"""The desk by mouse, by touch and by keys: every act within its budget of actions, counted."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from intake.models import AppointmentRequest, Practitioner, Service
from scheduling import booking
from scheduling.models import Appointment, Shift
from tests.browser import screenshot
from tests.journeys.counting import DENVER, Hand, asked, drawn, say, service
from tests.journeys.test_desk import sign_in
from tests.scheduling.desk.making import make_visit

FIXTURES = (asked, service, sign_in)  # people who wait, and a signed-in window on the desk
pytestmark = [
    pytest.mark.once,
    pytest.mark.usefixtures("in_the_morning"),
    pytest.mark.django_db(transaction=True),
]


def test_each_act_by_mouse_stays_within_its_budget(
    asked: list[AppointmentRequest], sign_in: Callable[..., Page]
) -> None:
    page = sign_in()
    hand = Hand(page)
    hand.click(page.get_by_role("link", name="Blair Testerman"))
    expect(page.locator("button[data-rank='1']")).to_be_visible()
    hand.within("open the next")
    hand.click(page.locator("#panel [data-key=o]"))
    expect(page.get_by_role("button", name="Send offer")).to_be_focused()
    page.locator("#panel [data-key=back]").click()
    expect(page.locator("button[data-rank='1']")).to_be_visible()
    hand.done = 0

    hand.click(page.locator("button[data-rank='1']"))
    expect(say(page)).to_contain_text("Blair T. is booked")
    hand.within("confirm the best")
    hand.click(page.locator("#undo"))
    expect(say(page)).to_contain_text("Undone. Nothing was sent.")
    hand.within("undo")

    hand.click(page.locator("#panel [data-key=c]"))
    expect(page.get_by_role("button", name="Talked")).to_be_visible()
    hand.click(page.get_by_role("button", name="Left message"))
    expect(say(page)).to_contain_text("The call is written down.")
    hand.within("call")

    hand.click(page.locator("#panel [data-key=a]"))
    page.locator("#why").fill("Which hours are best?")
    hand.click(page.get_by_role("button", name="Ask", exact=True))
    expect(say(page)).to_contain_text("The question goes out.")
    hand.within("ask")

    hand.click(page.locator("#panel [data-key=o]"))
    expect(page.get_by_role("button", name="Send offer")).to_be_focused()
    drawn(page)
    window = page.locator(".ec-bg-event.window").first.bounding_box()
    assert window
    before = page.locator("#panel .time .when").all_inner_texts()
    page.mouse.click(
        window["x"] + 20, window["y"] + window["height"] / 2
    )  # a click in the calendar swaps one
    expect(page.locator("#panel .time .when").last).not_to_have_text(before[-1])
    hand.click(page.get_by_role("button", name="Send offer"))
    expect(say(page)).to_contain_text("Held until")
    hand.within("offer")
    asked[0].refresh_from_db()
    assert asked[0].status == "offered"


def test_a_time_is_given_by_a_click_in_the_calendar_and_changed_by_three_without_a_drag(
    asked: list[AppointmentRequest], sign_in: Callable[..., Page]
) -> None:
    page = sign_in()
    page.get_by_role("link", name="Blair Testerman").click()
    expect(page.locator("button[data-rank='1']")).to_be_visible()
    page.locator("#cal-bar [data-key=after]").click()
    window = page.locator(".ec-bg-event.window").first
    drawn(page)
    box = window.bounding_box()
    assert box
    hand = Hand(page)
    hand.click_at(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(say(page)).to_contain_text("Blair T. is booked")
    hand.within("confirm another")
    visit = Appointment.objects.get()

    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    drawn(page)
    hand.click(page.locator(".ec-event", has_text="Blair T."))
    hand.click(page.locator("#panel summary[data-key=m]"))
    page.locator("#place-time").fill("09:00" if visit.starts_at.astimezone(DENVER).hour > 10 else "15:00")
    hand.click(page.get_by_role("button", name="Move the visit"))
    expect(say(page)).to_contain_text("is moved to")
    hand.within("move without a drag")
    was = visit.starts_at
    visit.refresh_from_db()
    assert visit.starts_at != was


def test_a_visit_is_dragged_cancelled_and_its_time_filled_within_the_budget(
    asked: list[AppointmentRequest], sign_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    AppointmentRequest.objects.filter(pk=asked[2].pk).update(status="waitlisted")
    page = sign_in()
    hand = Hand(page)
    page.get_by_role("link", name="Blair Testerman").click()
    card = page.locator(".ec-event.fit-card").first
    expect(card).to_be_visible()
    drawn(page)
    target = card.bounding_box()
    assert target
    hand.drag(page.locator(".grip"), target["x"] + 30, target["y"] + 4)
    expect(say(page)).to_contain_text("is booked")
    hand.within("confirm another")

    card = page.locator(".ec-event.new")
    expect(card).to_be_visible()
    drawn(page)
    visit = Appointment.objects.get()
    box = card.bounding_box()
    assert box
    hand.drag(card, box["x"] + 12, box["y"] + 8 + 2 * 52)  # an hour is 52 pixels
    expect(say(page)).to_contain_text("is moved to")
    hand.within("move a visit")
    was = visit.starts_at
    visit.refresh_from_db()
    assert visit.starts_at > was

    hand.click(page.locator("#panel summary", has_text="Cancel").first)
    page.locator("#cancel-why").fill("Is ill")
    accessible(page)
    hand.click(page.get_by_role("button", name="Cancel the visit"))
    expect(page.get_by_text("Fill this time from the waitlist")).to_be_visible()
    hand.within("cancel")
    accessible(page)
    hand.click(page.get_by_role("button", name="Offer it"))
    expect(page.locator("body")).to_contain_text("1 person is asked.")
    hand.within("fill a freed time")
    accessible(page)
    screenshot(page, "lists-1440")


def test_who_is_here_is_said_by_keys_within_the_budget(
    service: Service, sign_in: Callable[..., Page]
) -> None:
    make_visit(
        service=service,
        starts_at=timezone.now() + timedelta(minutes=6),
        name="Robin Voorbeeld",
        status="booked",
    )
    page = sign_in()
    hand = Hand(page)
    card = page.locator(".ec-event", has_text="Robin V.")
    expect(card.get_by_role("button", name="Robin V. is here")).to_be_visible()
    hand.press("v")  # goes to who is expected next, and does nothing yet
    expect(card.get_by_role("button", name="booked")).to_be_focused()
    hand.press("v")
    expect(say(page)).to_contain_text("Robin V. is here.")
    hand.within("client is here", keys=True)
    expect(page.locator("#panel")).to_be_hidden()
    expect(card).to_be_focused()
    expect(card).to_have_class(re.compile(r"\bhere\b"))
    hand.press("z")
    expect(say(page)).to_contain_text("Undone.")
    hand.within("undo", keys=True)
    expect(card.get_by_role("button", name="Robin V. is here")).to_be_visible()
    page.locator("#rows").focus()
    page.keyboard.press("v")
    page.keyboard.press("Enter")  # the card itself still opens
    expect(page.locator("#panel[data-visit] [data-key=v]")).to_be_visible()
    hand.press("v")
    expect(say(page)).to_contain_text("Robin V. is here.")
    hand.within("client is here", keys=True)
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()


def test_each_act_on_a_request_by_keys_stays_within_its_budget(
    asked: list[AppointmentRequest], sign_in: Callable[..., Page]
) -> None:
    page = sign_in()
    hand = Hand(page)
    hand.press("j")
    hand.press("Enter")
    expect(page.locator("#panel h2.title")).to_have_text("Blair Testerman")
    hand.done = 0
    hand.press("j")
    expect(page.locator("#panel h2.title")).to_have_text("Kit Voorbeeld")
    hand.within("open the next", keys=True)
    hand.press("k")
    expect(page.locator("#panel h2.title")).to_have_text("Blair Testerman")
    hand.done = 0
    hand.press("1")
    expect(say(page)).to_contain_text("Blair T. is booked")
    hand.within("confirm the best", keys=True)
    hand.press("z")
    expect(say(page)).to_contain_text("Undone.")
    hand.within("undo", keys=True)

    hand.press("c")
    expect(page.get_by_role("button", name="Talked")).to_be_focused()
    hand.press("Enter")
    expect(say(page)).to_contain_text("The call is written down.")
    hand.within("call", keys=True)

    hand.press("a")
    expect(page.locator("#why")).to_be_focused()
    page.keyboard.type("j1zo: no key works while one types")
    hand.press("Control+Enter")
    expect(say(page)).to_contain_text("The question goes out.")
    hand.within("ask", keys=True)

    hand.press("o")
    expect(page.get_by_role("button", name="Send offer")).to_be_focused()
    hand.press("Enter")
    expect(say(page)).to_contain_text("Held until")
    hand.within("offer", keys=True)


def test_each_act_on_a_visit_by_keys_stays_within_its_budget(
    asked: list[AppointmentRequest], sign_in: Callable[..., Page]
) -> None:
    AppointmentRequest.objects.filter(pk=asked[2].pk).update(status="waitlisted")
    page = sign_in()
    hand = Hand(page)
    page.get_by_role("link", name="Kit Voorbeeld").click()
    expect(page.locator("#panel h2.title")).to_have_text("Kit Voorbeeld")
    hand.press("m")
    expect(page.locator("#place-day")).to_be_focused()
    page.locator("#place-time").fill("14:00")
    hand.press("Enter")
    expect(say(page)).to_contain_text("Kit V. is booked")
    hand.within("confirm another", keys=True)

    hand.press("m")
    page.locator("#place-time").fill("15:00")
    hand.press("Enter")
    expect(say(page)).to_contain_text("is moved to")
    hand.within("move a visit", keys=True)
    hand.press("x")
    page.locator("#cancel-why").fill("Is ill")
    hand.press("Enter")
    expect(page.get_by_text("Fill this time from the waitlist")).to_be_visible()
    hand.within("cancel", keys=True)
    expect(page.locator("#panel [data-focus]")).to_be_focused()
    hand.press("Enter")
    expect(page.locator("body")).to_contain_text("1 person is asked.")
    hand.within("fill a freed time", keys=True)


def test_one_click_in_the_calendar_says_that_a_client_is_here_and_leaves_all_that_is_open(
    asked: list[AppointmentRequest],
    service: Service,
    sign_in: Callable[..., Page],
    accessible: Callable[[Page], None],
) -> None:
    visit = make_visit(
        service=service, starts_at=timezone.now() + timedelta(minutes=6), name="Robin Voorbeeld"
    )
    page = sign_in()
    page.get_by_role("link", name="Blair Testerman").click()
    page.locator("#panel [data-key=a]").click()
    page.locator("#why").fill("Half a sent")
    page.locator("#cal-bar [data-key=t]").click()
    expect(page.get_by_role("button", name="Robin V. is here")).to_be_visible()
    drawn(page)
    accessible(page)
    hand = Hand(page)
    card = page.locator(".ec-event", has_text="Robin V.")
    hand.click(card.get_by_role("button", name="Robin V. is here"))
    expect(say(page)).to_contain_text("Robin V. is here.")
    hand.within("client is here")
    expect(card).to_have_class(re.compile(r"\bhere\b"))
    expect(page.locator("#why")).to_have_value("Half a sent")
    accessible(page)
    screenshot(page, "desk-arrived-1440")
    hand.click(page.locator("#undo"))
    expect(say(page)).to_contain_text("Undone.")
    hand.within("undo")
    expect(page.locator("#why")).to_have_value("Half a sent")

    # Cancelled by a colleague a second ago: one sentence, and the calendar is true again.
    page.route("**/staff/pulse/*", lambda asks: asks.abort())  # or the screen might know before the hand does
    booking.cancel(appointment=Appointment.objects.get(), by=None, now=timezone.now(), why="Is ill")
    card.get_by_role("button", name="Robin V. is here").click()
    expect(say(page).get_by_role("alert")).to_be_visible()
    expect(card).to_have_count(0)
    visit.refresh_from_db()
    assert visit.status == "cancelled"


@pytest.mark.parametrize("width", [1440, 1024])
def test_in_the_narrow_columns_of_a_week_a_client_is_here_by_one_click_too(
    service: Service, sign_in: Callable[..., Page], accessible: Callable[[Page], None], width: int
) -> None:
    """Three people share the width of a day; a visit of half an hour is one line high."""
    now = timezone.now()
    visit = make_visit(service=service, starts_at=now + timedelta(minutes=6), name="Robin Voorbeeld")
    short = make_visit(service=service, starts_at=now + timedelta(minutes=90), name="Kit Voorbeeld")
    Appointment.objects.filter(pk=short.pk).update(ends_at=short.starts_at + timedelta(minutes=30))
    for code, name in (("P2", "Jordan Example, PT"), ("P3", "Casey Example, PT")):
        other = Practitioner.objects.create(code=code, name=name, role="therapist")
        for shift in Shift.objects.filter(practitioner__code="P1"):
            shift.pk, shift.practitioner = None, other
            shift.save(force_insert=True)
    page = sign_in(width=width)
    page.goto("/staff/?view=week")
    expect(page.get_by_role("button", name="Robin V. is here")).to_be_visible()
    drawn(page)
    accessible(page)
    screenshot(page, f"desk-week-here-{width}")
    hand = Hand(page)
    hand.click(page.get_by_role("button", name="Robin V. is here"))
    expect(say(page)).to_contain_text("Robin V. is here.")
    hand.within("client is here")
    drawn(page)
    hand.click(page.get_by_role("button", name="Kit V. is here"))
    expect(say(page)).to_contain_text("Kit V. is here.")
    hand.within("client is here")
    visit.refresh_from_db()
    assert visit.status == "arrived"


def test_keys_can_be_switched_off_and_every_help_is_a_dialog(
    asked: list[AppointmentRequest], sign_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    page = sign_in()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    accessible(page)
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_hidden()
    page.reload()
    page.keyboard.press("/")
    expect(page.locator("#find")).not_to_be_focused()


def test_a_finger_holds_a_row_and_drops_it_onto_the_calendar(
    asked: list[AppointmentRequest], sign_in: Callable[..., Page]
) -> None:
    page = sign_in(width=1300, height=900, touch=True)
    page.get_by_role("link", name="Blair Testerman").tap()
    card = page.locator(".ec-event.fit-card").first
    expect(card).to_be_visible()
    drawn(page)
    source, target = page.locator(".grip").bounding_box(), card.bounding_box()
    assert source
    assert target
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, *points: tuple[float, float]) -> None:
        touch.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
        )

    start = (source["x"] + 20, source["y"] + 8)
    finger("touchStart", start)
    page.wait_for_timeout(400)
    for step in range(1, 9):
        there = (target["x"] + 30, target["y"] + 4)
        finger("touchMove", tuple(a + (b - a) * step / 8 for a, b in zip(start, there, strict=True)))  # type: ignore[arg-type]
    expect(page.locator(".shadow")).to_contain_text("Fits. Let go to book.")
    finger("touchEnd")
    expect(say(page)).to_contain_text("Blair T. is booked")
    assert Appointment.objects.filter(status="booked").count() == 1


def test_a_phone_works_through_a_day(
    asked: list[AppointmentRequest],
    service: Service,
    sign_in: Callable[..., Page],
    accessible: Callable[[Page], None],
) -> None:
    make_visit(service=service, starts_at=timezone.now() + timedelta(minutes=6), status="booked")
    page = sign_in(width=375, height=812, touch=True)
    page.get_by_role("link", name="Blair Testerman").tap()
    page.locator("button[data-rank='2']").tap()
    expect(say(page)).to_contain_text("is booked")
    accessible(page)
    page.goto("/staff/?show=agenda")
    hand = Hand(page)
    hand.click(page.locator("#agenda").get_by_role("button", name="is here"))
    expect(page.locator("#agenda .visit.here")).to_contain_text("Kit V.")
    hand.within("client is here")
    hand.click(page.locator("#undo"))
    expect(page.locator("#agenda").get_by_role("button", name="is here")).to_be_visible()
    hand.within("undo")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
