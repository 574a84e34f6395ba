"""A clinic runs its week in a real browser: enter a call, mend an address, join two, set a closure. On a phone too."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.foundation.clinic import Closure
from intake.models import AppointmentRequest, Marker, RequestEvent
from scheduling.models import Appointment
from tests.browser import DESK, PHONE, Visitor
from tests.scheduling.desk.making import make_clinic, make_request, make_user

pytestmark = [pytest.mark.usefixtures("in_the_morning"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def sign_in(visitor: Visitor) -> Callable[[int], Page]:
    def opens(width: int) -> Page:
        user, session = make_user(is_administrator=True), SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        page = visitor.opens(width=width)
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": session.session_key or "",
                    "url": visitor.base_url,
                }
            ]
        )
        return page

    return opens


def no_sideways(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [PHONE["width"], DESK["width"]])
def test_a_call_is_entered_and_booked_and_a_closure_shows_what_it_breaks(
    width: int, sign_in: Callable[[int], Page], accessible: Callable[[Page], None]
) -> None:
    make_clinic()
    page = sign_in(width)
    page.goto("/staff/requests/new/")
    page.get_by_label("Visit", exact=True).select_option("PT-FU")
    page.get_by_label("What they say, in their words").fill("Hip stiff")
    page.get_by_label("First name, as on the ID").fill("Kit")
    for name, value in (("Month", "4"), ("Day", "19"), ("Year", "1986")):
        page.get_by_role("group", name="Birth date").get_by_label(name).fill(value)
    page.get_by_label("Phone", exact=True).first.fill("801 555 0177")
    page.get_by_role("button", name="Questions and times").click()
    accessible(page)
    no_sideways(page)
    page.locator("[name=book_slot]").first.check()
    page.get_by_role("button", name="Enter and book").click()
    expect(page.get_by_role("alert").first).to_contain_text(
        "Read out the sentence about the right to an estimate"
    )
    accessible(page)
    page.get_by_label("I said this").check()
    page.locator("[name=book_slot]").first.check()
    page.get_by_role("button", name="Enter and book").click()
    expect(page.locator("#say")).to_contain_text("Kit is booked.")
    day = timezone.localtime(Appointment.objects.get().starts_at).date().isoformat()

    page.goto("/staff/settings/list/closures/new/")
    page.get_by_label("First day").fill(day)
    page.get_by_label("Last day").fill(day)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_contain_text("1 visit would no longer fit")
    accessible(page)
    no_sideways(page)
    assert not Closure.objects.exists()
    page.get_by_label("I have seen these visits").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("tbody")).to_contain_text("whole day")
    assert Closure.objects.count() == 1


@pytest.mark.parametrize("width", [PHONE["width"], DESK["width"]])
def test_two_of_one_person_are_joined_and_parted(
    width: int, sign_in: Callable[[int], Page], accessible: Callable[[Page], None]
) -> None:
    service = make_clinic()
    now = timezone.now()
    first = make_request(service=service, now=now, wishes={"days": ["tue"]})
    second = make_request(service=service, now=now, name="B. Testerman", wishes={"days": ["wed"]})
    Marker.objects.create(appointment_request=second, code="possible_duplicate", other_request=first)
    page = sign_in(width)
    page.goto(f"/staff/request/{second.pk}/")
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Twice the same person?")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Join, keep both wishes").click()
    expect(page.locator("#say")).to_contain_text("Joined. Both wishes are kept.")
    second.refresh_from_db()
    assert second.wishes["days"] == ["wed", "tue"]
    accessible(page)
    page.locator("#undo").click()
    expect(page.locator("#say")).to_contain_text("Two requests again")
    found = AppointmentRequest.objects.order_by("submitted_at").values_list("status", flat=True)
    assert set(found) == {"new"}
    assert RequestEvent.objects.filter(what="parted").exists()
