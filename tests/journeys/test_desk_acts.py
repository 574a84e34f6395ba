"""The desk by mouse, by touch and by keys: every act within its budget of actions, counted; every state for axe."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from intake.models import AppointmentRequest, Practitioner, Service
from scheduling import booking
from scheduling.models import Appointment, EstimateEvent, Shift
from tests.browser import screenshot
from tests.factories import load_sample_clinic
from tests.journeys.test_desk import sign_in
from tests.scheduling.desk.making import make_clinic, make_request, make_visit
from tests.scheduling.estimates.rows import an_issued_estimate

assert sign_in  # the fixture: a signed-in window on the desk
pytestmark = [pytest.mark.usefixtures("in_the_morning"), pytest.mark.django_db(transaction=True)]
DENVER = ZoneInfo("America/Denver")
expect.set_options(timeout=20_000)  # a loaded machine is slow, not wrong

# Actions from the desk, typing not counted. The bounds are what the desk promises.
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
        self.page.mouse.click(x, y)
        self.done += 1

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.done += 1

    def drag(self, source: Locator, x: float, y: float) -> None:
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


def a_free_morning() -> datetime:
    """11 am on a working day about a week and a half from now."""
    day = timezone.now().astimezone(DENVER) + timedelta(days=9)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day.replace(hour=11, minute=0, second=0, microsecond=0)


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
    page.wait_for_load_state("networkidle")  # the hours are drawn anew for the open request
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
    expect(window).to_be_visible()
    page.wait_for_load_state("networkidle")  # the hours are drawn anew for the other day
    box = window.bounding_box()
    assert box
    hand = Hand(page)
    hand.click_at(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(say(page)).to_contain_text("Blair T. is booked")
    hand.within("confirm another")
    visit = Appointment.objects.get()

    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
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
    target = card.bounding_box()
    assert target
    hand.drag(page.locator(".grip"), target["x"] + 30, target["y"] + 4)
    expect(say(page)).to_contain_text("is booked")
    hand.within("confirm another")

    drawn = page.locator(".ec-event.new")
    expect(drawn).to_be_visible()
    visit = Appointment.objects.get()
    box = drawn.bounding_box()
    assert box
    hand.drag(drawn, box["x"] + 12, box["y"] + 8 + 2 * 52)  # an hour is 52 pixels
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


def test_each_act_by_keys_stays_within_its_budget(
    asked: list[AppointmentRequest], service: Service, sign_in: Callable[..., Page]
) -> None:
    make_visit(
        service=service,
        starts_at=timezone.now() + timedelta(minutes=6),
        name="Robin Voorbeeld",
        status="booked",
    )
    AppointmentRequest.objects.filter(pk=asked[2].pk).update(status="waitlisted")
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

    page.locator("#rows").focus()
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
    hand.press("j")
    expect(page.locator("#panel h2.title")).to_have_text("Kit Voorbeeld")
    hand.done = 0
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
    hand.press("Enter")
    expect(page.locator("body")).to_contain_text("1 person is asked.")
    hand.within("fill a freed time", keys=True)


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
    accessible(page)
    screenshot(page, f"desk-week-here-{width}")
    hand = Hand(page)
    hand.click(page.get_by_role("button", name="Robin V. is here"))
    expect(say(page)).to_contain_text("Robin V. is here.")
    hand.within("client is here")
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


def test_what_goes_wrong_is_said_and_done_once(
    asked: list[AppointmentRequest], sign_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    """A double click, a closed hour, a lost line, a colleague who was faster."""
    page = sign_in()
    page.get_by_role("link", name="Blair Testerman").click()
    best = page.locator("button[data-rank='1']")
    expect(best).to_be_visible()
    version = page.locator("#panel").get_attribute("data-version")

    # A drag onto a closed hour: the head of the day.
    hand = Hand(page)
    expect(page.locator(".ec-event.fit-card").first).to_be_visible()
    body = page.locator(".ec-body").bounding_box()
    assert body
    hand.drag(page.locator(".grip"), body["x"] + 100, body["y"] + 6)
    expect(page.locator("#panel .wrong")).to_contain_text("Outside Robin’s hours.")
    accessible(page)
    assert not Appointment.objects.exists()
    assert page.locator("#panel").get_attribute("data-version") == version

    # The line breaks after the server has booked: the screen finds out how things stand.
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/confirm/**", lose)
    page.locator("button[data-rank='1']").click()
    expect(say(page)).to_contain_text("The connection was lost.")
    expect(page.locator("#panel-news")).to_contain_text("Booked")
    page.unroute("**/confirm/**")
    page.locator("button[data-rank='1']").click()
    expect(say(page)).to_contain_text("Blair T. is booked")
    assert Appointment.objects.filter(status="booked").count() == 1

    # A double click books once.
    page.goto(reverse("desk:request", args=[asked[1].pk]))
    page.locator("button[data-rank='1']").dblclick()
    expect(say(page)).to_contain_text("Kit V. is booked")
    assert Appointment.objects.filter(status="booked").count() == 2

    # A colleague answers while the page is open: both versions are shown, nothing is done twice.
    page.goto(reverse("desk:request", args=[asked[2].pk]))
    expect(page.locator("button[data-rank='1']")).to_be_visible()
    page.locator("#panel [data-key=h]").click()
    page.locator("#why").fill("Ask Robin about the stairs")
    booking.confirm(
        appointment_request=asked[2],
        practitioner=None,
        room=None,
        starts_at=a_free_morning(),
        by=None,
        now=timezone.now(),
    )
    page.get_by_role("button", name="Hold", exact=True).click()
    expect(page.locator("#panel")).to_contain_text("This page is older than the request")
    expect(page.locator("#panel .both")).to_contain_text("Ask Robin about the stairs")
    expect(page.locator("#panel .both")).to_contain_text("Booked")
    accessible(page)
    asked[2].refresh_from_db()
    assert asked[2].status == "booked"


def test_news_arrive_without_taking_away_what_is_being_typed(
    asked: list[AppointmentRequest], service: Service, sign_in: Callable[..., Page]
) -> None:
    page = sign_in()
    page.get_by_role("link", name="Blair Testerman").click()
    page.locator("#panel [data-key=a]").click()
    page.locator("#why").fill("Half a sent")
    now = timezone.now()
    make_request(service=service, now=now, name="Quinn Datum", priority="urgent")
    page.evaluate("dispatchEvent(new Event('online'))")  # as when the line comes back: ask at once
    expect(page.get_by_role("link", name="Quinn Datum")).to_be_visible()
    expect(page.locator("#why")).to_have_value("Half a sent")
    page.keyboard.type("ence")
    expect(page.locator("#why")).to_have_value("Half a sentence")


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
