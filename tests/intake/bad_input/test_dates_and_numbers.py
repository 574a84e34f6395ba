"""Groups 33 to 49: dates, times, numbers, money."""

import json
import time
from datetime import datetime
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from config.clinic_file.loading import load
from config.clinic_file.reading import ClinicFileError, read
from config.foundation.clinic import Clinic
from intake.models import Client, RequestDraft, Service
from intake.questionnaires import sheet
from intake.questionnaires.parse import parse
from tests.factories import SAMPLE, make_user
from tests.intake.bad_input.conftest import STILL_HERE, Asker

ZONE = ZoneInfo("America/Denver")
NO_BIRTH_DATES = {
    "33 future": "01/01/2090",
    "33 before 1900": "12/31/1899",
    "33 today": datetime.now(ZONE).strftime("%m/%d/%Y"),
    "33 no such day": "02/31/1985",
    "33 no leap year": "02/29/2001",
    "36 two digits": "4/19/86",
    "37 zeros": "0000-00-00",
    "37 far": "9999-12-31",
    "37 negative": "-0001-01-01",
    "37 week": "2026-W05-1",
    "37 month 13": "1986-13-01",
    "37 exponent": "1e3",
    "37 words": "yesterday",
    "37 with a space": " 2026-1-1 x",
    "37 Arabic digits": "١٩٨٦-٠٤-١٩",
    "46 hexadecimal": "0x10/1/1980",
}


@pytest.mark.parametrize("typed", NO_BIRTH_DATES.values(), ids=NO_BIRTH_DATES)
def test_a_birth_date_that_cannot_be_comes_back_as_typed(typed: str, asker: Asker) -> None:
    boxes = {"birth_date_day": [""], "birth_date_year": [""]}
    answer = asker.post("you/", birth_date_month=[typed], **boxes)

    assert answer.status_code == 422
    assert STILL_HERE in answer.content.decode()
    assert typed in answer.content.decode()


DATED = {
    "birth_date": "you/",
    "started_on": "about/",
    "workshop_on": "",
    "earliest": "paying/",
    "latest": "paying/",
    "claim_on": "paying/",
    "policyholder_birth_date": "paying/",
}
NO_DAYS = ["02/31/2026", "02/29/2001", "13/45/2026", "4/19/86", "0000-00-00", "9999-12-31", "-0001-01-01", "2026-W05-1", "١٩٨٦-٠٤-١٩", "1e3"]  # fmt: skip


@pytest.mark.parametrize("field", DATED, ids=lambda field: f"37 {field}")
@pytest.mark.parametrize("typed", NO_DAYS)
def test_no_field_takes_a_day_that_cannot_be(field: str, typed: str, asker: Asker) -> None:
    boxes = {f"{field}_day": [""], f"{field}_year": [""]}

    answer = asker.post(DATED[field], **{f"{field}_month": [typed]}, **boxes)

    assert answer.status_code == 422
    assert STILL_HERE in answer.content.decode()
    assert typed in answer.content.decode()


def test_group_33_a_leap_day_that_was(asker: Asker) -> None:
    sent = asker.stored(birth_date_month=["02/29/2004"])

    assert Client.objects.get(pk=sent.client_id).birth_date.isoformat() == "2004-02-29"


def test_group_34_the_order_is_stated_by_three_boxes(asker: Asker) -> None:
    page = asker.browser.get("/request/you/").content.decode()

    places = [page.index(f'name="birth_date_{part}"') for part in ("month", "day", "year")]
    assert places == sorted(places)


def test_group_35_a_child_alone_is_shown_where_to_name_an_adult(asker: Asker) -> None:
    answer = asker.post("you/", birth_date_month=["1/2/2015"])

    assert answer.status_code == 200
    assert 'name="representative_first_name"' in answer.content.decode()


FORM = {
    "resourceType": "Questionnaire",
    "item": [{"linkId": "a", "text": "When?", "type": "dateTime"}],
}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (
            "2027-03-14T02:30",
            "2027-03-14T02:30:00-07:00",
        ),  # does not exist on the wall: the same moment as 3:30
        ("2027-11-07T01:30", "2027-11-07T01:30:00-06:00"),  # comes twice: the first
    ],
    ids=["38 gap", "39 overlap"],
)
def test_a_wall_time_of_a_clock_change_is_one_moment(typed: str, stored: str) -> None:
    """No page of a request asks for a clock time; a form of the clinic may."""
    questionnaire = parse(json.dumps(FORM).encode()).questionnaire
    assert questionnaire is not None

    read = sheet.read(questionnaire, {"i0": [typed]}, zone=ZONE)

    assert read.response()["item"][0]["answer"] == [{"valueDateTime": stored}]


def why_not(start: str) -> str | None:
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("explain_slot", "--service", "ORTHO-EVAL", "--start", start, "--now", "2027-03-01T08:00", stdout=out)  # fmt: skip
    why: str | None = json.loads(out.getvalue())["why"]
    return why


def test_group_40_another_offset_is_the_same_moment(asker: Asker) -> None:
    assert why_not("2027-03-02T17:00+00:00") == why_not("2027-03-02T10:00")
    assert why_not("2027-03-14T17:00-06:00") == why_not("2027-03-14T17:00")


