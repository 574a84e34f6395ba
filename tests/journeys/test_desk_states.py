"""Every state of the desk, once: nothing serious for axe, nothing to scroll sideways, dark and light, wide and narrow.

One signed-in window a size; what a state does is proved elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.foundation.models import User
from intake.models import AppointmentRequest, Flag, Hold, Marker, RequestEvent
from scheduling.models import Appointment
from tests.browser import screenshot
from tests.journeys.counting import drawn
from tests.journeys.test_desk import sign_in
from tests.scheduling.desk.making import make_clinic, make_request, make_user, make_visit

assert sign_in  # the fixture: a signed-in window on the desk
pytestmark = [
    pytest.mark.once,
    pytest.mark.usefixtures("in_the_morning"),
    pytest.mark.django_db(transaction=True),
]


@dataclass(frozen=True)
class Day:
    """One of each kind that looks different."""

    plain: AppointmentRequest
    again: AppointmentRequest
    urgent: AppointmentRequest
    same_day: AppointmentRequest
    held: AppointmentRequest
    series: AppointmentRequest
    visit: Appointment


@pytest.fixture
def day(transactional_db: None) -> Day:
    service, now = make_clinic(), timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)

    def asks(name: str, **fields: object) -> AppointmentRequest:
        made = make_request(service=service, now=now, name=name, **fields)
        made.client.phone = "+18015550102"
        made.client.save()
        return made

    found = Day(
        plain=asks("Blair Testerman"),
        again=asks("B. Testerman"),
        urgent=asks("Morgan Fixture", priority="urgent"),
        same_day=asks("Quinn Datum", priority="same_day"),
        held=asks("Rowan Cupboard", status="on_hold"),
        series=asks("Gale Specimen", details={"series": {"per_week": 2, "weeks": 6}}),
        visit=make_visit(service=service, starts_at=hour + timedelta(days=2), status="booked"),
    )
    for each, level in ((found.urgent, "urgent"), (found.same_day, "same_day"), (found.plain, "note")):
        Flag.objects.create(appointment_request=each, level=level, finding={"label": "Fever", "rule": "s4"})
    Hold.objects.create(appointment_request=found.held, kind="medicare_hold", opened_at=now)
    Marker.objects.create(
        appointment_request=found.again, code="possible_duplicate", other_request=found.plain
    )
    RequestEvent.objects.create(
        appointment_request=found.plain, at=now, by=make_user(), what="call_left_message"
    )
    for hours, status in ((-1, "arrived"), (1, "booked"), (3, "fulfilled")):
        make_visit(service=service, starts_at=hour + timedelta(hours=hours), status=status)
    return found


def looked_at(page: Page, day: Day, accessible: Callable[[Page], None], *, name: str, wide: bool) -> None:
    """Go through every state of this window."""
    width = page.viewport_size["width"] if page.viewport_size else 0

    def look(state: str) -> None:
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (state, width)
        screenshot(page, f"desk-{state}-{name}")

    def opened(each: AppointmentRequest, state: str, query: str = "") -> None:
        page.goto(f"/staff/request/{each.pk}/{query}")
        look(state)

    page.goto("/staff/")
    if wide:
        drawn(page)
    look("desk")
    opened(day.urgent, "urgent")
    opened(day.same_day, "same-day")
    opened(day.held, "hold")
    opened(day.plain, "offer", "?mode=offer")
    opened(day.plain, "another-time", "?mode=place")
    opened(day.plain, "call", "?mode=call")

    # A page that is older than the request shows both versions.
    opened(day.plain, "ask", "?mode=ask")
    page.locator("#why").fill("Which hours are best?")
    page.locator(".sheet-form [name=version]").evaluate("(field) => { field.value = '0'; }")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#panel .both")).to_contain_text("Which hours are best?")
    look("stale")

    page.goto(f"/staff/visit/{day.visit.pk}/")
    page.locator("summary[data-key=m]").click()
    look("move")
    page.goto(f"/staff/request/{day.again.pk}/compare/{day.plain.pk}/")
    look("compare")
    page.goto(f"/staff/request/{day.series.pk}/series/")
    expect(page.get_by_role("button", name="Book them all")).to_be_visible()
    look("series")
    for address in ("lists/", "numbers/", "lists/sick-day/", f"day/{timezone.localdate()}/sheet/"):
        page.goto(f"/staff/{address}")
        look(address.strip("/").replace("/", "-"))


def test_every_state_on_a_wide_screen(
    day: Day, sign_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    page = sign_in()
    looked_at(page, day, accessible, name="1440", wide=True)

    page.goto("/staff/?view=week")
    drawn(page)
    accessible(page)
    for width in (1440, 1024):
        page.set_viewport_size({"width": width, "height": 800})
        fits = "(() => { const hours = document.querySelector('.ec-main'); return hours.scrollWidth <= hours.clientWidth; })()"
        page.wait_for_function(fits)

    page.goto("/staff/")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Shared screen").click()
    page.goto(f"/staff/request/{day.same_day.pk}/")
    accessible(page)
    shown = page.content()
    assert "Datum" not in shown
    assert "801-555-0102" not in shown
    assert "Follow-up" not in shown


def test_every_state_on_a_phone_in_the_dark(
    day: Day, sign_in: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    page = sign_in(width=375, height=812, touch=True, dark=True)
    looked_at(page, day, accessible, name="375-dark", wide=False)
    page.goto("/staff/?show=agenda")
    expect(page.locator("#agenda .visit").first).to_be_visible()
    accessible(page)


BOARDS = [
    "lists/", "numbers/", "lists/sick-day/", "clients/", "estimates/", "messages/", "forms/", "settings/people/",
    *(f"settings/list/{kind}/" for kind in ("services", "packages", "hours", "closures", "time-off", "rooms")),
]  # fmt: skip


@pytest.mark.usefixtures("day")
def test_no_row_of_a_board_has_to_be_pushed_sideways_on_a_phone(sign_in: Callable[..., Page]) -> None:
    page = sign_in(width=320, height=720, touch=True)
    User.objects.update(is_administrator=True)
    beyond = "[...document.querySelectorAll('.sheet-wrap')].filter((each) => each.scrollWidth > each.clientWidth).length"

    found = {}
    for board in BOARDS:
        answer = page.goto(f"/staff/{board}")
        assert answer is not None
        assert answer.status == 200, board
        found[board] = page.evaluate(beyond)

    assert found == dict.fromkeys(BOARDS, 0)


def test_the_day_is_a_plain_table_without_a_script(day: Day, sign_in: Callable[..., Page]) -> None:
    page = sign_in(javascript=False, width=1024)
    page.goto("/staff/?view=week")
    expect(page.get_by_role("table")).to_contain_text("Kit V.")
