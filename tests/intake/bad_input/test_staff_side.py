"""Groups 37 to 48 where staff and the owner type: days, spans, prices and numbers of the clinic's own settings."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from config.foundation.clinic import Closure, Location
from intake.models import Package, Practitioner, Service
from scheduling.models import DateOverride, PriceVersion, SettingChange, Shift, TimeOff
from tests.factories import NOW, load_sample_clinic, make_user

LONG = 5  # seconds of computing that nothing typed may cost


@pytest.fixture
def owner(db: None) -> Iterator[Browser]:
    with time_machine.travel(NOW, tick=False):
        load_sample_clinic()
        browser = Browser()
        browser.force_login(make_user(roles="front_desk therapist administrator"))
        yield browser


NO_DAYS = ["0000-00-00", "9999-12-31", "-0001-01-01", "2026-W05-1", "2026-13-01", "١٩٨٦-٠٤-١٩", "1e3", " 2026-1-1", "2027-02-30", "x" * 300]  # fmt: skip


@pytest.mark.parametrize("day", NO_DAYS, ids=lambda day: f"37 {day[:10].strip()}")
@pytest.mark.parametrize("address", ["/staff/", "/staff/calendar.json", "/staff/bar/", "/staff/lists/", "/staff/lists/sick-day/"])  # fmt: skip
def test_a_day_that_cannot_be_in_an_address_is_another_day(address: str, day: str, owner: Browser) -> None:
    """An address is followed, not typed: whoever comes with a broken one sees a day that there is."""
    assert owner.get(address, {"day": day}).status_code == 200


@pytest.mark.parametrize("day", NO_DAYS, ids=lambda day: f"37 {day[:10].strip()}")
def test_no_sheet_of_a_day_that_cannot_be(day: str, owner: Browser) -> None:
    assert owner.get(f"/staff/day/{day}/sheet/").status_code in (200, 404)


SPANS: dict[str, tuple[str, dict[str, str]]] = {
    "42 closure backwards": ("closures", {"starts_on": "2027-03-05", "ends_on": "2027-03-03"}),
    "42 closure of no length": ("closures", {"starts_on": "2027-03-05", "ends_on": "2027-03-05", "from_time": "12:00", "to_time": "12:00"}),
    "42 closure to 25 o'clock": ("closures", {"starts_on": "2027-03-05", "ends_on": "2027-03-05", "from_time": "12:00", "to_time": "25:00"}),
    "42 time off backwards": ("time-off", {"starts_on": "2027-03-05", "ends_on": "2027-03-04"}),
    "42 time off of no length": ("time-off", {"starts_on": "2027-03-05", "ends_on": "2027-03-05", "starts_time": "09:00", "ends_time": "09:00"}),
    "42 hours backwards": ("hours", {"weekday": "5", "starts": "17:00", "ends": "09:00"}),
    "42 hours of no length": ("hours", {"weekday": "5", "starts": "09:00", "ends": "09:00"}),
    "42 hours to 25 o'clock": ("hours", {"weekday": "5", "starts": "09:00", "ends": "25:00"}),
    "46 hours of an eighth weekday": ("hours", {"weekday": "8", "starts": "09:00", "ends": "12:00"}),
    "44 hours every no week": ("hours", {"weekday": "5", "starts": "09:00", "ends": "12:00", "every_weeks": "0"}),
    "44 hours every billionth week": ("hours", {"weekday": "5", "starts": "09:00", "ends": "12:00", "every_weeks": "1000000000"}),
    "37 closure in the year 0": ("closures", {"starts_on": "0000-00-00", "ends_on": "2027-03-05"}),
    "37 closure in a week": ("closures", {"starts_on": "2027-W10", "ends_on": "2027-W11"}),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "typed"), SPANS.values(), ids=SPANS)
def test_a_span_that_cannot_be_is_sent_back(kind: str, typed: dict[str, str], owner: Browser) -> None:
    person, place = Practitioner.objects.get(code="P1"), Location.objects.get(code="main")
    rows = (Closure, TimeOff, Shift, DateOverride)
    before = [model.objects.count() for model in rows]
    given = {"practitioner": person.pk, "location": place.pk, "every_weeks": "1", **typed, "act": "save"}
    began = time.process_time()

    answer = owner.post(reverse("settings:row", args=[kind, "new"]), given)

    assert time.process_time() - began < LONG
    assert answer.status_code == 422
    assert [model.objects.count() for model in rows] == before
    assert not SettingChange.objects.exists()


NO_MONEY = [
    "-1",
    "NaN",
    "Infinity",
    "1e400",
    "1e3",
    "0.001",
    "1,5",
    "9" * 20,
    "٣",
    "0x10",
    "true",
    "= 5",
    "$",
]


@pytest.mark.parametrize("price", NO_MONEY, ids=lambda price: f"45 {price[:8]}")
def test_what_is_no_money_is_sent_back_as_it_was_typed(price: str, owner: Browser) -> None:
    service = Service.objects.get(code="PT-FU")
    line = service.price_lines.get()
    typed: dict[str, Any] = {
        "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "seen": "0", "form-0-name": line.name,
        "form-0-name_es": line.name_es, "form-0-codes": "97110", "form-0-quantity": "1", "form-0-unit_cents": price,
    }  # fmt: skip

    answer = owner.post(reverse("settings:prices", args=[service.pk]), typed)

    assert answer.status_code == 422
    assert f'value="{price}"' in answer.content.decode()
    assert not PriceVersion.objects.filter(number__gt=1).exists()
    assert Service.objects.get(pk=service.pk).price_cents == service.price_cents


@pytest.mark.parametrize("price", NO_MONEY, ids=lambda price: f"45 {price[:8]}")
def test_a_package_is_sold_for_money(price: str, owner: Browser) -> None:
    service = Service.objects.get(code="PT-FU")
    typed = {"service": service.pk, "visits": "4", "price_cents": price, "valid_months": "6", "refund": "None", "active": "on", "act": "save"}  # fmt: skip
    before = Package.objects.count()

    assert owner.post(reverse("settings:row", args=["packages", "new"]), typed).status_code == 422
    assert Package.objects.count() == before


NO_NUMBERS = ["9223372036854775808", "1_000", "٣", "0x10", "1e3", "true", "2.5", "-3"]


@pytest.mark.parametrize("typed", NO_NUMBERS, ids=lambda typed: f"46 {typed}")
@pytest.mark.parametrize("field", ["minutes", "buffer_after_minutes", "max_people"])
def test_a_number_of_a_service_is_a_small_whole_one(field: str, typed: str, owner: Browser) -> None:
    given = {"public_name": "Short", "minutes": "60", "kind": "wellness", "estimate": "price_summary", field: typed, "act": "save"}  # fmt: skip
    before = Service.objects.count()

    answer = owner.post(reverse("settings:row", args=["services", "new"]), given)

    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.content.decode()
    assert Service.objects.count() == before


@pytest.mark.parametrize(
    "span",
    [{"from": "2020", "to": "2030"}, {"from": "2020-01-01", "to": "2030-01-01"}, {"from": "2027-03-05", "to": "2027-03-01"}, {}],
    ids=["48 years", "48 ten years", "48 backwards", "48 nothing"],
)  # fmt: skip
def test_a_feed_refuses_a_span_that_it_does_not_give(span: dict[str, str], owner: Browser) -> None:
    answer = owner.get("/staff/visits.json", span)

    assert answer.status_code == 422
    assert "at most six weeks" in answer.json()["error"]