@pytest.mark.parametrize(
    ("start", "why"),
    [("2027-02-24T09:00", "too_soon"), ("2027-03-01T09:00", "too_soon"), ("2028-06-05T09:00", "too_far_ahead")],
    ids=["41 past", "41 too soon", "41 too far"],
)  # fmt: skip
def test_a_start_that_cannot_be_offered_says_why(start: str, why: str, asker: Asker) -> None:
    """At hours that would be open, so that nothing else can be the reason. No clinic plans more than 400 days ahead."""
    assert why_not(start) == why


@pytest.mark.parametrize("wrong", [{"latest": "02/01/2020"}, {"earliest": "01/01/2090"}], ids=["42 over", "41 too far"])  # fmt: skip
def test_wishes_that_cannot_be_are_sent_back(wrong: dict[str, str], asker: Asker) -> None:
    answer = asker.post("paying/", **{f"{name}_month": [typed] for name, typed in wrong.items()})

    assert answer.status_code == 422
    assert STILL_HERE in answer.content.decode()


@pytest.mark.parametrize("zone", ["Mars/Phobos", "../../etc/passwd", "x" * 300, ""])
def test_group_43_a_zone_that_does_not_exist(zone: str, db: None) -> None:
    clinic = Clinic(name="Clinic", time_zone=zone)

    with pytest.raises(ValidationError) as refused:
        clinic.full_clean()

    assert "time_zone" in refused.value.message_dict


@pytest.mark.parametrize("field", ["series_per_week", "series_weeks"])
@pytest.mark.parametrize("count", ["0", "-1", "1000000000", "1e9", "FREQ=SECONDLY"])
def test_group_44_a_series_without_end(field: str, count: str, asker: Asker) -> None:
    """A series is two small numbers here, never a recurrence rule."""
    began = time.process_time()
    answer = asker.post("paying/", **{field: [count]})

    assert answer.status_code == 422
    assert time.process_time() - began < 2
    assert STILL_HERE in answer.content.decode()


PRICES = [-1, "NaN", float("inf"), 1e300, 0.001, "1,5", 10**20, "x", None, True]


@pytest.mark.parametrize("price", PRICES, ids=lambda price: f"45 {str(price)[:6]}")
def test_group_45_a_price_that_is_no_money(price: Any, db: None) -> None:
    """In the clinic's file they are whole cents. What an owner types as a price: test_staff_side."""
    file = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    file["services"][0]["price_cents"] = price

    with pytest.raises((ClinicFileError, CommandError, ValidationError)):
        load(read(yaml.safe_dump(file)), starting=None)

    assert not Service.objects.exists()


NUMBERS = ["9223372036854775808", "1_000", "٣", "0x10", "1e3", "true", "2.5", "-3"]


@pytest.mark.parametrize("typed", NUMBERS, ids=lambda typed: f"46 {typed}")
@pytest.mark.parametrize("field", ["people", "pregnancy_weeks"])
def test_group_46_what_is_no_small_whole_number_is_asked_again(field: str, typed: str, asker: Asker) -> None:
    page = "" if field == "people" else "about/"

    answer = asker.post(page, **{field: [typed]})

    assert answer.status_code == 422
    assert typed in answer.content.decode()


@pytest.mark.parametrize("page", ["-1", "9999999", "a", "1e9", "٣", ""])
@pytest.mark.parametrize("address", ["/staff/clients/", "/staff/messages/", "/staff/closed/", "/staff/estimates/"])  # fmt: skip
def test_group_47_a_page_that_is_not_there(address: str, page: str, asker: Asker) -> None:
    desk = Browser()
    desk.force_login(make_user(roles="front_desk therapist administrator"))

    assert desk.get(address, {"page": page, "q": "sample"}).status_code in (200, 404)


@pytest.mark.parametrize(
    "span",
    [{"start": "2020-01-01", "end": "2030-01-01"}, {"start": "x", "end": "y"}, {"start": "2027-03-02", "end": "2027-03-01"}, {}],
    ids=["48 ten years", "48 no dates", "48 backwards", "48 nothing"],
)  # fmt: skip
def test_group_48_a_feed_holds_a_bounded_span(span: dict[str, str], asker: Asker) -> None:
    """Whatever is asked for, it is one day or one week."""
    desk = Browser()
    desk.force_login(make_user())

    asked, usual = desk.get("/staff/calendar.json", span), desk.get("/staff/calendar.json")

    assert asked.status_code == 200
    assert asked.json()["columns"] == usual.json()["columns"]
    assert len(asked.content) == len(usual.content)


def test_group_49_a_draft_from_the_future_is_only_a_slow_clock(asker: Asker) -> None:
    """There is no render token; the moment a draft began may lie ahead when clocks differ."""
    draft = RequestDraft.objects.latest("created_at")
    draft.answers = {**draft.answers, "started_at": "2090-01-01T00:00:00+00:00"}
    draft.save()

    sent: Any = asker.stored()

    assert (sent.seconds_to_fill, sent.status) == (None, "new")
