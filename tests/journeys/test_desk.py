"""The desk in a real browser: one click, one drag, keys only, a phone, and no JavaScript."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import Page, expect

from intake.models import AppointmentRequest
from scheduling.models import Appointment
from tests.browser import Visitor, screenshot
from tests.journeys.counting import drawn
from tests.scheduling.desk.making import make_clinic, make_request, make_user

pytestmark = [pytest.mark.usefixtures("in_the_morning"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def asked(transactional_db: None) -> AppointmentRequest:
    now = timezone.now()
    return make_request(service=make_clinic(), now=now, reply_by=now + timedelta(hours=2))


@pytest.fixture
def sign_in(visitor: Visitor) -> Callable[..., Page]:
    def opens(**window: int | bool) -> Page:
        user, session = make_user(), SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        page = visitor.opens(**window)  # type: ignore[arg-type]
        cookie = {
            "name": settings.SESSION_COOKIE_NAME,
            "value": session.session_key or "",
            "url": visitor.base_url,
        }
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        page.goto("/staff/")
        return page

    return opens


def test_two_clicks_from_the_desk_book_the_best_time_and_one_takes_it_back(
    asked: AppointmentRequest, sign_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    page = sign_in()
    accessible(page)
    page.get_by_role("link", name="Blair Testerman").click()
    expect(page.locator("[data-rank='1']").first).to_be_visible()
    accessible(page)
    screenshot(page, "desk-open-1440")
    page.locator("button[data-rank='1']").click()
    expect(page.locator("#say")).to_contain_text("Blair T. is booked")
    accessible(page)
    page.locator("#undo").click()
    expect(page.locator("#say")).to_contain_text("Undone. Nothing was sent.")
    asked.refresh_from_db()
    assert asked.status == "new"


def test_a_request_is_answered_by_keys_alone(asked: AppointmentRequest, sign_in: Callable[..., Page]) -> None:
    page = sign_in()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("button[data-rank='2']")).to_be_visible()
    page.keyboard.press("2")
    expect(page.locator("#say")).to_contain_text("is booked")
    assert Appointment.objects.filter(status="booked").count() == 1


def test_a_request_is_dragged_onto_the_calendar(
    asked: AppointmentRequest, sign_in: Callable[..., Page]
) -> None:
    page = sign_in()
    page.get_by_role("link", name="Blair Testerman").click()
    card, grip = page.locator(".ec-event.fit-card").first, page.locator(".grip")
    expect(card).to_be_visible()
    drawn(page)
    target, start = card.bounding_box(), grip.bounding_box()
    assert target
    assert start
    page.mouse.move(start["x"] + 20, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 30, steps=4)
    page.mouse.move(target["x"] + 30, target["y"] + 4, steps=6)
    expect(page.locator(".shadow")).to_contain_text("Fits. Let go to book.")
    page.mouse.up()
    expect(page.locator("#say")).to_contain_text("is booked")


def test_a_phone_shows_one_thing_at_a_time(asked: AppointmentRequest, sign_in: Callable[..., Page]) -> None:
    page = sign_in(width=375, height=812, touch=True)
    page.get_by_role("link", name="Blair Testerman").click()
    page.locator("button[data-rank='1']").click()
    expect(page.locator("#say")).to_contain_text("is booked")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_without_javascript_every_act_is_a_page(
    asked: AppointmentRequest, sign_in: Callable[..., Page]
) -> None:
    page = sign_in(javascript=False)
    page.get_by_role("link", name="Blair Testerman").click()
    page.locator("button[data-rank='1']").click()
    expect(page.locator("#panel")).to_contain_text("Booked by you")
    assert Appointment.objects.filter(status="booked").count() == 1
