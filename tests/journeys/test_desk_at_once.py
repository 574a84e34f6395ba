"""Two hands at once, a press too many, a line that breaks: one clear sentence, the screen true again, nothing twice."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from intake.models import AppointmentRequest, Service
from notifications.models import Message
from scheduling import booking, freed_times, waitlist
from scheduling.models import Appointment, TimeOff
from tests.browser import Visitor, screenshot
from tests.journeys.counting import Hand, a_free_morning, asked, drawn, say, service
from tests.journeys.test_desk import sign_in
from tests.scheduling.desk.making import make_request, make_user, make_visit

FIXTURES = (asked, service, sign_in)  # people who wait, and a signed-in window on the desk
pytestmark = [pytest.mark.usefixtures("in_the_morning"), pytest.mark.django_db(transaction=True)]


def asks(service: Service, name: str, **fields: object) -> AppointmentRequest:
    now = timezone.now()
    made = make_request(service=service, now=now, name=name, reply_by=now + timedelta(hours=2), **fields)
    made.client.phone = "+18015550102"
    made.client.save()
    return made


def booked(service: Service, name: str, *, days: int = 2) -> Appointment:
    """At 11 am some days on."""
    starts_at = timezone.now().replace(hour=18, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return booking.confirm(
        appointment_request=asks(service, name), practitioner=None, room=None, starts_at=starts_at,
        by=None, now=timezone.now(),
    )  # fmt: skip


def test_what_goes_wrong_is_said_and_done_once(
    asked: list[AppointmentRequest], sign_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    """A closed hour, a lost line, a double click."""
    page = sign_in()
    page.get_by_role("link", name="Blair Testerman").click()
    best = page.locator("button[data-rank='1']")
    expect(best).to_be_visible()
    version = page.locator("#panel").get_attribute("data-version")

    # A drag onto a closed hour: the head of the day.
    hand = Hand(page)
    expect(page.locator(".ec-event.fit-card").first).to_be_visible()
    drawn(page)
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


def test_a_colleague_who_was_faster_is_shown_beside_what_was_typed_and_nothing_is_done_twice(
    asked: list[AppointmentRequest], sign_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    page = sign_in()
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


class Late:
    """Answers that are on their way until they arrive; what is asked for after that is answered at once."""

    def __init__(self, page: Page, addresses: re.Pattern[str]) -> None:
        self.held: list[Route] | None = []
        page.route(addresses, self.hold)

    def hold(self, route: Route) -> None:
        if self.held is None:
            route.continue_()
        else:
            self.held.append(route)

    def arrives(self) -> None:
        held, self.held = self.held or [], None
        for route in held:
            route.continue_()


def test_what_was_pressed_last_is_opened_however_slowly_the_rest_arrives(
    asked: list[AppointmentRequest], service: Service, sign_in: Callable[..., Page]
) -> None:
    make_visit(service=service, starts_at=timezone.now() + timedelta(hours=2), name="Robin Voorbeeld")
    page = sign_in()
    drawn(page)

    # The bar of days and the queue are on their way when a visit is pressed.
    late = Late(page, re.compile("/staff/(bar|queue)/"))
    page.evaluate("Desk.calendar.show(Desk.calendar.element.dataset.day)")
    page.locator(".ec-event", has_text="Robin V.").click()
    make_request(service=service, now=timezone.now(), name="Quinn Datum", priority="urgent")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#panel[data-visit]")).to_be_visible()
    late.arrives()
    expect(page.get_by_role("link", name="Quinn Datum")).to_be_visible()

    # Two rows in a row: the answer to the second press comes after that to the first.
    late = Late(page, re.compile(f"/request/{asked[1].pk}/"))
    page.locator(f"#open-{asked[0].pk}").click()
    page.locator(f"#open-{asked[1].pk}").click()
    page.wait_for_timeout(300)
    late.arrives()
    expect(page.locator("#panel h2.title")).to_have_text("Kit Voorbeeld")

    # An act is under way when the next request is opened: what was done is said, what was opened stays.
    late = Late(page, re.compile("/confirm/"))
    page.locator("button[data-rank='1']").click()
    page.locator(f"#open-{asked[2].pk}").click()
    expect(page.locator("#panel h2.title")).to_have_text("Max Muster")
    late.arrives()
    expect(say(page)).to_contain_text("Kit V. is booked")
    expect(page.locator("#panel h2.title")).to_have_text("Max Muster")


def test_a_press_in_the_calendar_outlives_news_about_it(
    asked: list[AppointmentRequest], service: Service, sign_in: Callable[..., Page]
) -> None:
    make_visit(service=service, starts_at=timezone.now() + timedelta(hours=2), name="Robin Voorbeeld")
    page = sign_in()
    drawn(page)
    card = page.locator(".ec-event", has_text="Robin V.")
    box = card.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    Appointment.objects.update(status="arrived")
    with page.expect_response("**/calendar.json*"):
        page.evaluate("void Desk.calendar.load()")
    page.wait_for_timeout(100)
    page.mouse.up()
    expect(page.locator("#panel[data-visit]")).to_be_visible()
    expect(card).to_have_class(re.compile(r"\bhere\b"))


def test_a_sick_day_that_two_people_enter_tells_each_client_once(
    service: Service, sign_in: Callable[..., Page]
) -> None:
    visit, robin = booked(service, "Blair Testerman"), service.practitioners.get()
    address = f"{reverse('desk:sick_day')}?practitioner={robin.pk}&day={visit.starts_at.date()}"
    pages = [sign_in(), sign_in()]
    for page in pages:
        page.goto(address)
        expect(page.locator("main")).to_contain_text("Blair T")
    screenshot(pages[0], "sick-day-1440")
    for page in pages:
        page.locator(
            "main form[method=post] button.primary, main form[method=post] button.danger"
        ).first.click()
    expect(say(pages[0])).to_contain_text("1 visit is cancelled, its client is told.")
    expect(say(pages[1])).to_contain_text("Robin is off that day.")
    expect(say(pages[1])).to_contain_text("0 visits are cancelled")
    assert Message.objects.filter(kind="cancelled").count() == 1
    assert TimeOff.objects.count() == 1


def test_a_date_of_a_series_that_somebody_took_is_proposed_anew_and_none_is_booked(
    service: Service, sign_in: Callable[..., Page]
) -> None:
    asked = asks(service, "Gale Specimen", details={"series": {"per_week": 1, "weeks": 4}})
    page = sign_in()
    page.goto(reverse("desk:series", args=[asked.pk]))
    first = page.locator("[name=slot]").first.get_attribute("value") or ""
    taken = datetime.fromisoformat(first.split("|")[0]).replace(tzinfo=ZoneInfo("America/Denver"))
    booking.confirm(
        appointment_request=asks(service, "Kit Voorbeeld"), practitioner=None, room=None, starts_at=taken,
        by=None, now=timezone.now(),
    )  # fmt: skip
    page.get_by_role("button", name="Book them all").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "One of these times was taken a moment ago. Nothing was booked."
    )
    assert Appointment.objects.count() == 1
    fresh = page.locator("[name=slot]").first.get_attribute("value")
    assert fresh != first
    page.get_by_role("button", name="Book them all").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Gale")
    expect(page).to_have_url(re.compile("/staff/series/"))
    assert Appointment.objects.filter(status="booked").count() == 5


def test_the_outcome_of_a_call_that_is_pressed_twice_is_written_down_once(
    service: Service, sign_in: Callable[..., Page]
) -> None:
    asked = asks(service, "Quinn Datum", priority="same_day")
    page, other = sign_in(), sign_in()
    other.goto(reverse("desk:lists"))
    page.goto(reverse("desk:lists"))
    sent = []

    def slowly(route: Route) -> None:
        sent.append(route.request.url)
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/decide/", slowly)
    page.get_by_role("button", name="Left a message for Quinn Datum").dblclick()
    expect(page.locator("#calls")).to_contain_text("Called: left a message")
    assert len(sent) == 1
    assert asked.events.filter(what__startswith="call_").count() == 1
    # A colleague whose page is a minute old presses too: they see what was noted, and it is not noted again.
    other.get_by_role("button", name="No answer from Quinn Datum").click()
    expect(other.get_by_role("alert").first).to_contain_text("This page is older than the request")
    assert asked.events.filter(what__startswith="call_").count() == 1


def test_of_two_clients_who_say_yes_to_one_time_the_second_is_told_kindly(
    service: Service, visitor: Visitor
) -> None:
    gone, now = booked(service, "Max Muster"), timezone.now()
    booking.cancel(appointment=gone, by=None, now=now)
    people = [asks(service, name, status="waitlisted") for name in ("One Wait", "Two Wait")]
    (freed,) = freed_times.free(now=now)
    waitlist.invite(freed=freed, people=people, by=make_user(), now=now)
    pages = []
    for message in Message.objects.filter(kind="waitlist_offer"):
        link = next(word for word in message.text.split() if "/v/" in word)
        page = visitor.opens(width=375, height=812)
        page.goto(link[link.index("/v/") :])
        pages.append(page)
    for page in pages:
        page.get_by_role("button", name="Yes, I take it").dblclick()
    expect(pages[0].get_by_role("heading", level=1)).to_have_text("This time is yours")
    expect(pages[1].get_by_role("heading", level=1)).to_have_text("This time is gone")
    expect(pages[1].locator("main")).to_contain_text("You keep your place on the list.")
    assert Appointment.objects.filter(status="booked").count() == 1


def test_a_press_while_the_line_is_down_says_so_and_the_next_one_books_once(
    service: Service, sign_in: Callable[..., Page]
) -> None:
    asks(service, "Blair Testerman")
    page = sign_in()
    page.get_by_role("link", name="Blair Testerman").click()
    best = page.locator("button[data-rank='1']")
    expect(best).to_be_visible()
    page.context.set_offline(True)
    best.click()
    expect(say(page)).to_contain_text("The connection was lost.")
    assert not Appointment.objects.exists()
    expect(best).to_be_enabled()
    page.locator("#cal-bar a[data-day]").last.click()
    expect(say(page)).to_contain_text("could not be read")
    page.context.set_offline(False)
    best.click()
    expect(say(page)).to_contain_text("Blair T. is booked")
    assert Appointment.objects.filter(status="booked").count() == 1


def test_a_visit_that_a_colleague_just_cancelled_is_not_cancelled_again(
    service: Service, sign_in: Callable[..., Page]
) -> None:
    visit = booked(service, "Blair Testerman")
    page = sign_in()
    page.goto(reverse("desk:visit", args=[visit.pk]))
    page.locator("#panel summary[data-key=x]").click()
    page.locator("#cancel-why").fill("Is ill")
    booking.cancel(appointment=visit, by=make_user(first_name="Jordan"), now=timezone.now(), why="Called in")
    page.get_by_role("button", name="Cancel the visit").click()
    expect(page.locator("#panel")).to_contain_text("This visit was changed meanwhile")
    expect(page.locator("#panel")).to_contain_text("Jordan")
    expect(page.locator("#panel .both")).to_contain_text("Is ill")
    assert visit.events.filter(what="cancelled").count() == 1
    assert Message.objects.filter(kind="cancelled").count() == 1


def test_a_visit_that_is_dragged_onto_a_closed_hour_goes_back_with_a_sentence(
    service: Service, sign_in: Callable[..., Page]
) -> None:
    visit = booked(service, "Blair Testerman", days=1)
    page = sign_in()
    page.goto(reverse("desk:visit", args=[visit.pk]))
    card = page.locator(".ec-event", has_text="Blair T.")
    expect(card).to_be_visible()
    drawn(page)
    shown = card.inner_text()
    before, body = card.bounding_box(), page.locator(".ec-body").bounding_box()
    assert before
    assert body
    page.mouse.move(before["x"] + 12, before["y"] + 8)
    page.mouse.down()
    page.mouse.move(before["x"] + 14, before["y"] - 30, steps=4)
    page.mouse.move(before["x"] + 14, body["y"] + 6, steps=8)
    page.wait_for_timeout(250)
    page.mouse.up()
    expect(page.get_by_role("alert").first).to_contain_text("Outside Robin’s hours.")
    expect(card).to_be_visible()
    expect(card).to_have_text(shown, use_inner_text=True)
    was = visit.starts_at
    visit.refresh_from_db()
    assert visit.starts_at == was
